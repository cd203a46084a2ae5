//! CONNECT and CONNACK packets of MQTT 3.1, 3.1.1 and 5.0 (manual 7.3.1; OASIS MQTT 3.1.1 and 5.0,
//! sections 3.1 and 3.2).

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::value::{Sample, Type};
use crate::sample::view::Eval;
use bstr::BStr;
use std::io::Write;

const CONNECT: i64 = 1;
const CONNACK: i64 = 2;

/// Names of packets by their number.
const PACKETS: [&str; 15] = [
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH",
];

/// Fields that are no properties; their place, negated, stands where a property's number would.
const FIELDS: [&str; 10] = [
    "flags",
    "protocol_name",
    "protocol_version",
    "client_identifier",
    "will_topic",
    "will_payload",
    "username",
    "password",
    "keepalive",
    "reason_code",
];

const OF_CONNECT: &[&str] = &[
    "flags",
    "protocol_name",
    "protocol_version",
    "client_identifier",
    "will_topic",
    "will_payload",
    "username",
    "password",
    "keepalive",
];
const OF_CONNACK: &[&str] = &["flags", "protocol_version", "reason_code"];

/// The properties of a packet (MQTT 5.0 section 2.2.2.2).
const CONNECT_PROPERTIES: &[i64] = &[17, 33, 39, 34, 25, 23, 21, 22, 24, 1, 2, 3, 8, 9];
const CONNACK_PROPERTIES: &[i64] = &[
    17, 33, 36, 37, 39, 18, 34, 31, 40, 41, 42, 19, 26, 28, 21, 22,
];

pub(super) static CONVS: &[Conv] = &[
    Conv {
        name: "mqtt_is_valid",
        args: &[],
        required: 0,
        input: Type::Bin,
        out: Type::Bool,
        check: None,
        eval: |_, v, _| match v {
            // Unfinished packets are neither.
            Sample::Bin(s) if unfinished(s) => None,
            Sample::Bin(s) => Some(Sample::Bool(Packet::read(s).is_some())),
            _ => None,
        },
        doc: "Whether data is a whole and sound CONNECT or CONNACK packet.",
        examples: &[
            Example::of("bin(20020000),mqtt_is_valid", "1"),
            Example::of("bin(21020000),mqtt_is_valid", "0"),
        ],
    },
    Conv {
        name: "mqtt_field_value",
        args: &[Kind::Str, Kind::Str],
        required: 2,
        input: Type::Bin,
        out: Type::Str,
        check: Some(|args, _| field(args)),
        eval: |args, v, e| {
            let Sample::Bin(s) = v else { return None };
            let packet = Packet::read(s)?;
            if packet.kind != int(args, 0)? {
                return None;
            }
            packet.value(int(args, 1)?, e)
        },
        doc: "A field of a CONNECT or CONNACK packet by its name, or a property by its number.",
        examples: &[Example::of(
            "bin(20020005),mqtt_field_value(connack,reason_code)",
            "5",
        )],
    },
];

fn field(args: &mut Vec<Arg>) -> Result<(), String> {
    let shown = |t: &[u8]| BStr::new(t).to_string();
    let word = text(args, 0);
    let number = |t: &[u8]| std::str::from_utf8(t).ok()?.parse::<i64>().ok();
    let named = PACKETS
        .iter()
        .position(|p| p.as_bytes().eq_ignore_ascii_case(word));
    let kind = match named {
        Some(at) => i64::try_from(at).ok().map(|at| at + 1),
        None => number(word).filter(|n| (1..=15).contains(n)),
    };
    let kind = kind.ok_or_else(|| format!("Unknown MQTT type '{}'", shown(word)))?;
    let (fields, properties) = match kind {
        CONNECT => (OF_CONNECT, CONNECT_PROPERTIES),
        CONNACK => (OF_CONNACK, CONNACK_PROPERTIES),
        _ => (&[][..], &[][..]),
    };
    let name = text(args, 1);
    let known = fields
        .iter()
        .find(|f| f.as_bytes().eq_ignore_ascii_case(name))
        .and_then(|f| FIELDS.iter().position(|all| all == f))
        .and_then(|at| i64::try_from(at).ok())
        .map(|at| -at)
        // the user's own is known and never found
        .or_else(|| number(name).filter(|n| *n == 38 || properties.contains(n)));
    let known = known.ok_or_else(|| {
        format!(
            "Unknown MQTT field name '{}' for packet type '{}'",
            shown(name),
            shown(word)
        )
    })?;
    *args = vec![Arg::Int(kind), Arg::Int(known)];
    Ok(())
}

/// A sound packet.
#[derive(Default)]
struct Packet<'s> {
    kind: i64,
    flags: u8,
    version: u8,
    keepalive: u16,
    reason: u8,
    name: &'s [u8],
    client: &'s [u8],
    will_topic: Option<&'s [u8]>,
    will_payload: Option<&'s [u8]>,
    username: Option<&'s [u8]>,
    password: Option<&'s [u8]>,
    properties: &'s [u8],
    will_properties: &'s [u8],
}

impl<'s> Packet<'s> {
    /// The packet that data is.
    fn read(s: &'s [u8]) -> Option<Packet<'s>> {
        let mut r = Reader { s };
        let first = r.byte()?;
        let len = r.varint()?;
        let (body, rest) = r.s.split_at_checked(len)?;
        let mut r = Reader { s: body };
        if first & 15 != 0 {
            return None;
        }
        let mut packet = Packet {
            kind: (first >> 4).into(),
            ..Packet::default()
        };
        match packet.kind {
            CONNECT => packet.connect(&mut r)?,
            CONNACK => packet.connack(&mut r)?,
            _ => return None,
        }
        // HAProxy minds what follows only a CONNACK
        let alone = rest.is_empty() || packet.kind == CONNECT;
        (alone && r.s.is_empty()).then_some(packet)
    }

    fn connect(&mut self, r: &mut Reader<'s>) -> Option<()> {
        self.name = r.text()?;
        self.version = r.byte()?;
        match (self.name, self.version) {
            // HAProxy takes each name with each version
            (b"MQIsdp" | b"MQTT", 3..=5) => {}
            _ => return None,
        }
        self.flags = r.byte()?;
        let will = self.flags & 4 != 0;
        let quality = self.flags >> 3 & 3;
        let sound = self.flags & 1 == 0
            && quality != 3
            && (will || self.flags & 0x38 == 0)
            && (self.version == 5 || self.flags & 0xc0 != 0x40);
        if !sound {
            return None;
        }
        self.keepalive = r.short()?;
        if self.version == 5 {
            self.properties = r.properties(CONNECT_PROPERTIES)?;
        }
        self.client = r.text()?;
        if will {
            if self.version == 5 {
                self.will_properties = r.properties(CONNECT_PROPERTIES)?;
            }
            self.will_topic = Some(r.text()?);
            self.will_payload = Some(r.text()?);
        }
        if self.flags & 0x80 != 0 {
            self.username = Some(r.text()?);
        }
        if self.flags & 0x40 != 0 {
            self.password = Some(r.text()?);
        }
        Some(())
    }

    fn connack(&mut self, r: &mut Reader<'s>) -> Option<()> {
        self.flags = r.byte()?;
        if self.flags & 0xfe != 0 {
            return None;
        }
        self.reason = r.byte()?;
        // Only version 5 has properties.
        self.version = 4;
        if !r.s.is_empty() {
            self.properties = r.properties(CONNACK_PROPERTIES)?;
            self.version = 5;
        }
        Some(())
    }

    fn value<'a>(&self, field: i64, e: &Eval<'a>) -> Option<Sample<'a>>
    where
        's: 'a,
    {
        let number = |n: u64| {
            let mut digits = [0u8; 20];
            let mut room = &mut digits[..];
            let _ = write!(room, "{n}");
            let len = 20 - room.len();
            Some(Sample::Str(e.scratch.copy(digits.get(..len)?)))
        };
        match field {
            0 => number(self.flags.into()),
            -1 => Some(Sample::Str(self.name)),
            -2 => number(self.version.into()),
            -3 => Some(Sample::Str(self.client)).filter(|_| !self.client.is_empty()),
            -4 => self.will_topic.map(Sample::Str),
            -5 => self.will_payload.map(Sample::Str),
            -6 => self.username.map(Sample::Str),
            -7 => self.password.map(Sample::Str),
            -8 => number(self.keepalive.into()),
            -9 => number(self.reason.into()),
            id => {
                for list in [self.properties, self.will_properties] {
                    let mut r = Reader { s: list };
                    while let Some((found, value)) = r.property() {
                        if i64::from(found) == id {
                            return match value {
                                Value::Number(n) => number(n),
                                Value::Text(t) => Some(Sample::Str(t)),
                            };
                        }
                    }
                }
                // numbers that are not there are 0
                let numeric = !matches!(id, 3 | 8 | 9 | 18 | 21 | 22 | 26 | 28 | 31 | 38);
                (self.version == 5 && numeric).then(|| number(0))?
            }
        }
    }
}

/// Whether more bytes may complete the packet.
fn unfinished(s: &[u8]) -> bool {
    let mut r = Reader { s };
    let Some(first) = r.byte() else { return true };
    // The flags of other packets are fixed (section 2.1.3).
    let wanted = match first >> 4 {
        3 => first & 15,
        6 | 8 | 10 => 2,
        _ => 0,
    };
    if s.len() > 1 && first & 15 != wanted {
        return false;
    }
    match r.varint() {
        Some(len) => r.s.len() < len,
        None => r.s.is_empty() && s.len() < 5,
    }
}

enum Value<'s> {
    Number(u64),
    Text(&'s [u8]),
}

struct Reader<'s> {
    s: &'s [u8],
}

impl<'s> Reader<'s> {
    fn take(&mut self, len: usize) -> Option<&'s [u8]> {
        let (head, tail) = self.s.split_at_checked(len)?;
        self.s = tail;
        Some(head)
    }
    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }
    fn short(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }
    fn text(&mut self) -> Option<&'s [u8]> {
        let len = self.short()?;
        self.take(len.into())
    }
    /// A number of one to four bytes with seven bits each.
    fn varint(&mut self) -> Option<usize> {
        let mut n = 0;
        for shift in [0, 7, 14, 21] {
            let b = self.byte()?;
            n |= usize::from(b & 0x7f) << shift;
            if b & 0x80 == 0 {
                return Some(n);
            }
        }
        None
    }
    /// A list of properties, all of them known and well formed.
    fn properties(&mut self, known: &[i64]) -> Option<&'s [u8]> {
        let len = self.varint()?;
        let list = self.take(len)?;
        let mut r = Reader { s: list };
        while !r.s.is_empty() {
            let (id, _) = r.property()?;
            if id != 38 && !known.contains(&i64::from(id)) {
                return None;
            }
        }
        Some(list)
    }
    fn property(&mut self) -> Option<(u8, Value<'s>)> {
        let id = self.byte()?;
        let value = match id {
            1 | 23 | 25 | 36 | 37 | 40 | 41 | 42 => Value::Number(self.byte()?.into()),
            19 | 33 | 34 | 35 => Value::Number(self.short()?.into()),
            2 | 17 | 24 | 39 => {
                let bytes = self.take(4)?.try_into().ok()?;
                Value::Number(u32::from_be_bytes(bytes).into())
            }
            11 => Value::Number(u64::try_from(self.varint()?).ok()?),
            3 | 8 | 9 | 18 | 21 | 22 | 26 | 28 | 31 => Value::Text(self.text()?),
            38 => {
                self.text()?;
                Value::Text(self.text()?)
            }
            _ => return None,
        };
        Some((id, value))
    }
}
