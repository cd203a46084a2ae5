//! The parts of a request target (RFC 9112 section 3.2).

use super::message::Message;

/// Where the parts of a target begin and end.
pub(super) struct Parts {
    /// The authority of an absolute target, or the whole of a `CONNECT` one.
    pub authority: std::ops::Range<usize>,
    /// Up to the `?`.
    pub path: std::ops::Range<usize>,
    /// Behind the `?`, to the end; empty without one.
    pub query: std::ops::Range<usize>,
}

/// Splits a target in origin, absolute, asterisk or authority form.
pub(super) fn split(target: &[u8]) -> Parts {
    let len = target.len();
    let (authority, path_at) = match target.first() {
        Some(b'/') => (0..0, 0),
        Some(b'*') if len == 1 => {
            return Parts {
                authority: 0..0,
                path: len..len,
                query: len..len,
            };
        }
        _ => match scheme_end(target) {
            Some(at) => {
                let rest = target.get(at..).unwrap_or_default();
                let end = at
                    + rest
                        .iter()
                        .position(|b| matches!(b, b'/' | b'?'))
                        .unwrap_or(rest.len());
                (at..end, end)
            }
            None => {
                return Parts {
                    authority: 0..len,
                    path: len..len,
                    query: len..len,
                };
            }
        },
    };
    let rest = target.get(path_at..).unwrap_or_default();
    match memchr::memchr(b'?', rest) {
        Some(at) => Parts {
            authority,
            path: path_at..path_at + at,
            query: path_at + at + 1..len,
        },
        None => Parts {
            authority,
            path: path_at..len,
            query: len..len,
        },
    }
}

/// The offset behind `scheme://`.
pub(super) fn scheme_end(target: &[u8]) -> Option<usize> {
    let colon = target
        .iter()
        .position(|&b| !b.is_ascii_alphanumeric() && !b"+-.".contains(&b))?;
    let rest = target.get(colon..)?;
    (colon > 0 && target.first()?.is_ascii_alphabetic() && rest.starts_with(b"://"))
        .then_some(colon + 3)
}

/// The part of an authority behind the user information.
pub(super) fn without_user(authority: &[u8]) -> &[u8] {
    let at = authority
        .iter()
        .rposition(|&b| b == b'@')
        .map_or(0, |at| at + 1);
    authority.get(at..).unwrap_or_default()
}

/// What stands before the first slash.
pub(super) fn before_slash(text: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'/', text).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

impl Message {
    /// The path: what stands before the `?`, without scheme and authority; empty for `*` and for
    /// authorities.
    pub fn path(&self) -> &[u8] {
        let target = self.target();
        target.get(split(target).path).unwrap_or_default()
    }

    /// The query string behind the first `?`, without it.
    pub fn query(&self) -> &[u8] {
        let target = self.target();
        target.get(split(target).query).unwrap_or_default()
    }

    /// Path and query.
    pub fn path_and_query(&self) -> &[u8] {
        let target = self.target();
        target.get(split(target).path.start..).unwrap_or_default()
    }

    /// The authority of an absolute target or of a `CONNECT`; empty for other forms.
    pub fn authority(&self) -> &[u8] {
        let target = self.target();
        target.get(split(target).authority).unwrap_or_default()
    }
}
