//! `hash-type`, `hash-balance-factor`, `hash-preserve-affinity`: how hashes become servers.

use crate::config::args::Args;
use crate::ir::proxy::{HashAffinity, HashFunction};
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `hash-type METHOD [FUNCTION [avalanche]]`
pub const HASH_TYPE: KeywordHandler =
    KeywordHandler::new(&["hash-type"], Sections::ANY_PROXY, hash_type);
/// `hash-balance-factor PERCENT`
pub const BALANCE_FACTOR: KeywordHandler =
    KeywordHandler::new(&["hash-balance-factor"], Sections::ANY_PROXY, factor);
/// `hash-preserve-affinity always|maxconn|maxqueue`
pub const PRESERVE_AFFINITY: KeywordHandler =
    KeywordHandler::new(&["hash-preserve-affinity"], Sections::ANY_PROXY, affinity);

fn hash_type(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "hash-type") {
        return;
    }
    let here = args.here();
    let consistent = if args.take("consistent") {
        true
    } else if args.take("map-based") {
        false
    } else {
        let text = if args.take("avalanche") {
            "experimental feature 'hash-type avalanche' is not supported anymore, please use 'hash-type map-based sdbm avalanche' instead."
        } else {
            "'hash-type' only supports 'consistent' and 'map-based'."
        };
        args.rest();
        return args.alert("HX0340", here, text);
    };
    // a ring of unmixed sums would be too uneven
    let (mut function, mut avalanche) = (HashFunction::Sdbm, consistent);
    let here = args.here();
    if let Some(word) = args.next_word() {
        avalanche = false;
        function = match word.text.as_slice() {
            b"sdbm" => HashFunction::Sdbm,
            b"djb2" => HashFunction::Djb2,
            b"wt6" => HashFunction::Wt6,
            b"crc32" => HashFunction::Crc32,
            b"none" => HashFunction::None,
            _ => {
                let text =
                    "'hash-type' only supports 'sdbm', 'djb2', 'crc32', or 'wt6' hash functions.";
                args.rest();
                return args.alert("HX0340", here, text);
            }
        };
        let here = args.here();
        if !args.is_empty() {
            avalanche = args.take("avalanche");
            if !avalanche {
                let text =
                    "'hash-type' only supports 'avalanche' as a modifier for hash functions.";
                args.rest();
                return args.alert("HX0340", here, text);
            }
        }
    }
    args.rest();
    cx.set(|s| {
        s.hash.consistent = consistent;
        s.hash.function = function;
        s.hash.avalanche = avalanche;
    });
}

fn factor(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "hash-balance-factor") {
        return;
    }
    let here = args.here();
    let missing = "'hash-balance-factor' expects an integer argument.";
    let Some(value) = args.lenient_int(missing) else {
        return;
    };
    args.rest();
    match u32::try_from(value).ok().filter(|f| *f == 0 || *f > 100) {
        Some(percent) => cx.set(|s| s.hash.balance_factor = percent),
        None => {
            let text = "'hash-balance-factor' must be 0 or greater than 100.";
            args.alert("HX0340", here, text);
        }
    }
}

fn affinity(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "hash-preserve-affinity") {
        return;
    }
    let here = args.here();
    let word = args.next_word().map(|w| w.text.to_vec());
    let affinity = match word.as_deref() {
        Some(b"always") => HashAffinity::Always,
        Some(b"maxconn") => HashAffinity::Maxconn,
        Some(b"maxqueue") => HashAffinity::Maxqueue,
        Some(other) => {
            let other = String::from_utf8_lossy(other);
            let text = format!("'hash-preserve-affinity': unknown keyword '{other}'");
            args.rest();
            return args.alert("HX0340", here, &text);
        }
        None => {
            let text = "'hash-preserve-affinity' needs a keyword to specify when to preserve hash affinity";
            return args.alert("HX0340", here, text);
        }
    };
    args.rest();
    cx.set(|s| s.hash.affinity = affinity);
}
