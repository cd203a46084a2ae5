//! The words of a rule as its action's compiler reads them.

use super::RuleSet;
use crate::config::directive::Word;
use crate::sample::compile::Fault;
use crate::sample::logformat::Purpose;
use crate::sample::{Compile, LogFormat};

/// A rule's line, behind the action's keyword.
pub struct Line<'l, 'w, 'c> {
    /// The rule set.
    pub set: RuleSet,
    /// The action's keyword as written.
    pub verb: &'w Word,
    /// The words not yet taken; in the end `if`/`unless` or nothing may be left.
    pub words: &'w [Word],
    /// Where findings go.
    pub cx: &'l mut Compile<'c>,
}

impl<'w> Line<'_, 'w, '_> {
    /// The next word, not taken.
    pub fn peek(&self) -> &'w [u8] {
        self.words.first().map(Word::bytes).unwrap_or_default()
    }

    /// Whether the action's words are over.
    pub fn at_end(&self) -> bool {
        match self.words.first() {
            None => true,
            Some(w) => w.is("if") || w.is("unless"),
        }
    }

    /// Takes the next word; findings then point at it.
    pub fn take(&mut self) -> Option<&'w Word> {
        let (word, rest) = self.words.split_first()?;
        self.words = rest;
        self.cx.span = word.span;
        Some(word)
    }

    /// Takes the next word if it is this one.
    pub fn take_if(&mut self, keyword: &str) -> bool {
        let found = self.words.first().is_some_and(|w| w.is(keyword));
        if found {
            self.take();
        }
        found
    }

    /// Takes the argument of an option; without one (the line is over, or `if` follows where
    /// HAProxy looks for that) the message.
    pub fn argument(&mut self, missing: &str) -> Result<&'w Word, Fault> {
        match self.words.first() {
            Some(w) if !w.bytes().is_empty() => self.take().ok_or_else(|| missing.into()),
            _ => Err(missing.into()),
        }
    }

    /// Takes a log-format string.
    pub fn format(&mut self, missing: &str) -> Result<LogFormat, Fault> {
        let word = self.argument(missing)?;
        LogFormat::parse(word.bytes(), self.cx)
    }

    /// Takes a log-format string for a body, where no byte is escaped.
    pub fn body_format(&mut self, missing: &str) -> Result<LogFormat, Fault> {
        let word = self.argument(missing)?;
        LogFormat::parse_for(Purpose::Check, word.bytes(), self.cx)
    }
}
