//! `balance source`: by the client's address (configuration manual 4.2 `balance`).

use super::algorithm::AlgorithmEntry;
use super::hash::{self, HashType};
use super::key::Key;
use crate::sample::view::Eval;
use std::net::IpAddr;

/// Registry line.
pub const ENTRY: AlgorithmEntry = AlgorithmEntry {
    name: "source",
    wants_load: false,
    any_will_do: false,
    key: Some(key),
    make: hash::make,
};

/// The address folded to one word. The hash function has no part in it, only the modifier.
fn key(_: &Key, hash: &HashType, e: &Eval<'_>) -> Option<u32> {
    let word = match e.view.src()?.ip() {
        IpAddr::V4(ip) => u32::from(ip),
        IpAddr::V6(ip) => {
            let bytes = ip.octets();
            let (words, _) = bytes.as_chunks::<4>();
            words.iter().fold(0, |w, b| w ^ u32::from_be_bytes(*b))
        }
    };
    Some(hash.mix(word))
}
