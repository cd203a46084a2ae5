//! Lines with actions and conditions: `http-request`, `http-response`, `http-after-response`,
//! `tcp-request`, `tcp-response`, `redirect`.
//!
//! They are lowered after all sections. The lines of a named `defaults` section are compiled for
//! each proxy that inherits from it, in front of the proxy's own, with the ACLs of that section.

use super::timeout::reason;
use crate::action::{self, RuleSet};
use crate::base::diag::{Diagnostic, Form, Severity, is_fatal};
use crate::base::units::{self, TimeUnit};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::grammar::Version;
use crate::ir::proxy::RuleSets;
use crate::ir::rule::{Condition, Rule};
use crate::lower::context::{Context, Deferred, Scope};
use crate::lower::names::{At, NameIndex};
use crate::lower::{KeywordHandler, Sections};
use crate::sample::compile::Names;
use crate::sample::{AclSet, Compile, Places};

/// `http-request ACTION ... [if|unless CONDITION]`
pub const HTTP_REQUEST: KeywordHandler =
    KeywordHandler::rules(&["http-request"], Sections::ANY_PROXY, http_request);
/// `http-response ACTION ...`
pub const HTTP_RESPONSE: KeywordHandler =
    KeywordHandler::rules(&["http-response"], Sections::ANY_PROXY, http_response);
/// `http-after-response ACTION ...`
pub const HTTP_AFTER_RESPONSE: KeywordHandler = KeywordHandler::rules(
    &["http-after-response"],
    Sections::ANY_PROXY,
    http_after_response,
);
/// `tcp-request connection|session|content ACTION ...`
pub const TCP_REQUEST: KeywordHandler =
    KeywordHandler::rules(&["tcp-request"], Sections::ANY_PROXY, tcp_request);
/// `tcp-request inspect-delay TIME`
pub const TCP_REQUEST_DELAY: KeywordHandler = KeywordHandler::new(
    &["tcp-request inspect-delay"],
    Sections::ANY_PROXY,
    inspect_delay,
);
/// `tcp-response content ACTION ...`
pub const TCP_RESPONSE: KeywordHandler =
    KeywordHandler::rules(&["tcp-response"], Sections::ANY_PROXY, tcp_response);
/// `tcp-response inspect-delay TIME`
pub const TCP_RESPONSE_DELAY: KeywordHandler = KeywordHandler::new(
    &["tcp-response inspect-delay"],
    Sections::ANY_PROXY,
    inspect_delay,
);
/// `redirect TYPE ... [if|unless CONDITION]`
pub const REDIRECT: KeywordHandler =
    KeywordHandler::rules(&["redirect"], Sections::NAMED_PROXY, redirect);

/// Actions that keep somebody out: a rule with one of them must not be left out.
const GUARDS: &[&str] = &[
    "deny",
    "tarpit",
    "reject",
    "auth",
    "silent-drop",
    "expect-proxy",
    "expect-netscaler-cip",
];

/// Actions after which no further rule of the set runs.
const FINAL: &[&str] = &["allow", "deny", "tarpit", "auth", "redirect", "return"];

/// Whether the words of a `return` answer with an error.
fn refuses(words: &[Word]) -> bool {
    let mut pairs = words.windows(2);
    pairs.any(|pair| match pair {
        [name, status] => name.is("status") && matches!(status.text.first(), Some(b'4' | b'5')),
        _ => false,
    })
}

/// Lowers the lines that waited for all sections to be read.
pub fn lower_all(cx: &mut Context<'_>) {
    cx.names = std::rc::Rc::new(NameIndex::of(cx));
    for index in 0..cx.proxies.len() {
        cx.scope = Scope::Proxy(index);
        let Some(draft) = cx.draft() else {
            continue;
        };
        let parent = draft.from.and_then(|from| cx.defaults.get(from));
        let inherited = parent.map_or_else(
            || (Vec::new(), Vec::new()),
            |d| (d.acls.clone(), d.rules.clone()),
        );
        let own = (draft.acls.clone(), draft.rules.clone());
        for (of_defaults, (acls, rules)) in [(true, inherited), (false, own)] {
            cx.inherited = of_defaults;
            cx.line = acls.first().map_or(cx.line, |line| line.span);
            let words: Vec<&[Word]> = acls.iter().map(|line| &line.words[..]).collect();
            let places = Places::FRONTEND;
            let (set, mut found) = compile(cx, places, |compile, _| {
                Some(AclSet::compile(words.iter().copied(), compile))
            });
            cx.diags.append(&mut found);
            cx.acls = set.unwrap_or_default();
            for Deferred {
                handler,
                line,
                words,
            } in rules
            {
                cx.line = line.span;
                crate::lower::run(cx, handler, line, words);
            }
        }
        super::balance::compile_key(cx);
        crate::lower::option::forwarded::compile(cx);
        cx.acls = AclSet::default();
    }
    check_shared_defaults(cx);
    cx.scope = Scope::Other;
}

/// Rules of a `defaults` section may not be shared by front ends and back ends, nor serve a
/// `listen` section, which is both, nor another `defaults` section.
fn check_shared_defaults(cx: &mut Context<'_>) {
    for index in 0..cx.defaults.len() {
        let Some(draft) = cx.defaults.get(index) else {
            continue;
        };
        if draft.rules.is_empty() {
            continue;
        }
        let at = draft.proxy.span;
        let place = cx.place(at);
        let refuse = |span, message: String| {
            Diagnostic::alert("HX0302", span, message)
                .form(Form::Tight)
                .related(at, "the defaults section")
        };
        let heirs = cx.defaults.iter().filter(|d| d.from == Some(index));
        let of_defaults = heirs.map(|heir| {
            let message = format!(
                "a defaults section cannot inherit from a defaults section defining TCP/HTTP rules (defaults section at {place})."
            );
            refuse(heir.proxy.span, message)
        });
        let both = cx
            .proxies
            .iter()
            .filter(|d| d.from == Some(index) && d.proxy.frontend && d.proxy.backend);
        let of_listen = both.map(|heir| {
            let message =
                "a listen section cannot inherit from a defaults section defining TCP/HTTP rules.";
            refuse(heir.proxy.span, message.to_string())
        });
        let mut refused: Vec<Diagnostic> = of_defaults.chain(of_listen).collect();
        let mut first_side = None;
        let mut clash = None;
        for user in cx.proxies.iter().filter(|d| d.from == Some(index)) {
            let sides = (user.proxy.frontend, user.proxy.backend);
            if sides == (true, true) {
                continue;
            }
            match first_side {
                None => first_side = Some(sides),
                Some(first) if first != sides => {
                    clash = Some(user.proxy.span);
                    break;
                }
                Some(_) => {}
            }
        }
        if let Some(span) = clash {
            let message = format!(
                "frontends and backends cannot inherit from the same defaults section if it defines TCP/HTTP rules (defaults section at {place})."
            );
            refused.push(refuse(span, message));
        }
        cx.diags.append(&mut refused);
    }
}

/// Runs a compilation with the names and ACLs of the section; findings come back separately.
/// Nothing comes back that hapax does not execute yet.
pub fn compile<T>(
    cx: &mut Context<'_>,
    places: Places,
    work: impl FnOnce(&mut Compile<'_>, &AclSet) -> Option<T>,
) -> (Option<T>, Vec<Diagnostic>) {
    let names = cx.names.clone();
    let current = match cx.scope {
        Scope::Proxy(index) => u32::try_from(index).ok(),
        _ => None,
    };
    let at = At {
        index: &names,
        current,
    };
    let acls = cx.acls.clone();
    let references = cx.references.clone();
    let mut state = Compile::new(places, &at);
    state.owner = cx.named();
    state.span = cx.line;
    state.language = cx.options.language.unwrap_or(Version::CURRENT);
    state.acls = acls.clone();
    state.without_tls = !cx.options.has("tls");
    state.stick_counters = cx.global.tune.stick_counters;
    state.inherited = cx.inherited;
    if let Some(draft) = cx.draft_mut() {
        state.slots = std::mem::take(&mut draft.proxy.captures);
    }
    state.references = references;
    state.keys = cx.keys.clone();
    let made = work(&mut state, &acls);
    let Compile {
        diags,
        files,
        pending,
        slots,
        slot_uses,
        asks_server_connection,
        ..
    } = state;
    cx.pattern_files.extend(files);
    cx.global.asks_server_connection |= asks_server_connection;
    if let Some(draft) = cx.draft_mut() {
        draft.proxy.captures = slots;
        draft.slot_uses.extend(slot_uses);
    }
    (made.filter(|_| !pending), diags)
}

/// A compilation where names of proxies and servers are not known yet: all are taken.
pub fn compile_anywhere<T>(
    cx: &mut Context<'_>,
    places: Places,
    work: impl FnOnce(&mut Compile<'_>) -> Option<T>,
) -> (Option<T>, Vec<Diagnostic>) {
    let mut state = Compile::new(places, &AnyName);
    state.owner = cx.named();
    state.span = cx.line;
    state.language = cx.options.language.unwrap_or(Version::CURRENT);
    state.without_tls = !cx.options.has("tls");
    let made = work(&mut state);
    let Compile { diags, pending, .. } = state;
    (made.filter(|_| !pending), diags)
}

/// Knows every name.
struct AnyName;

impl Names for AnyName {
    fn backend(&self, _: &[u8]) -> Option<u32> {
        Some(0)
    }
    fn frontend(&self, _: &[u8]) -> Option<u32> {
        Some(0)
    }
    fn server(&self, _: u32, _: &[u8]) -> Option<u32> {
        Some(0)
    }
    fn current(&self) -> Option<u32> {
        Some(0)
    }
}

/// Hands on what a compilation made after reporting its findings, whose alerts begin with
/// `context`.
pub fn take<T>(
    args: &mut Args<'_, '_>,
    (made, findings): (Option<T>, Vec<Diagnostic>),
    context: &str,
    form: Form,
) -> Option<T> {
    let silent = made.is_none() && findings.is_empty();
    for mut finding in findings {
        if finding.severity == Severity::Alert && !finding.message.starts_with("error detected") {
            finding.message.insert_str(0, context);
            finding.form = form;
        }
        finding.span = finding.span.or(Some(args.line().span));
        args.report(finding);
    }
    if silent {
        args.report(crate::lower::check::pending_note(
            args.line().span,
            "an expression of this line",
            4,
        ));
    }
    made
}

/// The condition that begins at the cursor.
pub fn condition(
    cx: &mut Context<'_>,
    args: &mut Args<'_, '_>,
    places: Places,
    context: &str,
) -> Option<Condition> {
    let words = args.rest();
    let compiled = compile(cx, places, |compile, acls| {
        Condition::compile(words, acls, compile)
    });
    take(args, compiled, context, Form::Parsing)
}

/// The condition of a switching rule (`use_backend`, `use-server`): HAProxy takes `if` without any
/// term as "always", which is `Ok(None)`. `Err` when it does not compile; that is reported.
pub fn switching_condition(
    cx: &mut Context<'_>,
    args: &mut Args<'_, '_>,
    places: Places,
) -> Result<Option<Condition>, ()> {
    if args.peek_second().is_none() {
        return Ok(None);
    }
    let context = "error detected while parsing switching rule : ";
    condition(cx, args, places, context).map(Some).ok_or(())
}

/// A condition that must stand at the cursor; else `message`.
pub fn required_condition(
    cx: &mut Context<'_>,
    args: &mut Args<'_, '_>,
    places: Places,
    message: &str,
    context: &str,
) -> Option<Condition> {
    if !args.peek().is_some_and(|w| w.is("if") || w.is("unless")) {
        args.alert("HX0160", args.here(), message);
        return None;
    }
    condition(cx, args, places, context)
}

/// Where the rules of a set are evaluated in this section.
pub fn places(cx: &Context<'_>, front: Places, back: Places) -> Places {
    let mut places = Places::empty();
    if cx.draft().is_some_and(|d| d.proxy.frontend) {
        places |= front;
    }
    if cx.draft().is_some_and(|d| d.proxy.backend) {
        places |= back;
    }
    places
}

/// Compiles the rest of the line as a rule of `set`.
pub fn rule(
    cx: &mut Context<'_>,
    args: &mut Args<'_, '_>,
    set: RuleSet,
    places: Places,
    list: fn(&mut RuleSets) -> &mut Vec<Rule>,
) {
    let span = args.line().span;
    let prefix = args.name(args.position());
    let words = args.rest();
    let verb = words
        .first()
        .map_or_else(String::new, |w| w.display().to_string());
    let bare = verb.split('(').next().unwrap_or(&verb).to_owned();
    let (made, findings) = compile(cx, places, |compile, acls| {
        action::compile(set, words, acls, compile)
    });
    if matches!(bare.as_str(), "cache-use" | "cache-store")
        && let Some(name) = words.get(1)
    {
        crate::lower::section::want_cache(cx, name);
    }
    let guard = GUARDS.contains(&bare.as_str()) || (bare == "return" && refuses(words));
    let faulty = is_fatal(&findings);
    let silent = findings.is_empty();
    for finding in findings {
        args.report(finding);
    }
    if let Some(draft) = cx.draft_mut() {
        let own = |rule: &&Rule| {
            (rule.span.file, rule.span.line) > (draft.proxy.span.file, draft.proxy.span.line)
        };
        let last = list(&mut draft.proxy.rules).last();
        let last = last.filter(own);
        if prefix.starts_with("http-")
            && last.is_some_and(|r| r.condition.is_none() && FINAL.contains(&r.action.name))
        {
            let message = format!(
                "previous '{prefix}' action is final and has no condition attached, further entries are NOOP."
            );
            args.report(Diagnostic::warning("HX0325", span, message).form(Form::Tight));
        }
    }
    match made {
        Some((action, condition)) => {
            if let Some(draft) = cx.draft_mut() {
                list(&mut draft.proxy.rules).push(Rule {
                    condition,
                    action,
                    span,
                });
            }
        }
        None if faulty => {}
        None if guard => {
            let message = format!(
                "'{prefix} {verb}' with these arguments is not executed yet by this version of hapax; without it more would be let in than the file says."
            );
            args.report(Diagnostic::alert("HX0283", span, message));
        }
        None if silent => {
            let what = format!("'{prefix} {verb}' with these arguments");
            args.report(crate::lower::check::pending_note(span, &what, 4));
        }
        None => {}
    }
}

fn http_request(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let places = places(cx, Places::FE_REQUEST, Places::BE_REQUEST);
    rule(cx, args, RuleSet::HttpRequest, places, |r| {
        &mut r.http_request
    });
}

fn http_response(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let places = places(cx, Places::FE_RESPONSE, Places::BE_RESPONSE);
    rule(cx, args, RuleSet::HttpResponse, places, |r| {
        &mut r.http_response
    });
}

fn http_after_response(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let places = places(cx, Places::FE_RESPONSE, Places::BE_RESPONSE);
    rule(cx, args, RuleSet::HttpAfterResponse, places, |r| {
        &mut r.http_after_response
    });
}

fn tcp_request(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let named = cx.named();
    let Some(word) = args.peek() else {
        let message = format!("missing argument for 'tcp-request' in {named}");
        args.alert("HX0160", args.missing_at(), message);
        return;
    };
    let front = cx.draft().is_some_and(|d| d.proxy.frontend);
    let kind = word.display().to_string();
    if matches!(kind.as_str(), "connection" | "session") && !front {
        let (side, name) = named.split_once(' ').unwrap_or_default();
        let message = format!(
            "tcp-request {kind} is not allowed because {side} {} is not a frontend",
            name.trim_matches('\'')
        );
        args.alert("HX0285", word.span, message);
        return;
    }
    args.next_word();
    match kind.as_str() {
        "connection" => rule(
            cx,
            args,
            RuleSet::TcpRequestConnection,
            Places::FE_CONNECTION,
            |r| &mut r.tcp_request_connection,
        ),
        "session" => rule(
            cx,
            args,
            RuleSet::TcpRequestSession,
            Places::FE_SESSION,
            |r| &mut r.tcp_request_session,
        ),
        "content" => {
            let places = places(cx, Places::FE_REQUEST_CONTENT, Places::BE_REQUEST_CONTENT);
            rule(cx, args, RuleSet::TcpRequestContent, places, |r| {
                &mut r.tcp_request_content
            });
        }
        _ => {
            let message = format!(
                "'tcp-request' expects 'inspect-delay', 'connection', or 'content' in {named} (got '{kind}')"
            );
            args.alert("HX0162", word.span, message);
        }
    }
}

fn tcp_response(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let named = cx.named();
    let Some(word) = args.peek() else {
        let message = format!("missing argument for 'tcp-response' in {named}");
        args.alert("HX0160", args.missing_at(), message);
        return;
    };
    if !cx.draft().is_some_and(|d| d.proxy.backend) {
        let message = format!(
            "tcp-response {} is only allowed in 'backend' sections or 'defaults' section with a name",
            word.display()
        );
        args.alert("HX0285", word.span, message);
        return;
    }
    if !args.take("content") {
        let message = format!(
            "'tcp-response' expects 'inspect-delay' or 'content' in {named} (got '{}')",
            word.display()
        );
        args.alert("HX0162", word.span, message);
        return;
    }
    let places = Places::BE_RESPONSE_CONTENT;
    rule(cx, args, RuleSet::TcpResponseContent, places, |r| {
        &mut r.tcp_response_content
    });
}

fn inspect_delay(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = args.name(2);
    let expects = format!(
        "'{name}' expects a positive delay in milliseconds, in {}",
        cx.named()
    );
    let Some(word) = args.word(&expects) else {
        return;
    };
    let ms = match units::time(&word.text, TimeUnit::Millisecond) {
        Ok(time) => time.value,
        Err(error) => {
            let message = format!("{expects} ({})", reason(error, word));
            args.alert("HX0203", word.span, message);
            return;
        }
    };
    let request = name.starts_with("tcp-request");
    cx.set(|s| {
        let delay = if request {
            &mut s.tcp_request_inspect_delay
        } else {
            &mut s.tcp_response_inspect_delay
        };
        *delay = Some(ms).filter(|ms| *ms > 0);
    });
}

/// `redirect` is `http-request redirect` run after all `http-request` rules.
fn redirect(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let line = args.line();
    let words = args.rest();
    let span = line.span;
    let places = places(cx, Places::FE_REQUEST, Places::BE_REQUEST);
    let compiled = compile(cx, places, |compile, acls| {
        action::compile_redirect(words, acls, compile)
    });
    if let Some((action, condition)) = take(args, compiled, "", Form::Parsing)
        && let Some(draft) = cx.draft_mut()
    {
        draft.proxy.redirects.push(Rule {
            condition,
            action,
            span,
        });
    }
}
