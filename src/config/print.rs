//! Words back to text, quoted so that the lexer reads the same words again.

use super::directive::{Directive, Prefix, Word};

/// Appends a word, quoted only where it must be.
///
/// A NUL cannot be part of a word and is left out.
pub fn word(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.is_empty() {
        out.extend_from_slice(b"\"\"");
        return;
    }
    let plain = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\' | b'#');
    if bytes.iter().all(plain) {
        out.extend_from_slice(bytes);
        return;
    }
    // Single quotes read best, but nothing can be escaped inside them.
    let literal = |b: &u8| matches!(b, 0x20..=0x7e | 0x80..) && *b != b'\'';
    if bytes.iter().all(literal) {
        out.push(b'\'');
        out.extend_from_slice(bytes);
        out.push(b'\'');
        return;
    }
    out.push(b'"');
    for byte in bytes {
        match byte {
            0 => {}
            b'"' | b'\\' | b'$' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x20..=0x7e | 0x80.. => out.push(*byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out.push(b'"');
}

/// Writes words with one blank between them.
pub fn words<'w>(words: impl IntoIterator<Item = &'w Word>) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, each) in words.into_iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        word(&each.text, &mut out);
    }
    out
}

/// Writes a line with its prefix, without an LF.
pub fn directive(line: &Directive) -> Vec<u8> {
    let mut out = match line.prefix {
        Some(Prefix::No) => b"no ".to_vec(),
        Some(Prefix::Default) => b"default ".to_vec(),
        None => Vec::new(),
    };
    out.extend(words(&line.words));
    out
}
