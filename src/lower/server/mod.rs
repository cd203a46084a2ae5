//! `server` and `default-server` lines. Each option is a [`ServerOption`], one line of
//! [`OPTIONS`].

mod agent;
mod check;
mod connection;
mod cookie;
pub mod dynamic;
mod hash_key;
mod init_addr;
mod init_state;
mod limits;
mod log_proto;
mod observe;
mod on_marked;
mod pool;
mod proto;
mod redir;
mod resolvers;
mod send_proxy;
mod ssl;
mod state;
pub mod template;
mod track;

use super::check as keyword_check;
use super::{Context, KeywordHandler, Sections, Side};
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;
use crate::config::address::{Address, Host, Kind, Proto};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::grammar;
use crate::ir::server::{AgentSettings, CheckSettings, InitAddr};
use crate::ir::tls::Sni;
use crate::ir::{Mode, Server};
use crate::lower::proxy::rules;
use crate::sample::expr::Expr;
use crate::sample::places::Places;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// A server while its options are read, and what `default-server` lines said so far.
#[derive(Clone, Debug)]
pub struct ServerDraft {
    /// The server as far as it is known; name and address are empty in a `default-server`.
    pub server: Server,
    /// `check`
    pub checked: bool,
    /// What checks do if there are any.
    pub check: CheckSettings,
    /// `agent-check`
    pub agent_checked: bool,
    /// How the agent is asked.
    pub agent: AgentSettings,
    /// `log-proto octet-count`
    pub counted: bool,
    /// `sni`, as written
    pub sni: Option<Word>,
    /// `pool-conn-name`, as written
    pub pool_conn_name: Option<Word>,
    /// The formats of `set-proxy-v2-tlv-fmt`, as written
    pub formats: Vec<Word>,
    /// How messages about the line begin: `'server www/a' : `.
    pub place: String,
    /// It is added to a running process.
    pub dynamic: bool,
}

impl Default for ServerDraft {
    fn default() -> Self {
        let nowhere = Address {
            host: Host::AnyV4,
            port: 0,
            port_end: 0,
            port_offset: None,
            proto: Proto::Stream,
            span: Span::default(),
        };
        ServerDraft {
            server: Server::new(String::new(), nowhere, Span::default()),
            checked: false,
            check: CheckSettings::default(),
            agent_checked: false,
            agent: AgentSettings::default(),
            counted: false,
            sni: None,
            pool_conn_name: None,
            formats: Vec::new(),
            place: String::new(),
            dynamic: false,
        }
    }
}

/// A word of a `server` line that hapax executes.
#[derive(Debug)]
pub struct ServerOption {
    /// The word, and its opposite where it has one.
    pub names: &'static [&'static str],
    /// Whether `default-server` takes it.
    pub in_default: bool,
    /// Takes its arguments and changes the server. The name is the one the line has.
    pub lower: fn(&mut ServerDraft, &str, &mut Args<'_, '_>) -> Result<(), Fault>,
}

impl ServerOption {
    /// An option of one name that `default-server` takes too.
    pub const fn new(
        names: &'static [&'static str],
        lower: fn(&mut ServerDraft, &str, &mut Args<'_, '_>) -> Result<(), Fault>,
    ) -> Self {
        ServerOption {
            names,
            in_default: true,
            lower,
        }
    }
}

/// What is wrong with an option's argument.
#[derive(Debug)]
pub struct Fault {
    /// HAProxy's words.
    pub text: String,
    /// The word meant.
    pub span: Span,
}

impl Fault {
    /// A complaint about a place.
    pub fn at(span: Span, text: impl Into<String>) -> Fault {
        Fault {
            text: text.into(),
            span,
        }
    }
}

/// All of them, one line each; those of TLS stand in [`ssl::ALL`].
pub const OPTIONS: &[ServerOption] = &[
    agent::ADDR,
    agent::CHECK,
    agent::INTER,
    agent::PORT,
    agent::SEND,
    check::ADDR,
    check::CHECK,
    check::DOWNINTER,
    check::FALL,
    check::FASTINTER,
    check::HEALTHCHECK,
    check::INTER,
    check::PORT,
    check::RISE,
    connection::SOURCE,
    connection::TCP_UT,
    connection::TFO,
    connection::USESRC,
    cookie::COOKIE,
    hash_key::HASH_KEY,
    init_addr::INIT_ADDR,
    init_state::INIT_STATE,
    limits::MAXCONN,
    limits::MAXQUEUE,
    limits::MINCONN,
    limits::SLOWSTART,
    limits::STRICT_MAXCONN,
    limits::WEIGHT,
    observe::ERROR_LIMIT,
    observe::OBSERVE,
    observe::ON_ERROR,
    on_marked::ON_MARKED_DOWN,
    on_marked::ON_MARKED_UP,
    log_proto::LOG_PROTO,
    proto::PROTO,
    pool::MAX_REUSE,
    pool::POOL_CONN_NAME,
    pool::POOL_LOW_CONN,
    pool::POOL_MAX_CONN,
    pool::POOL_PURGE_DELAY,
    redir::REDIR,
    resolvers::RESOLVE_NET,
    resolvers::RESOLVE_OPTS,
    resolvers::RESOLVE_PREFER,
    resolvers::RESOLVERS,
    send_proxy::CHECK_SEND_PROXY,
    send_proxy::CHECK_VIA_SOCKS4,
    send_proxy::PROXY_V2_OPTIONS,
    send_proxy::SEND_PROXY,
    send_proxy::SEND_PROXY_V2,
    send_proxy::SEND_PROXY_V2_SSL,
    send_proxy::SEND_PROXY_V2_SSL_CN,
    send_proxy::SET_PROXY_V2_TLV_FMT,
    send_proxy::SOCKS4,
    state::BACKUP,
    state::STICK,
    state::DISABLED,
    state::ID,
    track::TRACK,
];

/// The words of [`OPTIONS`] that have an effect.
pub fn executed() -> impl Iterator<Item = &'static str> {
    let all = OPTIONS.iter().chain(ssl::ALL);
    let names = all.flat_map(|o| o.names.iter().copied());
    names.filter(|n| grammar::server_option(n.as_bytes()).is_none_or(|o| o.inert.is_none()))
}

/// `server NAME ADDRESS [options]`
pub const SERVER: KeywordHandler = KeywordHandler::new(&["server"], Sections::ANY_PROXY, server);
/// `default-server [options]`
pub const DEFAULT_SERVER: KeywordHandler =
    KeywordHandler::new(&["default-server"], Sections::ANY_PROXY, default_server);

fn report(args: &mut Args<'_, '_>, code: &'static str, span: Span, text: String) {
    args.report(Diagnostic::alert(code, span, text).form(Form::Bracket));
}

/// Whether the section may hold servers; if not, says so as HAProxy does.
fn allowed(cx: &Context<'_>, args: &mut Args<'_, '_>, name: &str) -> bool {
    let span = args.line().span;
    if cx.can(Side::Backend) {
        return true;
    }
    let text = format!(
        "parsing [{}] : '{name}' not allowed because {} has no backend capability.",
        cx.place(span),
        cx.named()
    );
    report(args, "HX0270", span, text);
    false
}

fn server(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let line = args.line().span;
    if cx.in_defaults() {
        let text = "'server' not allowed in 'defaults' section.".to_owned();
        report(args, "HX0270", line, text);
        return;
    }
    if !allowed(cx, args, "server") {
        return;
    }
    let Some(draft) = cx.draft() else {
        return;
    };
    let Some((name, place)) = name(args, &draft.proxy.name) else {
        return;
    };
    let mut made = draft.default_server.clone();
    let Some(address) = address(args, Kind::SERVER, &place) else {
        return;
    };
    made.server.name = name.display().to_string();
    made.server.address = address;
    made.server.span = line;
    made.place.clone_from(&place);
    made.dynamic = cx.options.dynamic;
    check_transport(cx, &mut made, args);
    if !options(&mut made, args, &place, false) {
        // The line is refused: whether its name has an address is not worth a complaint.
        made.server.init_addr = vec![InitAddr::None];
    }
    add(cx, args, made, &place);
}

/// Completes a server and adds it to the section.
fn add(cx: &mut Context<'_>, args: &mut Args<'_, '_>, made: ServerDraft, place: &str) {
    let ServerDraft {
        mut server,
        checked,
        check,
        agent_checked,
        agent,
        sni,
        pool_conn_name,
        formats,
        ..
    } = made;
    server.check = checked.then_some(check);
    // as `global` has it so far
    server.tls.common.inherit(&cx.global.tls.server);
    let mut complain = |text: String| {
        let text = format!("{place}{text}");
        report(args, "HX0273", server.span, text);
    };
    if agent_checked && agent.port == 0 {
        complain(format!(
            "server {} does not have agent port. Agent check has been disabled.",
            server.name
        ));
        return;
    }
    server.agent = agent_checked.then_some(agent);
    if server.track.is_some() && (server.check.is_some() || server.agent.is_some()) {
        complain("unable to enable checks and tracking at the same time!".into());
        return;
    }
    if let Some(word) = sni {
        server.tls.sni = server_name(cx, args, &word, place);
    }
    if let Some(word) = pool_conn_name {
        server.pool_conn_name = server_name(cx, args, &word, place);
    }
    if let Some(name) = server.healthcheck.clone() {
        let text = format!(
            "{place}parsing [{}]: healthcheck section '*healthcheck-{name}' not found for server '{}'.",
            cx.place(server.span),
            server.name
        );
        cx.wanted.push(super::section::Wanted {
            kind: "healthcheck",
            name,
            finding: Diagnostic::alert("HX0301", server.span, text).form(Form::PlainBracket),
        });
    }
    if let Some(name) = server.resolution.resolvers.clone() {
        let text = format!(
            "{}, server '{}': unable to find required resolvers '{name}'",
            cx.named(),
            server.name
        );
        cx.wanted.push(super::section::Wanted {
            kind: "resolvers",
            name,
            finding: Diagnostic::alert("HX0301", server.span, text).form(Form::Plain),
        });
    }
    send_proxy::compile(cx, args, &mut server.send_proxy.extensions, &formats, place);
    let Some(draft) = cx.draft() else {
        return;
    };
    let servers = &draft.proxy.servers;
    let marks = [mark(&server.name), mark(&server.id)];
    let [name_seen, id_seen] = marks.map(|m| draft.server_marks.contains(&m));
    let of_id = |s: &&Arc<Server>| id_seen && s.id != 0 && s.id == server.id;
    if let Some(other) = servers.iter().find(of_id) {
        let text = format!(
            "{place}'id' : custom id {} already used at {} ('server {}').",
            server.id,
            cx.place(other.span),
            other.name
        );
        let finding = Diagnostic::alert("HX0261", server.span, text)
            .form(Form::Bracket)
            .related(other.span, "first used here");
        args.report(finding);
        return;
    }
    // HAProxy compares only names that stand on the lines
    let written = args.line().words.first().is_some_and(|w| w.is("server"));
    let twin = |s: &&Arc<Server>| s.name == server.name;
    let mut others = servers.iter().filter(|_| written && name_seen);
    if let Some(other) = others.find(twin) {
        let text = format!(
            "parsing [{}] : {}, another server named '{}' was already defined at line {}, please use distinct names.",
            cx.place(server.span),
            draft.named(),
            server.name,
            other.span.line
        );
        let finding = Diagnostic::alert("HX0271", server.span, text)
            .form(Form::Plain)
            .refused_since(1, 9)
            .related(other.span, "first defined here");
        args.report(finding);
        return;
    }
    if let Some(draft) = cx.draft_mut() {
        draft.server_marks.extend(marks);
        draft.proxy.servers.push(Arc::new(server));
    }
}

/// A number for a name or an id, by which most servers need not be compared with all before them.
fn mark(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A server of a section that is no proxy (`ring`): its name, and what its words say.
pub fn standing_alone(args: &mut Args<'_, '_>, section: &str) -> Option<(String, ServerDraft)> {
    let (name, place) = name(args, section)?;
    let mut made = ServerDraft::default();
    made.server.address = address(args, Kind::SERVER, &place)?;
    let name = name.display().to_string();
    options(&mut made, args, &place, false).then_some((name, made))
}

/// What the servers of a section that is no proxy have in common: read and checked.
pub fn defaults_alone(args: &mut Args<'_, '_>) {
    options(&mut ServerDraft::default(), args, "", true);
}

/// The words behind the address of a name server that is asked over TCP. False: refused.
pub fn of_nameserver(args: &mut Args<'_, '_>, section: &str, name: &str) -> bool {
    let place = format!("'server {section}/{name}' : ");
    let line = args.line();
    let mut made = ServerDraft::default();
    if !options(&mut made, args, &place, false) {
        return false;
    }
    if made.server.tls.ssl {
        let text = format!(
            "{place}'ssl' is not executed yet by this version of hapax: the name server would be asked in plain text."
        );
        report(args, "HX0283", line.span, text);
        return false;
    }
    true
}

/// The name of a server, and how messages about its line begin.
fn name<'d>(args: &mut Args<'d, '_>, section: &str) -> Option<(&'d Word, String)> {
    const MISSING: &str = "'server' expects <name> and <addr>[:<port>] as arguments.";
    let (Some(name), Some(_)) = (args.next_word(), args.peek()) else {
        let here = args.missing_at();
        report(args, "HX0160", here, MISSING.to_owned());
        return None;
    };
    if let Some(bad) = super::bad_character(&name.text) {
        let text = format!(
            "character '{bad}' is not permitted in server name '{}'.",
            name.display()
        );
        report(args, "HX0210", name.span, text);
        return None;
    }
    let place = format!("'server {section}/{}' : ", name.display());
    Some((name, place))
}

fn default_server(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if !allowed(cx, args, "default-server") {
        return;
    }
    let Some(draft) = cx.draft() else {
        return;
    };
    let mut made = draft.default_server.clone();
    options(&mut made, args, "", true);
    if let Some(draft) = cx.draft_mut() {
        draft.default_server = made;
    }
}

/// The next word as an address; complaints begin with `place`.
fn address(args: &mut Args<'_, '_>, kind: Kind, place: &str) -> Option<Address> {
    let word = args.next_word()?;
    match crate::config::address::parse(word, kind) {
        Ok(address) => Some(address),
        Err(mut finding) => {
            finding.message.insert_str(0, place);
            args.report(finding.form(Form::Bracket));
            None
        }
    }
}

/// Everything behind the address.
fn options(made: &mut ServerDraft, args: &mut Args<'_, '_>, place: &str, in_default: bool) -> bool {
    while let Some(word) = args.next_word() {
        if made.dynamic
            && !dynamic::takes(word.bytes())
            && grammar::server_option(word.bytes()).is_some()
        {
            let text = format!(
                "{place}'{}' option is not accepted for dynamic server",
                word.display()
            );
            report(args, "HX0273", word.span, text);
            return false;
        }
        let Some((option, name)) = find(word) else {
            let hint = if in_default {
                " Hint: no address was expected for this server."
            } else {
                ""
            };
            if !keyword_check::server_option(args, word, place, hint) {
                return false;
            }
            continue;
        };
        if in_default && !option.in_default {
            let text = format!("{place}'{name}' option is not accepted in default-server sections");
            let finding = Diagnostic::alert("HX0272", word.span, text)
                .form(Form::Bracket)
                .not_fatal();
            args.report(finding);
            let mut ignored = made.clone();
            if (option.lower)(&mut ignored, name, args).is_err() {
                return false;
            }
            continue;
        }
        let mut off = grammar::switched_off("server", name).then(|| made.clone());
        let target = off.as_mut().unwrap_or(made);
        if let Err(fault) = (option.lower)(target, name, args) {
            let text = format!("{place}{}", fault.text);
            report(args, "HX0273", fault.span, text);
            return false;
        }
    }
    true
}

/// Transports that servers cannot have (yet).
fn check_transport(cx: &Context<'_>, made: &mut ServerDraft, args: &mut Args<'_, '_>) {
    let address = &made.server.address;
    let place = &made.place;
    let mode = cx.draft().map(|d| d.proxy.settings.mode);
    let finding = match (&address.host, address.proto) {
        (Host::Reverse(_), _) => Diagnostic::alert(
            "HX0283",
            address.span,
            format!("{place}'rhttp@' is not executed yet by this version of hapax."),
        )
        .form(Form::Bracket),
        (_, Proto::Quic) => Diagnostic::alert(
            "HX0274",
            address.span,
            format!(
                "{place}QUIC protocol selected but support not compiled in (check build options)."
            ),
        )
        .form(Form::Bracket),
        (_, Proto::Datagram) if mode != Some(Mode::Other) => {
            let mode = if mode == Some(Mode::Http) {
                "http"
            } else {
                "tcp"
            };
            Diagnostic::alert(
                "HX0274",
                address.span,
                format!("unsupported transport for server address in '{mode}' backend."),
            )
            .form(Form::PlainBracket)
        }
        _ => return,
    };
    args.report(finding);
}

fn find(word: &Word) -> Option<(&'static ServerOption, &'static str)> {
    OPTIONS.iter().chain(ssl::ALL).find_map(|o| {
        let called = |n: &&&str| {
            // `set-proxy-v2-tlv-fmt(0xE1)`
            let open = **n == "set-proxy-v2-tlv-fmt" && word.bytes().contains(&b'(');
            word.is(n) || open && word.bytes().starts_with(n.as_bytes())
        };
        let name = o.names.iter().find(called)?;
        Some((o, *name))
    })
}

/// The argument of an option, or HAProxy's complaint that it is missing.
fn argument<'d>(args: &mut Args<'d, '_>, missing: &str) -> Result<&'d Word, Fault> {
    let here = args.missing_at();
    args.next_word().ok_or_else(|| Fault::at(here, missing))
}

/// The server's name for messages that end in `of server NAME.`; `default-server` has none.
fn of_server(made: &ServerDraft) -> String {
    if made.server.name.is_empty() {
        "default-server".to_owned()
    } else {
        format!("server {}", made.server.name)
    }
}

/// The expression of `sni`.
fn server_name(
    cx: &mut Context<'_>,
    args: &mut Args<'_, '_>,
    word: &Word,
    place: &str,
) -> Option<Sni> {
    let compiled = rules::compile(cx, Places::BE_SERVER_CONNECT, |compile, _| {
        compile.span = word.span;
        match Expr::parse_words(std::slice::from_ref(word), compile) {
            Ok((expr, _)) => Some(expr),
            Err(crate::sample::compile::Fault::Wrong(m)) => {
                compile.alert(format!("{m}."));
                None
            }
            Err(_) => None,
        }
    });
    let context =
        format!("{place}error detected while parsing sni or pool-conn-name expressions : ");
    let expr = rules::take(args, compiled, &context, Form::Bracket)?;
    Some(Sni {
        said: super::tls::said(word),
        expr: Arc::new(expr),
    })
}
