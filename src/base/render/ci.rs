//! Findings for build services: workflow commands of GitHub, GitLab's code quality report,
//! reviewdog's JSON, and JUnit's XML.

use super::json::string;
use super::title;
use crate::base::diag::{Diagnostic, Severity};
use crate::base::span::{FileId, Sources};
use std::fmt::Write;

/// One finding as a workflow command, which GitHub shows beside the line
/// (`::error file=...,line=...::message`).
pub fn github(finding: &Diagnostic, sources: &Sources) -> String {
    let level = match finding.severity {
        Severity::Alert => "error",
        Severity::Warning => "warning",
        Severity::Notice | Severity::Diag => "notice",
    };
    let mut place = String::new();
    if let Some(span) = finding.span.filter(|s| s.line > 0) {
        let _ = write!(
            place,
            "file={},line={},col={},endColumn={},",
            property(sources.name(span.file)),
            span.line,
            span.start.saturating_add(1),
            span.end.saturating_add(1)
        );
    }
    format!(
        "::{level} {place}title={}::{}\n",
        property(finding.code),
        data(&title(finding))
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// All findings as a report for GitLab's code quality widget.
pub fn gitlab(findings: &[(&Diagnostic, &Sources)]) -> String {
    let items: Vec<String> = findings
        .iter()
        .map(|(finding, sources)| {
            let severity = match finding.severity {
                Severity::Alert => "critical",
                Severity::Warning => "major",
                Severity::Notice => "minor",
                Severity::Diag => "info",
            };
            let (path, line, text) = match finding.span.filter(|s| s.line > 0) {
                Some(span) => {
                    let file = sources.file(span.file);
                    let text = file.and_then(|f| f.line(span.line)).unwrap_or_default();
                    (sources.name(span.file), span.line, text)
                }
                None => (sources.name(FileId(0)), 1, &b""[..]),
            };
            let message = title(finding);
            // the line's text instead of its number: a finding keeps its name when lines move
            let mut name = finding.code.as_bytes().to_vec();
            for part in [path.as_bytes(), text.trim_ascii(), message.as_bytes()] {
                name.push(0);
                name.extend_from_slice(part);
            }
            format!(
                "{{\"description\":{},\"check_name\":{},\"fingerprint\":\"{:016x}\",\"severity\":\"{severity}\",\"location\":{{\"path\":{},\"lines\":{{\"begin\":{line}}}}}}}",
                string(&message),
                string(finding.code),
                xxhash_rust::xxh64::xxh64(&name, 0),
                string(path)
            )
        })
        .collect();
    format!("[{}]\n", items.join(","))
}

/// All findings in reviewdog's form (`rdjson`).
pub fn rdjson(findings: &[(&Diagnostic, &Sources)]) -> String {
    let items: Vec<String> = findings
        .iter()
        .map(|(finding, sources)| {
            let severity = match finding.severity {
                Severity::Alert => "ERROR",
                Severity::Warning => "WARNING",
                Severity::Notice | Severity::Diag => "INFO",
            };
            let location = match finding.span.filter(|s| s.line > 0) {
                Some(span) => format!(
                    "{{\"path\":{},\"range\":{{\"start\":{{\"line\":{},\"column\":{}}},\"end\":{{\"line\":{},\"column\":{}}}}}}}",
                    string(sources.name(span.file)),
                    span.line,
                    span.start.saturating_add(1),
                    span.line,
                    span.end.max(span.start.saturating_add(1)).saturating_add(1)
                ),
                None => format!("{{\"path\":{}}}", string(sources.name(FileId(0)))),
            };
            format!(
                "{{\"message\":{},\"location\":{location},\"severity\":\"{severity}\",\"code\":{{\"value\":{}}}}}",
                string(&title(finding)),
                string(finding.code)
            )
        })
        .collect();
    format!(
        "{{\"source\":{{\"name\":\"hapax\"}},\"diagnostics\":[{}]}}\n",
        items.join(",")
    )
}

/// One configuration of a JUnit report: its name and what was found about it.
pub type Suite<'a> = (&'a str, Vec<(&'a Diagnostic, &'a Sources)>);

/// All configurations as one JUnit report: a test case each, which fails by its errors.
pub fn junit(title_of_run: &str, suites: &[Suite<'_>]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let failed = |findings: &[(&Diagnostic, &Sources)]| findings.iter().any(|(f, _)| f.fatal);
    let failures = suites.iter().filter(|(_, f)| failed(f)).count();
    let _ = writeln!(
        out,
        "<testsuites><testsuite name=\"{title_of_run}\" tests=\"{}\" failures=\"{failures}\">",
        suites.len()
    );
    for (name, findings) in suites {
        let _ = writeln!(
            out,
            "<testcase classname=\"hapax\" name=\"{}\">",
            escaped(name)
        );
        let mut said = String::new();
        for (finding, sources) in findings {
            let text = escaped(&super::short(finding, sources));
            if finding.fatal {
                let _ = writeln!(
                    out,
                    "<failure type=\"{}\" message=\"{}\">{text}</failure>",
                    finding.code,
                    escaped(&title(finding))
                );
            } else {
                said.push_str(&text);
            }
        }
        if !said.is_empty() {
            let _ = writeln!(out, "<system-out>{said}</system-out>");
        }
        out.push_str("</testcase>\n");
    }
    out.push_str("</testsuite></testsuites>\n");
    out
}

/// Text as the content of an XML element or attribute; control characters become `?`.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::{FileId, Span};

    #[test]
    fn reports_for_reviews() {
        let mut sources = Sources::default();
        sources.add("a.cfg", "x \"y\"\n");
        let span = crate::base::span::Span {
            line: 1,
            start: 2,
            end: 5,
            ..Default::default()
        };
        let finding = Diagnostic::warning("HC001", span, "not \"y\"");
        let all = [(&finding, &sources)];
        assert_eq!(
            rdjson(&all),
            "{\"source\":{\"name\":\"hapax\"},\"diagnostics\":[{\"message\":\"not \\\"y\\\"\",\"location\":{\"path\":\"a.cfg\",\"range\":{\"start\":{\"line\":1,\"column\":3},\"end\":{\"line\":1,\"column\":6}}},\"severity\":\"WARNING\",\"code\":{\"value\":\"HC001\"}}]}\n"
        );
        let report = gitlab(&all);
        assert!(
            report.contains(
                "\"severity\":\"major\",\"location\":{\"path\":\"a.cfg\",\"lines\":{\"begin\":1}}"
            ),
            "{report}"
        );
        // the same line elsewhere in the file keeps its name
        let mut moved = Sources::default();
        moved.add("a.cfg", "\n  x \"y\"\n");
        let mut below = finding.clone();
        below.span = Some(crate::base::span::Span { line: 2, ..span });
        let name = |r: &str| r.split("fingerprint").nth(1).map(|t| t[..20].to_owned());
        assert_eq!(name(&report), name(&gitlab(&[(&below, &moved)])));
    }

    #[test]
    fn commands_and_reports() {
        let mut sources = Sources::default();
        sources.add("a,b.cfg", "x y\n");
        let span = Span {
            file: FileId(0),
            line: 1,
            start: 2,
            end: 3,
        };
        let finding = Diagnostic::alert("HX0101", span, "50% <b>");
        assert_eq!(
            github(&finding, &sources),
            "::error file=a%2Cb.cfg,line=1,col=3,endColumn=4,title=HX0101::50%25 <b>\n"
        );
        let text = junit(
            "hapax check",
            &[("a", vec![(&finding, &sources)]), ("b", vec![])],
        );
        assert!(text.contains("tests=\"2\" failures=\"1\""), "{text}");
        assert!(text.contains("message=\"50% &lt;b&gt;\""), "{text}");
    }
}
