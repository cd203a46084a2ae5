//! `if` / `unless` and their terms.

use super::acl::{Acl, AclSet};
use super::compile::Compile;
use super::view::Eval;
use crate::config::directive::Word;
use std::sync::Arc;

/// The result of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It does not hold.
    No,
    /// It holds.
    Yes,
    /// Data that may still come decides it.
    NotYet,
}

/// A condition: `if`/`unless` and its terms in disjunctive form.
#[derive(Clone, Debug)]
pub struct Condition {
    /// `unless`
    pub negated: bool,
    /// Alternatives; each a list of terms that must all hold.
    pub any_of: Vec<Vec<Term>>,
}

/// One term of a condition.
#[derive(Clone, Debug)]
pub struct Term {
    /// `!`
    pub negated: bool,
    /// The named or anonymous ACL.
    pub acl: Arc<Acl>,
}

impl Condition {
    /// Compiles `words`, which begin with `if` or `unless`; `None` after a fatal finding.
    pub fn compile(_words: &[Word], _acls: &AclSet, _cx: &mut Compile<'_>) -> Option<Condition> {
        None
    }
    /// Whether it holds (`unless` included).
    pub fn eval(&self, _e: &Eval<'_>) -> Truth {
        Truth::No
    }
}
