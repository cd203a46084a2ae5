//! Headers and bodies that `option httpchk` hid behind its version: `http-check send` since 2.2.

use super::text::{Line, Text, log_format, quoted};
use super::{Edits, Migration, PROXIES_AND_DEFAULTS};

pub const MIGRATION: Migration = Migration {
    name: "httpchk",
    about: "headers hidden in `option httpchk` move to `http-check send`",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (section, at, line) in text.lines_in(PROXIES_AND_DEFAULTS) {
        if !line.is("option httpchk") {
            continue;
        }
        let breaks = |n: usize| line.word(n).iter().any(|b| matches!(b, b'\r' | b'\n'));
        let Some(from) = (line.after("option httpchk")..line.words.len()).find(|n| breaks(*n))
        else {
            continue;
        };
        let sends = text
            .body(&section)
            .any(|(_, l)| l.is("http-check send") || l.is("http-check connect"));
        match lines(line, from) {
            Some(_) if sends => edits.cannot(
                at,
                "this section has `http-check` rules already: add the headers to them",
            ),
            Some(lines) => edits.exact(
                at,
                lines,
                "headers of the check are sent by `http-check send`",
            ),
            None => edits.cannot(at, "what stands behind the version is no header"),
        }
    }
}

fn lines(line: &Line, from: usize) -> Option<Vec<Vec<u8>>> {
    let words: Option<Vec<&str>> = line.words.get(from..)?.iter().map(|w| w.as_str()).collect();
    let text = words?.join(" ").replace("\r\n", "\n").replace('\r', "\n");
    let (version, rest) = text.split_once('\n')?;
    let (head, body) = match rest.split_once("\n\n") {
        Some((head, body)) => (head, body),
        None => (rest, ""),
    };
    let mut send = b"http-check send".to_vec();
    for header in head.lines().filter(|l| !l.trim().is_empty()) {
        let (name, value) = header.split_once(':')?;
        send.extend_from_slice(b" hdr ");
        send.extend(quoted(name.trim().as_bytes()));
        send.push(b' ');
        send.extend(log_format(value.trim()));
    }
    if !body.is_empty() {
        send.extend_from_slice(b" body ");
        send.extend(quoted(body.as_bytes()));
    }
    let option = line.with(from..line.words.len(), version.trim_end().as_bytes());
    match send.len() > b"http-check send".len() {
        true => Some(vec![option, line.below(&send)]),
        false => Some(vec![option]),
    }
}
