//! The old rules had their own times: `block` before all `http-request`, `reqrep` and its kin after
//! them, `reqadd` last; likewise for responses. As `http-request` rules they run in the order of
//! their lines, so a line may have to move first.

use super::text::{Line, Section, Text};
use super::{Edits, Migration, Outcome, PROXIES};

pub const MIGRATION: Migration = Migration {
    name: "rule-order",
    about: "moves old rules to where they were executed",
    find,
};

/// Old rules on lines of a request.
const REQUEST: &[&str] = &[
    "reqallow",
    "reqiallow",
    "reqdel",
    "reqidel",
    "reqdeny",
    "reqideny",
    "reqpass",
    "reqipass",
    "reqrep",
    "reqirep",
    "reqtarpit",
    "reqitarpit",
    "cliexp",
];
/// Old rules on lines of a response.
const RESPONSE: &[&str] = &[
    "rspdel", "rspidel", "rspdeny", "rspideny", "rsprep", "rspirep", "srvexp",
];

/// When a rule of a request runs; `None` for other lines.
fn request_time(line: &Line) -> Option<u8> {
    let word = line.word(0);
    let old = |list: &[&str]| list.iter().any(|k| k.as_bytes() == word);
    match word {
        b"block" => Some(0),
        b"http-request" => Some(1),
        b"reqadd" => Some(3),
        _ if old(REQUEST) => Some(2),
        _ => None,
    }
}

/// When a rule of a response runs.
fn response_time(line: &Line) -> Option<u8> {
    match line.word(0) {
        b"http-response" => Some(1),
        b"rspadd" => Some(3),
        word if RESPONSE.iter().any(|k| k.as_bytes() == word) => Some(2),
        _ => None,
    }
}

fn find(text: &Text, edits: &mut Edits) {
    for section in text.sections_of(PROXIES) {
        sort(text, edits, &section, request_time);
        sort(text, edits, &section, response_time);
    }
}

/// Moves what stands before a rule that ran earlier below the last of these; never up, since a
/// condition's ACLs must be defined before it.
fn sort(text: &Text, edits: &mut Edits, section: &Section, time: fn(&Line) -> Option<u8>) {
    let timed: Vec<(usize, u8)> = text
        .body(section)
        .filter_map(|(at, line)| Some((at, time(line)?)))
        .collect();
    let mut moved: Vec<(usize, u8, usize)> = timed
        .iter()
        .filter_map(|(at, when)| {
            let earlier = |other: &&(usize, u8)| other.0 > *at && other.1 < *when;
            let to = timed.iter().rfind(earlier)?.0 + 1;
            Some((*at, *when, to))
        })
        .collect();
    moved.sort_by_key(|(at, when, _)| (*when, *at));
    for (at, when, to) in moved {
        let Some(line) = text.line(at) else {
            continue;
        };
        if when == 3 && !is_told(text, section, at, line) {
            continue;
        }
        let why = format!(
            "`{}` was executed {}: as a rule like others it stands there",
            String::from_utf8_lossy(line.word(0)),
            match when {
                1 => "after `block`",
                2 => "after the `http-` rules",
                _ => "after all other rules of its kind",
            }
        );
        edits.replace(at, Vec::new(), Outcome::Exact, why);
        edits.before(to, at, vec![line.raw.clone()]);
    }
}

/// Whether another line of the section speaks of the header that a line adds.
fn is_told(text: &Text, section: &Section, own: usize, line: &Line) -> bool {
    let name = line
        .word(1)
        .split(|b| *b == b':')
        .next()
        .unwrap_or_default();
    let name = name.to_ascii_lowercase();
    text.body(section).any(|(at, other)| {
        at != own
            && !matches!(other.word(0), b"reqadd" | b"rspadd")
            && (0..other.words.len()).any(|n| {
                let word = other.word(n).to_ascii_lowercase();
                !name.is_empty() && word.windows(name.len()).any(|w| w == name)
            })
    })
}
