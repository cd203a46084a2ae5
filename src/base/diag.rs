//! Findings about a configuration: what is wrong, where, why, and how to mend it.
//!
//! A stage of the configuration side never stops at the first fault: it returns what it could
//! make of its input together with a list of these.

use super::span::Span;

/// How bad a finding is, in HAProxy's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Only shown with `-dD`.
    Diag,
    /// `[NOTICE]`: shown, never counted.
    Notice,
    /// `[WARNING]`: the configuration runs; fatal under `-dW`.
    Warning,
    /// `[ALERT]`: the configuration is refused (unless `fatal` is off in the diagnostic).
    Alert,
}

/// How HAProxy words the place of a finding; third-party tools parse these lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Form {
    /// `config : parsing [file:line] : message`: what keyword handlers say.
    #[default]
    Parsing,
    /// `config : parsing [file:line]: message`: what the lexer and the reader say.
    Tight,
    /// `config : message`: found after all lines were read, or about no line.
    Config,
    /// `config : [file:line] : message`: what `server` lines say.
    Bracket,
    /// `[file:line] : message`: found while starting, about a line.
    PlainBracket,
    /// `parsing [file:line]: message`: names that lead nowhere, looked for once all is read.
    PlainTight,
    /// `message` alone: found while starting.
    Plain,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code (`grammar/diagnostics.tsv`), never reused: `HX0001`.
    pub code: &'static str,
    /// The place it is about; `None` for findings about the whole configuration.
    pub span: Option<Span>,
    /// What is wrong. Third-party tools parse HAProxy's lines, so it says the facts in HAProxy's
    /// terms, without the `parsing [file:line] : ` prefix, which the renderer adds.
    pub message: String,
    /// Label under the underlined text: what was expected there.
    pub expected: Option<String>,
    /// How to mend it, a nearest match, the modern replacement.
    pub help: Vec<String>,
    /// Other places that matter ("first defined here").
    pub related: Vec<(Span, String)>,
    /// How HAProxy's form words the place.
    pub form: Form,
    /// Further lines that HAProxy prints below the message: the source line and a caret, advice.
    pub excerpt: Vec<String>,
    /// False for an `[ALERT]` that HAProxy prints without refusing the file.
    pub fatal: bool,
    /// The first version of HAProxy that refuses the file for it (3.4 is `(3, 4)`); `None`: all
    /// of them do if it is an `[ALERT]`, and none if it is not.
    pub refused_since: Option<(u8, u8)>,
    /// Found by HAProxy only after all lines were read.
    pub late: bool,
}

impl Diagnostic {
    /// A finding without place, label and help.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic {
            severity,
            code,
            span: None,
            message: message.into(),
            expected: None,
            help: Vec::new(),
            related: Vec::new(),
            form: Form::Parsing,
            excerpt: Vec::new(),
            fatal: severity == Severity::Alert,
            refused_since: None,
            late: false,
        }
    }
    /// An `[ALERT]` at a place.
    pub fn alert(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Alert, code, message).at(span)
    }
    /// A `[WARNING]` at a place.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message).at(span)
    }
    /// A `[NOTICE]` at a place.
    pub fn notice(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Notice, code, message).at(span)
    }
    /// Sets the place.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }
    /// Says what was expected at the place.
    #[must_use]
    pub fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = Some(text.into());
        self
    }
    /// Adds a line on how to mend it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }
    /// Names another place that matters.
    #[must_use]
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push((span, text.into()));
        self
    }
    /// Sets how HAProxy's form words the place.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }
    /// Adds a line that HAProxy prints below the message.
    #[must_use]
    pub fn excerpt(mut self, line: impl Into<String>) -> Self {
        self.excerpt.push(line.into());
        self
    }
    /// Names the first version of HAProxy that refuses the file for it.
    #[must_use]
    pub fn refused_since(mut self, major: u8, minor: u8) -> Self {
        self.refused_since = Some((major, minor));
        self
    }
    /// Marks a finding that HAProxy makes once all lines are read.
    #[must_use]
    pub fn late(mut self) -> Self {
        self.late = true;
        self
    }
    /// Whether HAProxy finds it only after all lines were read, if it comes that far.
    pub fn is_late(&self) -> bool {
        let plain = matches!(
            self.form,
            Form::Plain | Form::PlainBracket | Form::PlainTight
        );
        self.late || plain
    }
    /// Marks an alert that does not refuse the file.
    #[must_use]
    pub fn not_fatal(mut self) -> Self {
        self.fatal = false;
        self
    }
}

/// Whether any finding refuses the configuration.
pub fn is_fatal(list: &[Diagnostic]) -> bool {
    list.iter().any(|d| d.fatal)
}
