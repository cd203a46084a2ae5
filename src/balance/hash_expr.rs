//! `balance hash EXPRESSION`: by anything that can be fetched from a request (configuration
//! manual 4.2 `balance`).

use super::algorithm::AlgorithmEntry;
use super::hash::{self, HashFunction, HashType};
use super::key::Key;
use crate::sample::value::{Sample, Type};
use crate::sample::view::Eval;

/// Registry line.
pub const ENTRY: AlgorithmEntry = AlgorithmEntry {
    name: "hash",
    wants_load: false,
    any_will_do: false,
    key: Some(key),
    make: hash::make,
};

fn key(key: &Key, hash: &HashType, e: &Eval<'_>) -> Option<u32> {
    let Key::Expr(expr) = key else { return None };
    // without a function the value is read as a number
    let to = match hash.function {
        HashFunction::None => Type::Str,
        _ => Type::Bin,
    };
    match expr.eval_as(to, e)? {
        Sample::Str(text) | Sample::Bin(text) => Some(hash.text(text)),
        _ => None,
    }
}
