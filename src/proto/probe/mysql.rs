//! MySQL's first packets (MySQL internals manual, connection phase).

use super::{Reading, text};

/// The contents of the first packet and what follows it; `None` while it is not complete.
fn packet(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    let size = u32::from_le_bytes([head[0], head[1], head[2], 0]);
    rest.split_at_checked(usize::try_from(size).ok()?)
}

fn refused(contents: &[u8]) -> Reading {
    let byte = |at| contents.get(at).copied().unwrap_or(0);
    let code = u16::from_le_bytes([byte(1), byte(2)]);
    Reading::Refused(code, text(contents.get(3..).unwrap_or_default()))
}

/// The server's greeting: its version.
pub fn greeting(bytes: &[u8]) -> Reading {
    match packet(bytes) {
        None | Some(([], _)) => Reading::More,
        Some((contents @ [0xff, ..], _)) => refused(contents),
        Some(([_, version @ ..], _)) => Reading::Passed(Some(text(version))),
    }
}

/// The answer to the login, behind the greeting.
pub fn login(bytes: &[u8]) -> Reading {
    let Some((_, rest)) = packet(bytes) else {
        return Reading::More;
    };
    match packet(rest) {
        None | Some(([], _)) => Reading::More,
        Some((contents @ [0xff, ..], _)) => refused(contents),
        Some(_) => Reading::Passed(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets() {
        let hello = b"\x05\0\0\0\x0a8.0\0";
        assert_eq!(greeting(&hello[..7]), Reading::More);
        assert_eq!(greeting(hello), Reading::Passed(Some(b"8.0".to_vec())));
        let no = b"\x07\0\0\0\xff\x6a\x04Host";
        assert_eq!(greeting(no), Reading::Refused(1130, b"Host".to_vec()));
        assert_eq!(
            greeting(b"\x02\0\0\0\xff\x6a"),
            Reading::Refused(106, Vec::new())
        );
        let welcome = [&hello[..], b"\x01\0\0\x02\0"].concat();
        assert_eq!(login(hello), Reading::More);
        assert_eq!(login(&welcome), Reading::Passed(None));
    }
}
