//! Findings as JSON (RFC 8259): one array of plain objects, and SARIF 2.1.0 for code scanning.

use super::{severity_name, title};
use crate::base::diag::{Diagnostic, Severity};
use crate::base::span::{Sources, Span};
use std::fmt::Write;

/// A text as a JSON string, quotes included.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(","))
}

/// `"file": ..., "line": ..., "column": ..., "end_column": ...`; lines and columns count from 1.
fn place(span: Option<Span>, sources: &Sources) -> String {
    match span.filter(|s| s.line > 0) {
        Some(span) => format!(
            "\"file\":{},\"line\":{},\"column\":{},\"end_column\":{}",
            string(sources.name(span.file)),
            span.line,
            span.start.saturating_add(1),
            span.end.saturating_add(1)
        ),
        None => "\"file\":null,\"line\":null,\"column\":null,\"end_column\":null".to_owned(),
    }
}

/// All findings as one array.
pub fn json(findings: &[(&Diagnostic, &Sources)]) -> String {
    let items = findings.iter().map(|(finding, sources)| {
        let related = finding.related.iter().map(|(span, text)| {
            format!(
                "{{{},\"message\":{}}}",
                place(Some(*span), sources),
                string(text)
            )
        });
        format!(
            "{{\"severity\":{},\"code\":{},{},\"message\":{},\"expected\":{},\"help\":{},\"related\":{}}}",
            string(severity_name(finding.severity)),
            string(finding.code),
            place(finding.span, sources),
            string(&title(finding)),
            finding
                .expected
                .as_deref()
                .map_or_else(|| "null".to_owned(), string),
            list(finding.help.iter().map(|h| string(h))),
            list(related)
        )
    });
    list(items) + "\n"
}

/// All findings as one SARIF 2.1.0 log with one run (OASIS, "Static Analysis Results Interchange
/// Format"). `title_of` gives the short description of a code.
pub fn sarif(
    findings: &[(&Diagnostic, &Sources)],
    version: &str,
    title_of: impl Fn(&str) -> Option<String>,
) -> String {
    let mut codes: Vec<&str> = findings.iter().map(|(f, _)| f.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules = codes.iter().map(|code| {
        let text = title_of(code).unwrap_or_else(|| (*code).to_owned());
        format!(
            "{{\"id\":{},\"shortDescription\":{{\"text\":{}}}}}",
            string(code),
            string(&text)
        )
    });
    let results = findings.iter().map(|(finding, sources)| {
        let level = match finding.severity {
            Severity::Alert => "error",
            Severity::Warning => "warning",
            Severity::Notice | Severity::Diag => "note",
        };
        let location = finding.span.filter(|s| s.line > 0).map(|span| {
            format!(
                "{{\"physicalLocation\":{{\"artifactLocation\":{{\"uri\":{}}},\"region\":{{\"startLine\":{},\"startColumn\":{},\"endColumn\":{}}}}}}}",
                string(sources.name(span.file)),
                span.line,
                span.start.saturating_add(1),
                span.end.max(span.start.saturating_add(1)).saturating_add(1)
            )
        });
        format!(
            "{{\"ruleId\":{},\"level\":\"{level}\",\"message\":{{\"text\":{}}},\"locations\":{}}}",
            string(finding.code),
            string(&title(finding)),
            list(location.into_iter())
        )
    });
    format!(
        "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{{\"name\":\"hapax\",\"version\":{},\"rules\":{}}}}},\"columnKind\":\"utf16CodeUnits\",\"results\":{}}}]}}\n",
        string(version),
        list(rules),
        list(results)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::FileId;

    #[test]
    fn strings_are_escaped() {
        assert_eq!(string("a\"\\\u{7}é\n"), r#""a\"\\\u0007é\n""#);
    }

    #[test]
    fn a_finding_has_its_place() {
        let mut sources = Sources::default();
        sources.add("a.cfg", "x y\n");
        let span = Span {
            file: FileId(0),
            line: 1,
            start: 2,
            end: 3,
        };
        let finding = Diagnostic::alert("HX0101", span, "no").help("do");
        let text = json(&[(&finding, &sources)]);
        assert_eq!(
            text,
            "[{\"severity\":\"error\",\"code\":\"HX0101\",\"file\":\"a.cfg\",\"line\":1,\"column\":3,\"end_column\":4,\"message\":\"no\",\"expected\":null,\"help\":[\"do\"],\"related\":[]}]\n"
        );
        let text = sarif(&[(&finding, &sources)], "1", |_| None);
        assert!(text.contains("\"startLine\":1,\"startColumn\":3"), "{text}");
        assert!(text.contains("\"level\":\"error\""), "{text}");
    }
}
