//! Who may look: the `Authorization` header (RFC 7617).

/// Whether the header names one of these users with the right password. Without users everybody
/// may look.
pub fn admitted(users: &[Box<[u8]>], header: Option<&[u8]>) -> bool {
    if users.is_empty() {
        return true;
    }
    let Some((scheme, rest)) = header.and_then(|h| h.split_at_checked(6)) else {
        return false;
    };
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return false;
    }
    decode(rest.trim_ascii()).is_some_and(|given| users.iter().any(|user| **user == *given))
}

/// Base64 (RFC 4648); `None` when it is none.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.len() - text.iter().rev().take_while(|b| **b == b'=').count();
    if !text.len().is_multiple_of(4) || text.len() - digits > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in text.get(..digits)? {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 255) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password() {
        let users: [Box<[u8]>; 2] = [b"u:p".to_vec().into(), b"zope:a:b".to_vec().into()];
        let may = |header: &[u8]| admitted(&users, Some(header));
        assert!(may(b"Basic dTpw"));
        assert!(may(b"basic dTpw"));
        assert!(may(b"Basic em9wZTphOmI="));
        for wrong in [
            &b"Basic dTp4"[..],
            b"Basic dTpwcA==",
            b"Basic dTp",
            b"Basic ====",
            b"Basic ",
            b"Basic",
            b"Bearer dTpw",
            b"",
            "Basic \u{fc}\u{fc}".as_bytes(),
        ] {
            assert!(!may(wrong), "{wrong:?}");
        }
        assert!(!admitted(&users, None));
        assert!(admitted(&[], None));
    }
}
