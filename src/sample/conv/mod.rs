//! Converters: one file per family, one line per family in the registry here.

use super::args::{Arg, Kind};
use super::fetch::{Check, Example};
use super::value::{Sample, Type};
use super::view::Eval;
use std::fmt;

mod addresses;
mod aes;
mod bytes;
mod captures;
mod dates;
mod digests;
mod encodings;
mod fix;
mod hashes;
mod integers;
mod json;
mod json_query;
mod jwt;
mod jwt_decrypt;
mod jwt_verify;
mod keyed;
mod lists;
mod map;
mod mqtt;
mod packets;
mod protobuf;
mod proxies;
mod regsub;
mod rfc7239;
mod strings;
mod tables;
mod times;
mod urls;
mod variables;
mod when;
mod x509;

pub use encodings::from_base64;
pub use encodings::to_base64;
pub use map::Map;
pub use rfc7239::{host_or_nothing, write_node_name, write_node_port};

/// Evaluates a converter; `None`: no value any more.
pub type ConvFn = for<'a> fn(&'a [Arg], Sample<'a>, &Eval<'a>) -> Option<Sample<'a>>;

/// A converter.
pub struct Conv {
    /// Its name.
    pub name: &'static str,
    /// What its arguments must be.
    pub args: &'static [Kind],
    /// How many of them it cannot do without.
    pub required: usize,
    /// What its input is cast to.
    pub input: Type,
    /// The type of its value.
    pub out: Type,
    /// Checks arguments when compiling.
    pub check: Option<Check>,
    /// Evaluates it.
    pub eval: ConvFn,
    /// What it does, for `explain` and editors.
    pub doc: &'static str,
    /// Examples, run as tests.
    pub examples: &'static [Example],
}

impl fmt::Debug for Conv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The registry.
static FAMILIES: &[&[Conv]] = &[
    integers::CONVS,
    strings::CONVS,
    lists::CONVS,
    regsub::CONVS,
    encodings::CONVS,
    bytes::CONVS,
    urls::CONVS,
    addresses::CONVS,
    dates::CONVS,
    times::CONVS,
    hashes::CONVS,
    digests::CONVS,
    aes::CONVS,
    json::CONVS,
    json_query::CONVS,
    jwt::CONVS,
    jwt_verify::CONVS,
    jwt_decrypt::CONVS,
    rfc7239::CONVS,
    protobuf::CONVS,
    fix::CONVS,
    mqtt::CONVS,
    packets::CONVS,
    packets::BUILT,
    proxies::CONVS,
    tables::CONVS,
    tables::ARRAYS,
    tables::STATES,
    x509::CONVS,
    variables::CONVS,
    when::CONVS,
    captures::CONVS,
];

/// Every converter that hapax executes.
pub fn all() -> impl Iterator<Item = &'static Conv> {
    let families = FAMILIES.iter().chain(map::FAMILIES);
    families.flat_map(|f| f.iter())
}

/// The converter of a name.
pub fn find(name: &[u8]) -> Option<&'static Conv> {
    all().find(|c| c.name.as_bytes() == name)
}
