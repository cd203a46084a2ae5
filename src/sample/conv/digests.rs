//! Digests and HMAC (manual 7.3.1), and comparing without giving away where two values differ.

use super::{Conv, Example, keyed};
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::value::{Sample, Type};
use crate::sample::vars;
use bstr::BStr;
use sha2::Digest;
use subtle::ConstantTimeEq;

/// A message digest by OpenSSL's names, which ignore case.
struct Algorithm {
    names: &'static [&'static str],
    /// Writes the digest of the parts, one behind the other, to the beginning of the room; its
    /// length.
    digest: fn(&[&[u8]], &mut [u8; 64]) -> Option<usize>,
    /// Bytes of a block, for HMAC (RFC 2104).
    block: usize,
}

macro_rules! algorithms {
    ($($kind:ty, $block:literal, [$($name:literal),+];)*) => {
        &[$(Algorithm { names: &[$($name),+], digest: digest::<$kind>, block: $block }),*]
    };
}

fn digest<D: Digest>(parts: &[&[u8]], out: &mut [u8; 64]) -> Option<usize> {
    let mut state = D::new();
    parts.iter().for_each(|part| state.update(part));
    let made = state.finalize();
    out.get_mut(..made.len())?.copy_from_slice(&made);
    Some(made.len())
}

static ALGORITHMS: &[Algorithm] = algorithms! {
    md5::Md5, 64, ["md5", "ssl3-md5"];
    sha1::Sha1, 64, ["sha1", "sha-1", "ssl3-sha1"];
    sha2::Sha224, 64, ["sha224", "sha2-224", "sha-224"];
    sha2::Sha256, 64, ["sha256", "sha2-256", "sha-256"];
    sha2::Sha384, 128, ["sha384", "sha2-384", "sha-384"];
    sha2::Sha512, 128, ["sha512", "sha2-512", "sha-512"];
    sha2::Sha512_224, 128, ["sha512-224", "sha2-512/224", "sha-512/224"];
    sha2::Sha512_256, 128, ["sha512-256", "sha2-512/256", "sha-512/256"];
    sha3::Sha3_224, 144, ["sha3-224"];
    sha3::Sha3_256, 136, ["sha3-256"];
    sha3::Sha3_384, 104, ["sha3-384"];
    sha3::Sha3_512, 72, ["sha3-512"];
    blake2::Blake2b512, 128, ["blake2b512", "blake2b-512"];
    blake2::Blake2s256, 64, ["blake2s256", "blake2s-256"];
    ripemd::Ripemd160, 64, ["ripemd160", "ripemd", "rmd160", "ripemd-160"];
};

impl Algorithm {
    /// Its place in the table, kept as an argument.
    fn find(name: &[u8]) -> Option<i64> {
        let same = |n: &&str| n.as_bytes().eq_ignore_ascii_case(name);
        let at = ALGORITHMS.iter().position(|a| a.names.iter().any(same))?;
        i64::try_from(at).ok()
    }

    fn of(args: &[Arg]) -> Option<&'static Algorithm> {
        ALGORITHMS.get(usize::try_from(int(args, 0)?).ok()?)
    }

    /// The keyed digest (RFC 2104), as `digest`.
    fn hmac(&self, key: &[u8], message: &[u8], out: &mut [u8; 64]) -> Option<usize> {
        let mut short = [0u8; 64];
        let key = match key.len() > self.block {
            true => {
                let len = (self.digest)(&[key], &mut short)?;
                short.get(..len)?
            }
            false => key,
        };
        let pad = |with: u8| -> [u8; 144] {
            std::array::from_fn(|i| key.get(i).copied().unwrap_or(0) ^ with)
        };
        let mut inner = [0u8; 64];
        let len = (self.digest)(&[pad(0x36).get(..self.block)?, message], &mut inner)?;
        (self.digest)(&[pad(0x5c).get(..self.block)?, inner.get(..len)?], out)
    }
}

fn algorithm(args: &mut [Arg]) -> Result<(), String> {
    // HAProxy's own full stop comes on top of the message's.
    let found = Algorithm::find(text(args, 0))
        .ok_or("algorithm must be a valid OpenSSL message digest name.")?;
    if let Some(first) = args.first_mut() {
        *first = Arg::Int(found);
    }
    Ok(())
}

macro_rules! fixed {
    ($name:literal, $kind:ty, $doc:literal, $value:literal) => {
        Conv {
            name: $name,
            args: &[],
            required: 0,
            input: Type::Bin,
            out: Type::Bin,
            check: None,
            eval: |_, v, e| {
                let Sample::Bin(s) = v else { return None };
                Some(Sample::Bin(e.scratch.copy(&<$kind>::digest(s))))
            },
            doc: $doc,
            examples: &[Example::of(concat!("str(abc),", $name, ",hex"), $value)],
        }
    };
}

pub(super) static CONVS: &[Conv] = &[
    fixed!(
        "sha1",
        sha1::Sha1,
        "The SHA-1 digest (FIPS 180-4).",
        "A9993E364706816ABA3E25717850C26C9CD0D89D"
    ),
    Conv {
        name: "sha2",
        args: &[Kind::Int],
        required: 0,
        input: Type::Bin,
        out: Type::Bin,
        check: Some(|args, _| match int(args, 0) {
            None | Some(224 | 256 | 384 | 512) => Ok(()),
            Some(n) => Err(format!("Unsupported number of bits: '{n}'")),
        }),
        eval: |args, v, e| {
            let Sample::Bin(s) = v else { return None };
            Some(Sample::Bin(match int(args, 0) {
                Some(224) => e.scratch.copy(&sha2::Sha224::digest(s)),
                Some(384) => e.scratch.copy(&sha2::Sha384::digest(s)),
                Some(512) => e.scratch.copy(&sha2::Sha512::digest(s)),
                _ => e.scratch.copy(&sha2::Sha256::digest(s)),
            }))
        },
        doc: "A SHA-2 digest of 224, 256 (the default), 384 or 512 bits (FIPS 180-4).",
        examples: &[Example::of(
            "str(abc),sha2(224),hex",
            "23097D223405D8228642A477BDA255B32AADBCE4BDA0B3F7E36C9DA7",
        )],
    },
    Conv {
        name: "digest",
        args: &[Kind::Str],
        required: 1,
        input: Type::Bin,
        out: Type::Bin,
        check: Some(|args, _| algorithm(args)),
        eval: |args, v, e| {
            let Sample::Bin(s) = v else { return None };
            let mut out = [0u8; 64];
            let len = (Algorithm::of(args)?.digest)(&[s], &mut out)?;
            Some(Sample::Bin(e.scratch.copy(out.get(..len)?)))
        },
        doc: "A digest by OpenSSL's name of the algorithm.",
        examples: &[Example::of(
            "str(abc),digest(md5),hex",
            "900150983CD24FB0D6963F7D28E17F72",
        )],
    },
    Conv {
        name: "hmac",
        args: &[Kind::Str, Kind::Str],
        required: 2,
        input: Type::Bin,
        out: Type::Bin,
        check: Some(|args, _| {
            algorithm(args)?;
            keyed::prepare(args.get_mut(1), "key")
        }),
        eval: |args, v, e| {
            let Sample::Bin(s) = v else { return None };
            let key = keyed::bytes(args.get(1), e)?;
            let mut out = [0u8; 64];
            let len = Algorithm::of(args)?.hmac(key, s, &mut out)?;
            Some(Sample::Bin(e.scratch.copy(out.get(..len)?)))
        },
        doc: "A digest with a key (RFC 2104), which is base64 or a variable that holds that.",
        examples: &[Example::of(
            "str(abc),hmac(sha256,a2V5),hex",
            "9C196E32DC0175F86F4B1CB89289D6619DE6BEE699E4C378E68309ED97A1A6AB",
        )],
    },
    Conv {
        name: "secure_memcmp",
        args: &[Kind::Str],
        required: 1,
        input: Type::Bin,
        out: Type::Bool,
        check: Some(|args, _| {
            let (scope, id) = vars::intern(text(args, 0)).map_err(|_| {
                format!(
                    "failed to register variable name '{}'",
                    BStr::new(text(args, 0))
                )
            })?;
            *args = vec![Arg::Var(scope, id)];
            Ok(())
        }),
        eval: |args, v, e| {
            let (Sample::Bin(s), Some(Arg::Var(scope, id))) = (v, args.first()) else {
                return None;
            };
            match vars::read(e, *scope, *id)?.cast(Type::Bin, e.scratch)? {
                Sample::Bin(other) => Some(Sample::Bool(s.ct_eq(other).into())),
                _ => None,
            }
        },
        doc: "Whether the value is that of a variable, in a time that does not depend on where \
              they differ.",
        examples: &[
            Example::of("str(value),secure_memcmp(txn.known)", "1"),
            Example::of("str(valuf),secure_memcmp(txn.known)", "0"),
        ],
    },
];
