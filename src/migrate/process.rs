//! `process` on `bind` and `stats socket` lines: `thread` since 2.7.

use super::text::Text;
use super::{Edits, Migration, Outcome};

pub const MIGRATION: Migration = Migration {
    name: "bind-process",
    about: "`process` on bind lines is `thread`",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (_, at, line) in text.lines_in(&["global", "frontend", "listen"]) {
        if !line.is("bind") && !line.is("stats socket") {
            continue;
        }
        let Some(word) = (2..line.words.len()).find(|n| line.word(*n) == b"process") else {
            continue;
        };
        let end = (word + 2).min(line.words.len());
        let set = line.word(word + 1);
        let threads = set.split(|b| *b == b'/').nth(1);
        let mut outcome = Outcome::Review;
        let (new, why) = match (set, threads) {
            (b"all", _) => {
                outcome = Outcome::Exact;
                (Vec::new(), "`process all` is what there is without it")
            }
            (_, Some(threads)) => (
                [b"thread ", threads].concat(),
                "`process` is `thread`: the threads of the one process",
            ),
            // One line per process was the way to have a listener in each of them.
            (set, None) if line.is("stats socket") && set.iter().all(u8::is_ascii_digit) => (
                Vec::new(),
                "`process` goes: one socket answers for the only process; a further one for \
                 another process can go",
            ),
            (set, None) => (
                [b"thread ", set].concat(),
                "`process` is `thread`: what a process was, a thread is",
            ),
        };
        edits.replace(at, vec![line.with(word..end, &new)], outcome, why);
    }
}
