//! `[ALERT]    (4711) : config : parsing [haproxy.cfg:7] : message`

use super::printable;
use crate::base::diag::{Diagnostic, Form, Severity};
use crate::base::span::{Sources, Span};
use std::fmt::Write;

/// Renders findings as HAProxy 2.6 to 3.4 print them.
///
/// Before the first finding that is more than a notice stand two notices: the version and the
/// path of the program.
#[derive(Clone, Debug)]
pub struct HaProxy {
    /// The process id that every line shows.
    pub pid: u32,
    /// What stands behind `haproxy version is `.
    pub version: String,
    /// The path of the program.
    pub executable: String,
    /// Whether findings that only `-dD` shows are rendered.
    pub diag: bool,
    /// Whether the lines on how to mend it are rendered. HAProxy begins its own continuation lines
    /// with `   | `, so tools that read one line per message skip them.
    pub help: bool,
    introduced: bool,
}

impl HaProxy {
    /// Renders for this process, with help lines and without `-dD`.
    pub fn new(pid: u32, version: impl Into<String>, executable: impl Into<String>) -> Self {
        HaProxy {
            pid,
            version: version.into(),
            executable: executable.into(),
            diag: false,
            help: true,
            introduced: false,
        }
    }

    /// One finding, with its line ends; empty for one that is not to be shown.
    pub fn render(&mut self, finding: &Diagnostic, sources: &Sources) -> String {
        if finding.severity == Severity::Diag && !self.diag {
            return String::new();
        }
        let mut out = String::new();
        if finding.severity != Severity::Notice {
            self.introduce(&mut out);
        }
        let at = |span: Option<Span>| {
            let span = span.unwrap_or_default();
            format!("[{}:{}]", sources.name(span.file), span.line)
        };
        let place = match finding.form {
            Form::Config => "config : ".to_owned(),
            Form::Plain => String::new(),
            Form::Bracket => format!("config : {} : ", at(finding.span)),
            Form::PlainBracket => format!("{} : ", at(finding.span)),
            Form::PlainTight => format!("parsing {}: ", at(finding.span)),
            _ if finding.span.is_none() => "config : ".to_owned(),
            Form::Parsing => format!("config : parsing {} : ", at(finding.span)),
            Form::Tight => format!("config : parsing {}: ", at(finding.span)),
        };
        self.line(&mut out, finding.severity, &place, &finding.message);
        for line in &finding.excerpt {
            let _ = writeln!(out, "{}", printable(line));
        }
        if self.help {
            for help in &finding.help {
                for line in help.lines() {
                    let _ = writeln!(out, "   | {}", printable(line));
                }
            }
        }
        out
    }

    /// All findings.
    pub fn render_all(&mut self, findings: &[Diagnostic], sources: &Sources) -> String {
        findings.iter().map(|f| self.render(f, sources)).collect()
    }

    /// A message of the program itself, about no line: `[ALERT]    (4711) : message`.
    pub fn message(&mut self, severity: Severity, text: &str) -> String {
        self.render(
            &Diagnostic::new(severity, "", text).form(Form::Plain),
            &Sources::default(),
        )
    }

    fn introduce(&mut self, out: &mut String) {
        if self.introduced {
            return;
        }
        self.introduced = true;
        let version = format!("haproxy version is {}", self.version);
        let path = format!("path to executable is {}", self.executable);
        self.line(out, Severity::Notice, "", &version);
        self.line(out, Severity::Notice, "", &path);
    }

    fn line(&self, out: &mut String, severity: Severity, place: &str, message: &str) {
        let tag = match severity {
            Severity::Diag => "[DIAG]",
            Severity::Notice => "[NOTICE]",
            Severity::Warning => "[WARNING]",
            Severity::Alert => "[ALERT]",
        };
        // A message of several lines goes on behind HAProxy's mark for that.
        let mut lines = message.lines();
        let first = printable(lines.next().unwrap_or_default());
        let _ = writeln!(out, "{tag:<10} ({}) : {place}{first}", self.pid);
        for more in lines {
            let _ = writeln!(out, "   | {}", printable(more));
        }
    }
}
