//! Lines without a handler, judged by the grammar's tables: inert, pending, dropped, known
//! elsewhere, unknown.
//!
//! A pending word on a line that HAProxy 3.4 takes in silence gives a `[NOTICE]`, which `-dW`
//! does not count; a `[WARNING]` only where 3.4 warns or dropped the word; an `[ALERT]` where
//! running without it would let somebody in or verify less.

use super::context::{Context, Scope};
use super::keyword::Side;
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;
use crate::config::args::Args;
use crate::config::directive::{Directive, Word};
use crate::grammar::{self, Elsewhere, Keyword, LineOption, Lookup, Version};

/// The table of options that a line takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// `bind`
    Bind,
    /// `server`
    Server,
}

/// Keywords that keep somebody out: a file that needs them must not run without.
const GUARDS: &[&str] = &[
    "reqdeny",
    "reqideny",
    "reqtarpit",
    "reqitarpit",
    "reqpass",
    "reqipass",
    "rspdeny",
    "rspideny",
    "tcp-request",
    "tcp-response",
    "stats http-request",
];

/// How keywords of libraries begin that are no part of HAProxy: a build without them refuses the
/// file.
const LIBRARIES: &[(&str, &str)] = &[
    ("51degrees-", "51Degrees"),
    ("deviceatlas-", "DeviceAtlas"),
    ("wurfl-", "WURFL"),
];

/// Options of `bind` and `server` lines without which the line would promise more than it keeps.
const GUARD_OPTIONS: &[&str] = &["accept-netscaler-cip", "tcp-md5sig", "namespace"];

/// The finding about a word that hapax knows but does not execute yet.
pub fn pending_note(span: Span, what: &str, _part: u8) -> Diagnostic {
    Diagnostic::notice(
        "HX0280",
        span,
        format!(
            "{what} is known, but this version of hapax does not execute it yet: it has no effect."
        ),
    )
}

/// A line of the section being read for which no handler is registered.
pub fn unhandled(cx: &mut Context<'_>, line: &Directive) {
    let section = match cx.scope {
        Scope::Global => "global",
        _ => cx
            .draft()
            .map_or("listen", super::context::Draft::section_word),
    };
    let words = line.words.iter().map(Word::bytes);
    match grammar::look_up(section, words) {
        Lookup::Here { keyword, words } => here(cx, line, keyword, words),
        Lookup::Elsewhere { keywords, words } => {
            elsewhere(cx, line, section, keywords, words);
        }
        Lookup::Family { words, nearest } => family(cx, line, section, words, nearest),
        Lookup::Unknown { nearest } => unknown(cx, line, section, nearest),
    }
}

fn name(line: &Directive, words: usize) -> (String, Span) {
    let list = line.words.get(..words).unwrap_or(&line.words);
    let text: Vec<String> = list.iter().map(|w| w.display().to_string()).collect();
    let span = match (list.first(), list.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => line.span,
    };
    (text.join(" "), span)
}

/// A keyword of this section that hapax does not execute.
fn here(cx: &mut Context<'_>, line: &Directive, keyword: &Keyword, words: usize) {
    let mut faults = Vec::new();
    super::arguments::check(line, keyword, words, &mut faults);
    let faulty = !faults.is_empty();
    cx.diags.append(&mut faults);
    if faulty {
        return;
    }
    if let Some(reason) = keyword.inert {
        if let Some(removed) = keyword
            .life
            .removed
            .filter(|_| !keyword.life.known_in(Version::CURRENT))
        {
            let (name, span) = name(line, words);
            let message = format!(
                "the '{name}' directive is not supported anymore since HAProxy {removed}; it has no effect here: {reason}."
            );
            let finding = Diagnostic::warning("HX0282", span, message);
            cx.diags
                .push(finding.refused_since(removed.major, removed.minor));
        }
        return;
    }
    let (name, span) = name(line, words);
    if name == "use-fcgi-app"
        && let Some(app) = line.words.get(1)
    {
        super::section::want_fcgi_app(cx, app);
    }
    if let Some((_, library)) = LIBRARIES.iter().find(|(start, _)| name.starts_with(start)) {
        let message = format!("unknown keyword '{name}' in 'global' section");
        let finding = Diagnostic::alert("HX0286", span, message).help(format!(
            "only builds of HAProxy with the {library} library know it; hapax has none"
        ));
        cx.diags.push(finding);
        return;
    }
    if (name.starts_with("tcp-check") || name.starts_with("http-check"))
        && let Some(draft) = cx.draft_mut()
    {
        draft.check_rules = true;
    }
    if keyword.named_defaults_only && cx.in_defaults() {
        let anonymous = cx.draft().is_some_and(|d| d.anonymous);
        if anonymous {
            let message = format!("'{name}' not allowed in anonymous 'defaults' section.");
            cx.diags.push(Diagnostic::alert("HX0281", span, message));
            return;
        }
    }
    let life = &keyword.life;
    let gone = !life.known_in(Version::CURRENT);
    let guard = GUARDS.contains(&keyword.name);
    let mut finding = if let Some(removed) = life.removed.filter(|_| gone) {
        let message = format!(
            "the '{name}' directive is not supported anymore since HAProxy {removed}, and this version of hapax does not execute it yet."
        );
        let finding = match guard {
            true => Diagnostic::alert("HX0282", span, message),
            false => Diagnostic::warning("HX0282", span, message),
        };
        finding.refused_since(removed.major, removed.minor)
    } else if guard {
        let message = format!(
            "'{name}' is not executed yet by this version of hapax; without it more would be let in than the file says."
        );
        Diagnostic::alert("HX0283", span, message)
    } else if life.deprecated.is_some() && !cx.quiet_deprecated {
        let message = format!(
            "'{name}' is deprecated, and this version of hapax does not execute it yet: it has no effect."
        );
        Diagnostic::warning("HX0284", span, message)
    } else {
        pending_note(span, &format!("'{name}'"), 0)
    };
    if let Some(replacement) = life.replacement {
        finding = finding.help(format!("the modern form is: {replacement}"));
    }
    cx.diags.push(finding);
}

/// A keyword of other sections.
fn elsewhere(
    cx: &mut Context<'_>,
    line: &Directive,
    section: &str,
    keywords: &[Keyword],
    words: usize,
) {
    let (name, span) = name(line, words);
    let gone = keywords.iter().find_map(|k| k.life.removed);
    if let Some(removed) = gone.filter(|r| *r <= Version::CURRENT) {
        let message =
            format!("the '{name}' directive is not supported anymore since HAProxy {removed}.");
        let mut finding = Diagnostic::alert("HX0286", span, message);
        finding.help.extend(keywords.first().map(belongs));
        cx.diags.push(finding);
        return;
    }
    for keyword in keywords {
        match keyword.elsewhere_in(section) {
            Some(Elsewhere::Taken) => return,
            Some(Elsewhere::Refused) => {
                let message = format!("'{name}' not allowed in '{section}' section.");
                let finding = Diagnostic::alert("HX0285", span, message).help(belongs(keyword));
                cx.diags.push(finding);
                return;
            }
            Some(Elsewhere::Ignored) => {
                let side = if cx.can(Side::Backend) {
                    "frontend"
                } else {
                    "backend"
                };
                let bare = name.strip_prefix("option ").unwrap_or(&name);
                let message = format!(
                    "'{bare}' ignored because {} has no {side} capability.",
                    cx.named()
                );
                cx.diags.push(Diagnostic::warning("HX0220", span, message));
                return;
            }
            None => {}
        }
    }
    if let Some(option) = name.strip_prefix("option ") {
        let message = format!("unknown option '{option}'.");
        let mut finding = Diagnostic::alert("HX0244", span, message);
        finding.help.extend(keywords.first().map(belongs));
        cx.diags.push(finding);
        return;
    }
    let message = format!("unknown keyword '{name}' in '{section}' section");
    let mut finding = Diagnostic::alert("HX0286", span, message);
    finding.help.extend(keywords.first().map(belongs));
    cx.diags.push(finding);
}

fn belongs(keyword: &Keyword) -> String {
    format!(
        "it belongs in a section of kind {}",
        keyword.sections.join(", ")
    )
}

/// The line begins like keywords of this section, but goes on otherwise.
fn family(
    cx: &mut Context<'_>,
    line: &Directive,
    section: &str,
    words: usize,
    nearest: Option<&str>,
) {
    let (start, start_span) = name(line, words);
    if start == "option" {
        let known: Vec<&str> = grammar::keywords_in(section)
            .filter_map(|k| k.name.strip_prefix("option "))
            .collect();
        let mut out = Vec::new();
        let mut args = Args::new(line, &mut out);
        super::option::unknown(&mut args, &known);
        cx.diags.append(&mut out);
        return;
    }
    let Some(word) = line.words.get(words) else {
        let message = format!("'{start}' expects an argument in '{section}' section");
        cx.diags
            .push(Diagnostic::alert("HX0160", start_span, message));
        return;
    };
    let mut message = format!(
        "unknown keyword '{start} {}' in '{section}' section",
        word.display()
    );
    if let Some(near) = nearest {
        message.push_str(&format!("; did you mean '{near}' maybe ?"));
    }
    cx.diags
        .push(Diagnostic::alert("HX0286", word.span, message));
}

fn unknown(cx: &mut Context<'_>, line: &Directive, section: &str, nearest: Option<&str>) {
    let (name, span) = name(line, 1);
    let mut message = format!("unknown keyword '{name}' in '{section}' section");
    if let Some(near) = nearest {
        let near = near.split(' ').next().unwrap_or(near);
        message.push_str(&format!("; did you mean '{near}' maybe ?"));
    }
    cx.diags.push(Diagnostic::alert("HX0286", span, message));
}

/// The head of a section that hapax does not execute.
pub fn foreign_section(cx: &mut Context<'_>, head: &Directive) {
    let (name, span) = name(head, 1);
    let message = match grammar::section(name.as_bytes()) {
        Some(section) => match section.removed {
            Some(removed) if removed <= Version::CURRENT => {
                let message = format!(
                    "the '{name}' section is not supported anymore since HAProxy {removed}; it has no effect."
                );
                cx.diags.push(Diagnostic::warning("HX0287", span, message));
                return;
            }
            _ => format!("the '{name}' section"),
        },
        None => return, // the reader reported it
    };
    cx.diags.push(pending_note(span, &message, 0));
    cx.foreign = Some(name);
}

/// A line of such a section: only its keyword is checked.
pub fn foreign(cx: &mut Context<'_>, line: &Directive) {
    let Some(section) = cx.foreign.clone() else {
        return;
    };
    let words = line.words.iter().map(Word::bytes);
    match grammar::look_up(&section, words) {
        Lookup::Here { .. } => {}
        Lookup::Elsewhere { .. } => stray(cx, line, &section, None),
        // HAProxy passes over other `timeout` lines there
        Lookup::Family { .. } if section == "ring" => {}
        Lookup::Family { words, nearest } => family(cx, line, &section, words, nearest),
        Lookup::Unknown { nearest } => stray(cx, line, &section, nearest),
    }
}

/// A word that means nothing in a section besides `global` and the proxies: some have their own
/// way of saying so.
fn stray(cx: &mut Context<'_>, line: &Directive, section: &str, nearest: Option<&str>) {
    let (name, span) = name(line, 1);
    let (message, form) = match section {
        "ring" => (format!("unknown statement '{name}'."), Form::Parsing),
        "log-forward" => (
            format!("unknown keyword '{name}' in log-forward section."),
            Form::Parsing,
        ),
        "fcgi-app" => (
            format!("unknown keyword '{name}' in '{section}' section"),
            Form::Tight,
        ),
        "traces" => return unknown(cx, line, "global", nearest),
        _ => return unknown(cx, line, section, nearest),
    };
    let mut finding = Diagnostic::alert("HX0286", span, message).form(form);
    if let Some(near) = nearest {
        finding = finding.help(format!("did you mean '{near}'?"));
    }
    cx.diags.push(finding);
}

/// A word of a `bind` line that no handler takes; false if the rest of the line makes no sense.
pub fn option(args: &mut Args<'_, '_>, word: &Word, table: Table, prefix: &str) -> bool {
    match known(word, table) {
        Some(option) => {
            pending_option(args, word, option, prefix, Form::Parsing);
            true
        }
        None => {
            let names = names(table);
            let mut message = format!("{prefix}unknown keyword '{}'", word.display());
            if let Some(near) = grammar::nearest(&word.text, names) {
                let joint = if prefix.starts_with("'stats") {
                    ". Did"
                } else {
                    "; did"
                };
                message.push_str(&format!("{joint} you mean '{near}' maybe ?"));
            }
            args.alert("HX0286", word.span, message);
            false
        }
    }
}

/// A word of a `server` line that no handler takes; false if the rest of the line makes no sense.
pub fn server_option(args: &mut Args<'_, '_>, word: &Word, prefix: &str, hint: &str) -> bool {
    match known(word, Table::Server) {
        Some(option) => {
            pending_option(args, word, option, prefix, Form::Bracket);
            true
        }
        None => {
            let mut message = format!("{prefix}unknown keyword '{}'", word.display());
            match grammar::nearest(&word.text, names(Table::Server)) {
                Some(near) => {
                    message.push_str(&format!("; did you mean '{near}' maybe ?{hint}"));
                }
                None => message.push_str(&format!(".{hint}")),
            }
            args.report(Diagnostic::alert("HX0286", word.span, message).form(Form::Bracket));
            false
        }
    }
}

fn known(word: &Word, table: Table) -> Option<&'static LineOption> {
    match table {
        Table::Bind => grammar::bind_option(&word.text),
        Table::Server => grammar::server_option(&word.text),
    }
}

fn names(table: Table) -> impl Iterator<Item = &'static str> {
    match table {
        Table::Bind => grammar::bind_options(),
        Table::Server => grammar::server_options(),
    }
    .iter()
    .map(|o| o.name)
}

/// Says what not executing this option means, and takes its arguments.
fn pending_option(
    args: &mut Args<'_, '_>,
    word: &Word,
    option: &LineOption,
    prefix: &str,
    form: Form,
) {
    for _ in 0..option.args.max.unwrap_or(option.args.min) {
        args.next_word();
    }
    if option.inert.is_some() {
        return;
    }
    let name = word.display();
    let line = args.line();
    let has_ssl = line.words.iter().any(|w| w.is("ssl"));
    if GUARD_OPTIONS.contains(&option.name) {
        let message = format!(
            "{prefix}'{name}' is not executed yet by this version of hapax; without it the line would promise more than it keeps."
        );
        args.report(Diagnostic::alert("HX0283", word.span, message).form(form));
    } else if option.needs_ssl || (has_ssl && option.part == grammar::Part::Number(6)) {
        // Said once for the whole line, about `ssl`; without `ssl` it has no effect in HAProxy.
    } else {
        let note = pending_note(word.span, &format!("{prefix}'{name}'"), 0).form(form);
        args.report(note);
    }
}
