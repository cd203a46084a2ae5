//! Files to a document: directories, sections, conditional blocks, the environment.

use super::condition::{self, Facts};
use super::directive::{Directive, Document, Prefix, Section, Word};
use super::environment::Environment;
use super::lex::{self, Place};
use crate::base::diag::{Diagnostic, Form, Severity};
use crate::base::span::{FileId, Source, Sources, Span};
use crate::grammar::{self, Version};

mod addresses;
mod files;
mod variables;

pub use files::{Input, open};

/// The keywords that `no` and `default` may stand before.
const NEGATABLE: &[&str] = &[
    "option",
    "log",
    "busy-polling",
    "set-dumpable",
    "strict-limits",
    "insecure-fork-wanted",
    "numa-cpu-mapping",
];

/// The first version in which quotes mean something.
const QUOTES: Version = Version { major: 1, minor: 6 };
/// The first version with `.if` and its like.
const CONDITIONS: Version = Version { major: 2, minor: 4 };

/// Reads a configuration.
///
/// As HAProxy 3.4 does, the files are walked twice: the first walk only executes the four
/// keywords of `global` that change the environment, so a line sees the variables that a later
/// line sets.
pub fn read(
    inputs: Vec<Input>,
    env: &mut Environment,
    facts: &Facts,
) -> (Document, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    for input in inputs {
        sources.add(input.name, input.text);
    }
    env.set_constants(&facts.version);
    Reader::new(env, facts).walk(&sources);
    env.set_constants(&facts.version);
    let mut reader = Reader::new(env, facts);
    reader.walk(&sources);
    let Reader {
        sections, findings, ..
    } = reader;
    (Document { sources, sections }, findings)
}

/// How far a conditional block has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Its lines are read.
    Live,
    /// No branch was taken so far.
    Waiting,
    /// A branch was taken, or the block lies in a dead one.
    Done,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    state: State,
    in_else: bool,
    opened: Span,
}

struct Reader<'a> {
    env: &'a mut Environment,
    facts: &'a Facts,
    sections: Vec<Section>,
    findings: Vec<Diagnostic>,
    blocks: Vec<Block>,
    /// A section continues only within its file.
    in_section: bool,
}

impl<'a> Reader<'a> {
    fn new(env: &'a mut Environment, facts: &'a Facts) -> Self {
        Reader {
            env,
            facts,
            sections: Vec::new(),
            findings: Vec::new(),
            blocks: Vec::new(),
            in_section: false,
        }
    }

    fn walk(&mut self, sources: &Sources) {
        for (id, source) in sources.iter() {
            self.in_section = false;
            self.file(id, source);
        }
    }

    fn file(&mut self, id: FileId, source: &Source) {
        let mut last = None;
        for (number, text) in source.lines() {
            last = Some((number, text.len()));
            self.line(id, source, number, text);
        }
        let end = |number, at: usize| Span {
            file: id,
            line: number,
            start: u32::try_from(at).unwrap_or(u32::MAX),
            end: u32::try_from(at).unwrap_or(u32::MAX),
        };
        if let (true, Some((number, length))) = (source.is_unterminated(), last) {
            self.findings.push(
                Diagnostic::alert(
                    "HX0107",
                    end(number, length),
                    format!(
                        "Missing LF on last line, file might have been truncated at position {}.",
                        length + 1
                    ),
                )
                .form(Form::Tight)
                .help("end the last line with a line feed")
                .refused_since(2, 3),
            );
        }
        if let Some(block) = self.blocks.first() {
            let span = last.map_or(block.opened, |(n, _)| end(n, 0));
            let opened = block.opened;
            self.findings.push(
                Diagnostic::alert("HX0123", span, "non-terminated '.if' block.")
                    .form(Form::Tight)
                    .related(opened, "the block begins here"),
            );
            self.blocks.clear();
        }
    }

    fn line(&mut self, file: FileId, source: &Source, number: u32, text: &[u8]) {
        let place = Place {
            file,
            name: &source.name,
            line: number,
            section: &[],
        };
        let whole = Span {
            file,
            line: number,
            start: 0,
            end: u32::try_from(text.len()).unwrap_or(u32::MAX),
        };
        let mut text = text;
        let nul = memchr::memchr(0, text);
        text = text.get(..nul.unwrap_or(text.len())).unwrap_or_default();
        let section = if self.in_section {
            self.sections.last().map(|s| &s.head.words)
        } else {
            None
        };
        // Only the name says which section it is; `defaults` and `global` usually have none.
        let section = section.and_then(|words| words.get(1).or(words.first()));
        let section = section.map_or(&b""[..], Word::bytes);
        let cut = match self.facts.language {
            Some(version) if version < QUOTES => lex::without_quotes,
            _ => lex::line,
        };
        let words = cut(text, Place { section, ..place }, self.env);
        let words = match words {
            Ok(words) => Some(words),
            Err(finding) => {
                self.findings.push(*finding);
                None
            }
        };
        if let Some(at) = nul {
            let column = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let span = Span {
                start: column(at),
                end: column(at + 1),
                ..whole
            };
            let message = format!("Stray NUL character at position {}.", at + 1);
            self.tight("HX0108", span, message);
        }
        let Some(words) = words else {
            return;
        };
        // A line whose first word is empty has no keyword: HAProxy skips it without a word.
        let Some(first) = words.first().filter(|w| !w.text.is_empty()) else {
            return;
        };
        let conditions = self.facts.language.is_none_or(|v| v >= CONDITIONS);
        if conditions && first.text.starts_with(b".") && self.conditional(&words, whole) {
            return;
        }
        if self.is_dead() {
            return;
        }
        if conditions && first.text.starts_with(b".") {
            self.report(&words);
            return;
        }
        self.directive(text, words, whole);
    }

    /// `[name]`, which parts a file of several engines (SPOE): it has no meaning here. False for a
    /// word that only begins so.
    fn scope(&mut self, words: &[Word]) -> bool {
        let Some((first, rest)) = words.split_first() else {
            return false;
        };
        let name = first
            .text
            .strip_prefix(b"[")
            .and_then(|t| t.strip_suffix(b"]"));
        let Some(name) = name else {
            return false;
        };
        let bad = name.iter().find(|b| b.is_ascii_whitespace());
        let finding = if name.is_empty() {
            Some((first.span, "empty scope name is forbidden.".to_owned()))
        } else if let Some(bad) = bad {
            let bad = char::from(*bad);
            let message = format!("character '{bad}' is not permitted in a scope name.");
            Some((first.span, message))
        } else {
            rest.first().map(|extra| {
                let bad = extra.display().to_string();
                let bad = bad.chars().next().unwrap_or(' ');
                let message =
                    format!("character '{bad}' is not permitted after scope declaration.");
                (extra.span, message)
            })
        };
        if let Some((span, message)) = finding {
            self.findings
                .push(Diagnostic::alert("HX0131", span, message));
        }
        true
    }

    fn is_dead(&self) -> bool {
        self.blocks.last().is_some_and(|b| b.state != State::Live)
    }

    fn tight(&mut self, code: &'static str, span: Span, message: String) {
        self.findings
            .push(Diagnostic::alert(code, span, message).form(Form::Tight));
    }

    /// `.if`, `.elif`, `.else`, `.endif`: false for any other word.
    fn conditional(&mut self, words: &[Word], whole: Span) -> bool {
        let Some((first, rest)) = words.split_first() else {
            return false;
        };
        let span = first.span;
        match &first.text[..] {
            b".if" => {
                let state = if self.is_dead() {
                    State::Done
                } else {
                    self.branch(".if", span, rest)
                };
                self.blocks.push(Block {
                    state,
                    in_else: false,
                    opened: whole,
                });
            }
            b".elif" => match self.blocks.last().copied() {
                None => self.lone(".elif", span),
                Some(block) if block.in_else => self.after_else(".elif", span),
                Some(block) => {
                    let state = match block.state {
                        State::Waiting => self.branch(".elif", span, rest),
                        State::Live | State::Done => State::Done,
                    };
                    if let Some(block) = self.blocks.last_mut() {
                        block.state = state;
                    }
                }
            },
            b".else" => {
                self.no_arguments(".else", rest);
                match self.blocks.last_mut() {
                    None => self.lone(".else", span),
                    Some(block) if block.in_else => self.after_else(".else", span),
                    Some(block) => {
                        block.in_else = true;
                        block.state = match block.state {
                            State::Waiting => State::Live,
                            State::Live | State::Done => State::Done,
                        };
                    }
                }
            }
            b".endif" => {
                self.no_arguments(".endif", rest);
                if self.blocks.pop().is_none() {
                    self.lone(".endif", span);
                }
            }
            _ => return false,
        }
        true
    }

    fn branch(&mut self, keyword: &str, span: Span, rest: &[Word]) -> State {
        match condition::words(rest, keyword, span, self.env, self.facts) {
            Ok(true) => State::Live,
            Ok(false) => State::Waiting,
            Err(finding) => {
                self.findings.push(*finding);
                // Neither branch can be right: read none, so that no follow-up faults appear.
                State::Done
            }
        }
    }

    fn no_arguments(&mut self, keyword: &str, rest: &[Word]) {
        if let Some(word) = rest.first() {
            let message = format!("Unexpected argument '{}' for '{keyword}'.", word.display());
            self.tight("HX0124", word.span, message);
        }
    }

    fn lone(&mut self, keyword: &str, span: Span) {
        let message = format!("lone '{keyword}' with no matching '.if'.");
        self.tight("HX0121", span, message);
    }

    fn after_else(&mut self, keyword: &str, span: Span) {
        let message = format!("'{keyword}' after '.else' is not permitted.");
        self.tight("HX0122", span, message);
    }

    /// `.diag`, `.notice`, `.warning`, `.alert`.
    fn report(&mut self, words: &[Word]) {
        let Some((first, rest)) = words.split_first() else {
            return;
        };
        let severity = match &first.text[..] {
            b".diag" => Severity::Diag,
            b".notice" => Severity::Notice,
            b".warning" => Severity::Warning,
            b".alert" => Severity::Alert,
            _ => {
                let message = format!("unknown directive '{}'.", first.display());
                let known = [
                    ".if", ".elif", ".else", ".endif", ".diag", ".notice", ".warning", ".alert",
                ];
                let mut finding =
                    Diagnostic::alert("HX0125", first.span, message).form(Form::Tight);
                if let Some(near) = grammar::nearest(&first.text, known) {
                    finding = finding.help(format!("did you mean '{near}'?"));
                }
                self.findings.push(finding);
                return;
            }
        };
        if let Some(word) = rest.get(1) {
            let message = format!(
                "Unexpected argument '{}' for '{}'. Use quotes if the message should contain spaces.",
                word.display(),
                first.display()
            );
            self.tight("HX0124", word.span, message);
            return;
        }
        let said = rest.first();
        let message = format!(
            "'{}'.",
            said.map_or_else(Default::default, |w| w.display().to_string())
        );
        let span = said.map_or(first.span, |w| w.span);
        self.findings.push(
            Diagnostic::new(severity, "HX0126", message)
                .at(span)
                .form(Form::Tight),
        );
    }

    fn directive(&mut self, text: &[u8], mut words: Vec<Word>, span: Span) {
        if let Some((number, word)) = words.iter().enumerate().find(|(_, w)| w.text.is_empty()) {
            let at = lex::empty_position(text, word, self.env);
            let message = format!(
                "argument number {number} at position {} is empty and marks the end of the argument list:",
                at + 1
            );
            let mut finding = Diagnostic::alert("HX0109", word.span, message)
                .form(Form::Tight)
                .expected("a word that is not empty");
            if let Some(name) = lex::unset_variable(text, word, self.env) {
                finding = finding.help(match self.env.nearest(name) {
                    Some(near) => format!("maybe you meant {near} instead?"),
                    None => format!("{} is not set", bstr::BStr::new(name)),
                });
            }
            let finding = lex::excerpt(finding, text, at).excerpt(
                "Aborting to prevent all subsequent arguments from being silently ignored. If this is caused by an environment variable expansion, please have a look at section 2.3 of the configuration manual to find solutions to address this.",
            );
            self.findings.push(finding);
            return;
        }
        if words.first().is_some_and(|w| w.text.starts_with(b"[")) && self.scope(&words) {
            return;
        }
        addresses::expand(&mut words, self.env);
        let prefix = match words.first().map(|w| &w.text[..]) {
            Some(b"no") => Some(Prefix::No),
            Some(b"default") => Some(Prefix::Default),
            _ => None,
        };
        if prefix.is_some() {
            let word = words.remove(0);
            if !words
                .first()
                .is_some_and(|w| NEGATABLE.iter().any(|k| w.is(k)))
            {
                let at = words.first().map_or(word.span, |w| w.span);
                self.tight("HX0127", at, "negation/default currently supported only for options, log, busy-polling, set-dumpable, strict-limits, insecure-fork-wanted and numa-cpu-mapping.".to_owned());
                return;
            }
        }
        let directive = Directive {
            prefix,
            words,
            span,
        };
        let Some(keyword) = directive.words.first() else {
            return;
        };
        if prefix.is_none() && grammar::section(&keyword.text).is_some() {
            self.in_section = true;
            self.sections.push(Section {
                head: directive,
                lines: Vec::new(),
            });
            return;
        }
        let Some(section) = self.sections.last_mut().filter(|_| self.in_section) else {
            let message = format!("unknown keyword '{}' out of section.", keyword.display());
            let mut finding = Diagnostic::alert("HX0128", keyword.span, message)
                .form(Form::Tight)
                .expected("a section");
            let sections = grammar::sections().iter().filter(|s| !s.own_file);
            if keyword.text.starts_with(b"\xef\xbb\xbf") {
                finding = finding
                    .help("the file begins with a UTF-8 byte order mark: save it without one");
            } else if let Some(near) = grammar::nearest(&keyword.text, sections.map(|s| s.name)) {
                finding = finding.help(format!("did you mean '{near}'?"));
            }
            self.findings.push(finding);
            return;
        };
        if section.kind().is("global") {
            variables::execute(&directive, self.env, &mut self.findings);
        }
        section.lines.push(directive);
    }
}

#[cfg(test)]
mod tests;
