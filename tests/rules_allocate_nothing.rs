//! Conditions and actions of the plain path allocate nothing once their memory is warm.

use hapax::action::{self, RuleSet};
use hapax::base::span::Span;
use hapax::config::directive::Word;
use hapax::ir::rule::Rule;
use hapax::proto::h1::{Limits, Message, Parsed};
use hapax::rules::{self, Mode, Verdict};
use hapax::sample::compile::{Compile, NoNames};
use hapax::sample::vars::{Scope, VarStore};
use hapax::sample::view::StreamView;
use hapax::sample::{AclSet, Places, Scratch};
use std::net::SocketAddr;

struct Stream {
    request: Message,
    vars: VarStore,
}

impl StreamView for Stream {
    fn request(&self) -> Option<&Message> {
        Some(&self.request)
    }
    fn request_mut(&mut self) -> Option<&mut Message> {
        Some(&mut self.request)
    }
    fn response(&self) -> Option<&Message> {
        None
    }
    fn response_mut(&mut self) -> Option<&mut Message> {
        None
    }
    fn src(&self) -> Option<SocketAddr> {
        Some(SocketAddr::from(([192, 0, 2, 7], 40000)))
    }
    fn dst(&self) -> Option<SocketAddr> {
        Some(SocketAddr::from(([198, 51, 100, 1], 80)))
    }
    fn vars(&self, scope: Scope) -> Option<&VarStore> {
        (scope == Scope::Txn).then_some(&self.vars)
    }
}

const REQUEST: &[u8] = b"GET /static/img/logo.png?v=3 HTTP/1.1\r\nHost: WWW.example.com:80\r\n\
    User-Agent: Mozilla/5.0 (X11)\r\nAccept: text/html, image/png\r\nCookie: a=1; sid=xyz\r\n\
    X-Forwarded-For: 10.1.2.3, 192.0.2.1\r\n\r\n";

fn words(line: &str) -> Vec<Word> {
    line.split(' ')
        .map(|w| Word {
            text: w.into(),
            span: Span::default(),
        })
        .collect()
}

/// Compiles `http-request` lines.
fn compile(acls: &[&str], lines: &[&str]) -> Vec<Rule> {
    let mut cx = Compile::new(Places::FE_REQUEST, &NoNames);
    let acls: Vec<Vec<Word>> = acls.iter().map(|l| words(l)).collect();
    let acls = AclSet::compile(acls.iter().map(|w| &w[..]), &mut cx);
    let rules = lines
        .iter()
        .filter_map(|line| {
            let made = action::compile(RuleSet::HttpRequest, &words(line), &acls, &mut cx);
            made.map(|(action, condition)| Rule {
                condition,
                action,
                span: Span::default(),
            })
        })
        .collect();
    assert_eq!(cx.diags, []);
    rules
}

fn allocations(rules: &[Rule]) -> u64 {
    let mut stream = Stream {
        request: Message::with_capacity(16384),
        vars: VarStore::default(),
    };
    let mut scratch = Scratch::new();
    let mut once = || {
        stream.request.clear();
        stream.request.feed(REQUEST);
        let parsed = stream.request.parse_request(&Limits::default());
        assert_eq!(parsed, Parsed::Done);
        let mode = Mode::of(RuleSet::HttpRequest);
        let verdict = rules::run(rules, mode, &mut stream, &mut scratch);
        assert_eq!(verdict, Verdict::Continue);
    };
    for _ in 0..5 {
        once();
    }
    let info = allocation_counter::measure(|| {
        for _ in 0..100 {
            once();
        }
    });
    info.count_total
}

#[test]
fn the_counter_counts() {
    let info = allocation_counter::measure(|| drop(std::hint::black_box(vec![1u8])));
    assert_eq!(info.count_total, 1);
}

#[test]
fn conditions() {
    let rules = compile(
        &[
            "acl static path_beg /css /js /img /static",
            "acl ten hdr(host),lower -m str a b c d e f g h i www.example.org",
            "acl www hdr(host),host_only www.example.com",
            "acl internal src 10.0.0.0/8 192.168.0.0/16 172.16.0.0/12 ::1",
            "acl forwarded hdr_ip(x-forwarded-for) 10.0.0.0/8",
            "acl bot hdr_sub(user-agent) -i bot spider crawl",
            "acl image path_reg [.](png|gif|jpg)$",
            "acl session req.cook(sid) -m found",
            "acl recent urlp_val(v) gt 5",
        ],
        &[
            "deny if internal",
            "deny if !static !www",
            "deny if ten or bot",
            "deny if METH_POST HTTP_CONTENT",
            "deny if image !session",
            "deny if forwarded recent",
            "deny unless { path_dir img } || { query -m len 0 }",
        ],
    );
    assert_eq!(allocations(&rules), 0);
}

#[test]
fn edits() {
    let rules = compile(
        &[],
        &[
            "set-header X-Forwarded-Proto http",
            "set-header X-Path %[path,lower]:%[src]",
            "add-header X-Host %[hdr(host),field(1,:)]",
            "del-header Accept",
            "set-path /v1%[path]",
            "set-var(txn.n) int(5)",
        ],
    );
    assert_eq!(allocations(&rules), 0);
}
