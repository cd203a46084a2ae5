//! Conditions of old rules, joined with a further one.

use super::text::{Line, join};

/// The condition of a line from that word on, if there is one: `if` or `unless` and its terms.
pub fn of(line: &Line, from: usize) -> &[u8] {
    match line.word(from) {
        b"if" | b"unless" => line.raw_from(from),
        _ => b"",
    }
}

/// A condition that holds where the one of the line (from that word on) and all of `terms` hold.
/// Empty where neither says anything; `None` where that cannot be said in one line.
pub fn and(line: &Line, from: usize, terms: &[u8]) -> Option<Vec<u8>> {
    let unless = match line.word(from) {
        b"if" => false,
        b"unless" => true,
        _ if terms.is_empty() => return Some(Vec::new()),
        _ => return Some(join(&[b"if", terms])),
    };
    if terms.is_empty() {
        return Some(of(line, from).to_vec());
    }
    let ways = ways(line, from + 1);
    let ways: Vec<Vec<u8>> = match unless {
        false => ways.iter().map(|way| joined(way)).collect(),
        // not (a b) is !a or !b
        true if ways.len() == 1 => ways.concat().into_iter().map(negated).collect(),
        // not (a or b) is !a !b
        true if ways.iter().all(|way| way.len() == 1) => {
            let terms: Vec<Vec<u8>> = ways.concat().into_iter().map(negated).collect();
            vec![joined(&terms)]
        }
        true => return None,
    };
    let ways: Vec<Vec<u8>> = ways.iter().map(|way| join(&[terms, way])).collect();
    Some([b"if ", &ways.join(&b" or "[..])[..]].concat())
}

fn joined(terms: &[Vec<u8>]) -> Vec<u8> {
    let terms: Vec<&[u8]> = terms.iter().map(Vec::as_slice).collect();
    join(&terms)
}

fn negated(term: Vec<u8>) -> Vec<u8> {
    match term.strip_prefix(b"!") {
        Some(rest) => rest.trim_ascii_start().to_vec(),
        None => [b"!", &term[..]].concat(),
    }
}

/// The terms from that word on, as written, by alternatives; `{ ... }` is one term.
fn ways(line: &Line, from: usize) -> Vec<Vec<Vec<u8>>> {
    let mut ways: Vec<Vec<Vec<u8>>> = vec![Vec::new()];
    let mut depth = 0usize;
    let mut glued = false;
    for n in from..line.words.len() {
        let raw = line.raw_word(n);
        if depth == 0 && matches!(line.word(n), b"or" | b"||") {
            ways.push(Vec::new());
            continue;
        }
        let Some(way) = ways.last_mut() else {
            continue;
        };
        match way.last_mut() {
            Some(term) if depth > 0 || glued => {
                if depth > 0 {
                    term.push(b' ');
                }
                term.extend_from_slice(raw);
            }
            _ => way.push(raw.to_vec()),
        }
        glued = line.word(n) == b"!";
        match line.word(n) {
            b"{" | b"!{" => depth += 1,
            b"}" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    ways.retain(|way| !way.is_empty());
    ways
}
