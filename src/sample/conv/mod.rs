//! Converters: one file per family, one line per family in the registry here.

use super::args::{Arg, Kind};
use super::fetch::{Check, Example};
use super::value::{Sample, Type};
use super::view::Eval;
use std::fmt;

mod addresses;
mod dates;
mod encodings;
mod integers;
mod regsub;
mod strings;
mod urls;
mod variables;

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
    regsub::CONVS,
    encodings::CONVS,
    urls::CONVS,
    addresses::CONVS,
    dates::CONVS,
    variables::CONVS,
];

/// Every converter that hapax executes.
pub fn all() -> impl Iterator<Item = &'static Conv> {
    FAMILIES.iter().flat_map(|f| f.iter())
}

/// The converter of a name.
pub fn find(name: &[u8]) -> Option<&'static Conv> {
    all().find(|c| c.name.as_bytes() == name)
}
