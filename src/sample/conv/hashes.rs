//! Hashes that are no digests (manual 7.3.1).

use super::{Conv, Example};
use crate::base::hash;
use crate::sample::args::{Kind, int};
use crate::sample::value::{Sample, Type};
use xxhash_rust::{xxh3, xxh32, xxh64};

macro_rules! hashed {
    ($name:literal, $hash:path, $doc:literal, $value:literal) => {
        Conv {
            name: $name,
            args: &[Kind::Int],
            required: 0,
            input: Type::Bin,
            out: Type::Sint,
            check: None,
            eval: |args, v, _| {
                let Sample::Bin(s) = v else { return None };
                let hash = match int(args, 0) {
                    None | Some(0) => $hash(s),
                    Some(_) => hash::avalanche($hash(s)),
                };
                Some(Sample::Int(hash.into()))
            },
            doc: $doc,
            examples: &[Example::of(concat!("str(haproxy),", $name), $value)],
        }
    };
}

macro_rules! seeded {
    ($name:literal, |$s:ident, $seed:ident| $value:expr, $doc:literal, $want:literal) => {
        Conv {
            name: $name,
            args: &[Kind::Int],
            required: 0,
            input: Type::Bin,
            out: Type::Sint,
            check: None,
            eval: |args, v, _| {
                let Sample::Bin($s) = v else { return None };
                let $seed = int(args, 0).unwrap_or(0).cast_unsigned();
                Some(Sample::Int($value))
            },
            doc: $doc,
            examples: &[Example::of(concat!("str(haproxy),", $name), $want)],
        }
    };
}

pub(super) static CONVS: &[Conv] = &[
    hashed!(
        "crc32",
        hash::crc32,
        "CRC-32; spread with an argument other than 0.",
        "1405960096"
    ),
    hashed!(
        "crc32c",
        hash::crc32c,
        "CRC-32C; spread with an argument other than 0.",
        "511962083"
    ),
    hashed!(
        "djb2",
        hash::djb2,
        "The DJB2 hash; spread with an argument other than 0.",
        "869782672"
    ),
    hashed!(
        "sdbm",
        hash::sdbm,
        "The SDBM hash; spread with an argument other than 0.",
        "248846773"
    ),
    hashed!(
        "wt6",
        hash::wt6,
        "The WT6 hash; spread with an argument other than 0.",
        "2154904979"
    ),
    seeded!(
        "xxh32",
        |s, seed| {
            #[allow(clippy::cast_possible_truncation, reason = "a seed of 32 bits")]
            i64::from(xxh32::xxh32(s, seed as u32))
        },
        "The 32-bit xxHash, with a seed.",
        "155018634"
    ),
    seeded!(
        "xxh64",
        |s, seed| xxh64::xxh64(s, seed).cast_signed(),
        "The 64-bit xxHash, with a seed.",
        "4248057493638360945"
    ),
    seeded!(
        "xxh3",
        |s, seed| xxh3::xxh3_64_with_seed(s, seed).cast_signed(),
        "The 64-bit xxHash of the third kind, with a seed.",
        "-5284988466841329126"
    ),
];
