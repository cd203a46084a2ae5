//! The argument cursor: how keyword handlers read a line's words and report what is wrong.
//!
//! A handler makes an [`Args`] for its line, takes words from left to right and ends with
//! [`Args::end`]. Every method that cannot give what was asked for has already reported why, with
//! place, label and help, so that a handler only decides what to do without it.

use super::address::{self, Address, Kind};
use super::directive::{Directive, Word};
use crate::base::diag::{Diagnostic, Form, Severity};
use crate::base::span::Span;
use crate::base::units::{self, TimeError, TimeUnit};
use crate::grammar;
use std::ops::RangeInclusive;

/// Reads the words of one line.
#[derive(Debug)]
pub struct Args<'d, 'o> {
    line: &'d Directive,
    at: usize,
    out: &'o mut Vec<Diagnostic>,
}

impl<'d, 'o> Args<'d, 'o> {
    /// Starts behind the keyword.
    pub fn new(line: &'d Directive, out: &'o mut Vec<Diagnostic>) -> Self {
        Self::starting_at(line, 1, out)
    }

    /// Starts at the word with this index (2 for the keywords of two words, `timeout client`).
    pub fn starting_at(line: &'d Directive, at: usize, out: &'o mut Vec<Diagnostic>) -> Self {
        Args { line, at, out }
    }

    /// The line.
    pub fn line(&self) -> &'d Directive {
        self.line
    }

    /// The index of the next word.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The words that make up the keyword: all before the place where the cursor began would be,
    /// joined by blanks (`timeout client`).
    pub fn name(&self, words: usize) -> String {
        let words = self.line.words.iter().take(words);
        words
            .map(|w| w.display().to_string())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The next word, without taking it.
    pub fn peek(&self) -> Option<&'d Word> {
        self.line.words.get(self.at)
    }

    /// The word after the next one.
    pub fn peek_second(&self) -> Option<&'d Word> {
        self.line.words.get(self.at + 1)
    }

    /// Whether no word is left.
    pub fn is_empty(&self) -> bool {
        self.peek().is_none()
    }

    /// Takes the next word.
    pub fn next_word(&mut self) -> Option<&'d Word> {
        let word = self.peek()?;
        self.at += 1;
        Some(word)
    }

    /// Takes the next word if it is this keyword.
    pub fn take(&mut self, keyword: &str) -> bool {
        let hit = self.peek().is_some_and(|w| w.is(keyword));
        self.at += usize::from(hit);
        hit
    }

    /// Takes all words left.
    pub fn rest(&mut self) -> &'d [Word] {
        let rest = self.line.words.get(self.at..).unwrap_or_default();
        self.at = self.line.words.len();
        rest
    }

    /// Takes all words left and joins them by single blanks, as HAProxy does with free text.
    pub fn rest_joined(&mut self) -> Vec<u8> {
        let words: Vec<&[u8]> = self.rest().iter().map(Word::bytes).collect();
        words.join(&b' ')
    }

    /// The place right behind the last word taken: where a missing word would stand.
    pub fn missing_at(&self) -> Span {
        let last = self.at.min(self.line.words.len()).saturating_sub(1);
        match self.line.words.get(last) {
            Some(word) => Span {
                start: word.span.end,
                end: word.span.end + 1,
                ..word.span
            },
            None => self.line.span,
        }
    }

    /// The place of the next word, or where it would stand.
    pub fn here(&self) -> Span {
        self.peek().map_or_else(|| self.missing_at(), |w| w.span)
    }

    /// Reports a finding of the handler's own.
    pub fn report(&mut self, finding: Diagnostic) {
        self.out.push(finding);
    }

    /// An `[ALERT]` about a word of this line.
    pub fn alert(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::alert(code, span, message));
    }

    /// A `[WARNING]` about a word of this line.
    pub fn warning(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::warning(code, span, message));
    }

    /// Takes a word; when none is left, reports `message` (HAProxy's own for this keyword, such
    /// as `'default_backend' expects a backend name.`).
    pub fn word(&mut self, message: &str) -> Option<&'d Word> {
        if self.is_empty() {
            let finding = Diagnostic::alert("HX0160", self.missing_at(), message)
                .expected("a word is missing here");
            self.report(finding);
        }
        self.next_word()
    }

    /// As [`Args::word`], and the word must be UTF-8.
    pub fn text(&mut self, message: &str) -> Option<&'d str> {
        let word = self.word(message)?;
        let text = word.as_str();
        if text.is_none() {
            let said = format!("'{}' is not valid UTF-8.", word.display());
            self.alert("HX0161", word.span, said);
        }
        text
    }

    /// Takes a word that must be one of `known` and gives its index; else reports `message`
    /// with the nearest match as help.
    pub fn keyword(&mut self, known: &[&str], message: &str) -> Option<usize> {
        let span = self.here();
        let word = self.next_word();
        if let Some(index) = word.and_then(|w| known.iter().position(|k| w.is(k))) {
            return Some(index);
        }
        let mut finding = Diagnostic::alert("HX0162", span, message)
            .expected(format!("one of {}", known.join(", ")));
        if let Some(near) = word.and_then(|w| nearest(w, known)) {
            finding = finding.help(format!("did you mean '{near}'?"));
        }
        self.report(finding);
        None
    }

    /// Takes a whole number in `range`; `what` names the argument (`'retries'`).
    pub fn int(&mut self, range: RangeInclusive<i64>, what: &str) -> Option<i64> {
        let Some(word) = self.peek() else {
            let finding = Diagnostic::alert(
                "HX0163",
                self.missing_at(),
                format!("'{what}' expects an integer argument."),
            )
            .expected(in_range(&range));
            self.report(finding);
            return None;
        };
        self.at += 1;
        match word.as_str().and_then(|t| t.parse::<i64>().ok()) {
            Some(value) if range.contains(&value) => Some(value),
            Some(value) => {
                let message = format!(
                    "'{what}' value must be between {} and {} (was {value})",
                    range.start(),
                    range.end()
                );
                let finding =
                    Diagnostic::alert("HX0164", word.span, message).expected(in_range(&range));
                self.report(finding);
                None
            }
            None => {
                let message = format!(
                    "cannot parse '{what}' value '{}', an integer is expected.",
                    word.display()
                );
                let finding =
                    Diagnostic::alert("HX0165", word.span, message).expected(in_range(&range));
                self.report(finding);
                None
            }
        }
    }

    /// Takes a number as HAProxy's older keywords do: as C's `atol`, where anything unreadable
    /// counts as 0. A word that is no number gives a `[NOTICE]`, since HAProxy says nothing.
    /// When none is left, reports `message`.
    pub fn lenient_int(&mut self, message: &str) -> Option<i64> {
        let word = self.word(message)?;
        let (value, length) = atol(&word.text);
        if length < word.text.len() {
            let finding = Diagnostic::notice(
                "HX0166",
                word.span,
                format!(
                    "'{}' is not an integer; it is read as {value}.",
                    word.display()
                ),
            )
            .expected("an integer");
            self.report(finding);
        }
        Some(value)
    }

    /// Takes a time into `unit`; `what` names the argument as messages do (`timeout server`).
    /// When none is left, reports `message`.
    pub fn time(&mut self, unit: TimeUnit, what: &str, message: &str) -> Option<u32> {
        let word = self.word(message)?;
        self.time_of(word, unit, what)
    }

    /// As [`Args::time`] for a word in hand.
    pub fn time_of(&mut self, word: &Word, unit: TimeUnit, what: &str) -> Option<u32> {
        let said = word.display();
        let finding = match units::time(&word.text, unit) {
            Ok(time) => {
                if let Some(at) = time.trailing {
                    let finding = trailing_time(word, at);
                    self.report(finding);
                }
                return Some(time.value);
            }
            Err(TimeError::Overflow) => Diagnostic::alert(
                "HX0201",
                word.span,
                format!(
                    "timer overflow in argument '{said}' to '{what}' (maximum value is 2147483647 {})",
                    limit_of(unit)
                ),
            )
            .expected(format!("at most 2147483647 {}", limit_of(unit))),
            Err(TimeError::Unexpected(at)) => Diagnostic::alert(
                "HX0203",
                byte_of(word, at),
                format!("unexpected character '{}' in '{what}'", character(word, at)),
            )
            .expected("digits, then one of us, ms, s, m, h, d"),
        };
        self.report(finding);
        None
    }

    /// Takes a size in bytes; `what` names the argument (`tune.bufsize`). When none is left,
    /// reports `message`.
    pub fn size(&mut self, what: &str, message: &str) -> Option<u32> {
        let word = self.word(message)?;
        match units::size(&word.text) {
            Ok(size) => Some(size),
            Err(at) => {
                let rest = word.text.get(at..).unwrap_or_default();
                let finding = Diagnostic::alert(
                    "HX0204",
                    byte_of(word, at),
                    format!(
                        "unexpected '{}' after size passed to '{what}'",
                        String::from_utf8_lossy(rest)
                    ),
                )
                .expected("digits, then one of k, m, g or nothing");
                self.report(finding);
                None
            }
        }
    }

    /// Takes an address; `prefix` stands before HAProxy's message (`'bind' : `). When none is
    /// left, reports `message`.
    pub fn address(&mut self, kind: Kind, prefix: &str, message: &str) -> Option<Address> {
        let word = self.word(message)?;
        match address::parse(word, kind) {
            Ok(address) => Some(address),
            Err(mut finding) => {
                finding.message.insert_str(0, prefix);
                self.report(*finding);
                None
            }
        }
    }

    /// Takes a list of addresses separated by commas, as [`Args::address`] takes one.
    pub fn addresses(&mut self, kind: Kind, prefix: &str, message: &str) -> Vec<Address> {
        let Some(word) = self.word(message) else {
            return Vec::new();
        };
        let (addresses, findings) = address::list(word, kind);
        for mut finding in findings {
            finding.message.insert_str(0, prefix);
            self.report(finding);
        }
        addresses
    }

    /// Reports the words that are left; `name` is the keyword (`maxconn`).
    pub fn end(&mut self, name: &str) {
        if let Some(extra) = self.next_word() {
            let message = format!(
                "'{name}' cannot handle unexpected argument '{}'.",
                extra.display()
            );
            let finding =
                Diagnostic::alert("HX0167", extra.span, message).expected("nothing more here");
            self.report(finding);
            self.at = self.line.words.len();
        }
    }
}

/// The warning of HAProxy 3.4 about text behind the unit of a time.
pub fn trailing_time(word: &Word, at: usize) -> Diagnostic {
    Diagnostic::new(
        Severity::Warning,
        "HX0205",
        format!(
            "unexpected character '{}' after the timer value '{}', only (us=microseconds,ms=milliseconds,s=seconds,m=minutes,h=hours,d=days) are supported. This will be reported as an error in next versions.",
            character(word, at),
            word.display()
        ),
    )
    .at(byte_of(word, at))
    .form(Form::Config)
    .expected("this is ignored")
}

/// The nearest of `known` to a word, for "did you mean".
pub fn nearest<'k>(word: &Word, known: &[&'k str]) -> Option<&'k str> {
    grammar::nearest(&word.text, known.iter().copied())
}

/// C's `atol`: white space, sign, digits; the value (saturated) and the bytes used, 0 when there
/// is no digit.
pub fn atol(text: &[u8]) -> (i64, usize) {
    let blanks = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let rest = text.get(blanks..).unwrap_or_default();
    let sign = usize::from(matches!(rest.first(), Some(b'-' | b'+')));
    let negative = rest.first() == Some(&b'-');
    let digits = rest.get(sign..).unwrap_or_default();
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return (0, 0);
    }
    let value = digits.iter().take(count).fold(0i64, |sum, digit| {
        let digit = i64::from(digit - b'0');
        let sum = sum.saturating_mul(10);
        if negative {
            sum.saturating_sub(digit)
        } else {
            sum.saturating_add(digit)
        }
    });
    (value, blanks + sign + count)
}

fn in_range(range: &RangeInclusive<i64>) -> String {
    format!("an integer from {} to {}", range.start(), range.end())
}

fn limit_of(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Microsecond => "us",
        TimeUnit::Millisecond => "ms or ~24.8 days",
        TimeUnit::Second => "s or ~68 years",
        TimeUnit::Minute => "m",
        TimeUnit::Hour => "h",
        TimeUnit::Day => "d",
    }
}

/// The byte at an offset of a word as messages show it.
fn character(word: &Word, at: usize) -> String {
    word.text
        .get(at)
        .map_or_else(String::new, |b| String::from_utf8_lossy(&[*b]).into_owned())
}

/// The place of a byte of a word.
pub fn byte_of(word: &Word, at: usize) -> Span {
    word.bytes_span(at, at + 1)
}

#[cfg(test)]
mod tests;
