//! `# hapax: allow(rule-name) reason`: findings that somebody has looked at and wants to keep.
//!
//! At the end of a line it means that line; on a line of its own, the next line that says
//! something. `allow-file` means the whole file.

use super::rule::{Category, Edit, Finding, Fixes, Report, Rule};
use super::rules;
use super::select::{Selection, matches};
use crate::base::diag::Severity;
use crate::base::span::Span;
use crate::config::directive::Document;
use crate::config::layout;

/// One rule named in a comment.
struct Allow {
    /// The name as written, and where.
    name: String,
    span: Span,
    /// The line that it is about; `None`: all of the file.
    line: Option<u32>,
    /// The whole comment.
    comment: Span,
    alone: bool,
    single: bool,
    used: bool,
}

const MARK: &[u8] = b"hapax:";

fn nothing(_: &super::model::Model<'_>, _: &mut Report) {}

/// An allowance that allows nothing.
pub static UNUSED: Rule = Rule {
    code: "HY001",
    name: "unused-allow",
    category: Category::Style,
    severity: Severity::Warning,
    default: true,
    what: "A comment allows a rule that finds nothing on its line.",
    why: "The fault that it excused has been mended or has moved, and the comment would hide the next one.",
    example: "timeout client 30s # hapax: allow(small-timeout) slow test\n",
    instead: "timeout client 30s\n",
    fixes: Fixes::Safe("the comment is removed"),
    check: nothing,
};

/// An allowance that cannot be understood.
pub static BAD: Rule = Rule {
    code: "HY002",
    name: "bad-allow",
    category: Category::Style,
    severity: Severity::Warning,
    default: true,
    what: "A `# hapax:` comment names no known rule, or is not of the form `allow(rule-name) reason`.",
    why: "It looks as if a finding were allowed, and allows nothing.",
    example: "server a 10.0.0.1:443 ssl verify none # hapax: allow(verify-none)\n",
    instead: "server a 10.0.0.1:443 ssl verify none # hapax: allow(server-verify-none) loopback only\n",
    fixes: Fixes::None,
    check: nothing,
};

/// An allowance without a reason.
pub static NO_REASON: Rule = Rule {
    code: "HY003",
    name: "allow-without-reason",
    category: Category::Style,
    severity: Severity::Notice,
    default: false,
    what: "A `# hapax: allow(...)` comment gives no reason.",
    why: "Whoever reads it next cannot tell whether the reason still holds.",
    example: "stats admin if TRUE # hapax: allow(stats-admin-open)\n",
    instead: "stats admin if TRUE # hapax: allow(stats-admin-open) bound to loopback\n",
    fixes: Fixes::None,
    check: nothing,
};

/// Leaves out what is allowed and adds findings about the allowances themselves.
pub fn apply(document: &Document, selection: &Selection, findings: &mut Vec<Finding>) {
    let mut allows = Vec::new();
    let mut faults = Vec::new();
    for (file, source) in document.sources.iter() {
        if memchr::memmem::find(&source.text, MARK).is_none() {
            continue;
        }
        // allowances on lines of their own, which wait for the line they are about
        let mut waiting: Vec<usize> = Vec::new();
        for (number, text) in source.lines() {
            let layout = layout::line(text);
            let says = !layout.words.is_empty();
            if says {
                for at in waiting.drain(..) {
                    let allow: &mut Allow = &mut allows[at];
                    allow.line = Some(number);
                }
            }
            let Some(at) = layout.comment.filter(|_| !layout.broken) else {
                continue;
            };
            let comment = text.get(at..).unwrap_or_default();
            let comment = comment.strip_suffix(b"\r").unwrap_or(comment);
            let Some(found) = memchr::memmem::find(comment, MARK) else {
                continue;
            };
            // words before the mark make it prose
            if !comment
                .get(1..found)
                .unwrap_or_default()
                .iter()
                .all(u8::is_ascii_whitespace)
            {
                continue;
            }
            let span = |start: usize, end: usize| Span {
                file,
                line: number,
                start: u32::try_from(start).unwrap_or_default(),
                end: u32::try_from(end).unwrap_or_default(),
            };
            let whole = span(at, at + comment.len());
            let said = comment.get(found + MARK.len()..).unwrap_or_default();
            let offset = at + found + MARK.len();
            let Some(parsed) = parse(said) else {
                faults.push(fault(
                    &BAD,
                    whole,
                    "this is not of the form `# hapax: allow(rule-name) reason`",
                ));
                continue;
            };
            if parsed.reason.is_empty() || parsed.reason.starts_with('#') {
                faults.push(fault(&NO_REASON, whole, "no reason is given"));
            }
            let single = parsed.names.len() == 1;
            for (start, name) in parsed.names {
                let place = span(offset + start, offset + start + name.len());
                if !rules::ALL.iter().any(|r| matches(&name, r)) {
                    let names = rules::ALL.iter().map(|r| r.name);
                    let mut finding = fault(&BAD, place, &format!("there is no rule '{name}'"));
                    if let Some(near) = crate::grammar::nearest(name.as_bytes(), names) {
                        finding.help(format!("did you mean '{near}'?"));
                    }
                    faults.push(finding);
                    continue;
                }
                if !says && !parsed.file {
                    waiting.push(allows.len());
                }
                allows.push(Allow {
                    name,
                    span: place,
                    line: (!parsed.file).then_some(number),
                    comment: whole,
                    alone: !says,
                    single,
                    used: false,
                });
            }
        }
    }
    findings.retain(|finding| {
        let mut kept = true;
        for allow in &mut allows {
            let here = allow.span.file == finding.span.file
                && allow.line.is_none_or(|l| l == finding.span.line);
            if here && matches(&allow.name, finding.rule) {
                allow.used = true;
                kept = false;
            }
        }
        kept
    });
    for allow in allows.iter().filter(|a| !a.used) {
        let selected = rules::ALL
            .iter()
            .any(|r| matches(&allow.name, r) && selection.has(r));
        if !selected {
            continue;
        }
        let text = format!("'{}' finds nothing to allow here", allow.name);
        let mut finding = fault(&UNUSED, allow.span, &text);
        if allow.single {
            let edit = match allow.alone {
                true => Edit::DeleteLine(allow.comment),
                false => Edit::Replace(allow.comment, Vec::new()),
            };
            finding.fix(vec![edit]);
        }
        faults.push(finding);
    }
    findings.extend(faults.into_iter().filter(|f| selection.has(f.rule)));
}

fn fault(rule: &'static Rule, span: Span, message: &str) -> Finding {
    Finding {
        rule,
        span,
        message: message.to_owned(),
        help: Vec::new(),
        related: Vec::new(),
        fix: None,
    }
}

struct Parsed {
    names: Vec<(usize, String)>,
    reason: String,
    file: bool,
}

/// ` allow(a, b) reason`; offsets of names are in `text`.
fn parse(text: &[u8]) -> Option<Parsed> {
    let text = std::str::from_utf8(text).ok()?;
    let open = text.find('(')?;
    let file = match text.get(..open)?.trim() {
        "allow" => false,
        "allow-file" => true,
        _ => return None,
    };
    let close = open + text.get(open..)?.find(')')?;
    let mut names = Vec::new();
    let mut at = open + 1;
    for part in text.get(open + 1..close)?.split(',') {
        let name = part.trim();
        if name.is_empty() {
            return None;
        }
        names.push((at + (part.len() - part.trim_start().len()), name.to_owned()));
        at += part.len() + 1;
    }
    Some(Parsed {
        names,
        reason: text.get(close + 1..)?.trim().to_owned(),
        file,
    })
}
