//! `unique-id-format`: the number of a stream, made when it is first asked for.

use crate::sample::LogFormat;
use crate::sample::scratch::Scratch;
use crate::sample::view::{Direction, Eval, StreamView};
use std::cell::{Cell, OnceCell};

/// A stream's number.
#[derive(Debug, Default)]
pub struct UniqueId {
    made: OnceCell<Vec<u8>>,
    making: Cell<bool>,
}

impl UniqueId {
    /// The number of the stream that `view` shows.
    pub fn of(&self, format: &LogFormat, view: &dyn StreamView) -> Option<&[u8]> {
        if let Some(id) = self.made.get() {
            return Some(id);
        }
        // a format that names itself finds nothing
        if self.making.replace(true) {
            return None;
        }
        let mut id = Vec::new();
        let scratch = Scratch::new();
        let eval = Eval {
            view,
            scratch: &scratch,
            direction: Direction::Request,
            last: true,
        };
        format.render(&eval, &mut id);
        Some(self.made.get_or_init(|| id))
    }
}
