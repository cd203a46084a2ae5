//! Compression of field lists (RFC 7541).

use super::huffman;
use std::collections::VecDeque;

/// Names and values that have a number from the start (RFC 7541, appendix A), from 1.
const STATIC: [(&[u8], &[u8]); 61] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];

/// What an entry of the dynamic table weighs beside its text.
const ENTRY: usize = 32;
/// Largest table that is announced unless configured otherwise.
pub const TABLE_SIZE: usize = 4096;

/// The other side's field list cannot be decoded: the connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// One entry of the dynamic table: name and value in one allocation.
struct Entry {
    text: Box<[u8]>,
    name: usize,
}

impl Entry {
    fn parts(&self) -> (&[u8], &[u8]) {
        self.text.split_at_checked(self.name).unwrap_or_default()
    }

    fn weight(&self) -> usize {
        self.text.len() + ENTRY
    }
}

/// Decodes the field blocks of one direction of a connection.
pub struct Decoder {
    /// Newest first.
    entries: VecDeque<Entry>,
    weight: usize,
    /// What the sender chose, at most `most`.
    size: usize,
    most: usize,
    name: Vec<u8>,
    value: Vec<u8>,
}

impl Decoder {
    /// A decoder whose table may weigh `most` bytes.
    pub fn new(most: usize) -> Decoder {
        Decoder {
            entries: VecDeque::new(),
            weight: 0,
            size: most,
            most,
            name: Vec::new(),
            value: Vec::new(),
        }
    }

    /// Decodes a whole field block.
    ///
    /// # Errors
    /// When it breaks the rules of the compression.
    pub fn decode(
        &mut self,
        mut block: &[u8],
        mut field: impl FnMut(&[u8], &[u8]),
    ) -> Result<(), Broken> {
        let mut resizable = true;
        while let Some(&first) = block.first() {
            if first & 0x80 != 0 {
                let index = integer(&mut block, 7)?;
                let (name, value) = self.entry(index)?;
                field(name, value);
            } else if first & 0xe0 == 0x20 {
                let size = integer(&mut block, 5)?;
                if size > self.most || !resizable {
                    return Err(Broken);
                }
                self.size = size;
                self.evict(0);
                continue;
            } else {
                let stores = first & 0x40 != 0;
                let index = integer(&mut block, if stores { 6 } else { 4 })?;
                let mut name = std::mem::take(&mut self.name);
                let mut value = std::mem::take(&mut self.value);
                name.clear();
                value.clear();
                match index {
                    0 => string(&mut block, &mut name)?,
                    index => name.extend_from_slice(self.entry(index)?.0),
                }
                string(&mut block, &mut value)?;
                if name.is_empty() {
                    return Err(Broken);
                }
                field(&name, &value);
                if stores {
                    self.store(&name, &value);
                }
                (self.name, self.value) = (name, value);
            }
            resizable = false;
        }
        Ok(())
    }

    fn entry(&self, index: usize) -> Result<(&[u8], &[u8]), Broken> {
        let at = index.checked_sub(1).ok_or(Broken)?;
        if let Some(&entry) = STATIC.get(at) {
            return Ok(entry);
        }
        let entry = self.entries.get(at - STATIC.len()).ok_or(Broken)?;
        Ok(entry.parts())
    }

    fn store(&mut self, name: &[u8], value: &[u8]) {
        let entry = Entry {
            text: [name, value].concat().into(),
            name: name.len(),
        };
        self.evict(entry.weight());
        if entry.weight() <= self.size {
            self.weight += entry.weight();
            self.entries.push_front(entry);
        }
    }

    fn evict(&mut self, room: usize) {
        while self.weight + room > self.size
            && let Some(old) = self.entries.pop_back()
        {
            self.weight -= old.weight();
        }
    }
}

/// An integer with a prefix of so many bits (RFC 7541 section 5.1).
fn integer(block: &mut &[u8], prefix: u32) -> Result<usize, Broken> {
    let (&first, mut rest) = block.split_first().ok_or(Broken)?;
    let mask = (1usize << prefix) - 1;
    let mut value = usize::from(first) & mask;
    if value == mask {
        let mut shift = 0;
        loop {
            let (&byte, more) = rest.split_first().ok_or(Broken)?;
            rest = more;
            if shift > 21 {
                return Err(Broken);
            }
            value += usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    *block = rest;
    Ok(value)
}

/// A string (RFC 7541 section 5.2), appended to `out`.
fn string(block: &mut &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
    let coded = block.first().ok_or(Broken)? & 0x80 != 0;
    let length = integer(block, 7)?;
    let (text, rest) = block.split_at_checked(length).ok_or(Broken)?;
    *block = rest;
    match coded {
        true => huffman::decode(text, out).ok_or(Broken),
        false => {
            out.extend_from_slice(text);
            Ok(())
        }
    }
}

fn write_integer(out: &mut Vec<u8>, first: u8, prefix: u32, value: usize) {
    let mask = (1usize << prefix) - 1;
    if value < mask {
        out.push(first | value as u8);
        return;
    }
    out.push(first | mask as u8);
    let mut rest = value - mask;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn write_string(out: &mut Vec<u8>, text: &[u8]) {
    write_integer(out, 0, 7, text.len());
    out.extend_from_slice(text);
}

/// Writes `:status`.
pub fn write_status(out: &mut Vec<u8>, status: &[u8]) {
    let known = match status {
        b"200" => 8,
        b"204" => 9,
        b"206" => 10,
        b"304" => 11,
        b"400" => 12,
        b"404" => 13,
        b"500" => 14,
        _ => {
            // a literal with the name of number 8
            out.push(8);
            return write_string(out, status);
        }
    };
    out.push(0x80 | known);
}

/// Writes an entry of the static table as it stands there.
pub fn write_known(out: &mut Vec<u8>, index: u8) {
    out.push(0x80 | index);
}

/// Writes a literal with the name of an entry of the static table.
pub fn write_named(out: &mut Vec<u8>, index: usize, value: &[u8]) {
    write_integer(out, 0, 4, index);
    write_string(out, value);
}

/// Writes a field as a literal that nobody is to store; the name goes out in lower case.
pub fn write_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    match static_name(name) {
        Some(index) => write_integer(out, 0, 4, index),
        None => {
            out.push(0);
            write_integer(out, 0, 7, name.len());
            let at = out.len();
            out.extend_from_slice(name);
            if let Some(name) = out.get_mut(at..) {
                name.make_ascii_lowercase();
            }
        }
    }
    write_string(out, value);
}

/// The number of a name that many messages have.
fn static_name(name: &[u8]) -> Option<usize> {
    let (length, first, last) = (name.len(), *name.first()?, *name.last()?);
    let at = match (length, first | 0x20, last | 0x20) {
        (3, b'a', b'e') => 21,
        (3, b'v', b'a') => 60,
        (4, b'd', b'e') => 33,
        (4, b'e', b'g') => 34,
        (4, b'h', b't') => 38,
        (4, b'v', b'y') => 59,
        (4, b'l', b'k') => 45,
        (6, b'a', b't') => 19,
        (6, b'c', b'e') => 32,
        (6, b's', b'r') => 54,
        (6, b'e', b't') => 35,
        (7, b'e', b's') => 36,
        (7, b'r', b'r') => 51,
        (8, b'l', b'n') => 46,
        (10, b's', b'e') => 55,
        (10, b'u', b't') => 58,
        (12, b'c', b'e') => 31,
        (13, b'a', b's') => 18,
        (13, b'c', b'l') => 24,
        (13, b'l', b'd') => 44,
        (13, b'a', b'n') => 23,
        (14, b'c', b'h') => 28,
        (15, b'a', b'g') => 16,
        (15, b'a', b'e') => 17,
        (16, b'c', b'g') => 26,
        (17, b'i', b'e') => 40,
        (27, b'a', b'n') => 20,
        _ => return None,
    };
    let (known, _) = STATIC.get(at - 1)?;
    known.eq_ignore_ascii_case(name).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(d: &mut Decoder, hex: &str) -> Result<Vec<String>, Broken> {
        let block: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
            .collect();
        let mut list = Vec::new();
        d.decode(&block, |n, v| {
            list.push(format!(
                "{}: {}",
                String::from_utf8_lossy(n),
                String::from_utf8_lossy(v)
            ));
        })?;
        Ok(list)
    }

    #[test]
    fn requests_of_the_standard() {
        // RFC 7541, appendix C.4: three requests on one connection
        let mut d = Decoder::new(TABLE_SIZE);
        let first = decode(&mut d, "828684418cf1e3c2e5f23a6ba0ab90f4ff").unwrap();
        assert_eq!(
            first,
            [
                ":method: GET",
                ":scheme: http",
                ":path: /",
                ":authority: www.example.com"
            ]
        );
        let second = decode(&mut d, "828684be5886a8eb10649cbf").unwrap();
        assert_eq!(
            second[3..],
            [":authority: www.example.com", "cache-control: no-cache"]
        );
        let third = decode(&mut d, "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf").unwrap();
        assert_eq!(
            third,
            [
                ":method: GET",
                ":scheme: https",
                ":path: /index.html",
                ":authority: www.example.com",
                "custom-key: custom-value"
            ]
        );
        assert_eq!(d.weight, 164);
    }

    #[test]
    fn responses_of_the_standard_evict() {
        // RFC 7541, appendix C.5, with a table of 256 bytes
        let mut d = Decoder::new(256);
        decode(&mut d, "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d").unwrap();
        assert_eq!(d.weight, 222);
        let second = decode(&mut d, "4803333037c1c0bf").unwrap();
        assert_eq!(second[0], ":status: 307");
        assert_eq!(
            (d.weight, second[1].as_str()),
            (222, "cache-control: private")
        );
    }

    #[test]
    fn faults() {
        let mut d = Decoder::new(TABLE_SIZE);
        for hex in [
            "80",
            "be",
            "ffffffffff7f",
            "00",
            "0001",
            "000161",
            "00000161",
            "3fe2ff7f",
            "823f00",
        ] {
            assert!(decode(&mut d, hex).is_err(), "{hex}");
        }
    }

    #[test]
    fn written_and_read() {
        let mut out = Vec::new();
        write_status(&mut out, b"200");
        write_status(&mut out, b"418");
        write_field(&mut out, b"Content-Type", b"text/plain");
        write_field(&mut out, b"X-Long", &[b'v'; 300]);
        write_field(&mut out, b"vari", b"");
        let mut list = Vec::new();
        Decoder::new(0)
            .decode(&out, |n, v| list.push((n.to_vec(), v.len())))
            .unwrap();
        let names: Vec<_> = list.iter().map(|(n, l)| (&n[..], *l)).collect();
        assert_eq!(
            names,
            [
                (&b":status"[..], 3),
                (b":status", 3),
                (b"content-type", 10),
                (b"x-long", 300),
                (b"vari", 0)
            ]
        );
    }

    #[test]
    fn known_names_have_their_numbers() {
        for (at, (name, _)) in STATIC.iter().enumerate() {
            if let Some(found) = static_name(name) {
                assert_eq!(found, at + 1);
            }
        }
        assert_eq!(static_name(b"Vary"), Some(59));
        assert_eq!(static_name(b"access-control-allow-origin"), Some(20));
    }
}
