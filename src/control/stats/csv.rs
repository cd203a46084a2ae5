//! Comma-separated values.

use super::row::{Row, Value};
use crate::grammar::stat_fields;
use std::io::Write;

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
    for value in &row.values {
        // writing to memory cannot fail
        let _ = match value {
            Value::Empty => Ok(()),
            Value::Number(n) => write!(out, "{n}"),
            Value::Negative(n) => write!(out, "{n}"),
            Value::Text(text) => {
                quoted(text, out);
                Ok(())
            }
        };
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
