//! The Huffman code of header strings (RFC 7541, appendix B).
//!
//! The code is canonical: the lengths say everything.

use std::sync::LazyLock;

/// Bits of the code of each byte, and of the end mark.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/// Longest code.
const LONGEST: usize = 30;
/// The end mark.
const END: u16 = 256;

/// Codes of one length.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Just above the last code of this length, moved to the top of 32 bits; 0: none.
    limit: u64,
    /// The first code.
    first: u32,
    /// Its place among the symbols in order.
    at: u16,
}

struct Table {
    levels: [Level; LONGEST + 1],
    /// Symbols ordered by code.
    symbols: [u16; 257],
    /// By the first eight bits: symbol and length, where the code is no longer.
    short: [(u8, u8); 256],
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut t = Table {
        levels: [Level::default(); LONGEST + 1],
        symbols: [0; 257],
        short: [(0, 0); 256],
    };
    let (mut code, mut at) = (0u32, 0u16);
    for bits in 1..=LONGEST {
        code <<= 1;
        let (first, from) = (code, at);
        for (symbol, _) in LENGTHS
            .iter()
            .enumerate()
            .filter(|(_, l)| usize::from(**l) == bits)
        {
            if let Some(slot) = t.symbols.get_mut(usize::from(at)) {
                *slot = symbol as u16;
            }
            if bits <= 8 {
                let low = (code << (8 - bits)) as usize;
                for slot in t.short.iter_mut().skip(low).take(1 << (8 - bits)) {
                    *slot = (symbol as u8, bits as u8);
                }
            }
            code += 1;
            at += 1;
        }
        if at > from
            && let Some(level) = t.levels.get_mut(bits)
        {
            *level = Level {
                limit: u64::from(code) << (32 - bits),
                first,
                at: from,
            };
        }
    }
    t
});

/// Appends the text that `coded` stands for; `None` if it is no valid code.
pub(super) fn decode(coded: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let t = &*TABLE;
    let (mut bits, mut have) = (0u64, 0usize);
    let mut rest = coded.iter();
    loop {
        while have <= 32 {
            let Some(byte) = rest.next() else { break };
            bits = bits << 8 | u64::from(*byte);
            have += 8;
        }
        if have == 0 {
            return Some(());
        }
        // the next 32 bits, filled up with ones as the padding is
        let window = if have >= 32 {
            bits >> (have - 32)
        } else {
            bits << (32 - have) | ((1 << (32 - have)) - 1)
        } & 0xffff_ffff;
        let (symbol, length) = match t.short.get((window >> 24) as usize) {
            Some(&(symbol, length)) if length > 0 => (u16::from(symbol), usize::from(length)),
            _ => {
                let found = (9..=LONGEST).find_map(|bits| {
                    let level = t.levels.get(bits)?;
                    if level.limit == 0 || window >= level.limit {
                        return None;
                    }
                    let code = (window >> (32 - bits)) as u32;
                    let at = usize::from(level.at) + (code.checked_sub(level.first)?) as usize;
                    Some((*t.symbols.get(at)?, bits))
                });
                found.unwrap_or((END, LONGEST))
            }
        };
        if length > have {
            // what is left must be the beginning of the end mark, less than a byte of it
            let ones = (1u64 << have) - 1;
            return (have < 8 && bits & ones == ones).then_some(());
        }
        if symbol == END {
            return None;
        }
        out.push(symbol as u8);
        have -= length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_standard() {
        // RFC 7541, appendix C.4 and C.6
        for (hex, text) in [
            ("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"),
            ("a8eb10649cbf", "no-cache"),
            ("25a849e95ba97d7f", "custom-key"),
            ("25a849e95bb8e8b4bf", "custom-value"),
            (
                "d07abe941054d444a8200595040b8166e082a62d1bff",
                "Mon, 21 Oct 2013 20:13:21 GMT",
            ),
            (
                "9d29ad171863c78f0b97c8e9ae82ae43d3",
                "https://www.example.com",
            ),
            (
                "94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
                "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
            ),
        ] {
            let coded: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
                .collect();
            let mut out = Vec::new();
            assert_eq!(decode(&coded, &mut out), Some(()), "{text}");
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn padding_and_end_mark() {
        let mut out = Vec::new();
        // eight bits of padding, a padding of zeros, the end mark
        assert_eq!(decode(&[0xff], &mut out), None);
        assert_eq!(decode(&[0x18], &mut out), None);
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff], &mut out), None);
        assert_eq!(decode(&[], &mut out), Some(()));
    }

    /// Every symbol, coded by the lengths.
    #[test]
    fn every_byte() {
        let t = &*TABLE;
        for (at, symbol) in t.symbols.iter().enumerate().filter(|(_, s)| **s < 256) {
            let bits = usize::from(LENGTHS[usize::from(*symbol)]);
            let level = t.levels[bits];
            let code = u64::from(level.first) + (at - usize::from(level.at)) as u64;
            let padded = (code << (64 - bits)) | ((1 << (64 - bits)) - 1);
            let bytes = &padded.to_be_bytes()[..bits.div_ceil(8)];
            let mut out = Vec::new();
            assert_eq!(decode(bytes, &mut out), Some(()), "{symbol}");
            assert_eq!(out, [*symbol as u8]);
        }
    }
}
