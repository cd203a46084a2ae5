//! Character classes and fast scanning.

/// A byte of a token (RFC 9110 section 5.6.2).
pub(super) const TOKEN: u8 = 1;
/// A byte that HAProxy lets through in a target: 0x21 to 0x7e without `#`.
pub(super) const TARGET: u8 = 2;
/// A byte that HAProxy lets through in a host name; brackets are checked apart.
pub(super) const HOST: u8 = 4;
/// A byte of `HTTP/1.1`, or of what the relaxed parser takes for it.
pub(super) const VERSION: u8 = 8;
/// A byte that ends nothing in a chunk extension: neither control, quote nor backslash.
pub(super) const EXTENSION: u8 = 16;
/// A decimal digit.
pub(super) const DIGIT: u8 = 32;

static CLASS: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut i = 0;
    while i < 256 {
        let c = i as u8;
        let visible = c > 0x20 && c < 0x7f;
        let token = c.is_ascii_alphanumeric()
            || matches!(
                c,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        let mut class = 0;
        if token {
            class |= TOKEN;
        }
        if visible && c != b'#' {
            class |= TARGET;
        }
        if visible && !matches!(c, b'#' | b',' | b'/' | b'?' | b'@' | b'[' | b'\\' | b']') {
            class |= HOST;
        }
        if c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, b'/' | b'.') {
            class |= VERSION;
        }
        if c == b'\t' || c == b' ' || c >= 0x80 || (visible && c != b'"' && c != b'\\') {
            class |= EXTENSION;
        }
        if c.is_ascii_digit() {
            class |= DIGIT;
        }
        table[i] = class;
        i += 1;
    }
    table
};

/// Lower-case form of a token byte; 0 for a byte that no header name may contain.
pub(super) static NAME: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut i = 0;
    while i < 256 {
        if CLASS[i] & TOKEN != 0 {
            table[i] = (i as u8).to_ascii_lowercase();
        }
        i += 1;
    }
    table
};

/// Whether all bytes belong to a class.
#[inline]
pub(super) fn all_of(text: &[u8], class: u8) -> bool {
    text.iter().fold(class, |and, &b| and & CLASS[b as usize]) != 0
}

/// Whether a byte belongs to any of `classes`.
#[inline]
pub(super) fn is(b: u8, classes: u8) -> bool {
    CLASS[b as usize] & classes != 0
}

/// The offset of the first byte at or behind `from` that is of none of `classes`; the length of
/// `buf` without one.
#[inline]
pub(super) fn skip(buf: &[u8], from: usize, classes: u8) -> usize {
    let rest = buf.get(from..).unwrap_or_default();
    from + rest
        .iter()
        .position(|&b| !is(b, classes))
        .unwrap_or(rest.len())
}

/// The offset of the first NUL, CR or LF at or behind `from`; the length of `buf` without one.
#[inline]
pub(super) fn skip_text(buf: &[u8], from: usize) -> usize {
    from + plain(buf.get(from..).unwrap_or_default())
}

/// The length of the front part of `text` without NUL, CR and LF.
#[inline(always)]
pub(super) fn plain(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    let mut at = 0;
    for word in words {
        let x = u64::from_le_bytes(*word);
        // High bits mark bytes below 14, and maybe some behind the first of them.
        let low = x.wrapping_sub(all(14)) & !x & HIGH;
        if low != 0 {
            let shift = low.trailing_zeros() & !7;
            if matches!((x >> shift) as u8, 0 | b'\r' | b'\n') {
                return at + (shift / 8) as usize;
            }
            // A tab or another control: byte by byte through this word.
            if let Some(i) = word.iter().position(|&b| ends_text(b)) {
                return at + i;
            }
        }
        at += 8;
    }
    at + rest
        .iter()
        .position(|&b| ends_text(b))
        .unwrap_or(rest.len())
}

fn ends_text(b: u8) -> bool {
    matches!(b, 0 | b'\r' | b'\n')
}

/// Eight times a byte.
const fn all(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

const HIGH: u64 = all(0x80);

/// The high bit of each byte of `x` that is `byte`; all bytes of `x` must be below 0x80.
#[inline]
fn equal(x: u64, byte: u8) -> u64 {
    !((x ^ all(byte)) + all(0x7f)) & HIGH
}

/// Lower-cases a header name at the front of `text` in place; returns its length: where the first
/// byte stands that no name may contain.
#[inline(always)]
pub(super) fn lower_name(text: &mut [u8]) -> usize {
    let mut at = 0;
    let (fours, rest) = text.as_chunks_mut::<4>();
    // By fours, since the loop's own work counts with such short texts.
    for four in fours {
        for (i, b) in four.iter_mut().enumerate() {
            let lower = NAME[*b as usize];
            if lower == 0 {
                return at + i;
            }
            *b = lower;
        }
        at += 4;
    }
    for b in rest {
        let lower = NAME[*b as usize];
        if lower == 0 {
            break;
        }
        *b = lower;
        at += 1;
    }
    at
}

/// The offset of the first byte at or behind `from` that is not [`TARGET`].
#[inline]
pub(super) fn skip_target(buf: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(word) = buf.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let x = u64::from_le_bytes(*word);
        if x & HIGH != 0 {
            break;
        }
        let low = !(x + all(0x80 - 0x21)) & HIGH;
        let bad = low | equal(x, b'#') | equal(x, 0x7f);
        if bad != 0 {
            return at + (bad.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    skip(buf, at, TARGET)
}

/// Without the spaces and tabs at both ends.
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// Digits only, no sign, no overflow.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |n, &b| {
        let digit = b.is_ascii_digit().then(|| u64::from(b - b'0'))?;
        n.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_where_a_slow_scan_says() {
        let mut text = Vec::new();
        for i in 0..64u8 {
            text.push(if i % 3 == 0 { b'\t' } else { 0x80 | i });
        }
        assert_eq!(skip_text(&text, 0), 64);
        for at in 0..64 {
            for stop in [0, b'\r', b'\n'] {
                let mut t = text.clone();
                t[at] = stop;
                for from in 0..=at {
                    assert_eq!(skip_text(&t, from), at);
                }
            }
        }
        assert_eq!(skip_text(&text, 100), 100);
    }

    #[test]
    fn names_and_targets_end_where_a_slow_scan_says() {
        for stop in 0..=255u8 {
            for at in 0..20 {
                let mut text = b"Ab-C.d_EfGHIjklmnopQRSTuvw".to_vec();
                text[at] = stop;
                let slow = |class: u8| text.iter().position(|&b| !is(b, class));
                let name_end = slow(TOKEN).unwrap_or(text.len());
                assert_eq!(skip_target(&text, 0), slow(TARGET).unwrap_or(text.len()));
                let mut lowered = text.clone();
                assert_eq!(lower_name(&mut lowered), name_end, "{stop} at {at}");
                text[..name_end].make_ascii_lowercase();
                assert_eq!(lowered, text);
            }
        }
    }

    #[test]
    fn decimals() {
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(decimal(b"0007"), Some(7));
        for bad in [&b""[..], b"18446744073709551616", b"+1", b"1 ", b"0x1"] {
            assert_eq!(decimal(bad), None);
        }
    }
}
