//! `balance uri`: by the request's target (configuration manual 4.2 `balance`).

use super::algorithm::AlgorithmEntry;
use super::hash::{self, HashType};
use super::key::Key;
use crate::sample::view::Eval;

/// Registry line.
pub const ENTRY: AlgorithmEntry = AlgorithmEntry {
    name: "uri",
    wants_load: false,
    any_will_do: false,
    key: Some(key),
    make: hash::make,
};

fn key(key: &Key, hash: &HashType, e: &Eval<'_>) -> Option<u32> {
    let Key::Uri(uri) = key else { return None };
    let request = e.view.request()?;
    let mut text = match uri.path_only {
        true => request.path_and_query(),
        false => request.target(),
    };
    if uri.len > 0 {
        text = text.get(..uri.len as usize).unwrap_or(text);
    }
    if !uri.whole {
        text = text.split(|b| *b == b'?').next().unwrap_or_default();
    }
    if uri.depth > 0 {
        let mut slashes = (0..text.len()).filter(|i| text.get(*i) == Some(&b'/'));
        if let Some(end) = slashes.nth(uri.depth as usize) {
            text = text.get(..end).unwrap_or(text);
        }
    }
    Some(hash.text(text))
}
