//! `reqrep` and its relatives of files before 2.1: rules on header lines as text, in the way that
//! 1.5 executed them (observed).
//!
//! A rule looks at the start line, then at each header line. What it does to the start line it
//! does not do to header lines as well; deleting spares the start line. A replacement takes the
//! place of the whole line, whatever part of it the regex matched.

use crate::proto::h1::Message;
use crate::sample::regex::{Regex, expand};

/// What a rule does with a line that its regex finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// `reqrep`, `rsprep`: puts this in its place; `\0` to `\9` are groups.
    Replace(Box<[u8]>),
    /// `reqdel`, `rspdel`
    Delete,
    /// `reqallow`: no later rule may refuse.
    Allow,
    /// `reqdeny`, `rspdeny`
    Deny,
    /// `reqtarpit`
    Tarpit,
    /// `reqpass`: nothing, as 1.4 and 1.5 had it.
    Pass,
    /// `reqsetbe`: the back end of that name, if none was chosen before.
    Backend(Box<str>),
}

/// A rule on lines.
#[derive(Clone, Debug)]
pub struct LineAction {
    /// Which lines it is about.
    pub search: Regex,
    /// What it does with them.
    pub deed: Deed,
}

/// What came of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'r> {
    /// The next rule's turn.
    Next,
    /// Nothing may refuse it any more.
    Allowed,
    /// Refused.
    Denied,
    /// To be refused after a while.
    Tarpitted,
    /// The back end was found.
    Backend(&'r str),
    /// The start line became something that is none.
    Broken,
}

impl LineAction {
    /// Runs it on a message; `line` and `new` are memory for texts.
    pub fn run(&self, message: &mut Message, line: &mut Vec<u8>, new: &mut Vec<u8>) -> Outcome<'_> {
        message.start_line_text(line);
        if self.search.is_match(line) {
            match &self.deed {
                Deed::Replace(by) => {
                    self.rewrite(by, line, new);
                    return match message.replace_start_line(new) {
                        Ok(()) => Outcome::Next,
                        Err(_) => Outcome::Broken,
                    };
                }
                Deed::Delete => {}
                other => return other.outcome(),
            }
        }
        let mut at = 0;
        while at < message.fields().len() {
            message.line_text(at, line);
            if !self.search.is_match(line) {
                at += 1;
                continue;
            }
            match &self.deed {
                Deed::Replace(by) => {
                    self.rewrite(by, line, new);
                    at += message.replace_line(at, new);
                }
                Deed::Delete => message.remove_at(at),
                other => return other.outcome(),
            }
        }
        Outcome::Next
    }

    fn rewrite(&self, by: &[u8], line: &[u8], new: &mut Vec<u8>) {
        new.clear();
        if let Some(groups) = self.search.captures_at(line, 0) {
            expand(by, &groups, new);
        }
    }
}

impl Deed {
    fn outcome(&self) -> Outcome<'_> {
        match self {
            Deed::Allow => Outcome::Allowed,
            Deed::Deny => Outcome::Denied,
            Deed::Tarpit => Outcome::Tarpitted,
            Deed::Backend(name) => Outcome::Backend(name),
            Deed::Replace(_) | Deed::Delete | Deed::Pass => Outcome::Next,
        }
    }

    /// It says whether the message may pass.
    pub fn judges(&self) -> bool {
        matches!(self, Deed::Allow | Deed::Deny | Deed::Tarpit)
    }
}
