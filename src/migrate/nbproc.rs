//! `nbproc`: there is one process with threads since 2.5. The CPUs of `cpu-map` were those of
//! processes.

use super::text::{Text, join};
use super::{Edits, Migration, Outcome};

pub const MIGRATION: Migration = Migration {
    name: "nbproc",
    about: "processes become threads",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    let globals = text.lines_in(&["global"]);
    let threads = globals.iter().any(|(_, _, l)| l.is("nbthread"));
    let mut several = false;
    for (_, at, line) in globals.iter().filter(|(_, _, l)| l.is("nbproc")) {
        let count: u32 = std::str::from_utf8(line.word(1))
            .ok()
            .and_then(|w| w.parse().ok())
            .unwrap_or(1);
        if count <= 1 || threads {
            let why = "`nbproc` goes: there is one process, and `nbthread` says how many threads \
                       it has (one for each CPU without it)";
            edits.drop(text, *at, Outcome::Exact, why);
            continue;
        }
        several = true;
        let why = "`nbproc` is `nbthread`: threads take the place of processes and share limits, \
                   counters and stick tables, which each process had of its own";
        let new = line.with(0..1, b"nbthread");
        edits.replace(*at, vec![new], Outcome::Review, why);
    }
    if !several {
        return;
    }
    for (_, at, line) in globals.iter().filter(|(_, _, l)| l.is("cpu-map")) {
        let set = line.word(1);
        if set.contains(&b'/') {
            continue;
        }
        let (auto, numbers) = match set.strip_prefix(b"auto:") {
            Some(rest) => ("auto:", rest),
            None => ("", set),
        };
        let new = [auto.as_bytes(), b"1/", numbers].concat();
        let new = line.with(1..2, &join(&[&new]));
        let why = "the CPUs of processes are those of the threads of group 1";
        edits.replace(*at, vec![new], Outcome::Exact, why);
    }
}
