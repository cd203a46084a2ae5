//! A transaction for tests: what examples of fetches, converters and actions run on.

use super::capture::{Captures, Slots};
use super::compile::{Compile, Names};
use super::expr::Expr;
use super::fetch::Example;
use super::places::Places;
use super::scratch::Scratch;
use super::vars::{Owned, Scope, VarStore};
use super::view::{Direction, Effect, Eval, StreamTimeouts, StreamView, Whose, World};
use crate::base::clock;
use crate::proto::h1::{Limits, Message, Parsed, RequestContext};
use crate::table::{Counters, Data, Spec, Table, Tracked};
use bstr::BStr;
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;

const REQUEST: &str = "GET /a/b.html?q=1&r=two&q=3 HTTP/1.1\r\nHost: www.example.com\r\n\
     User-Agent: curl/8\r\nCookie: a=1; b=2";
const RESPONSE: &str =
    "HTTP/1.1 200 OK\r\nServer: origin\r\nSet-Cookie: sid=xyz; path=/\r\nContent-Length: 2";

/// The transaction.
pub struct Stream {
    pub request: Option<Message>,
    pub response: Option<Message>,
    pub txn: VarStore,
    pub req: VarStore,
    pub effects: Vec<String>,
    pub captures: Captures,
    pub counters: Counters,
    random: Cell<u32>,
}

impl Stream {
    /// The example: a request to `www`, answered by `s1`.
    pub fn example() -> Stream {
        clock::freeze(1_700_000_000_000_000);
        let mut slots = Slots::default();
        for _ in 0..3 {
            slots.declare(Direction::Request, 20);
        }
        let mut captures = Captures::default();
        captures.begin(&slots);
        captures.store(Direction::Request, 0, b"first");
        let stream = Stream {
            request: Some(request(REQUEST)),
            response: Some(response(RESPONSE)),
            txn: VarStore::default(),
            req: VarStore::default(),
            effects: Vec::new(),
            captures,
            counters: Counters::default(),
            random: Cell::new(0x4000_0000),
        };
        let table = all_data();
        let mut stream = stream;
        if let Some(tracked) = table.track(&table.key(&[192, 0, 2, 7]), clock::now_ms(), |_| ()) {
            stream.counters.set(1, tracked);
        }
        if let Ok((_, id)) = super::vars::intern(b"txn.known") {
            stream.txn.set(id, Owned::Str(b"value".to_vec()));
        }
        stream
    }

    /// With another request (or response, if it begins with `HTTP/`).
    pub fn on(head: &str) -> Stream {
        let mut stream = Stream::example();
        match head.starts_with("HTTP/") {
            true => stream.response = Some(response(head)),
            false => stream.request = Some(request(head)),
        }
        stream
    }

    /// Calls `f` with an evaluation on the request's side.
    pub fn eval<R>(&self, f: impl FnOnce(&Eval<'_>) -> R) -> R {
        let scratch = Scratch::new();
        f(&Eval {
            view: self,
            scratch: &scratch,
            direction: Direction::Request,
            last: true,
        })
    }
}

/// Parses a head.
pub fn request(head: &str) -> Message {
    let mut m = Message::with_capacity(16384);
    m.feed(format!("{head}\r\n\r\n").as_bytes());
    assert_eq!(m.parse_request(&Limits::default()), Parsed::Done, "{head}");
    m
}

/// Parses a head.
pub fn response(head: &str) -> Message {
    let mut m = Message::with_capacity(16384);
    m.feed(format!("{head}\r\n\r\n").as_bytes());
    let context = RequestContext::default();
    assert_eq!(
        m.parse_response(&Limits::default(), context),
        Parsed::Done,
        "{head}"
    );
    m
}

impl StreamView for Stream {
    fn request(&self) -> Option<&Message> {
        self.request.as_ref()
    }
    fn request_mut(&mut self) -> Option<&mut Message> {
        self.request.as_mut()
    }
    fn response(&self) -> Option<&Message> {
        self.response.as_ref()
    }
    fn response_mut(&mut self) -> Option<&mut Message> {
        self.response.as_mut()
    }
    fn src(&self) -> Option<SocketAddr> {
        "192.0.2.7:40000".parse().ok()
    }
    fn dst(&self) -> Option<SocketAddr> {
        "198.51.100.1:80".parse().ok()
    }
    fn bc_src(&self) -> Option<SocketAddr> {
        "10.0.0.9:50000".parse().ok()
    }
    fn bc_dst(&self) -> Option<SocketAddr> {
        "10.0.0.1:8080".parse().ok()
    }
    fn frontend(&self) -> Option<(&str, u32)> {
        Some(("fe", 2))
    }
    fn backend(&self) -> Option<(&str, u32)> {
        Some(("www", 3))
    }
    fn default_backend(&self) -> Option<&str> {
        Some("www")
    }
    fn server(&self) -> Option<(&str, u32)> {
        Some(("s1", 1))
    }
    fn listener(&self) -> Option<(&str, u32)> {
        Some(("web", 1))
    }
    fn captures(&self) -> Option<&Captures> {
        Some(&self.captures)
    }
    fn stream_id(&self) -> u32 {
        42
    }
    fn accept_date_us(&self) -> u64 {
        1_699_999_999_000_000
    }
    fn random(&self) -> u32 {
        self.random.get()
    }
    fn vars(&self, scope: Scope) -> Option<&VarStore> {
        match scope {
            Scope::Txn => Some(&self.txn),
            Scope::Req => Some(&self.req),
            _ => None,
        }
    }
    fn world(&self) -> &dyn World {
        &Small
    }
    fn timeouts(&self, _: Whose) -> Option<StreamTimeouts> {
        let ms = Some(5000);
        Some(StreamTimeouts {
            client: ms,
            server: ms,
            connect: ms,
            queue: ms,
            tunnel: ms,
            tarpit: ms,
        })
    }
    fn early_hint(&mut self, name: &[u8], value: &[u8]) {
        let (name, value) = (BStr::new(name), BStr::new(value));
        self.effects.push(format!("103 {name}: {value}"));
    }
    fn tracked(&self, number: u32) -> Option<&Tracked> {
        self.counters.get(number)
    }
    fn track(&mut self, number: u32, entry: Tracked) {
        self.counters.set(number, entry);
    }
    fn apply(&mut self, effect: Effect) -> bool {
        self.effects.push(format!("{effect:?}"));
        true
    }
}

struct Small;

impl World for Small {
    fn backend_named(&self, name: &[u8]) -> Option<u32> {
        Known.backend(name)
    }
    fn frontend_named(&self, name: &[u8]) -> Option<u32> {
        Known.frontend(name)
    }
    fn server_named(&self, backend: u32, name: &[u8]) -> Option<u32> {
        Known.server(backend, name)
    }
    fn nbsrv(&self, _: u32) -> Option<u32> {
        Some(2)
    }
    fn queue(&self, _: u32) -> Option<u32> {
        Some(3)
    }
    fn be_conn(&self, _: u32) -> Option<u32> {
        Some(4)
    }
    fn fe_conn(&self, _: u32) -> Option<u32> {
        Some(6)
    }
    fn act_conn(&self) -> Option<u32> {
        Some(7)
    }
    fn be_conn_free(&self, _: u32) -> Option<i64> {
        Some(-1)
    }
    fn connslots(&self, _: u32) -> Option<i64> {
        Some(-1)
    }
    fn be_sess_rate(&self, _: u32) -> Option<u32> {
        Some(0)
    }
    fn fe_sess_rate(&self, _: u32) -> Option<u32> {
        Some(0)
    }
    fn fe_req_rate(&self, _: u32) -> Option<u32> {
        Some(0)
    }
    fn srv_is_up(&self, _: u32, _: u32) -> Option<bool> {
        Some(true)
    }
    fn srv_conn(&self, _: u32, _: u32) -> Option<u32> {
        Some(1)
    }
    fn srv_conn_free(&self, _: u32, _: u32) -> Option<i64> {
        Some(-1)
    }
    fn srv_queue(&self, _: u32, _: u32) -> Option<u32> {
        Some(0)
    }
    fn srv_weight(&self, _: u32, _: u32) -> Option<u32> {
        Some(1)
    }
    fn srv_weights(&self, _: u32, _: u32) -> Option<(u32, u32)> {
        Some((100, 50))
    }
    fn srv_sess_rate(&self, _: u32, _: u32) -> Option<u32> {
        Some(0)
    }
    fn uptime_ms(&self) -> u64 {
        5999
    }
}

/// An empty table of addresses that stores everything.
fn all_data() -> Arc<Table> {
    Table::new(Spec {
        size: 10,
        expire: 5000,
        stored: Data::all()
            .map(|d| (d, if d.is_array() { 2 } else { 1 }, 1000))
            .collect(),
        ..Spec::new("t")
    })
}

/// Knows the front end `fe` and the back end `www` with the server `s1`.
pub struct Known;

impl Names for Known {
    fn backend(&self, name: &[u8]) -> Option<u32> {
        (name == b"www").then_some(1)
    }
    fn frontend(&self, name: &[u8]) -> Option<u32> {
        (name == b"fe").then_some(0)
    }
    fn server(&self, _: u32, name: &[u8]) -> Option<u32> {
        (name == b"s1").then_some(0)
    }
    fn table(&self, name: &[u8]) -> Option<Arc<Table>> {
        (name == b"t").then(all_data)
    }
    fn resolvers(&self, name: &[u8]) -> Option<usize> {
        (name == b"default").then_some(0)
    }
    fn log_profile(&self, name: &[u8]) -> Option<u32> {
        (name == b"known").then_some(0)
    }
}

/// For lines of the front end's http-request rules.
pub fn compile(names: &dyn Names) -> Compile<'_> {
    let mut cx = Compile::new(Places::FE_REQUEST, names);
    cx.slots.declare(Direction::Request, 20);
    cx.slots.declare(Direction::Request, 20);
    cx.owner = "frontend 'fe'".into();
    cx
}

/// Words as the reader would make them, one line each, split at blanks outside single quotes.
pub fn words(line: &str) -> Vec<crate::config::directive::Word> {
    let mut out = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut some) = (false, false);
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                some = true;
            }
            ' ' if !quoted => {
                if some {
                    out.push(std::mem::take(&mut word));
                }
                some = false;
            }
            c => {
                word.push(c);
                some = true;
            }
        }
    }
    if some {
        out.push(word);
    }
    out.into_iter()
        .map(|w| crate::config::directive::Word {
            text: w.into(),
            span: crate::base::span::Span {
                line: 1,
                ..Default::default()
            },
        })
        .collect()
}

/// What is wrong with an example.
fn run(example: &Example) -> Option<String> {
    let stream = match example.head {
        Some(head) => Stream::on(head),
        None => Stream::example(),
    };
    let mut cx = compile(&Known);
    let text = match example.expr.strip_prefix('\'') {
        Some(quoted) => quoted.trim_end_matches('\''),
        None => example.expr,
    };
    let expr = match Expr::parse(text.as_bytes(), &mut cx) {
        Ok(expr) => expr,
        Err(fault) => return Some(format!("{text}: {fault:?}")),
    };
    assert_eq!(cx.diags, [], "{text}");
    let got = stream.eval(|e| {
        expr.eval(e)
            .map(|s| BStr::new(s.text(e.scratch)).to_string())
    });
    let wrong = got.as_deref() != example.value;
    wrong.then(|| format!("{text}: {got:?}, not {:?}", example.value))
}

#[test]
fn fetch_examples() {
    let mut wrong = Vec::new();
    for fetch in super::fetch::all() {
        for example in fetch.examples {
            assert!(example.expr.starts_with(fetch.name), "{}", example.expr);
            wrong.extend(run(example));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn converter_examples() {
    let mut wrong = Vec::new();
    for conv in super::conv::all() {
        assert!(!conv.examples.is_empty(), "{}", conv.name);
        for example in conv.examples {
            assert!(example.expr.contains(conv.name), "{}", example.expr);
            wrong.extend(run(example));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The bits of a fetch's places in the grammar's table.
fn places(fetch: &crate::grammar::Fetch) -> u32 {
    use crate::grammar::Place::{self, *};
    const ALL: [Place; 22] = [
        FrontendConnection,
        FrontendSession,
        FrontendRequestContent,
        FrontendRequestHeader,
        FrontendRequestBody,
        UseBackend,
        BackendRequestContent,
        BackendRequestHeader,
        BackendRequestBody,
        SetServer,
        ServerSource,
        BackendResponseContent,
        BackendResponseHeader,
        BackendResponseBody,
        StickStore,
        FrontendResponseContent,
        FrontendResponseHeader,
        FrontendResponseBody,
        Log,
        Check,
        Configuration,
        RuntimeApi,
    ];
    let bit = |(i, p): (usize, &Place)| u32::from(fetch.available(*p)) << i;
    ALL.iter().enumerate().map(bit).sum()
}

fn type_name(kind: super::value::Type) -> &'static str {
    use super::value::Type;
    match kind {
        Type::Any => "any",
        Type::Same => "same",
        Type::Bool => "bool",
        Type::Sint => "sint",
        Type::Addr => "addr",
        Type::Ipv4 => "ipv4",
        Type::Ipv6 => "ipv6",
        Type::Str => "str",
        Type::Bin => "bin",
        Type::Meth => "meth",
    }
}

/// `string[,integer]`, as HAProxy lists arguments.
fn signature(kinds: &[super::args::Kind], required: usize) -> String {
    let mut out = String::new();
    for (i, kind) in kinds.iter().enumerate() {
        if i == required {
            out += "[";
        }
        if i > 0 {
            out += ",";
        }
        out += kind.name();
    }
    if kinds.len() > required {
        out += "]";
    }
    out
}

#[test]
fn descriptors_agree_with_the_grammar() {
    for fetch in super::fetch::all() {
        let Some(known) = crate::grammar::fetch(fetch.name.as_bytes()) else {
            panic!("{} is not in the grammar", fetch.name);
        };
        let name = fetch.name;
        assert_eq!(
            fetch.source.places.bits(),
            places(known),
            "places of {name}"
        );
        assert_eq!(type_name(fetch.out), known.yields, "type of {name}");
        assert_eq!(
            signature(fetch.args, fetch.required),
            known.args,
            "arguments of {name}"
        );
    }
    for conv in super::conv::all() {
        let Some(known) = crate::grammar::converter(conv.name.as_bytes()) else {
            panic!("{} is not in the grammar", conv.name);
        };
        let name = conv.name;
        let types = (type_name(conv.input), type_name(conv.out));
        assert_eq!(types, (known.takes, known.yields), "types of {name}");
        assert_eq!(
            signature(conv.args, conv.required),
            known.args,
            "arguments of {name}"
        );
    }
}

#[test]
fn no_name_twice() {
    let mut names: Vec<&str> = super::fetch::all().map(|f| f.name).collect();
    names.sort_unstable();
    assert!(
        names.windows(2).all(|w| w.first() != w.get(1)),
        "a fetch twice"
    );
    let mut names: Vec<&str> = super::conv::all().map(|c| c.name).collect();
    names.sort_unstable();
    assert!(
        names.windows(2).all(|w| w.first() != w.get(1)),
        "a converter twice"
    );
}
