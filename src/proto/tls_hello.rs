//! TLS hello messages as they pass by, read as far as choosing a server needs it (RFC 8446 4.1,
//! RFC 6066 3, RFC 7301; which bytes count as a hello: observed).

/// What a buffer holds of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// It is there.
    Yes(T),
    /// It may be there once more bytes came.
    More,
    /// It is not there.
    No,
}

impl<T> Found<T> {
    /// Goes on with what is there.
    pub fn and_then<U>(self, then: impl FnOnce(T) -> Found<U>) -> Found<U> {
        match self {
            Found::Yes(value) => then(value),
            Found::More => Found::More,
            Found::No => Found::No,
        }
    }
}

/// Bytes of a record's and of a handshake message's header.
const RECORD: usize = 5;
const HANDSHAKE: usize = 4;
/// A handshake record's type.
const IS_HANDSHAKE: u8 = 0x16;
/// The handshake type of a client's hello.
const CLIENT_HELLO: u8 = 1;

/// Extensions by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Extension {
    /// `server_name`
    ServerName = 0,
    /// `supported_groups`
    Groups = 10,
    /// `ec_point_formats`
    PointFormats = 11,
    /// `signature_algorithms`
    SignatureAlgorithms = 13,
    /// `application_layer_protocol_negotiation`
    Alpn = 16,
    /// `session_ticket`
    SessionTicket = 35,
    /// `supported_versions`
    SupportedVersions = 43,
    /// `key_share`
    KeyShare = 51,
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b))
}

/// Takes a field with a length of `size` bytes in front.
fn field<'a>(from: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let (length, rest) = from.split_at_checked(size)?;
    let (value, rest) = rest.split_at_checked(number(length))?;
    *from = rest;
    Some(value)
}

/// The handshake's header: everything up to its body is there and says SSLv3 or later.
fn header(buf: &[u8]) -> Found<()> {
    match buf {
        [] => Found::More,
        [kind, ..] if *kind != IS_HANDSHAKE => Found::No,
        [_, major, ..] if *major < 3 => Found::No,
        _ if buf.len() < RECORD + HANDSHAKE => Found::More,
        _ => Found::Yes(()),
    }
}

fn handshake_len(buf: &[u8]) -> usize {
    number(buf.get(RECORD + 1..RECORD + HANDSHAKE).unwrap_or_default())
}

fn record_len(buf: &[u8]) -> usize {
    number(buf.get(3..RECORD).unwrap_or_default())
}

/// The type of the handshake message that the buffer begins with, once it is whole: 1 from
/// clients, 2 from servers.
pub fn message_type(buf: &[u8]) -> Found<u8> {
    header(buf).and_then(|()| match buf.get(RECORD) {
        _ if buf.len() < RECORD + HANDSHAKE + handshake_len(buf) => Found::More,
        Some(kind) => Found::Yes(*kind),
        None => Found::More,
    })
}

/// Major and minor version that a client's hello asks for; SSLv2's form too.
pub fn version(buf: &[u8]) -> Found<(u8, u8)> {
    match buf {
        [first, second, 1, major, minor, ..] if first & 0x80 != 0 => {
            let length = number(&[first & 0x7f, *second]);
            match buf.len() >= 2 + length {
                true => Found::Yes((*major, *minor)),
                false => Found::More,
            }
        }
        [first, _, kind, ..] if first & 0x80 != 0 && *kind != 1 => Found::No,
        [first, ..] if first & 0x80 != 0 => Found::More,
        _ => header(buf).and_then(|()| match buf.get(RECORD + HANDSHAKE..) {
            _ if buf.len() < RECORD + record_len(buf) => Found::More,
            Some([major, minor, ..]) => Found::Yes((*major, *minor)),
            _ => Found::No,
        }),
    }
}

/// A client's hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientHello<'a> {
    /// The cipher suites, two bytes each.
    pub ciphers: &'a [u8],
    extensions: &'a [u8],
}

/// Reads a client's hello. `whole`: not before its record is complete; else the last bytes of it
/// may still be missing, as HAProxy reads names and protocols.
pub fn client_hello(buf: &[u8], whole: bool) -> Found<ClientHello<'_>> {
    header(buf).and_then(|()| {
        if buf.get(RECORD) != Some(&CLIENT_HELLO) {
            return Found::No;
        }
        let (record, handshake) = (record_len(buf), handshake_len(buf));
        if record < handshake + HANDSHAKE {
            return Found::No;
        }
        if whole && buf.len() < RECORD + record || buf.len() < RECORD + handshake {
            return Found::More;
        }
        let end = (RECORD + HANDSHAKE + handshake).min(buf.len());
        let body = buf.get(RECORD + HANDSHAKE..end).unwrap_or_default();
        parse(body).map_or(Found::No, Found::Yes)
    })
}

fn parse(body: &[u8]) -> Option<ClientHello<'_>> {
    let (version, rest) = body.split_at_checked(2)?;
    if version < &[3, 1][..] {
        return None;
    }
    let mut rest = rest.get(32..)?;
    field(&mut rest, 1)?;
    let ciphers = field(&mut rest, 2)?;
    field(&mut rest, 1)?;
    let extensions = match rest.split_at_checked(2) {
        Some((length, rest)) => rest.get(..number(length)).unwrap_or(rest),
        None => &[],
    };
    Some(ClientHello {
        ciphers,
        extensions,
    })
}

impl<'a> ClientHello<'a> {
    /// What an extension holds.
    pub fn extension(&self, wanted: Extension) -> Option<&'a [u8]> {
        let mut rest = self.extensions;
        while let Some((id, behind)) = rest.split_at_checked(2) {
            rest = behind;
            let value = field(&mut rest, 2)?;
            if number(id) == wanted as usize {
                return Some(value);
            }
        }
        None
    }

    /// The numbers of the extensions in their order, two bytes each.
    pub fn extension_numbers(&self) -> Vec<u8> {
        let mut numbers = Vec::new();
        let mut rest = self.extensions;
        while let Some((id, behind)) = rest.split_at_checked(2) {
            rest = behind;
            if field(&mut rest, 2).is_none() {
                break;
            }
            numbers.extend_from_slice(id);
        }
        numbers
    }

    /// The name of the server that the client wants.
    pub fn server_name(&self) -> Option<&'a [u8]> {
        let mut list = self.extension(Extension::ServerName)?;
        let mut list = field(&mut list, 2)?;
        while let Some((kind, rest)) = list.split_first() {
            list = rest;
            let name = field(&mut list, 2)?;
            if *kind == 0 {
                return Some(name);
            }
        }
        None
    }

    /// The first protocol that the client offers.
    pub fn protocol(&self) -> Option<&'a [u8]> {
        let mut list = self.extension(Extension::Alpn)?;
        let mut list = field(&mut list, 2)?;
        field(&mut list, 1)
    }

    /// The protocols that the client offers.
    pub fn protocols(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut list = self.extension(Extension::Alpn).unwrap_or_default();
        let mut list = field(&mut list, 2).unwrap_or_default();
        std::iter::from_fn(move || field(&mut list, 1))
    }

    /// The list of two-byte numbers that an extension holds.
    pub fn list(&self, of: Extension) -> Option<&'a [u8]> {
        field(&mut self.extension(of)?, 2)
    }

    /// The groups that the client sends keys for.
    pub fn key_share_groups(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut list = self.list(Extension::KeyShare).unwrap_or_default();
        std::iter::from_fn(move || {
            let (group, rest) = list.split_at_checked(2)?;
            list = rest;
            field(&mut list, 2)?;
            Some(group)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(extensions: &[u8]) -> Vec<u8> {
        let with_length = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
        let body = [
            &[3, 3][..],
            &[7; 32],
            &[0],
            &with_length(&[0x13, 1, 0xc0, 0x2f]),
            &[1, 0],
            &with_length(extensions),
        ]
        .concat();
        let message = [&[1, 0][..], &with_length(&body)].concat();
        [&[0x16, 3, 1][..], &with_length(&message)].concat()
    }

    #[test]
    fn names_and_protocols() {
        let extensions = [
            &[0, 0, 0, 8, 0, 6, 0, 0, 3][..],
            b"a.b",
            &[0, 16, 0, 8, 0, 6, 2],
            b"h2",
            &[2],
            b"h3",
            &[0, 35, 0, 0],
        ]
        .concat();
        let text = hello(&extensions);
        assert_eq!(message_type(&text), Found::Yes(1));
        assert_eq!(version(&text), Found::Yes((3, 3)));
        let Found::Yes(found) = client_hello(&text, true) else {
            panic!("no hello");
        };
        assert_eq!(found.ciphers, [0x13, 1, 0xc0, 0x2f]);
        assert_eq!(found.server_name(), Some(&b"a.b"[..]));
        assert_eq!(found.protocol(), Some(&b"h2"[..]));
        assert_eq!(found.extension(Extension::SessionTicket), Some(&[][..]));
        assert_eq!(found.extension(Extension::Groups), None);
        for cut in 0..text.len() {
            let part = text.get(..cut).unwrap();
            assert_eq!(message_type(part), Found::More, "{cut}");
            assert_eq!(client_hello(part, true), Found::More, "{cut}");
        }
    }

    #[test]
    fn others_are_no_hello() {
        assert_eq!(message_type(b"GET / HTTP/1.1"), Found::No);
        assert_eq!(client_hello(b"GET / HTTP/1.1", false), Found::No);
        assert_eq!(version(b"GET / HTTP/1.1"), Found::No);
        assert_eq!(message_type(&[0x16, 2]), Found::No);
        let mut of_server = hello(&[]);
        of_server[5] = 2;
        assert_eq!(message_type(&of_server), Found::Yes(2));
        assert_eq!(client_hello(&of_server, true), Found::No);
    }
}
