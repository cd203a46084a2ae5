//! Messages on the standard error stream in the form that HAProxy's tools parse, and their count.

use crate::base::diag::{self, Diagnostic, Form, Severity};
use crate::base::render::HaProxy;
use crate::base::span::Sources;
use crate::base::version;
use crate::control::master::Journal;
use crate::control::process::Message;
use std::ffi::OsStr;
use std::io::Write;

/// Where messages of the start go.
#[derive(Debug)]
pub struct Console {
    renderer: HaProxy,
    quiet: bool,
    program: String,
    warnings: u32,
    history: String,
    journal: Option<Journal>,
}

/// Lines that cannot be taken apart into words: HAProxy reads no further section lines.
const GARBLED: &[&str] = &["HX0101", "HX0102", "HX0103", "HX0104", "HX0106"];

/// How much of what was told is kept for `show startup-logs`, bytes.
const HISTORY: usize = 65_536;

impl Console {
    /// A console for a program called `program`. With `quiet` (`-q`) nothing is shown; with
    /// `hints` (`-dD`) the findings that are otherwise hidden are.
    pub fn new(program: &OsStr, quiet: bool, hints: bool) -> Console {
        let path = std::env::current_exe().map_or_else(
            |_| program.to_string_lossy().into_owned(),
            |p| p.display().to_string(),
        );
        let mut renderer = HaProxy::new(std::process::id(), version::FULL, path);
        renderer.diag = hints;
        Console {
            renderer,
            quiet,
            program: program.to_string_lossy().into_owned(),
            warnings: 0,
            history: String::new(),
            journal: None,
        }
    }

    /// From now on nothing is shown any more (`quiet`, or the background).
    pub fn silence(&mut self) {
        self.quiet = true;
    }

    /// From now on messages are kept there, too, or not any more.
    pub fn keep(&mut self, journal: Option<Journal>) {
        self.journal = journal;
    }

    /// The process is another one now (after fork).
    pub fn renew(&mut self) {
        self.renderer.pid = std::process::id();
    }

    /// How many warnings there were, shown or not. `[NOTICE]` and `[DIAG]` are none.
    pub fn warnings(&self) -> u32 {
        self.warnings
    }

    /// What was told so far, shown or not.
    pub fn history(&self) -> &str {
        &self.history
    }

    /// What renders further messages; `None` when nothing is shown.
    pub fn renderer(&self) -> Option<HaProxy> {
        (!self.quiet).then(|| self.renderer.clone())
    }

    /// What the program was called as.
    pub fn program(&self) -> &str {
        &self.program
    }

    fn show(&mut self, finding: &Diagnostic, sources: &Sources) {
        if finding.severity == Severity::Warning {
            self.warnings = self.warnings.saturating_add(1);
        }
        let text = self.renderer.render(finding, sources);
        if !self.quiet {
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
        if let Some(journal) = &self.journal {
            journal.note(&text);
        }
        if self.history.len() < HISTORY {
            self.history.push_str(&text);
        }
    }

    /// Shows a message that is about no line.
    pub fn say(&mut self, severity: Severity, text: &str) {
        let message = Diagnostic::new(severity, "", text).form(Form::Plain);
        self.show(&message, &Sources::default());
    }

    /// Shows an `[ALERT]`.
    pub fn alert(&mut self, text: &str) {
        self.say(Severity::Alert, text);
    }

    /// Shows a `[NOTICE]`.
    pub fn notice(&mut self, text: &str) {
        self.say(Severity::Notice, text);
    }

    /// Shows what the start of the process has to say; whether it must end.
    pub fn messages(&mut self, messages: &[Message]) -> bool {
        for message in messages {
            self.say(message.severity, &message.text);
        }
        messages.iter().any(|m| m.fatal)
    }

    /// Shows what is wrong with the files themselves, before any line was read.
    pub fn findings_before_reading(&mut self, findings: &[Diagnostic]) {
        for finding in findings {
            self.show(finding, &Sources::default());
        }
    }

    /// Shows findings in HAProxy's order: those of lines file by file, each faulty file closed by
    /// its own `[ALERT]`, then those about the whole. As HAProxy does, it says nothing about the
    /// whole if a line was refused, and nothing about lines behind one that is not even words.
    /// Returns whether any is fatal.
    pub fn findings(&mut self, findings: &[Diagnostic], sources: &Sources) -> bool {
        let of_a_line = |f: &&Diagnostic| f.span.is_some() && !f.is_late();
        let mut lines: Vec<&Diagnostic> = findings.iter().filter(of_a_line).collect();
        lines.sort_by_key(|f| f.span.map(|s| (s.file, s.line)));
        let mut rest = lines.as_slice();
        while let Some(file) = rest.first().and_then(|f| f.span).map(|s| s.file) {
            let end = rest
                .iter()
                .position(|f| f.span.is_some_and(|s| s.file != file))
                .unwrap_or(rest.len());
            let (this, next) = rest.split_at(end);
            let garbled = this.iter().find(|f| GARBLED.contains(&f.code));
            let garbled = garbled.and_then(|f| f.span).map_or(u32::MAX, |s| s.line);
            for finding in this {
                let behind = finding.span.is_some_and(|s| s.line > garbled);
                if !behind || finding.form == Form::Tight {
                    self.show(finding, sources);
                }
            }
            if this.iter().any(|f| f.fatal) {
                let name = sources.name(file);
                self.alert(&format!(
                    "config : Error(s) found in configuration file : {name}"
                ));
            }
            rest = next;
        }
        let refused = findings.iter().any(|f| f.fatal && !f.is_late());
        for finding in findings.iter().filter(|f| !of_a_line(f)) {
            if !(refused && finding.is_late()) {
                self.show(finding, sources);
            }
        }
        let fatal = diag::is_fatal(findings);
        if refused {
            self.alert("config : Fatal errors found in configuration.");
        }
        fatal
    }
}
