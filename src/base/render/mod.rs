//! Findings as text: HAProxy's form for the tools that parse it, a form for people, one for
//! editors.

mod ci;
mod haproxy;
mod human;
mod json;
mod short;

pub use ci::{Suite, escaped, github, gitlab, junit, rdjson};
pub use haproxy::HaProxy;
pub use human::Human;
pub use json::{json, sarif, string as json_string};
pub use short::short;

use super::diag::{Diagnostic, Severity};
use std::fmt::Write;

/// Whether to colour: only on a terminal, and not when `NO_COLOR` holds anything
/// (<https://no-color.org>) or `TERM` is `dumb`.
pub fn colour(is_terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty());
    is_terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}

/// How many findings of each severity there are, in words; empty when there are none.
pub fn summary(findings: &[Diagnostic]) -> String {
    let names = [
        (Severity::Alert, "error"),
        (Severity::Warning, "warning"),
        (Severity::Notice, "notice"),
    ];
    let mut text = String::new();
    for (severity, name) in names {
        let count = findings.iter().filter(|f| f.severity == severity).count();
        if count > 0 {
            let comma = if text.is_empty() { "" } else { ", " };
            let plural = if count == 1 { "" } else { "s" };
            let _ = write!(text, "{comma}{count} {name}{plural}");
        }
    }
    text
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Diag => "diag",
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::Alert => "error",
    }
}

/// A message on one line, safe for a terminal: a configuration may hold any byte.
fn printable(text: &str) -> String {
    text.trim_end()
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

/// A message without the colon that ends HAProxy's when an excerpt follows.
fn title(finding: &Diagnostic) -> String {
    let text = printable(&finding.message);
    match text.strip_suffix(':') {
        Some(text) if !finding.excerpt.is_empty() => text.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests;
