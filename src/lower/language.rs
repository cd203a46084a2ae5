//! `check --for VERSION`: what HAProxy of one version says about words that other versions know.

use super::context::{Context, Scope};
use crate::base::diag::{Diagnostic, Severity};
use crate::base::span::Span;
use crate::config::directive::{Directive, Word};
use crate::grammar::{self, Life, LineOption, Lookup, Version};

/// Findings that speak of hapax and not of HAProxy's language.
const OWN: &[&str] = &["HX0280", "HX0283", "HX0402"];

/// What remains of the findings for a version: nothing about hapax itself, and as errors
/// what that version refuses.
pub fn judge(findings: &mut Vec<Diagnostic>, version: Version) {
    findings.retain(|f| !OWN.contains(&f.code));
    for finding in findings {
        let Some((major, minor)) = finding.refused_since else {
            continue;
        };
        let refused = Version { major, minor } <= version;
        finding.fatal = refused;
        finding.severity = match refused {
            true => Severity::Alert,
            false => Severity::Diag,
        };
    }
}

/// Reports the words of a line that the version in question does not know; true if its keyword
/// is one of them.
pub(super) fn check(cx: &mut Context<'_>, line: &Directive) -> bool {
    let Some(version) = cx.options.language else {
        return false;
    };
    let section = match (&cx.foreign, cx.scope) {
        (Some(name), _) => name.clone(),
        (None, Scope::Global) => "global".to_owned(),
        _ => cx
            .draft()
            .map_or("listen", super::context::Draft::section_word)
            .to_owned(),
    };
    let words = line.words.iter().map(Word::bytes);
    if let Lookup::Here { keyword, words } = grammar::look_up(&section, words)
        && !keyword.life.known_in(version)
    {
        let name = line.words.get(..words).unwrap_or_default();
        let name: Vec<String> = name.iter().map(|w| w.display().to_string()).collect();
        refuse(
            cx,
            line.span,
            &format!("'{}'", name.join(" ")),
            &keyword.life,
            version,
        );
        return true;
    }
    let options: (usize, fn(&[u8]) -> Option<&'static LineOption>) =
        match line.words.first().map(Word::bytes) {
            Some(b"bind") => (2, grammar::bind_option),
            Some(b"server") => (3, grammar::server_option),
            Some(b"default-server") => (1, grammar::server_option),
            _ => return false,
        };
    let (mut at, find) = options;
    while let Some(word) = line.words.get(at) {
        at += 1;
        let Some(option) = find(&word.text) else {
            continue;
        };
        if !option.life.known_in(version) {
            let what = format!("'{}'", option.name);
            refuse(cx, word.span, &what, &option.life, version);
        }
        at += usize::from(option.args.max.unwrap_or(option.args.min));
    }
    false
}

/// The head of a section of another age: true if it is refused.
pub(super) fn check_head(cx: &mut Context<'_>, head: &Directive) -> bool {
    let Some(version) = cx.options.language else {
        return false;
    };
    let Some(word) = head.words.first() else {
        return false;
    };
    let Some(section) = grammar::section(&word.text) else {
        return false;
    };
    let life = Life {
        since: section.since,
        removed: section.removed,
        ..Life::default()
    };
    let known = life.known_in(version);
    if !known {
        refuse(
            cx,
            word.span,
            &format!("'{}'", section.name),
            &life,
            version,
        );
    }
    !known
}

fn refuse(cx: &mut Context<'_>, span: Span, what: &str, life: &Life, version: Version) {
    let why = match (life.since, life.removed) {
        (Some(since), _) if since > version => format!("HAProxy knows it since {since}"),
        (_, Some(removed)) => format!("HAProxy dropped it in {removed}"),
        _ => "it is unknown".to_owned(),
    };
    let message = format!("HAProxy {version} does not know {what} here: {why}.");
    let mut finding = Diagnostic::alert("HX0286", span, message);
    if let Some(replacement) = life.replacement {
        finding = finding.help(format!("the modern form is: {replacement}"));
    }
    cx.diags.push(finding);
}
