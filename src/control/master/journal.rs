//! What master and worker tell while the worker starts: kept for `show startup-logs` and for the
//! answer to `reload`.

use parking_lot::Mutex;
use rustix::fs::MemfdFlags;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// The longest that is kept, bytes.
const MOST: u64 = 65_536;

/// A file in memory that both processes append to: after fork they share its position.
#[derive(Clone, Debug)]
pub struct Journal {
    file: Arc<Mutex<File>>,
}

impl Journal {
    /// An empty one.
    ///
    /// # Errors
    /// When the system gives no memory.
    pub fn new() -> io::Result<Journal> {
        let file = rustix::fs::memfd_create("hapax-startup-logs", MemfdFlags::CLOEXEC)?;
        Ok(Journal {
            file: Arc::new(Mutex::new(File::from(file))),
        })
    }

    /// Appends a message.
    pub fn note(&self, text: &str) {
        let mut file = self.file.lock();
        if file.metadata().is_ok_and(|m| m.len() < MOST) {
            // what cannot be kept was shown all the same
            let _ = file.write_all(text.as_bytes());
        }
    }

    /// Everything so far.
    pub fn text(&self) -> String {
        let file = self.file.lock();
        let length = file.metadata().map_or(0, |m| m.len());
        let mut text = vec![0; usize::try_from(length).unwrap_or(0)];
        match file.read_exact_at(&mut text, 0) {
            Ok(()) => String::from_utf8_lossy(&text).into_owned(),
            Err(_) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_stays_in_order() {
        let journal = Journal::new().unwrap();
        journal.note("one\n");
        journal.clone().note("two\n");
        assert_eq!(journal.text(), "one\ntwo\n");
        journal.note(&"x".repeat(70_000));
        journal.note("too much");
        assert!(journal.text().ends_with('x'));
    }
}
