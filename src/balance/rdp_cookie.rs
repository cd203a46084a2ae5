//! `balance rdp-cookie`: by a cookie of the Remote Desktop Protocol, which stands in the first
//! packet of a connection (configuration manual 4.2 `balance`).

use super::algorithm::AlgorithmEntry;
use super::hash::{self, HashType};
use super::key::Key;
use crate::proto::rdp;
use crate::sample::view::Eval;

/// Registry line.
pub const ENTRY: AlgorithmEntry = AlgorithmEntry {
    name: "rdp-cookie",
    wants_load: false,
    any_will_do: false,
    key: Some(key),
    make: hash::make,
};

fn key(key: &Key, hash: &HashType, e: &Eval<'_>) -> Option<u32> {
    let Key::RdpCookie(name) = key else {
        return None;
    };
    let value = rdp::cookie(e.view.request_buffer()?, Some(name))?;
    (!value.is_empty()).then(|| hash.text(value))
}
