//! The answer to an LDAP bind (RFC 4511, 4.2.2).

use super::Reading;

/// Skips a length (BER): one byte, or as many as the first one says.
fn behind_length(bytes: &[u8]) -> Option<&[u8]> {
    let (first, rest) = bytes.split_first()?;
    match first & 0x80 {
        0 => Some(rest),
        _ => rest.get(usize::from(first & 0x7f)..),
    }
}

/// Message 1, a bind response, and its result code.
pub fn bind_response(bytes: &[u8]) -> Reading {
    const FOREIGN: Reading = Reading::Foreign("Not LDAPv3 protocol");
    let Some(message) = bytes.get(1..).and_then(behind_length) else {
        return Reading::More;
    };
    let Some((head, response)) = message.split_first_chunk::<4>() else {
        return Reading::More;
    };
    if *head != [0x02, 0x01, 0x01, 0x61] {
        return FOREIGN;
    }
    match behind_length(response) {
        Some([0x0a, 0x01, 0, ..]) => Reading::Passed(Some(b"Success".to_vec())),
        Some([0x0a, 0x01, code, ..]) => Reading::Refused(
            u16::from(*code),
            b"See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9".to_vec(),
        ),
        Some([_, _, _, ..]) => FOREIGN,
        _ => Reading::More,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results() {
        let of = |text: &[u8]| bind_response(text);
        let yes = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
        assert_eq!(of(yes), Reading::Passed(Some(b"Success".to_vec())));
        assert_eq!(of(&yes[..8]), Reading::More);
        let mut no = *yes;
        no[9] = 0x31;
        assert!(matches!(of(&no), Reading::Refused(49, _)));
        no[4] = 2;
        assert!(matches!(of(&no), Reading::Foreign(_)));
        let long = b"\x30\x84\0\0\0\x10\x02\x01\x01\x61\x84\0\0\0\x07\x0a\x01\0\x04\0\x04\0";
        assert!(matches!(of(long), Reading::Passed(_)));
    }
}
