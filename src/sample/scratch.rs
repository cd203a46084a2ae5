//! Memory for values that cannot be borrowed from a message, recycled for every evaluation.

use bumpalo::Bump;
use std::cell::RefCell;

/// One per thread. What is taken from it lives until [`Scratch::reset`]; its blocks are kept, so
/// that after a while nothing is allocated any more.
#[derive(Debug, Default)]
pub struct Scratch {
    bump: Bump,
    texts: RefCell<Vec<Vec<u8>>>,
}

/// HAProxy's buffer size (`tune.bufsize`): what it builds in a buffer never gets longer.
pub const BUFSIZE: usize = 16384;

impl Scratch {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
    /// Forgets everything taken from it.
    pub fn reset(&mut self) {
        self.bump.reset();
    }
    /// A copy of `bytes`.
    pub fn copy(&self, bytes: &[u8]) -> &[u8] {
        self.bump.alloc_slice_copy(bytes)
    }
    /// `len` zero bytes to write into.
    pub fn zeroed(&self, len: usize) -> &mut [u8] {
        self.bump.alloc_slice_fill_copy(len, 0)
    }
    /// An empty growing buffer; turn it into a slice with `into_bump_slice`.
    pub fn buffer(&self) -> bumpalo::collections::Vec<'_, u8> {
        bumpalo::collections::Vec::new_in(&self.bump)
    }
    /// An empty text buffer of its own, for what must outlive a change of the stream. Give it
    /// back with [`give_text`](Self::give_text).
    pub fn take_text(&self) -> Vec<u8> {
        self.texts.borrow_mut().pop().unwrap_or_default()
    }
    /// Takes a buffer back for the next one who needs it.
    pub fn give_text(&self, mut text: Vec<u8>) {
        text.clear();
        if text.capacity() <= 4 * BUFSIZE {
            self.texts.borrow_mut().push(text);
        }
    }
}
