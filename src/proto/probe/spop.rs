//! The hello of a stream processing agent (SPOE manual 3.2.5).

use super::Reading;

/// A frame that is longer is none.
const MAX_FRAME: usize = 16384;
/// Fewer bytes are not looked at.
const LEAST: usize = 10;

/// A number of variable length (SPOE manual 3.1).
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let next = |bytes: &mut &[u8]| {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        Some(u64::from(*first))
    };
    let mut value = next(bytes)?;
    if value < 240 {
        return Some(value);
    }
    let mut shift = 4;
    loop {
        let byte = next(bytes)?;
        value = value.checked_add(byte.checked_shl(shift)?)?;
        shift += 7;
        if byte < 128 {
            return Some(value);
        }
    }
}

fn string<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let size = usize::try_from(number(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(size)?;
    *bytes = rest;
    Some(text)
}

/// A value: a text, a number, or nothing of interest.
enum Value<'b> {
    Text(&'b [u8]),
    Number(u64),
    Other,
}

fn value<'b>(bytes: &mut &'b [u8]) -> Option<Value<'b>> {
    let (kind, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(match kind & 0x0f {
        0 | 1 => Value::Other,
        2..=5 => Value::Number(number(bytes)?),
        6 | 7 => {
            let size = if kind & 0x0f == 6 { 4 } else { 16 };
            *bytes = bytes.get(size..)?;
            Value::Other
        }
        8 | 9 => Value::Text(string(bytes)?),
        _ => return None,
    })
}

/// Judges the agent's hello.
pub fn hello(bytes: &[u8]) -> Reading {
    const FOREIGN: Reading = Reading::Foreign("invalid frame received");
    let Some((size, rest)) = bytes
        .split_first_chunk::<4>()
        .filter(|_| bytes.len() >= LEAST)
    else {
        return Reading::More;
    };
    let size = u32::from_be_bytes(*size) as usize;
    if size > MAX_FRAME {
        return FOREIGN;
    }
    let Some(frame) = rest.get(..size) else {
        return Reading::More;
    };
    // type, flags, numbers of stream and frame
    let Some((&[kind, _, _, _, flags, 0, 0], mut items)) = frame.split_first_chunk::<7>() else {
        return FOREIGN;
    };
    // a hello is never in pieces (SPOE manual 3.2.1, FIN)
    if !matches!(kind, 0x65 | 0x66) || flags & 1 == 0 {
        return FOREIGN;
    }
    let (mut version, mut size, mut capabilities) = (None, None, false);
    while !items.is_empty() {
        let Some(name) = string(&mut items) else {
            return FOREIGN;
        };
        let Some(value) = value(&mut items) else {
            return FOREIGN;
        };
        match (name, value) {
            (b"version", Value::Text(text)) => version = Some(text),
            (b"max-frame-size", Value::Number(n)) => size = Some(n),
            (b"capabilities", Value::Text(_)) => capabilities = true,
            _ => {}
        }
    }
    match (version, size) {
        (None, _) => Reading::Foreign("version value not found"),
        (Some(v), _) if v.trim_ascii() != b"2.0" => Reading::Foreign("unsupported version"),
        (_, None) => Reading::Foreign("max-frame-size value not found"),
        (_, Some(n)) if !(256..=MAX_FRAME as u64).contains(&n) => {
            Reading::Foreign("max-frame-size too big or too small")
        }
        _ if !capabilities => Reading::Foreign("capabilities value not found"),
        _ => Reading::Passed(Some(b"SPOA server is ok".to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hellos() {
        let of = |items: &[u8]| {
            let frame = [b"\x65\0\0\0\x01\0\0", items].concat();
            let size = u32::try_from(frame.len()).unwrap().to_be_bytes();
            hello(&[&size[..], &frame].concat())
        };
        let good =
            b"\x07version\x08\x032.0\x0emax-frame-size\x03\xfc\xf0\x06\x0ccapabilities\x08\0";
        assert!(matches!(of(good), Reading::Passed(_)));
        assert_eq!(
            of(b"\x07version\x08\x033.0"),
            Reading::Foreign("unsupported version")
        );
        assert_eq!(
            of(b"\x01a\x11"),
            Reading::Foreign("version value not found")
        );
        assert_eq!(
            of(&good[..13]),
            Reading::Foreign("max-frame-size value not found")
        );
        assert_eq!(
            hello(b"\0\0\0\x07\x65\0\0\0\0\0\0"),
            Reading::Foreign("invalid frame received")
        );
        assert_eq!(
            hello(b"HTTP/1.1 400 "),
            Reading::Foreign("invalid frame received")
        );
        assert_eq!(hello(&[0; 9]), Reading::More);
    }
}
