//! Sections besides `global` and the proxies: `peers`, `resolvers`, `userlist`, ... Their heads and
//! lines are read and checked; what they do comes with later parts.

mod cache;
mod crt_store;
mod fcgi_app;
mod healthcheck;
mod http_errors;
mod log_forward;
mod mailers;
mod peers;
mod peers_defaults;
mod resolvers;
mod ring;
mod traces;
mod userlist;

use super::context::Context;
use super::{KeywordHandler, check, sections};
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;
use crate::config::directive::{Directive, Word};
use crate::grammar::{self, Version};
use crate::ir;
use crate::ir::proxy::HttpErrors;
use crate::sample::users::UserList;
use std::collections::HashMap;

/// Their keywords, one line each.
pub const KEYWORDS: &[&KeywordHandler] = &[
    &cache::MAX_AGE,
    &cache::MAX_OBJECT_SIZE,
    &cache::MAX_SECONDARY_ENTRIES,
    &cache::PROCESS_VARY,
    &cache::TOTAL_MAX_SIZE,
    &crt_store::BASES,
    &crt_store::LOAD,
    &fcgi_app::CONDITIONAL,
    &fcgi_app::DOCROOT,
    &fcgi_app::LOG_STDERR,
    &fcgi_app::PATH_INFO,
    &healthcheck::RULE,
    &healthcheck::TYPE,
    &http_errors::ERRORFILE,
    &log_forward::BIND,
    &log_forward::LOG,
    &mailers::MAILER,
    &peers::BIND,
    &peers::PEER,
    &peers::SHARDS,
    &peers::TABLE,
    &peers_defaults::BIND,
    &peers_defaults::LOG,
    &peers_defaults::SERVER,
    &resolvers::ACCEPTED_PAYLOAD_SIZE,
    &resolvers::HOLD,
    &resolvers::NAMESERVER,
    &resolvers::PARSE_RESOLV_CONF,
    &resolvers::RESOLVE_RETRIES,
    &resolvers::TIMEOUT,
    &ring::DESCRIPTION,
    &ring::FORMAT,
    &ring::MAXLEN,
    &ring::SERVER,
    &ring::SIZE,
    &ring::TIMEOUT,
    &traces::TRACE,
    &userlist::GROUP,
    &userlist::USER,
];

/// A section as it was declared.
#[derive(Debug)]
pub struct Declared {
    /// Its kind: `peers`, `cache`, ...
    pub kind: &'static str,
    /// Its name; empty for a kind that has none.
    pub name: String,
    /// Its head.
    pub span: Span,
    /// Names declared inside, by kind (`user`, `group`, `nameserver`, `size`).
    pub inside: HashMap<(&'static str, String), Span>,
    /// Names used inside that must be declared there: kind, name, who uses it.
    pub used: Vec<(&'static str, String, String)>,
    /// Sizes that lines gave, by keyword.
    pub sizes: HashMap<&'static str, u64>,
    /// `crt-base` of a `crt-store`.
    pub crt_base: Option<String>,
    /// `key-base` of a `crt-store`.
    pub key_base: Option<String>,
}

/// Another section that a line names.
#[derive(Debug)]
pub struct Wanted {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What is said if there is none.
    pub finding: Diagnostic,
}

/// Notes a cache that a line names.
pub(super) fn want_cache(cx: &mut Context<'_>, name: &Word) {
    let text = format!(
        "config: {}: unable to find the cache '{name}' referenced by the filter 'cache'.",
        cx.named(),
        name = name.display()
    );
    want(cx, "cache", name, text);
}

/// Notes an application that a line names.
pub(super) fn want_fcgi_app(cx: &mut Context<'_>, name: &Word) {
    let named = cx.named();
    let (_, proxy) = named.split_once(' ').unwrap_or_default();
    let text = format!("proxy {proxy} : fcgi-app '{}' not found.", name.display());
    want(cx, "fcgi-app", name, text);
}

fn want(cx: &mut Context<'_>, kind: &'static str, name: &Word, text: String) {
    cx.wanted.push(Wanted {
        kind,
        name: name.display().to_string(),
        finding: Diagnostic::alert("HX0301", name.span, text).form(Form::Plain),
    });
}

/// How HAProxy words faults of a section's head.
struct Head {
    kind: &'static str,
    /// A name is missing; empty: it may be.
    missing: &'static str,
    /// Only letters, digits and `-_.:` may stand in the name.
    plain_name: bool,
    /// Further words are refused.
    ends: bool,
    /// The form of the messages.
    form: Form,
    /// Two of one name; `{name}`, `{place}` are filled in, empty: they are one.
    again: &'static str,
}

const fn head(kind: &'static str, missing: &'static str, again: &'static str) -> Head {
    Head {
        kind,
        missing,
        plain_name: true,
        ends: false,
        form: Form::Parsing,
        again,
    }
}

const HEADS: &[Head] = &[
    Head {
        plain_name: false,
        ends: true,
        ..head("cache", "'cache' expects a <name> argument", "")
    },
    Head {
        plain_name: false,
        ..head("crt-store", "", "")
    },
    Head {
        ends: true,
        form: Form::Tight,
        ..head(
            "fcgi-app",
            "'fcgi-app' expects <name> as argument.",
            "Parsing [{place}]: fcgi-app section '{name}' has the same name as another one declared at {first}.",
        )
    },
    Head {
        ends: true,
        ..head("acme", "missing name for acme section.", "")
    },
    head(
        "healthcheck",
        "missing name for healthcheck section.",
        "parsing [{place}] : healthcheck section '{name}' already defined at {first}.",
    ),
    head(
        "http-errors",
        "missing name for http-errors section.",
        "parsing [{place}]: http-errors section '{name}' already exists (declared at {first}).",
    ),
    Head {
        ends: true,
        ..head(
            "log-forward",
            "missing name for log-forward section.",
            "Parsing [{place}]: log-forward section '{name}' has the same name as another log-forward section declared at {first}.",
        )
    },
    Head {
        ends: true,
        ..head(
            "log-profile",
            "missing name for log-profile section.",
            "Parsing [{place}]: log-profile section '{name}' has the same name as another log-profile section declared at {first}.",
        )
    },
    head(
        "mailers",
        "missing name for mailers section.",
        "Parsing [{place}]: mailers section '{name}' has the same name as another mailers section declared at {first}.",
    ),
    Head {
        ends: true,
        ..head(
            "peers",
            "missing name for peers section.",
            "Parsing [{place}]: peers section '{name}' has the same name as another peers section declared at {first}.",
        )
    },
    head(
        "resolvers",
        "missing name for resolvers section.",
        "Parsing [{place}]: resolvers '{name}' has same name as another resolvers (declared at {first}).",
    ),
    head(
        "ring",
        "missing ring name.",
        "parsing [{place}] : sink named '{name}' already exists.",
    ),
    Head {
        ends: true,
        form: Form::Tight,
        ..head("userlist", "'userlist' expects <name> as arguments.", "")
    },
];

/// Those that have their effect.
pub const EXECUTED: &[&str] = &[
    "crt-store",
    "healthcheck",
    "http-errors",
    "resolvers",
    "ring",
    "userlist",
];

/// The head of such a section. The lines that follow belong to it.
pub(super) fn begin(cx: &mut Context<'_>, line: &Directive) {
    let Some(word) = line.words.first() else {
        return;
    };
    let Some(section) = grammar::section(&word.text) else {
        return; // the reader reported it
    };
    if section.removed.is_some_and(|r| r <= Version::CURRENT) {
        check::foreign_section(cx, line);
        return;
    }
    if crate::lower::experimental::refuses_section(cx, section.name, line.span) {
        return;
    }
    cx.foreign = Some(section.name.to_owned());
    let name = line.words.get(1);
    let text = name.map_or_else(String::new, |w| w.display().to_string());
    let mut found = Vec::new();
    if let Some(head) = HEADS.iter().find(|h| h.kind == section.name) {
        match name {
            None if !head.missing.is_empty() => {
                let finding = Diagnostic::alert("HX0211", line.span, head.missing);
                found.push(finding.form(head.form).expected("a name is missing here"));
            }
            None => {}
            Some(name) => {
                let bad = super::bad_character(&name.text).filter(|_| head.plain_name);
                if let Some(bad) = bad {
                    let message = match head.kind {
                        "ring" => {
                            format!(
                                "invalid ring name '{text}' (character '{bad}' is not permitted)."
                            )
                        }
                        kind => {
                            format!("character '{bad}' is not permitted in '{kind}' name '{text}'.")
                        }
                    };
                    let finding = Diagnostic::alert("HX0210", name.span, message);
                    found.push(finding.form(head.form));
                }
                let first = cx
                    .declared
                    .iter()
                    .find(|d| d.kind == head.kind && d.name == text)
                    .map(|d| d.span);
                if let Some(first) = first {
                    found.extend(again(cx, head, &text, line.span, first));
                }
            }
        }
        if let Some(extra) = line.words.get(2).filter(|_| head.ends) {
            let message = format!(
                "'{}' cannot handle unexpected argument '{}'.",
                head.kind,
                extra.display()
            );
            found.push(Diagnostic::alert("HX0167", extra.span, message));
        }
    }
    let refused = found.iter().any(|f| f.fatal);
    cx.diags.append(&mut found);
    if section.name == "http-errors" {
        cx.http_errors.push(HttpErrors {
            name: text.clone(),
            ..HttpErrors::default()
        });
    }
    if section.name == "ring" {
        if text == ir::log::Ring::built_in().name {
            let message = format!(
                "parsing [{}] : sink named '{text}' already exists.",
                cx.place(line.span)
            );
            let finding = Diagnostic::alert("HX0213", line.span, message);
            cx.diags.push(finding.form(Form::Config));
        }
        cx.rings.push(ir::log::Ring::new(&text));
    }
    if section.name == "healthcheck" {
        sections::healthcheck(cx, text.clone(), line.span);
    }
    if section.name == "resolvers" {
        cx.resolvers
            .push(ir::resolvers::Resolvers::new(text.clone()));
    }
    if section.name == "userlist" {
        cx.user_lists.push(UserList {
            name: text.clone(),
            ..UserList::default()
        });
    }
    if !refused && !EXECUTED.contains(&section.name) {
        let what = format!("the '{}' section", section.name);
        cx.diags.push(check::pending_note(word.span, &what, 0));
    }
    cx.declared.push(Declared {
        kind: section.name,
        name: text,
        span: line.span,
        inside: HashMap::new(),
        used: Vec::new(),
        sizes: HashMap::new(),
        crt_base: None,
        key_base: None,
    });
}

fn again(cx: &Context<'_>, head: &Head, name: &str, span: Span, first: Span) -> Option<Diagnostic> {
    if head.kind == "userlist" {
        let message = format!("ignoring duplicated userlist '{name}'.");
        return Some(Diagnostic::warning("HX0213", span, message).form(Form::Tight));
    }
    if head.again.is_empty() {
        return None;
    }
    let message = head
        .again
        .replace("{place}", &cx.place(span))
        .replace("{name}", name)
        .replace("{first}", &cx.place(first));
    let finding = Diagnostic::alert("HX0213", span, message).form(Form::Config);
    Some(finding.related(first, "first declared here"))
}

/// Notes a name declared inside of the section being read; the place of an earlier one.
fn declare(cx: &mut Context<'_>, kind: &'static str, name: &str, span: Span) -> Option<Span> {
    let inside = &mut cx.declared.last_mut()?.inside;
    inside.insert((kind, name.to_owned()), span)
}

/// The name of the section being read.
fn own_name(cx: &Context<'_>) -> String {
    cx.declared
        .last()
        .map_or_else(String::new, |d| d.name.clone())
}

/// A line of such a section whose keyword has no handler: its keyword and the number of its
/// arguments are checked.
pub(super) fn line(cx: &mut Context<'_>, line: &Directive, section: &str) {
    let words = line.words.iter().map(crate::config::directive::Word::bytes);
    let grammar::Lookup::Here { keyword, words } = grammar::look_up(section, words) else {
        check::foreign(cx, line);
        return;
    };
    let mut out = Vec::new();
    crate::lower::arguments::check(line, keyword, words, &mut out);
    cx.diags.append(&mut out);
    declare(cx, "keyword", keyword.name, line.span);
}

/// What only shows once all sections were read.
pub(super) fn finish(cx: &mut Context<'_>) {
    let mut found = Vec::new();
    for section in &cx.declared {
        let (kind, name) = (section.kind, &section.name);
        for (used, what, by) in &section.used {
            if section.inside.contains_key(&(*used, what.clone())) {
                continue;
            }
            let message = format!("{kind} '{name}': no such {used} '{what}' specified in {by}");
            found.push(Diagnostic::alert("HX0301", section.span, message).form(Form::Plain));
        }
        let has = |kind| section.inside.keys().any(|(k, _)| *k == kind);
        if kind == "cache" && !name.is_empty() && !has("size") {
            let message = format!("Size not specified for cache '{name}'");
            found.push(Diagnostic::alert("HX0160", section.span, message).form(Form::Config));
        }
        if kind == "acme" && !name.is_empty() {
            found.extend(acme(section));
        }
        if kind == "fcgi-app" && !name.is_empty() && !has("docroot") {
            let message = format!("fcgi-app '{name}': no docroot configured.");
            found.push(Diagnostic::alert("HX0160", section.span, message).form(Form::Plain));
        }
        found.extend(cache::too_large(section));
        let local = &cx.options.local_peer;
        let incomplete = !section.inside.contains_key(&("peer", local.clone()));
        if kind == "peers" && has("peer") && !local.is_empty() && incomplete {
            let message =
                format!("Removing incomplete section 'peers {name}' (no peer named '{local}').");
            found.push(Diagnostic::warning("HX0305", section.span, message).form(Form::Plain));
        }
        if kind == "resolvers" && !name.is_empty() && !has("nameserver") {
            let message = format!(
                "resolvers '{name}' [{}] has no nameservers configured!",
                cx.place(section.span)
            );
            found.push(Diagnostic::warning("HX0305", section.span, message).form(Form::Plain));
        }
    }
    for wanted in std::mem::take(&mut cx.wanted) {
        let there = |d: &Declared| d.kind == wanted.kind && d.name == wanted.name;
        // `resolvers default` exists by itself
        let built_in = wanted.kind == "resolvers" && wanted.name == "default";
        if !built_in && !cx.declared.iter().any(there) {
            found.push(wanted.finding);
        }
    }
    for finding in &mut found {
        finding.late = true;
    }
    cx.diags.append(&mut found);
}

/// What an `acme` section must have.
fn acme(section: &Declared) -> Option<Diagnostic> {
    let said = |word: &str| section.inside.contains_key(&("keyword", word.to_owned()));
    let name = &section.name;
    let message = if said("eab-key-id") != said("eab-mac-key") {
        format!(
            "acme: section '{name}': EAB MAC key and key id are mutually dependent, specify both or neither."
        )
    } else if !said("directory") {
        format!("acme: No directory defined in ACME section '{name}'.")
    } else {
        return None;
    };
    Some(Diagnostic::alert("HX0160", section.span, message).form(Form::Config))
}
