//! Questions to name servers and their answers (RFC 1035, RFC 2782, RFC 3596, RFC 6891), as far as
//! HAProxy asks them: one question for A, AAAA or SRV, with the size of answers that are taken.

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use std::net::IpAddr;
use xxhash_rust::xxh32::xxh32;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Where a service is offered.
    Srv,
}

impl Kind {
    /// What is asked for when that brought nothing: the other family of addresses.
    pub fn other(self) -> Kind {
        match self {
            Kind::A => Kind::Aaaa,
            Kind::Aaaa => Kind::A,
            Kind::Srv => Kind::Srv,
        }
    }

    fn record(self) -> RecordType {
        match self {
            Kind::A => RecordType::A,
            Kind::Aaaa => RecordType::AAAA,
            Kind::Srv => RecordType::SRV,
        }
    }
}

/// The longest chain of aliases in one answer.
const ALIASES: usize = 16;

/// Writes a question; `None`: the name cannot be one (labels of 1 to 63 bytes, 253 in all).
/// `payload`: bytes of an answer that are taken; less than 512 count as 512 (RFC 6891 6.2.5).
pub fn question(id: u16, name: &str, kind: Kind, payload: u16) -> Option<Vec<u8>> {
    if matches!(name, "" | ".") {
        return None;
    }
    let parsed = Name::from_ascii(name).ok()?;
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(parsed, kind.record()));
    let mut edns = Edns::new();
    edns.set_max_payload(payload);
    message.set_edns(edns);
    message.to_vec().ok()
}

/// One place where a service is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Name of the host, in lower case.
    pub target: String,
    /// Its port.
    pub port: u16,
    /// Its weight, 0 to 65535.
    pub weight: u16,
    /// Its address, if an additional record tells it.
    pub address: Option<IpAddr>,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// These addresses, at least one.
    Addresses(Vec<IpAddr>),
    /// These places, at least one.
    Services(Vec<Service>),
    /// There is no such name.
    NxDomain,
    /// The server does not answer such questions.
    Refused,
    /// Another error.
    Error,
    /// No error, and nothing of what was asked for either.
    Nothing,
    /// It was cut.
    Truncated,
    /// It is no answer to the question.
    Invalid,
}

/// The id of a message.
pub fn id(message: &[u8]) -> Option<u16> {
    message.first_chunk::<2>().map(|id| u16::from_be_bytes(*id))
}

/// Whether a message says that it was cut.
fn is_cut(message: &[u8]) -> bool {
    message.get(2).is_some_and(|flags| flags & 2 != 0)
}

/// Reads an answer to the question for `name`.
pub fn answer(message: &[u8], name: &str, kind: Kind) -> Answer {
    match Message::from_vec(message) {
        Ok(read) => of_message(&read, name, kind),
        Err(_) if is_cut(message) => Answer::Truncated,
        Err(_) => Answer::Invalid,
    }
}

fn of_message(message: &Message, name: &str, kind: Kind) -> Answer {
    let head = &message.metadata;
    let [query] = message.queries.as_slice() else {
        return Answer::Invalid;
    };
    let mut asked = text(&query.name);
    let proper = head.message_type == MessageType::Response
        && head.op_code == OpCode::Query
        && asked.eq_ignore_ascii_case(name.strip_suffix('.').unwrap_or(name))
        && query.query_type == kind.record()
        && query.query_class == DNSClass::IN;
    if !proper {
        return Answer::Invalid;
    }
    match head.response_code {
        ResponseCode::NoError => {}
        ResponseCode::NXDomain => return Answer::NxDomain,
        ResponseCode::Refused => return Answer::Refused,
        _ => return Answer::Error,
    }
    if head.truncation {
        return Answer::Truncated;
    }
    for _ in 0..ALIASES {
        let alias = of(&message.answers, &asked).find_map(|r| match &r.data {
            RData::CNAME(target) => Some(text(&target.0)),
            _ => None,
        });
        match alias {
            Some(target) => asked = target,
            None => break,
        }
    }
    let own = of(&message.answers, &asked);
    if kind == Kind::Srv {
        let services: Vec<Service> = own.filter_map(|r| service(r, message)).collect();
        return match services.is_empty() {
            true => Answer::Nothing,
            false => Answer::Services(services),
        };
    }
    let mut found: Vec<IpAddr> = Vec::new();
    for ip in own.filter_map(|r| address(r, kind)) {
        if !found.contains(&ip) {
            found.push(ip);
        }
    }
    match found.is_empty() {
        true => Answer::Nothing,
        false => Answer::Addresses(found),
    }
}

/// A name as text in lower case, without a dot at its end.
fn text(name: &Name) -> String {
    let mut text = name.to_ascii();
    text.make_ascii_lowercase();
    if text.ends_with('.') {
        text.pop();
    }
    text
}

/// The records of a name.
fn of<'m>(records: &'m [Record], name: &'m str) -> impl Iterator<Item = &'m Record> {
    let here = move |r: &&Record| r.dns_class == DNSClass::IN && text(&r.name) == name;
    records.iter().filter(here)
}

fn address(record: &Record, kind: Kind) -> Option<IpAddr> {
    match (&record.data, kind) {
        (RData::A(a), Kind::A) => Some(a.0.into()),
        (RData::AAAA(a), Kind::Aaaa) => Some(a.0.into()),
        _ => None,
    }
}

fn service(record: &Record, message: &Message) -> Option<Service> {
    let RData::SRV(srv) = &record.data else {
        return None;
    };
    let target = text(&srv.target);
    let own = || of(&message.additionals, &target);
    let address = own()
        .find_map(|r| address(r, Kind::A))
        .or_else(|| own().find_map(|r| address(r, Kind::Aaaa)));
    Some(Service {
        address,
        port: srv.port,
        weight: srv.weight,
        target,
    })
}

/// The place of an address among others of an answer: HAProxy 3.4 goes through them in the order
/// of a hash (observed), which decides which server gets which.
pub fn address_order(ip: IpAddr) -> u32 {
    match ip {
        IpAddr::V4(ip) => xxh32(&ip.octets(), 1),
        IpAddr::V6(ip) => xxh32(&ip.octets(), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: usize = 12;
    /// The name asked for.
    const SELF: &[u8] = &[0xc0, 12];

    /// A response to the question for `a.test`, with answers and additional records.
    fn response(kind: Kind, code: u8, records: &[(&[u8], u16, &[u8])], added: usize) -> Vec<u8> {
        let mut out = question(7, "a.test", kind, 512).unwrap();
        out.truncate(HEAD + 8 + 4);
        out[2] = 0x81;
        out[3] = 0x80 | code;
        out[7] = (records.len() - added) as u8;
        out[11] = added as u8;
        for (owner, kind, data) in records {
            out.extend_from_slice(owner);
            out.extend_from_slice(&kind.to_be_bytes());
            out.extend_from_slice(&[0, 1, 0, 0, 0, 30]);
            out.extend_from_slice(&(data.len() as u16).to_be_bytes());
            out.extend_from_slice(data);
        }
        out
    }

    #[test]
    fn questions() {
        let asked = question(0x1234, "a.test", Kind::Aaaa, 4096).unwrap();
        let wanted =
            b"\x12\x34\x01\0\0\x01\0\0\0\0\0\x01\x01a\x04test\0\0\x1c\0\x01\0\0\x29\x10\0\0\0\0\0\0\0";
        assert_eq!(asked, wanted);
        assert!(question(1, "_http._tcp.a.test", Kind::Srv, 512).is_some());
        for bad in ["", ".", "a..b", &"x".repeat(64)] {
            assert_eq!(question(1, bad, Kind::A, 512), None, "{bad}");
        }
    }

    #[test]
    fn addresses() {
        let read = |message: &[u8]| answer(message, "A.test", Kind::A);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let of = |code, records: &[(&[u8], u16, &[u8])]| response(Kind::A, code, records, 0);
        let two = of(0, &[(SELF, 1, &[127, 0, 0, 1]), (SELF, 1, &[127, 0, 0, 2])]);
        let both = Answer::Addresses(vec![ip("127.0.0.1"), ip("127.0.0.2")]);
        assert_eq!(read(&two), both);
        let alias: &[u8] = b"\x01B\x04test\0";
        let chain = of(
            0,
            &[(SELF, 5, alias), (b"\x01b\x04test\0", 1, &[10, 0, 0, 1])],
        );
        assert_eq!(read(&chain), Answer::Addresses(vec![ip("10.0.0.1")]));
        let stranger = of(0, &[(b"\x01c\x04test\0", 1, &[10, 0, 0, 1])]);
        assert_eq!(read(&stranger), Answer::Nothing);
        assert_eq!(read(&of(3, &[])), Answer::NxDomain);
        assert_eq!(read(&of(5, &[])), Answer::Refused);
        assert_eq!(read(&of(2, &[])), Answer::Error);
        assert_eq!(answer(&two, "b.test", Kind::A), Answer::Invalid);
        assert_eq!(answer(&two, "a.test", Kind::Aaaa), Answer::Invalid);
        assert_eq!(read(&of(0, &[(SELF, 1, &[1, 2, 3])])), Answer::Invalid);
        let mut cut = two.clone();
        cut[2] |= 2;
        assert_eq!(read(&cut), Answer::Truncated);
        cut.truncate(40);
        assert_eq!(read(&cut), Answer::Truncated);
    }

    #[test]
    fn services() {
        let target = b"\0\x01\x01\x2c\0\x51\x01N\x04test\0";
        let records: [(&[u8], u16, &[u8]); 2] =
            [(SELF, 33, target), (b"\x01n\x04test\0", 1, &[10, 0, 0, 9])];
        let wanted = Service {
            target: "n.test".to_owned(),
            port: 81,
            weight: 300,
            address: Some([10, 0, 0, 9].into()),
        };
        let message = response(Kind::Srv, 0, &records, 1);
        let read = answer(&message, "a.test", Kind::Srv);
        assert_eq!(read, Answer::Services(vec![wanted]));
        let nothing = response(Kind::Srv, 0, &[(SELF, 1, &[10, 0, 0, 1])], 0);
        assert_eq!(answer(&nothing, "a.test", Kind::Srv), Answer::Nothing);
    }

    /// Which of several servers got which address from 3.4.0.
    #[test]
    fn order() {
        let sorted = |last: &[u8]| {
            let mut all: Vec<u8> = last.to_vec();
            all.sort_by_key(|n| address_order([127, 0, 0, *n].into()));
            all
        };
        assert_eq!(sorted(&[5, 6, 7]), [6, 7, 5]);
        assert_eq!(sorted(&[31, 32]), [32, 31]);
        let least = |many: u8| (1..many).min_by_key(|n| address_order([127, 0, 1, *n].into()));
        assert_eq!((least(41), least(201)), (Some(23), Some(110)));
    }

    proptest! {
        /// Any bytes behind a proper head are judged.
        #[test]
        fn anything(rest in prop::collection::vec(any::<u8>(), 0..200), keep in 0usize..60) {
            for kind in [Kind::A, Kind::Srv] {
                let mut message = response(kind, 0, &[(SELF, 1, &[127, 0, 0, 1])], 0);
                message.truncate(keep);
                message.extend(&rest);
                let _ = answer(&message, "a.test", kind);
            }
        }
    }
}
