//! Two proxies of one name: refused since 3.3, also for a front end and a back end.

use super::same_server::free;
use super::text::{Line, Section, Text, quoted};
use super::{Edits, Migration, Outcome, PROXIES};

pub const MIGRATION: Migration = Migration {
    name: "same-name",
    about: "proxies that share a name get names of their own",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    // Of two sections in branches of a condition only one is there.
    if text.lines.iter().any(|l| l.word(0) == b".if") {
        return;
    }
    let proxies = text.sections_of(PROXIES);
    let mut names: Vec<Vec<u8>> = proxies.iter().map(|p| text.name(p).to_vec()).collect();
    let mut done: Vec<Vec<u8>> = Vec::new();
    for proxy in &proxies {
        let name = text.name(proxy).to_vec();
        if name.is_empty() || done.contains(&name) {
            continue;
        }
        done.push(name.clone());
        let same: Vec<&Section> = proxies.iter().filter(|p| text.name(p) == name).collect();
        // Back ends are what rules, maps and tools refer to: the first of them keeps the name.
        let keeps = same.iter().find(|p| text.kind(p) != b"frontend");
        let Some(keeps) = keeps.or(same.first()).map(|p| p.head) else {
            continue;
        };
        for other in same.iter().filter(|p| p.head != keeps) {
            let frontend = text.kind(other) == b"frontend";
            let wanted = [&name[..], b"-frontend"].concat();
            let new = match frontend && !names.contains(&wanted) {
                true => wanted,
                false => free(&name, &names),
            };
            names.push(new.clone());
            let has_table = |p: &Section| text.body(p).any(|(_, l)| l.is("stick-table"));
            let kept = same.iter().find(|p| p.head == keeps);
            let table = has_table(other) && !kept.is_some_and(|p| has_table(p));
            refer(text, edits, &name, &new, frontend, table);
            if let Some(head) = text.line(other.head) {
                edits.review(
                    other.head,
                    vec![head.with(1..2, &quoted(&new))],
                    format!(
                        "`{}` is the name of another proxy, too: this one is called `{}`, in logs \
                         and statistics as well",
                        String::from_utf8_lossy(&name),
                        String::from_utf8_lossy(&new)
                    ),
                );
            }
        }
    }
}

/// Rewrites what refers to a front end, or to the table of a proxy, that was renamed.
fn refer(text: &Text, edits: &mut Edits, name: &[u8], new: &[u8], frontend: bool, table: bool) {
    const OF_FRONTENDS: &[&str] = &[
        "fe_conn(",
        "fe_sess_rate(",
        "fe_req_rate(",
        "fe_client_timeout(",
    ];
    for (at, line) in text.lines.iter().enumerate() {
        let mut changed = line.raw.clone();
        if frontend {
            for fetch in OF_FRONTENDS {
                let old = [fetch.as_bytes(), name, b")"].concat();
                let by = [fetch.as_bytes(), new, b")"].concat();
                changed = replaced(&changed, &old, &by);
            }
        }
        if table {
            for n in 1..line.words.len() {
                if line.word(n) == name && line.word(n - 1) == b"table" {
                    changed = line.with(n..n + 1, &quoted(new));
                }
            }
            for (open, close) in [("(", ")"), (",", ")"), ("(", ",")] {
                let around = |name: &[u8]| [open.as_bytes(), name, close.as_bytes()].concat();
                let about = [&b"src_"[..], b"sc0_", b"sc1_", b"sc2_", b"sc_", b"table_"];
                if about
                    .iter()
                    .any(|a| line.raw.windows(a.len()).any(|w| w == *a))
                {
                    changed = replaced(&changed, &around(name), &around(new));
                }
            }
        }
        tell(edits, at, line, changed);
    }
}

/// Asks for a line that refers to a new name.
pub fn tell(edits: &mut Edits, at: usize, line: &Line, changed: Vec<u8>) {
    if changed != line.raw {
        let why = "it refers to a proxy that has another name now";
        edits.replace(at, vec![changed], Outcome::Exact, why);
    }
}

/// A text with every occurrence of another replaced.
pub fn replaced(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, old) {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        out.extend_from_slice(new);
        rest = rest.get(at + old.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}
