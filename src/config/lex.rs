//! One line of text to words: quotes, escapes, comments, environment variables.
//!
//! The rules are HAProxy 3.4's (configuration manual 2.2 and 2.3, and what it does where the
//! manual is silent): there is no line continuation; a CR ends a line unless it stands among other
//! white space between words; `\$` is an escape only inside double quotes; an unknown escape keeps
//! its backslash; a word ends at a `\x00`, since its words are C strings.

use super::directive::Word;
use super::environment::Environment;
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::{FileId, Span};

/// The most words that one line may have, the keyword included.
pub const MAX_WORDS: usize = 64;

/// Where a line stands; the pseudo-variables `.FILE`, `.LINE` and `.SECTION` are taken from here.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The file.
    pub file: FileId,
    /// Its name.
    pub name: &'a str,
    /// The line, from 1.
    pub line: u32,
    /// The name of the section, or its kind when it has none; empty before the first section.
    pub section: &'a [u8],
}

impl Place<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            file: self.file,
            line: self.line,
            start: column(start),
            end: column(end),
        }
    }
}

fn column(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Cuts one line (without its LF) into words.
///
/// A faulty line gives the finding alone: HAProxy drops such a line, and words cut at a wrong
/// quote would only cause further complaints.
pub fn line(
    text: &[u8],
    place: Place<'_>,
    env: &Environment,
) -> Result<Vec<Word>, Box<Diagnostic>> {
    cut(text, place, env, Signs::default())
}

/// As [`line`] in HAProxy before 1.6, where quotes were characters like any other.
pub fn without_quotes(
    text: &[u8],
    place: Place<'_>,
    env: &Environment,
) -> Result<Vec<Word>, Box<Diagnostic>> {
    let signs = Signs {
        quotes: false,
        ..Signs::default()
    };
    cut(text, place, env, signs)
}

/// As [`line`], but `#` is a character like any other.
pub fn without_comments(
    text: &[u8],
    place: Place<'_>,
    env: &Environment,
) -> Result<Vec<Word>, Box<Diagnostic>> {
    let signs = Signs {
        comments: false,
        ..Signs::default()
    };
    cut(text, place, env, signs)
}

/// Which characters mean more than themselves.
#[derive(Clone, Copy)]
struct Signs {
    /// `#`
    comments: bool,
    /// `'` and `"`
    quotes: bool,
}

impl Default for Signs {
    fn default() -> Self {
        Signs {
            comments: true,
            quotes: true,
        }
    }
}

fn cut(
    text: &[u8],
    place: Place<'_>,
    env: &Environment,
    signs: Signs,
) -> Result<Vec<Word>, Box<Diagnostic>> {
    let mut lexer = Lexer {
        text,
        at: 0,
        place,
        env,
        words: Vec::new(),
        word: Vec::new(),
        start: 0,
        in_word: false,
        solid: false,
        signs,
    };
    lexer.run()?;
    Ok(lexer.words)
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    place: Place<'a>,
    env: &'a Environment,
    words: Vec<Word>,
    word: Vec<u8>,
    /// Where the current word began.
    start: usize,
    in_word: bool,
    /// The current word is one even when empty: anything but a `[*]` expansion makes it so.
    solid: bool,
    signs: Signs,
}

/// What ends a word: the white space of C's `isspace` without LF and CR, which end the line.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c)
}

impl Lexer<'_> {
    fn run(&mut self) -> Result<(), Box<Diagnostic>> {
        self.blanks();
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\r' | b'\n' | 0 => break,
                b'#' if self.signs.comments => break,
                byte if is_blank(byte) => {
                    self.finish_word()?;
                    self.blanks();
                }
                b'\'' if self.signs.quotes => self.strong_quotes()?,
                b'"' if self.signs.quotes => self.weak_quotes()?,
                b'\\' => self.escape(false)?,
                byte => {
                    self.push(byte);
                    self.at += 1;
                }
            }
        }
        self.finish_word()
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    /// Skips the white space between words, where even a CR does not end the line.
    fn blanks(&mut self) {
        while self.peek(0).is_some_and(|b| is_blank(b) || b == b'\r') {
            self.at += 1;
        }
    }

    fn begin_word(&mut self) {
        if !self.in_word {
            self.in_word = true;
            self.start = self.at;
        }
    }

    fn push(&mut self, byte: u8) {
        self.begin_word();
        self.solid = true;
        self.word.push(byte);
    }

    fn finish_word(&mut self) -> Result<(), Box<Diagnostic>> {
        let (in_word, solid) = (self.in_word, self.solid);
        self.in_word = false;
        self.solid = false;
        let mut text = std::mem::take(&mut self.word);
        if !in_word || (!solid && text.is_empty()) {
            return Ok(());
        }
        if let Some(nul) = memchr::memchr(0, &text) {
            text.truncate(nul);
        }
        if let (true, Some(last)) = (self.words.len() >= MAX_WORDS, self.words.last()) {
            let span = self.place.span(self.start, self.text.len());
            // HAProxy counts in the words as it has cut them, not in the line.
            let before = self.words.iter().take(MAX_WORDS - 1);
            let position: usize = before.map(|w| w.text.len() + 1).sum();
            let finding = Diagnostic::alert(
                "HX0105",
                span,
                format!(
                    "too many words, truncating after word {MAX_WORDS}, position {}: <{}>.",
                    position + 1,
                    last.display()
                ),
            )
            .form(Form::Tight)
            .expected("the 65th word");
            return Err(Box::new(finding));
        }
        self.words.push(Word {
            text: text.into(),
            span: self.place.span(self.start, self.at),
        });
        Ok(())
    }

    fn fault(&self, code: &'static str, at: usize, what: &str, expected: &str) -> Box<Diagnostic> {
        let finding = Diagnostic::alert(
            code,
            self.place.span(at, at + 1),
            format!("{what} at position {}:", at + 1),
        )
        .form(Form::Tight)
        .expected(expected);
        Box::new(excerpt(finding, self.text, at))
    }

    fn strong_quotes(&mut self) -> Result<(), Box<Diagnostic>> {
        let open = self.at;
        self.begin_word();
        self.solid = true;
        self.at += 1;
        loop {
            match self.peek(0) {
                None | Some(b'\r' | b'\n' | 0) => return Err(self.unmatched_quote(open)),
                Some(b'\'') => break,
                Some(byte) => {
                    self.push(byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Ok(())
    }

    fn unmatched_quote(&self, open: usize) -> Box<Diagnostic> {
        self.fault(
            "HX0101",
            open,
            "unmatched quote",
            "this quote is never closed",
        )
    }

    fn weak_quotes(&mut self) -> Result<(), Box<Diagnostic>> {
        let open = self.at;
        self.begin_word();
        self.at += 1;
        let mut split = false;
        loop {
            match self.peek(0) {
                None | Some(b'\r' | b'\n' | 0) => return Err(self.unmatched_quote(open)),
                Some(b'"') => break,
                Some(b'\\') => self.escape(true)?,
                Some(b'$') => split |= self.variable()?,
                Some(byte) => {
                    self.push(byte);
                    self.at += 1;
                }
            }
        }
        self.solid |= !split;
        self.at += 1;
        Ok(())
    }

    /// A backslash. An unknown escape keeps the backslash and leaves what follows to be read as
    /// if it were not there.
    fn escape(&mut self, weak: bool) -> Result<(), Box<Diagnostic>> {
        let literal = match self.peek(1) {
            Some(byte @ (b' ' | b'\\' | b'\'' | b'"' | b'#')) => byte,
            Some(b'$') if weak => b'$',
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'x') => {
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
                let (Some(high), Some(low)) = (digit(self.peek(2)), digit(self.peek(3))) else {
                    return Err(self.fault(
                        "HX0104",
                        self.at,
                        "truncated or invalid hexadecimal sequence",
                        "two hexadecimal digits after \\x",
                    ));
                };
                self.push(u8::try_from(high * 16 + low).unwrap_or_default());
                self.at += 4;
                return Ok(());
            }
            _ => {
                self.push(b'\\');
                self.at += 1;
                return Ok(());
            }
        };
        self.push(literal);
        self.at += 2;
        Ok(())
    }

    /// `$NAME`, `${NAME}`, `${NAME-default}`, `${NAME[*]}`, `${NAME[*]-default}`; whether it had a
    /// `[*]`.
    fn variable(&mut self) -> Result<bool, Box<Diagnostic>> {
        let dollar = self.at;
        let brace = self.peek(1) == Some(b'{');
        let name_at = dollar + 1 + usize::from(brace);
        let pseudo = self.text.get(name_at) == Some(&b'.');
        let mut end = name_at + usize::from(pseudo);
        while self
            .text
            .get(end)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
        {
            end += 1;
        }
        let name = self.text.get(name_at..end).unwrap_or_default();
        let line_number;
        let value = match name {
            b".FILE" => Some(self.place.name.as_bytes()),
            b".SECTION" => Some(self.place.section),
            b".LINE" => {
                line_number = self.place.line.to_string();
                Some(line_number.as_bytes())
            }
            [b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => self.env.get(name),
            _ => {
                return Err(self.fault(
                    "HX0102",
                    name_at,
                    "forbidden first char in environment variable name",
                    "a letter, `_`, or one of .FILE .LINE .SECTION",
                ));
            }
        };
        let mut default = None;
        let mut split = false;
        if brace {
            if self.text.get(end) == Some(&b'[') {
                if self.text.get(end + 1..end + 3) != Some(b"*]") {
                    return Err(self.fault(
                        "HX0106",
                        end,
                        "truncated or invalid word expansion sequence",
                        "`[*]`",
                    ));
                }
                split = true;
                end += 3;
            }
            if self.text.get(end) == Some(&b'-') {
                let rest = self.text.get(end + 1..).unwrap_or_default();
                let length = rest
                    .iter()
                    .position(|b| matches!(b, b'}' | 0 | b'\r' | b'\n'))
                    .unwrap_or(rest.len());
                default = rest.get(..length);
                end += 1 + length;
            }
            if self.text.get(end) != Some(&b'}') {
                return Err(self.fault(
                    "HX0103",
                    dollar + 1,
                    "unmatched brace in environment variable name",
                    "this brace is never closed",
                ));
            }
            end += 1;
        }
        let value = value.or(default).unwrap_or_default();
        if split {
            self.push_split(value, end)?;
        } else {
            self.word.extend_from_slice(value);
        }
        self.at = end;
        Ok(split)
    }

    /// `[*]`: white space inside the value separates words.
    fn push_split(&mut self, value: &[u8], end: usize) -> Result<(), Box<Diagnostic>> {
        let (begin, start) = (self.at, self.start);
        for byte in value {
            if byte.is_ascii_whitespace() || *byte == 0x0b {
                self.at = end;
                self.finish_word()?;
                // The rest of the quoted text belongs to the next word; it stands at the same place.
                self.in_word = true;
                self.start = start;
            } else {
                self.word.push(*byte);
            }
        }
        self.at = begin;
        Ok(())
    }
}

/// Where HAProxy says that an empty word is: behind a variable that is set, at the name of one that
/// is not, else at the second quote or at the escape.
pub fn empty_position(text: &[u8], word: &Word, env: &Environment) -> usize {
    let (start, end) = (word.span.start as usize, word.span.end as usize);
    let Some((at, name)) = last_variable(text, word) else {
        let escaped = text.get(start..end).is_some_and(|w| w.contains(&b'\\'));
        return start + usize::from(!escaped);
    };
    let behind = text.get(at + name.len()..end).unwrap_or_default();
    if env.get(name).is_none() && !behind.starts_with(b"-") {
        return at;
    }
    memchr::memchr(b'"', behind).map_or(end, |quote| at + name.len() + quote)
}

/// The name of the variable without a value that made a word empty, if one did.
pub fn unset_variable<'t>(text: &'t [u8], word: &Word, env: &Environment) -> Option<&'t [u8]> {
    let (_, name) = last_variable(text, word)?;
    env.get(name).is_none().then_some(name)
}

/// The last variable within a word: where its name begins, and the name.
fn last_variable<'t>(text: &'t [u8], word: &Word) -> Option<(usize, &'t [u8])> {
    let (start, end) = (word.span.start as usize, word.span.end as usize);
    let quoted = text.get(start..end)?;
    let dollar = memchr::memrchr(b'$', quoted)?;
    let behind = quoted.get(dollar + 1..)?;
    let brace = usize::from(behind.first() == Some(&b'{'));
    let behind = behind.get(brace..)?;
    let is_name = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'_';
    let length = behind.iter().take_while(is_name).count();
    Some((start + dollar + 1 + brace, behind.get(..length)?))
}

/// Adds the two lines that HAProxy prints below a message about a position: the source line with
/// its unprintable bytes replaced, cut around the position when long, and a caret.
pub fn excerpt(finding: Diagnostic, text: &[u8], at: usize) -> Diagnostic {
    const WIDTH: usize = 80;
    const LEFT: usize = 37;
    const BODY: usize = 74;
    let indent = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let indent = indent.min(at);
    let text = text.get(indent..).unwrap_or_default();
    let at = at - indent;
    let shown = |part: &[u8]| -> String {
        part.iter()
            .map(|b| match b {
                b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => ' ',
                0x20..=0x7e => char::from(*b),
                _ => '?',
            })
            .collect()
    };
    let (from, body, dots) = if at < WIDTH {
        (0, WIDTH, "")
    } else {
        (at - LEFT, BODY, "...")
    };
    let rest = text.get(from..).unwrap_or_default();
    let line = shown(rest.get(..body).unwrap_or(rest));
    let caret = " ".repeat(dots.len() + at - from);
    finding
        .excerpt(format!("  {dots}{line}{dots}"))
        .excerpt(format!("  {caret}^"))
}

#[cfg(test)]
mod tests;
