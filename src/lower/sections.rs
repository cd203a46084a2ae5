//! Section heads: `global`, `defaults`, `frontend`, `backend`, `listen`; and which `defaults` a
//! section inherits from.

use super::context::{Context, Draft, Scope};
use super::keyword::Sections;
use super::server::ServerDraft;
use crate::base::diag::{Diagnostic, Form, Severity};
use crate::base::span::Span;
use crate::config::directive::{Directive, Word};
use crate::ir::proxy::{Proxy, ProxyId, RuleSets, Settings};

/// Makes the section of this head the one that the next lines belong to.
pub fn begin<'d>(cx: &mut Context<'d>, head: &'d Directive) {
    cx.scope = Scope::Other;
    cx.foreign = None;
    cx.in_profile = false;
    let Some(kind) = head.words.first() else {
        return;
    };
    if super::language::check_head(cx, head) {
        return;
    }
    match &kind.text[..] {
        b"global" => {
            cx.scope = Scope::Global;
            if let Some(extra) = head.words.get(1) {
                extra_argument(cx, "global", extra);
            }
        }
        b"defaults" => defaults(cx, head),
        b"frontend" => proxy(cx, head, Sections::FRONTEND),
        b"backend" => proxy(cx, head, Sections::BACKEND),
        b"listen" => proxy(cx, head, Sections::LISTEN),
        b"log-profile" => super::log::profile::begin(cx, head),
        _ => super::section::begin(cx, head),
    }
}

fn extra_argument(cx: &mut Context<'_>, kind: &str, extra: &Word) {
    let message = format!(
        "'{kind}' cannot handle unexpected argument '{}'.",
        extra.display()
    );
    cx.diags
        .push(Diagnostic::alert("HX0167", extra.span, message));
}

fn name_of(word: Option<&Word>) -> String {
    word.map_or_else(String::new, |w| w.display().to_string())
}

/// The character of a name that HAProxy refuses, if any (configuration manual 2.1: letters,
/// digits and `-_.:`).
pub fn bad_character(name: &[u8]) -> Option<char> {
    name.iter()
        .find(|b| !(b.is_ascii_alphanumeric() || b"-_.:".contains(b)))
        .map(|b| char::from(*b))
}

fn defaults<'d>(cx: &mut Context<'d>, head: &'d Directive) {
    let words = &head.words;
    let (named, from) = match words.get(1) {
        Some(w) if w.is("from") => (None, words.get(2)),
        first => (
            first,
            words.get(2).filter(|w| w.is("from")).and(words.get(3)),
        ),
    };
    let name = name_of(named);
    if let Some(bad) = named.and_then(|w| bad_character(&w.text)) {
        let finding = refused_character(bad, "defaults", head, named);
        cx.diags.push(finding);
    }
    let parent = from.and_then(|from| parent(cx, from, head, "defaults", &name));
    check_inheritance(cx, parent, Sections::DEFAULTS, head.span);
    let mut draft = new_draft(cx, name, Sections::DEFAULTS, parent, head.span);
    draft.anonymous = named.is_none();
    cx.defaults.push(draft);
    let index = cx.defaults.len() - 1;
    cx.scope = Scope::Defaults(index);
    cx.last_defaults = Some(index);
}

fn refused_character(bad: char, kind: &str, head: &Directive, named: Option<&Word>) -> Diagnostic {
    let name = name_of(named);
    let message = format!("character '{bad}' is not permitted in '{kind}' name '{name}'.");
    Diagnostic::alert("HX0210", named.map_or(head.span, |w| w.span), message).not_fatal()
}

fn proxy<'d>(cx: &mut Context<'d>, head: &'d Directive, kind: Sections) {
    let words = &head.words;
    let word = match kind {
        Sections::FRONTEND => "frontend",
        Sections::BACKEND => "backend",
        _ => "listen",
    };
    let Some(named) = words.get(1) else {
        let message = format!("'{word}' expects an <id> argument");
        cx.diags.push(
            Diagnostic::alert("HX0211", head.span, message).expected("a name is missing here"),
        );
        return;
    };
    let name = name_of(Some(named));
    if let Some(bad) = bad_character(&named.text) {
        let finding = refused_character(bad, word, head, Some(named));
        cx.diags.push(finding);
    }
    let mut old_address = None;
    let mut from = None;
    match words.get(2) {
        Some(w) if w.is("from") && words.get(3).is_some() => {
            from = words.get(3);
            if let Some(extra) = words.get(4) {
                extra_argument(cx, word, extra);
            }
        }
        Some(w) => old_address = Some((w, words.get(3))),
        None => {}
    }
    let parent = match from {
        Some(from) => parent(cx, from, head, word, &name),
        None => cx.last_defaults,
    };
    duplicate_name(cx, kind, &name, named.span);
    check_inheritance(cx, parent, kind, head.span);
    let draft = new_draft(cx, name, kind, parent, head.span);
    cx.proxies.push(draft);
    cx.scope = Scope::Proxy(cx.proxies.len() - 1);
    if let Some((address, extra)) = old_address {
        old_head(cx, word, address, extra);
    }
}

/// `listen NAME ADDR:PORT` of files before 2.0: the address is a `bind` line without options.
fn old_head(cx: &mut Context<'_>, word: &str, address: &Word, extra: Option<&Word>) {
    if word == "backend" {
        return; // HAProxy takes it without a word and does nothing with it.
    }
    let mut finding = Diagnostic::warning(
        "HX0212",
        address.span,
        format!(
            "an address behind '{word} NAME' is not supported any more since HAProxy 1.6; it is taken as 'bind {}'.",
            address.display()
        ),
    )
    .help("please use the 'bind' keyword for listening addresses.")
    .refused_since(1, 6);
    if let Some(extra) = extra {
        finding = Diagnostic::alert(
            "HX0212",
            extra.span,
            "please use the 'bind' keyword for listening addresses.",
        );
    }
    cx.diags.push(finding);
    super::bind::old_head(cx, address);
}

/// Two proxies of one name: HAProxy refuses them since 3.3, and for two front ends or two back
/// ends ever since.
fn duplicate_name(cx: &mut Context<'_>, kind: Sections, name: &str, span: Span) {
    let place = cx.proxies.len();
    let first = *cx.proxy_names.entry(name.to_owned()).or_insert(place);
    let Some(other) = cx.proxies.get(first) else {
        return;
    };
    let this = match kind {
        Sections::FRONTEND => "frontend",
        Sections::BACKEND => "backend",
        _ => "proxy",
    };
    let both =
        |side: fn(&Draft<'_>) -> bool, sections: Sections| side(other) && kind.intersects(sections);
    let same_side = both(|d| d.proxy.frontend, Sections::FRONTEND | Sections::LISTEN)
        || both(|d| d.proxy.backend, Sections::BACKEND | Sections::LISTEN);
    let first = other.proxy.span;
    let facts = format!(
        "{this} '{name}' has the same name as {} declared at {}.",
        other.named(),
        cx.place(first)
    );
    let place = cx.place(span);
    let mut add = |severity, text: String| {
        let text = format!("Parsing [{place}]: {text}");
        cx.diags.push(
            Diagnostic::new(severity, "HX0213", text)
                .at(span)
                .form(Form::Config)
                .refused_since(if same_side { 1 } else { 3 }, if same_side { 6 } else { 3 })
                .related(first, "first declared here"),
        );
    };
    if same_side {
        add(Severity::Alert, facts.clone());
    }
    // one of each side: what was taken before 3.3 is taken
    let severity = if same_side {
        Severity::Alert
    } else {
        Severity::Warning
    };
    add(
        severity,
        format!("{facts} This is no longer supported as of 3.3. Please rename one or the other."),
    );
}

/// The `defaults` section of a name; none, two of them, and HAProxy complains.
fn parent(
    cx: &mut Context<'_>,
    from: &Word,
    head: &Directive,
    kind: &str,
    name: &str,
) -> Option<usize> {
    let wanted = from.display().to_string();
    let kind = if kind == "listen" { "proxy" } else { kind };
    let mut found = cx
        .defaults
        .iter()
        .enumerate()
        .filter(|(_, d)| !d.anonymous && d.proxy.name == wanted)
        .map(|(i, d)| (i, d.proxy.span))
        .rev();
    let last = found.next();
    let before = found.next();
    drop(found);
    match (last, before) {
        (Some((index, _)), None) => Some(index),
        (Some((index, at)), Some((_, first))) => {
            let message = format!(
                "ambiguous defaults section name '{wanted}' referenced by {kind} '{name}' exists at least at {} and {}.",
                cx.place(at),
                cx.place(first)
            );
            cx.diags.push(
                Diagnostic::alert("HX0214", from.span, message)
                    .not_fatal()
                    .related(first, "the other one"),
            );
            Some(index)
        }
        (None, _) => {
            let message = format!("defaults section '{wanted}' not found for {kind} '{name}'.");
            cx.diags.push(
                Diagnostic::alert("HX0215", from.span, message).related(head.span, "used here"),
            );
            None
        }
    }
}

/// Rules of a `defaults` section fit only some of the sections that may inherit from it.
fn check_inheritance(cx: &mut Context<'_>, parent: Option<usize>, kind: Sections, span: Span) {
    let Some(parent) = parent.and_then(|p| cx.defaults.get(p)) else {
        return;
    };
    let has = |name: &str| {
        let mut rules = parent.rules.iter();
        rules.any(|r| super::keyword::words_of(name, &r.line.words).is_some())
    };
    if parent.rules.is_empty() {
        return;
    }
    let first = parent.proxy.span;
    let at = cx.place(first);
    let message = match kind {
        Sections::DEFAULTS => format!(
            "a defaults section cannot inherit from a defaults section defining TCP/HTTP rules (defaults section at {at})."
        ),
        Sections::LISTEN => {
            "a listen section cannot inherit from a defaults section defining TCP/HTTP rules."
                .to_owned()
        }
        Sections::BACKEND if has("tcp-request connection") || has("tcp-request session") => {
            format!(
                "a backend section cannot inherit from a defaults section defining 'tcp-request connection' or 'tcp-request session' rules (defaults section at {at})."
            )
        }
        Sections::FRONTEND if has("tcp-response content") => format!(
            "a frontend section cannot inherit from a defaults section defining 'tcp-response content' rules (defaults section at {at})."
        ),
        _ => return,
    };
    cx.diags.push(
        Diagnostic::alert("HX0302", span, message)
            .form(Form::Tight)
            .related(first, "the defaults section"),
    );
}

/// The settings of a `healthcheck` section, as those of a back end.
pub fn healthcheck<'d>(cx: &mut Context<'d>, name: String, span: Span) {
    let draft = new_draft(cx, name, Sections::BACKEND, None, span);
    cx.healthchecks.push(draft);
}

fn new_draft<'d>(
    cx: &Context<'d>,
    name: String,
    kind: Sections,
    parent: Option<usize>,
    span: Span,
) -> Draft<'d> {
    let parent_draft = parent.and_then(|i| cx.defaults.get(i));
    let mut settings = parent_draft.map_or_else(Settings::default, |d| d.proxy.settings.clone());
    settings.tcp_check.own = false;
    settings.http_check.own = false;
    let is_defaults = kind == Sections::DEFAULTS;
    Draft {
        proxy: Proxy {
            id: ProxyId(u32::try_from(cx.proxies.len()).unwrap_or(u32::MAX)),
            name,
            uuid: 0,
            frontend: !is_defaults && kind.intersects(Sections::FRONTEND | Sections::LISTEN),
            backend: !is_defaults && kind.intersects(Sections::BACKEND | Sections::LISTEN),
            disabled: parent_draft.is_some_and(|d| d.proxy.disabled),
            settings,
            binds: Vec::new(),
            servers: Vec::new(),
            rules: RuleSets::default(),
            use_backends: Vec::new(),
            use_servers: Vec::new(),
            persist_rules: Vec::new(),
            stick_rules: Vec::new(),
            balance_key: None,
            redirects: Vec::new(),
            line_rules: None,
            monitor_fail: Vec::new(),
            force_be_switch: Vec::new(),
            stats_admin: Vec::new(),
            captures: Default::default(),
            formats: Default::default(),
            defaults: parent_draft.map(|d| d.proxy.span),
            span,
        },
        kind,
        from: parent,
        default_server: parent_draft
            .map_or_else(ServerDraft::default, |d| d.default_server.clone()),
        acls: Vec::new(),
        rules: Vec::new(),
        slot_uses: Vec::new(),
        kinds_seen: 0,
        blocks: 0,
        check_rules: parent_draft.is_some_and(|d| d.check_rules),
        anonymous: false,
        server_marks: Default::default(),
        default_backend: parent_draft.and_then(|d| d.default_backend.clone()),
    }
}
