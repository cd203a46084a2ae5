//! `hash-type`: how what a request has becomes a number, and the number a server (configuration
//! manual 4.2 `hash-type`).

use super::algorithm::{Algorithm, Setup};
use super::map::MapBased;
use super::ring::Consistent;
use crate::base::hash;
pub use crate::ir::proxy::{HashAffinity, HashFunction, HashType};

impl HashType {
    /// The number of a text, as the function and the modifier say.
    pub fn text(&self, bytes: &[u8]) -> u32 {
        self.mix(match self.function {
            HashFunction::Sdbm => hash::sdbm(bytes),
            HashFunction::Djb2 => hash::djb2(bytes),
            HashFunction::Wt6 => hash::wt6(bytes),
            HashFunction::Crc32 => hash::crc32(bytes),
            HashFunction::None => number(bytes),
        })
    }

    /// The modifier alone.
    pub fn mix(&self, word: u32) -> u32 {
        match self.avalanche {
            true => hash::avalanche(word),
            false => word,
        }
    }
}

/// The digits at the beginning, as a number of 32 bits.
fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .map_while(|b| b.is_ascii_digit().then(|| u32::from(b - b'0')))
        .fold(0, |n: u32, d| n.wrapping_mul(10).wrapping_add(d))
}

/// What all algorithms that hash are made of.
pub(super) fn make(setup: &Setup<'_>) -> Box<dyn Algorithm> {
    match setup.hash.consistent {
        true => Box::new(Consistent::new(setup)),
        false => Box::new(MapBased::new(setup)),
    }
}
