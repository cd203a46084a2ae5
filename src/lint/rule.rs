//! What a rule is, what it finds, and how a finding is mended.

use super::model::Model;
use crate::base::diag::{Diagnostic, Severity};
use crate::base::span::Span;
use crate::config::directive::{Directive, Word};

/// What kind of fault a rule looks for. `--select` and `--ignore` take these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// The configuration does not do what it seems to say. Codes `HC...`
    Correctness,
    /// Somebody gets more than was meant. `HS...`
    Security,
    /// The same could be had for less. `HP...`
    Performance,
    /// HAProxy has dropped it or will. `HD...`
    Deprecation,
    /// Only a matter of form. `HY...`
    Style,
}

impl Category {
    /// All of them.
    pub const ALL: [Category; 5] = [
        Category::Correctness,
        Category::Security,
        Category::Performance,
        Category::Deprecation,
        Category::Style,
    ];
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Category::Correctness => "correctness",
            Category::Security => "security",
            Category::Performance => "performance",
            Category::Deprecation => "deprecation",
            Category::Style => "style",
        }
    }
    /// What the codes of its rules begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Category::Correctness => "HC",
            Category::Security => "HS",
            Category::Performance => "HP",
            Category::Deprecation => "HD",
            Category::Style => "HY",
        }
    }
}

/// Whether a rule has a machine fix, and what may be lost by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixes {
    /// A person must decide.
    None,
    /// `--fix`: the behaviour stays the same.
    Safe(&'static str),
    /// `--fix --unsafe`: the behaviour changes in the way said.
    Unsafe(&'static str),
}

/// A rule: one file of [`super::rules`].
#[derive(Debug)]
pub struct Rule {
    /// Stable, never reused: `HC001`.
    pub code: &'static str,
    /// Kebab-case, names the fault.
    pub name: &'static str,
    /// What kind of fault.
    pub category: Category,
    /// How bad.
    pub severity: Severity,
    /// On without being selected. A rule that asks for a decision of taste, or that is often
    /// wrong, is not.
    pub default: bool,
    /// What it looks for, in one sentence.
    pub what: &'static str,
    /// Why that is bad.
    pub why: &'static str,
    /// A faulty piece of configuration.
    pub example: &'static str,
    /// How to write it.
    pub instead: &'static str,
    /// The machine fix.
    pub fixes: Fixes,
    /// Finds it.
    pub check: fn(&Model<'_>, &mut Report),
}

/// A change of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Puts a text in the place of a stretch of a line; an empty stretch inserts.
    Replace(Span, Vec<u8>),
    /// Removes a line with its LF.
    DeleteLine(Span),
    /// Puts a line below that of the span; the text has neither indentation nor LF.
    InsertAfter(Span, Vec<u8>),
}

/// Changes that mend a finding together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// All or none of them.
    pub edits: Vec<Edit>,
    /// The behaviour stays the same.
    pub safe: bool,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What found it.
    pub rule: &'static Rule,
    /// Where.
    pub span: Span,
    /// What is wrong there.
    pub message: String,
    /// How to mend it.
    pub help: Vec<String>,
    /// Other places that matter.
    pub related: Vec<(Span, String)>,
    /// The machine fix.
    pub fix: Option<Fix>,
}

impl Finding {
    /// Adds a line on how to mend it.
    pub fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help.push(text.into());
        self
    }
    /// Names another place that matters.
    pub fn related(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.related.push((span, text.into()));
        self
    }
    /// Sets the fix; it is as safe as the rule says.
    pub fn fix(&mut self, edits: Vec<Edit>) -> &mut Self {
        self.fix = Some(Fix {
            edits,
            safe: matches!(self.rule.fixes, Fixes::Safe(_)),
        });
        self
    }
    /// The finding as every renderer takes it; the message ends in the rule's name.
    pub fn diagnostic(&self) -> Diagnostic {
        let message = format!("{} ({})", self.message, self.rule.name);
        let mut finding =
            Diagnostic::new(self.rule.severity, self.rule.code, message).at(self.span);
        finding.fatal = false;
        finding.help.clone_from(&self.help);
        finding.related.clone_from(&self.related);
        if let Some(fix) = &self.fix {
            finding.help.push(match fix.safe {
                true => "`hapax lint --fix` mends it".to_owned(),
                false => "`hapax lint --fix --unsafe` mends it".to_owned(),
            });
        }
        finding
    }
}

/// Where a rule puts its findings.
#[derive(Debug)]
pub struct Report {
    pub(super) rule: &'static Rule,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    /// A finding at a place.
    pub fn at(&mut self, span: Span, message: impl Into<String>) -> &mut Finding {
        let at = self.findings.len();
        self.findings.push(Finding {
            rule: self.rule,
            span,
            message: message.into(),
            help: Vec::new(),
            related: Vec::new(),
            fix: None,
        });
        &mut self.findings[at]
    }
    /// A finding about the words of a line, without its indentation and comment.
    pub fn line(&mut self, line: &Directive, message: impl Into<String>) -> &mut Finding {
        self.at(line.tail_span(0), message)
    }
    /// A finding about a word.
    pub fn word(&mut self, word: &Word, message: impl Into<String>) -> &mut Finding {
        self.at(word.span, message)
    }
}
