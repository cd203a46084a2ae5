//! Comma-separated values.

use super::row::{Row, Value};
use crate::grammar::stat_fields;

/// The line of headings.
pub fn title(out: &mut Vec<u8>) {
    out.extend_from_slice(b"# ");
    for field in stat_fields() {
        out.extend_from_slice(field.name.as_bytes());
        out.push(b',');
    }
    out.push(b'\n');
}

/// One line.
pub fn line(row: &Row, out: &mut Vec<u8>) {
    let mut digits = itoa::Buffer::new();
    for value in &row.values {
        match value {
            Value::Empty => {}
            Value::Number(n) => out.extend_from_slice(digits.format(*n).as_bytes()),
            Value::Negative(n) => out.extend_from_slice(digits.format(*n).as_bytes()),
            Value::Text(text) => quoted(text, out),
        }
        out.push(b',');
    }
    out.push(b'\n');
}

/// RFC 4180: quotes around what holds a comma, a quote or a line end; quotes inside doubled.
fn quoted(text: &str, out: &mut Vec<u8>) {
    if !text.contains([',', '"', '\r', '\n']) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}
