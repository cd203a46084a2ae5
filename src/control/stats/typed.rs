//! One value per line, as `show stat typed` gives it.

use super::column as c;
use super::row::{Row, Value};
use std::io::Write;

/// The lines of one line of the statistics, with what each column means if `described`.
pub fn line(row: &Row, described: bool, out: &mut Vec<u8>) {
    let letter = row.kind.letter();
    let (iid, sid) = (row.number(c::IID), row.number(c::SID));
    for (at, field, value) in row.filled() {
        let kind = if field.kind.is_empty() {
            "MGP"
        } else {
            field.kind
        };
        // writing to memory cannot fail
        let _ = write!(out, "{letter}.{iid}.{sid}.{at}.{}.1:{kind}:", field.name);
        let _ = match value {
            Value::Empty => Ok(()),
            Value::Number(n) if field.value == "u64" => write!(out, "u64:{n}"),
            Value::Number(n) => write!(out, "u32:{n}"),
            Value::Negative(n) => write!(out, "s32:{n}"),
            Value::Text(text) => write!(out, "str:{text}"),
        };
        if described {
            let _ = write!(out, ":\"{}\"", field.meaning);
        }
        out.push(b'\n');
    }
}
