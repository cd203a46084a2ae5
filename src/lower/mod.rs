//! Floor 5: directives to IR.
//!
//! [`lower`] walks the sections in order. A line finds its [`KeywordHandler`] by its longest name;
//! a line without one is judged by the grammar's tables ([`check`]): inert, pending, known
//! elsewhere, removed, or unknown. Lines with conditions or expressions wait until all sections
//! were read, since they may name any proxy or server. [`finish`] then checks what only shows in
//! the whole.

mod arguments;
pub mod bind;
pub mod check;
pub mod context;
mod experimental;
mod finish;
mod global;
pub mod keyword;
pub mod language;
mod log;
mod names;
pub mod option;
mod order;
mod parsed_only;
pub(crate) mod proxy;
pub mod section;
mod sections;
pub mod server;
mod tls;
mod usesrc;

pub use context::{Context, Options};
pub use keyword::{KeywordHandler, Phase, Sections, Side};
pub(crate) use sections::bad_character;

use crate::base::diag::Diagnostic;
use crate::config::args::Args;
use crate::config::directive::{Directive, Document};
use crate::grammar;
use crate::ir;
use context::Deferred;
use std::sync::LazyLock;

/// Every keyword of the `global` section and of proxies that hapax executes, by family.
pub const KEYWORDS: &[&[&KeywordHandler]] = &[
    global::KEYWORDS,
    proxy::KEYWORDS,
    option::KEYWORDS,
    section::KEYWORDS,
];

static INDEX: LazyLock<keyword::Index> = LazyLock::new(|| keyword::Index::of(KEYWORDS));

/// Lowers a whole document. The configuration holds whatever could be made of it; it may be
/// executed only if no finding is fatal.
pub fn lower(document: &Document, options: &Options) -> (ir::Config, Vec<Diagnostic>) {
    let mut cx = Context::new(document, options);
    for section in &document.sections {
        sections::begin(&mut cx, &section.head);
        for line in &section.lines {
            lower_line(&mut cx, line);
        }
    }
    proxy::rules::lower_all(&mut cx);
    log::format::compile_all(&mut cx);
    cx.log_profiles = log::profile::lower_all(&mut cx);
    sort(&mut cx.diags);
    let parsed = cx.diags.len();
    section::finish(&mut cx);
    let (config, mut diags) = finish::finish(cx);
    for finding in diags.iter_mut().skip(parsed) {
        finding.late = true;
    }
    (config, diags)
}

/// One line of the section being read.
fn lower_line<'d>(cx: &mut Context<'d>, line: &'d Directive) {
    if cx.in_profile {
        if let Some(profile) = cx.profiles.last_mut() {
            profile.lines.push(line);
        }
        return;
    }
    let section = cx.section();
    if language::check(cx, line) || experimental::refuses(cx, line) {
        return;
    }
    if cx.scope == context::Scope::Other {
        foreign(cx, line);
        return;
    }
    order::check(cx, line);
    let Some((handler, name, words)) = INDEX.find(section, &line.words) else {
        check::unhandled(cx, line);
        return;
    };
    if grammar::switched_off("keyword", name) {
        return;
    }
    if cx.scope == context::Scope::Global && arguments::too_many(cx, line, words) {
        return;
    }
    match handler.phase {
        Phase::Settings => run(cx, handler, line, words),
        Phase::Rules if cx.draft().is_some_and(|d| d.anonymous) => {
            let message = format!("'{name}' not allowed in anonymous 'defaults' section.");
            cx.diags
                .push(Diagnostic::alert("HX0281", line.span, message));
        }
        Phase::Rules => {
            let deferred = Deferred {
                handler,
                line,
                words,
            };
            if let Some(draft) = cx.draft_mut() {
                draft.rules.push(deferred);
            }
        }
    }
}

/// One line of a section that is neither `global` nor a proxy.
fn foreign<'d>(cx: &mut Context<'d>, line: &'d Directive) {
    let Some(kind) = cx.foreign.clone() else {
        return;
    };
    match INDEX.find(Sections::named(&kind), &line.words) {
        Some((_, name, _)) if grammar::switched_off("keyword", name) => {}
        Some((handler, _, words)) => run(cx, handler, line, words),
        None => section::line(cx, line, &kind),
    }
}

/// Runs a handler on its line.
pub(crate) fn run<'d>(
    cx: &mut Context<'d>,
    handler: &KeywordHandler,
    line: &'d Directive,
    words: usize,
) {
    let mut out = Vec::new();
    cx.line = line.span;
    let mut args = Args::starting_at(line, words, &mut out);
    (handler.lower)(cx, &mut args);
    cx.diags.append(&mut out);
    let name = name_of(line, words);
    let noted = cx.scope == context::Scope::Other;
    if parsed_only::keyword(&name) || !(handler.acts || noted) {
        cx.diags
            .push(check::pending_note(line.span, &format!("'{name}'"), 0));
    }
}

/// The first words of a line, as one name.
fn name_of(line: &Directive, words: usize) -> String {
    let list = line.words.get(..words).unwrap_or(&line.words);
    let words: Vec<String> = list.iter().map(|w| w.display().to_string()).collect();
    words.join(" ")
}

/// Findings about lines in the order of the lines, as HAProxy prints them, though rules were
/// lowered later. The same finding about the same place (rules of a `defaults` section are
/// lowered for each proxy that uses it) is kept once.
fn sort(diags: &mut Vec<Diagnostic>) {
    diags.sort_by_key(|d| d.span.map_or((u32::MAX, u32::MAX), |s| (s.file.0, s.line)));
    diags.dedup();
}

/// Everything that hapax executes: (table of the grammar, section word or empty, name).
pub fn executed() -> impl Iterator<Item = (&'static str, Sections, &'static str)> {
    let keywords = KEYWORDS
        .iter()
        .flat_map(|family| family.iter())
        .filter(|h| h.acts)
        .flat_map(|h| h.names.iter().map(|n| ("keyword", h.sections, *n)))
        .filter(|(_, _, name)| !parsed_only::keyword(name));
    let binds = bind::executed().map(|n| ("bind", Sections::NAMED_PROXY, n));
    let servers = server::executed().map(|n| ("server", Sections::NAMED_PROXY, n));
    keywords.chain(binds).chain(servers)
}

/// Whether lines that begin with this name are executed in sections of that kind. Some handlers
/// take whole families (`http-request`).
pub fn executes(section: &str, name: &str) -> bool {
    let here = Sections::named(section);
    let fits = |n: &str| n == name || name.strip_prefix(n).is_some_and(|r| r.starts_with(' '));
    let handlers = KEYWORDS.iter().flat_map(|family| family.iter());
    handlers
        .filter(|h| h.sections.intersects(here))
        .flat_map(|h| h.names.iter().map(move |n| (h.acts, *n)))
        .filter(|(_, n)| fits(n))
        .max_by_key(|(_, n)| n.len())
        .is_some_and(|(acts, n)| acts && !parsed_only::keyword(n))
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
