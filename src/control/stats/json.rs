//! JSON, as `;json` and `show stat json` give it.

use super::column as c;
use super::row::{Row, Value};
use std::io::Write;

/// Begins the list of lines, each a list of fields.
pub fn begin(out: &mut Vec<u8>) {
    out.push(b'[');
}

/// Ends the list.
pub fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"]\n");
}

/// Writes the lines between.
#[derive(Default)]
pub struct Dump {
    /// There was a line before.
    begun: bool,
}

impl Dump {
    /// Adds a line.
    pub fn row(&mut self, row: &Row, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            out.push(b',');
        }
        out.push(b'[');
        let mut first = true;
        for (at, field, value) in row.filled() {
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            let [origin, nature, scope] = tags(field.kind);
            // writing to memory cannot fail
            let _ = write!(
                out,
                "{{\"objType\":\"{}\",\"proxyId\":{},\"id\":{},\"field\":{{\"pos\":{at},\"name\":\"{}\"}},\
                 \"processNum\":1,\"tags\":{{\"origin\":\"{origin}\",\"nature\":\"{nature}\",\
                 \"scope\":\"{scope}\"}},\"value\":{{\"type\":\"",
                row.kind.word(),
                row.number(c::IID),
                row.number(c::SID),
                field.name,
            );
            let _ = match value {
                Value::Empty => Ok(()),
                Value::Number(n) => {
                    let kind = if field.value == "u64" { "u64" } else { "u32" };
                    write!(out, "{kind}\",\"value\":{n}}}}}")
                }
                Value::Negative(n) => write!(out, "s32\",\"value\":{n}}}}}"),
                Value::Text(text) => {
                    let _ = write!(out, "str\",\"value\":\"");
                    escaped(text, out);
                    write!(out, "\"}}}}")
                }
            };
        }
        out.push(b']');
    }
}

/// The words for the letters of `show stat typed`.
fn tags(kind: &str) -> [&'static str; 3] {
    let mut letters = kind.chars();
    let origin = match letters.next() {
        Some('K') => "Key",
        Some('S') => "Status",
        Some('C') => "Config",
        Some('P') => "Product",
        _ => "Metric",
    };
    let nature = match letters.next() {
        Some('N') => "Name",
        Some('C') => "Counter",
        Some('M') => "Max",
        Some('m') => "Min",
        Some('L') => "Limit",
        Some('R') => "Rate",
        Some('A') => "Age",
        Some('a') => "Avg",
        Some('D') => "Duration",
        Some('O') => "Output",
        Some('T') => "Time",
        _ => "Gauge",
    };
    let scope = match letters.next() {
        Some('S') => "Service",
        Some('C') => "Cluster",
        _ => "Process",
    };
    [origin, nature, scope]
}

fn escaped(text: &str, out: &mut Vec<u8>) {
    for c in text.chars() {
        let _ = match c {
            '"' => write!(out, "\\\""),
            '\\' => write!(out, "\\\\"),
            c if u32::from(c) < 32 => write!(out, "\\u{:04x}", u32::from(c)),
            c => write!(out, "{c}"),
        };
    }
}
