//! `fetch(args),conv(args),...` compiled to a flat form.

use super::compile::Compile;
use super::value::{Sample, Type};
use super::view::Eval;
use crate::config::directive::Word;

/// A compiled sample expression.
#[derive(Clone, Debug)]
pub struct Expr {
    out: Type,
}

impl Expr {
    /// Compiles one word; `None` after a fatal finding.
    pub fn compile(_word: &Word, _cx: &mut Compile<'_>) -> Option<Expr> {
        None
    }
    /// The type of its result.
    pub fn out(&self) -> Type {
        self.out
    }
    /// Its value now; `None` if there is none.
    pub fn eval<'a>(&'a self, _e: &Eval<'a>) -> Option<Sample<'a>> {
        None
    }
}
