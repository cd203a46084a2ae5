//! Comma-separated values.

use super::scan::trim;

/// The members of a comma-separated value, trimmed of spaces and tabs; commas in quoted strings do
/// not separate (RFC 9110 section 5.6.1). Empty members are kept.
pub fn comma_list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    CommaList { rest: Some(value) }
}

struct CommaList<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for CommaList<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = rest.iter().position(|&b| {
            if quoted {
                if escaped {
                    escaped = false;
                } else if b == b'\\' {
                    escaped = true;
                } else if b == b'"' {
                    quoted = false;
                }
                return false;
            }
            quoted = b == b'"';
            b == b','
        });
        let member = match end {
            Some(at) => {
                let (head, tail) = rest.split_at(at);
                self.rest = tail.get(1..);
                head
            }
            None => {
                self.rest = None;
                rest
            }
        };
        Some(trim(member))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members() {
        let all = |v: &'static [u8]| comma_list(v).collect::<Vec<_>>();
        assert_eq!(all(b"a, b ,c"), [&b"a"[..], b"b", b"c"]);
        assert_eq!(all(b"a,\"x,\\\",y\",b"), [&b"a"[..], b"\"x,\\\",y\"", b"b"]);
        assert_eq!(all(b",a,"), [&b""[..], b"a", b""]);
        assert_eq!(all(b""), [&b""[..]]);
    }
}
