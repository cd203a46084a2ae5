//! `balance url_param`: by a parameter of the query string, or of the body of a POST
//! (configuration manual 4.2 `balance`). As HAProxy 3.4, with `check_post` and without.

use super::algorithm::AlgorithmEntry;
use super::hash::{self, HashType};
use super::key::Key;
use crate::proto::h1::{BodyLength, Message, Method};
use crate::sample::view::Eval;

/// Registry line.
pub const ENTRY: AlgorithmEntry = AlgorithmEntry {
    name: "url_param",
    wants_load: false,
    any_will_do: false,
    key: Some(key),
    make: hash::make,
};

fn key(key: &Key, hash: &HashType, e: &Eval<'_>) -> Option<u32> {
    let Key::UrlParam(name) = key else {
        return None;
    };
    let request = e.view.request()?;
    let posted = request.method_id() == Method::Post;
    let found = match value(request.query(), name) {
        None if posted => in_body(first_chunk(request, request.body_prefix())?, name)?,
        found => found?,
    };
    Some(hash.text(found))
}

/// The value of a parameter, up to the next one or a blank.
fn value<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = text
        .split(|b| *b == b'&')
        .find_map(|p| p.strip_prefix(name)?.strip_prefix(b"="))?;
    let end = rest.iter().position(u8::is_ascii_whitespace);
    Some(rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest))
}

/// A body without chunks, or the first of its chunks.
fn first_chunk<'a>(request: &Message, body: &'a [u8]) -> Option<&'a [u8]> {
    if request.body() != BodyLength::Chunked {
        return Some(body);
    }
    let end = body.windows(2).position(|w| w == b"\r\n")?;
    let size = body.get(..end)?.split(|b| *b == b';').next()?;
    let size = std::str::from_utf8(size).ok()?.trim();
    let size = usize::from_str_radix(size, 16).ok()?;
    let data = body.get(end + 2..)?;
    Some(data.get(..size).unwrap_or(data))
}

/// The same in a body; bytes that a form does not have mean that there is no form.
fn in_body<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let found = value(body, name)?;
    let odd = |b: &u8| b.is_ascii_control() || !b.is_ascii() || b"()<>@,;:\\\"/[]?={}".contains(b);
    (!found.iter().any(odd)).then_some(found)
}
