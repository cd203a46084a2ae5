//! `balance hdr(NAME)`: by a header of the request (configuration manual 4.2 `balance`).

use super::algorithm::AlgorithmEntry;
use super::hash::{self, HashType};
use super::key::Key;
use crate::sample::view::Eval;

/// Registry line.
pub const ENTRY: AlgorithmEntry = AlgorithmEntry {
    name: "hdr",
    wants_load: false,
    any_will_do: false,
    key: Some(key),
    make: hash::make,
};

fn key(key: &Key, hash: &HashType, e: &Eval<'_>) -> Option<u32> {
    let Key::Header { name, domain_only } = key else {
        return None;
    };
    let value = e.view.request()?.header(name)?;
    let value = value.split(|b| *b == b',').next()?.trim_ascii();
    if value.is_empty() {
        return None;
    }
    Some(hash.text(if *domain_only { domain(value) } else { value }))
}

/// The label in front of the last dot; all where there is no dot but at the very beginning.
fn domain(host: &[u8]) -> &[u8] {
    match host.iter().rposition(|b| *b == b'.') {
        None | Some(0) => host,
        Some(end) => {
            let front = host.get(..end).unwrap_or(host);
            front.rsplit(|b| *b == b'.').next().unwrap_or(front)
        }
    }
}
