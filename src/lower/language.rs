//! `check --for VERSION`: what HAProxy of one version says about words that other versions know.

use super::context::{Context, Scope};
use crate::base::diag::{Diagnostic, Severity};
use crate::base::span::Span;
use crate::config::directive::{Directive, Word};
use crate::grammar::{self, Life, LineOption, Lookup, Version};

/// Findings that speak of hapax and not of HAProxy's language.
const OWN: &[&str] = &["HX0280", "HX0283", "HX0402"];

/// Whether a finding speaks of hapax alone: no HAProxy would make it.
pub fn is_own(finding: &Diagnostic) -> bool {
    OWN.contains(&finding.code)
}

/// What remains of the findings for a version: nothing about hapax itself, and as errors
/// what that version refuses.
pub fn judge(findings: &mut Vec<Diagnostic>, version: Version) {
    findings.retain(|f| !is_own(f));
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
    let (life, words) = match grammar::look_up(&section, words) {
        Lookup::Here { keyword, words } => (Some(&keyword.life), words),
        // refused wherever it stands if no section of that version has it
        Lookup::Elsewhere { keywords, words } => {
            let known = keywords.iter().any(|k| k.life.known_in(version));
            (keywords.first().map(|k| &k.life).filter(|_| !known), words)
        }
        _ => (None, 0),
    };
    let name = line.words.get(..words).unwrap_or_default();
    let name: Vec<String> = name.iter().map(|w| w.display().to_string()).collect();
    let name = name.join(" ");
    if let Some(life) = life.filter(|l| !l.known_in(version)) {
        refuse(cx, line.span, &format!("'{name}'"), life, version);
        return true;
    }
    let tls = cx.options.has("tls");
    let lacking = (!tls && needs_tls(&name))
        || (!cx.options.has("lua") && name.starts_with("lua-"))
        || (!cx.options.has("zlib") && name == "compression algo");
    if life.is_some() && lacking {
        lacks(cx, line.span, &name);
        return true;
    }
    let (mut at, find): (usize, Find) = match line.words.first().map(Word::bytes) {
        Some(b"bind") => (2, grammar::bind_option),
        Some(b"stats") if line.words.get(1).is_some_and(|w| w.is("socket")) => {
            (3, grammar::bind_option)
        }
        Some(b"server") => (3, grammar::server_option),
        Some(b"default-server") => (1, grammar::server_option),
        Some(b"log") => {
            log_options(cx, line, version);
            return false;
        }
        Some(b"http-request" | b"http-response") => {
            reply_options(cx, line, version);
            return false;
        }
        _ => return false,
    };
    while let Some(word) = line.words.get(at) {
        at += 1;
        let Some(option) = find(&word.text) else {
            continue;
        };
        if !option.life.known_in(version) {
            let what = format!("'{}'", option.name);
            refuse(cx, word.span, &what, &option.life, version);
        } else if !tls && needs_tls(option.name) {
            lacks(cx, word.span, option.name);
        }
        at += usize::from(option.args.max.unwrap_or(option.args.min));
    }
    false
}

type Find = fn(&[u8]) -> Option<&'static LineOption>;

/// Whether a keyword or option is there only in builds with OpenSSL.
fn needs_tls(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "ca-base",
        "ca-file",
        "check-ssl",
        "ciphers",
        "crl-file",
        "crt",
        "crt-base",
        "crt-list",
        "issuers-chain-path",
        "sni",
        "ssl",
        "verify",
        "verifyhost",
    ];
    NAMES.contains(&name) || name.starts_with("ssl-") || name.starts_with("tune.ssl.")
}

fn lacks(cx: &mut Context<'_>, span: Span, name: &str) {
    let message = format!("'{name}' is not implemented in such a build.");
    cx.diags.push(Diagnostic::alert("HX0286", span, message));
}

/// Words of a `log` line, which have no table: since when each is there.
fn log_options(cx: &mut Context<'_>, line: &Directive, version: Version) {
    const WORDS: [(&str, u8, u8); 4] = [
        ("len", 1, 5),
        ("format", 1, 6),
        ("sample", 2, 0),
        ("profile", 3, 1),
    ];
    const STDOUT: Version = Version { major: 1, minor: 9 };
    if let Some(word) = line.words.get(1)
        && (word.is("stdout") || word.is("stderr") || word.text.starts_with(b"fd@"))
        && version < STDOUT
    {
        let life = Life {
            since: Some(STDOUT),
            ..Life::default()
        };
        refuse(
            cx,
            word.span,
            &format!("'{}'", word.display()),
            &life,
            version,
        );
    }
    for word in line.words.iter().skip(2) {
        let Some(&(name, major, minor)) = WORDS.iter().find(|(name, ..)| word.is(name)) else {
            continue;
        };
        let since = Version { major, minor };
        if since > version {
            let life = Life {
                since: Some(since),
                ..Life::default()
            };
            refuse(cx, word.span, &format!("'{name}'"), &life, version);
        }
    }
}

/// Words of `deny` and `tarpit` rules, which have no table: answers of one's own came with 2.2.
fn reply_options(cx: &mut Context<'_>, line: &Directive, version: Version) {
    const SINCE: Version = Version { major: 2, minor: 2 };
    const WORDS: &[&str] = &[
        "content-type",
        "errorfile",
        "errorfiles",
        "file",
        "hdr",
        "lf-file",
        "lf-string",
        "status",
        "string",
    ];
    let denies = line
        .words
        .get(1)
        .is_some_and(|w| w.is("deny") || w.is("tarpit"));
    if version >= SINCE || !denies {
        return;
    }
    let response = line.words.first().is_some_and(|w| w.is("http-response"));
    let options = line.words.iter().skip(2);
    let before = options.take_while(|w| !w.is("if") && !w.is("unless"));
    for word in before {
        let new = WORDS.iter().any(|w| word.is(w)) || (response && word.is("deny_status"));
        if new {
            let life = Life {
                since: Some(SINCE),
                ..Life::default()
            };
            refuse(
                cx,
                word.span,
                &format!("'{}'", word.display()),
                &life,
                version,
            );
            return;
        }
    }
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
