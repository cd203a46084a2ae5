//! A back end called `default`: 3.4 has a proxy of its own by that name, which wins.

use super::same_name::{replaced, tell};
use super::same_server::free;
use super::text::Text;
use super::{Edits, Migration, PROXIES};

pub const MIGRATION: Migration = Migration {
    name: "backend-default",
    about: "a back end called `default` gets another name",
    find,
};

const NAME: &[u8] = b"default";

fn find(text: &Text, edits: &mut Edits) {
    let proxies = text.sections_of(PROXIES);
    let named = |kinds: &[&[u8]]| {
        proxies
            .iter()
            .find(|p| text.name(p) == NAME && kinds.contains(&text.kind(p)))
    };
    let Some(proxy) = named(&[b"backend", b"listen"]) else {
        return;
    };
    let used = proxies.iter().any(|p| {
        text.body(p)
            .any(|(_, l)| (l.is("default_backend") || l.is("use_backend")) && l.word(1) == NAME)
    });
    let Some(head) = text.line(proxy.head).filter(|_| used) else {
        return;
    };
    let names: Vec<Vec<u8>> = proxies.iter().map(|p| text.name(p).to_vec()).collect();
    let wanted = b"default-backend".to_vec();
    let new = match names.contains(&wanted) {
        true => free(NAME, &names),
        false => wanted,
    };
    edits.review(
        proxy.head,
        vec![head.with(1..2, &new)],
        format!(
            "`default` is the name of a proxy inside 3.4, which `default_backend default` finds \
             first: this one is called `{}`, in logs and statistics as well",
            String::from_utf8_lossy(&new)
        ),
    );
    for (at, line) in text.lines.iter().enumerate() {
        let mut changed = line.raw.clone();
        if (line.is("default_backend") || line.is("use_backend")) && line.word(1) == NAME {
            changed = line.with(1..2, &new);
        } else if !line.words.is_empty() && at != proxy.head {
            for n in 1..line.words.len() {
                if line.word(n) == NAME && line.word(n - 1) == b"table" {
                    changed = line.with(n..n + 1, &new);
                }
            }
            for (open, close) in [("(", ")"), (",", ")"), ("(", "/")] {
                let around = |name: &[u8]| [open.as_bytes(), name, close.as_bytes()].concat();
                changed = replaced(&changed, &around(NAME), &around(&new));
            }
        }
        tell(edits, at, line, changed);
    }
}
