//! Lines that may carry a condition: rules of a set, and their older relatives.

use super::condition::Condition;
use crate::base::span::Span;
use crate::config::directive::{Directive, Word};

/// A rule.
#[derive(Clone, Debug)]
pub struct Statement<'d> {
    /// The set: `http-request`, `tcp-request content`, `use_backend`, ...
    pub set: &'static str,
    /// The action with what stands in its parentheses: `set-var(txn.x)`; empty for sets whose
    /// lines all do the same.
    pub action: &'d [u8],
    /// The action's word.
    pub action_word: Option<&'d Word>,
    /// Words between the action and the condition.
    pub args: &'d [Word],
    /// The condition.
    pub condition: Option<Condition<'d>>,
    /// The line.
    pub line: &'d Directive,
}

/// Sets, how many words their name has, and whether an action follows.
const SETS: &[(&str, &[&str], bool)] = &[
    ("http-request", &["http-request"], true),
    ("http-response", &["http-response"], true),
    ("http-after-response", &["http-after-response"], true),
    ("stats http-request", &["stats", "http-request"], true),
    (
        "tcp-request connection",
        &["tcp-request", "connection"],
        true,
    ),
    ("tcp-request session", &["tcp-request", "session"], true),
    ("tcp-request content", &["tcp-request", "content"], true),
    ("tcp-response content", &["tcp-response", "content"], true),
    ("use_backend", &["use_backend"], false),
    ("use-server", &["use-server"], false),
    ("redirect", &["redirect"], false),
    ("block", &["block"], false),
    ("monitor fail", &["monitor", "fail"], false),
    ("stats admin", &["stats", "admin"], false),
    ("force-persist", &["force-persist"], false),
    ("ignore-persist", &["ignore-persist"], false),
    ("stick", &["stick"], true),
    ("reqadd", &["reqadd"], false),
    ("reqrep", &["reqrep"], false),
    ("reqirep", &["reqirep"], false),
    ("reqdel", &["reqdel"], false),
    ("reqidel", &["reqidel"], false),
    ("reqdeny", &["reqdeny"], false),
    ("reqideny", &["reqideny"], false),
    ("rspadd", &["rspadd"], false),
    ("rspirep", &["rspirep"], false),
    ("rspidel", &["rspidel"], false),
    ("http-check", &["http-check"], true),
];

impl<'d> Statement<'d> {
    /// Takes a line apart; `None` for lines of other kinds.
    pub fn parse(line: &'d Directive) -> Option<Statement<'d>> {
        let (set, names, acts) = SETS.iter().find(|(_, names, _)| line.begins(names))?;
        let mut from = names.len();
        let action_word = match acts {
            true => {
                from += 1;
                Some(line.word(from - 1)?)
            }
            false => None,
        };
        let words = line.words.get(from..).unwrap_or_default();
        let at = words.iter().position(|w| w.is("if") || w.is("unless"));
        let (args, condition) = match at {
            Some(at) => {
                let (args, rest) = words.split_at(at);
                (args, Condition::parse(rest))
            }
            None => (words, None),
        };
        Some(Statement {
            set,
            action: action_word.map(Word::bytes).unwrap_or_default(),
            action_word,
            args,
            condition,
            line,
        })
    }

    /// The action without its parentheses.
    pub fn action_name(&self) -> &'d [u8] {
        let end = memchr::memchr(b'(', self.action).unwrap_or(self.action.len());
        self.action.get(..end).unwrap_or_default()
    }

    /// What stands in the action's parentheses.
    pub fn action_args(&self) -> &'d [u8] {
        let open = memchr::memchr(b'(', self.action);
        let inside = open
            .and_then(|at| self.action.get(at + 1..))
            .unwrap_or_default();
        inside.strip_suffix(b")").unwrap_or(inside)
    }

    /// Whether no later rule of its set runs once it has.
    pub fn is_final(&self) -> bool {
        match self.set {
            "use_backend" | "use-server" | "redirect" | "block" => true,
            "http-request" => matches!(
                self.action_name(),
                b"allow"
                    | b"deny"
                    | b"reject"
                    | b"tarpit"
                    | b"redirect"
                    | b"return"
                    | b"silent-drop"
                    | b"block"
            ),
            "http-response" | "http-after-response" => {
                matches!(
                    self.action_name(),
                    b"allow" | b"deny" | b"redirect" | b"return" | b"silent-drop"
                )
            }
            "tcp-request connection"
            | "tcp-request session"
            | "tcp-request content"
            | "tcp-response content" => {
                matches!(
                    self.action_name(),
                    b"accept" | b"reject" | b"silent-drop" | b"close"
                )
            }
            _ => false,
        }
    }

    /// Whether it may change what later rules see.
    pub fn changes(&self) -> bool {
        !self.is_final() && !matches!(self.set, "use_backend" | "use-server")
    }

    /// The place of all its words.
    pub fn span(&self) -> Span {
        self.line.tail_span(0)
    }

    /// Whether it has the words `if` or `unless`.
    pub fn is_conditional(&self) -> bool {
        self.line
            .words
            .iter()
            .skip(1)
            .any(|w| w.is("if") || w.is("unless"))
    }
}
