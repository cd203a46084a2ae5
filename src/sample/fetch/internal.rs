//! Constants and states of the process (manual 7.3.2).

use super::{CLIENT, CONSTANT, Example, Fetch, INTERNAL};
use crate::base::clock;
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::compile::Compile;
use crate::sample::value::{Sample, Type};
use std::fmt::Write;

pub(super) static FETCHES: &[Fetch] = &[
    Fetch {
        name: "always_false",
        args: &[],
        required: 0,
        out: Type::Bool,
        source: &CONSTANT,
        check: None,
        eval: |_, _, _| Some(Sample::Bool(false)),
        doc: "Always false.",
        examples: &[Example::of("always_false", "0")],
    },
    Fetch {
        name: "always_true",
        args: &[],
        required: 0,
        out: Type::Bool,
        source: &CONSTANT,
        check: None,
        eval: |_, _, _| Some(Sample::Bool(true)),
        doc: "Always true.",
        examples: &[Example::of("always_true", "1")],
    },
    Fetch {
        name: "act_conn",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &CONSTANT,
        check: None,
        eval: |_, e, _| e.view.world().act_conn().map(|n| Sample::Int(n.into())),
        doc: "Current connections of the process.",
        examples: &[Example::of("act_conn", "7")],
    },
    Fetch {
        name: "bin",
        args: &[Kind::Str],
        required: 1,
        out: Type::Bin,
        source: &CONSTANT,
        check: Some(hex_digits),
        eval: |args, _, _| Some(Sample::Bin(text(args, 0))),
        doc: "A constant from hexadecimal digits.",
        examples: &[Example::of("bin(4a4b)", "JK")],
    },
    Fetch {
        name: "bool",
        args: &[Kind::Str],
        required: 1,
        out: Type::Bool,
        source: &CONSTANT,
        check: Some(|args, _| {
            let value = match text(args, 0) {
                b"true" | b"1" => 1,
                b"false" | b"0" => 0,
                _ => return Err("Expects 'true', 'false', '0' or '1'".into()),
            };
            *args = vec![Arg::Int(value)];
            Ok(())
        }),
        eval: |args, _, _| Some(Sample::Bool(int(args, 0)? != 0)),
        doc: "A constant.",
        examples: &[Example::of("bool(true)", "1"), Example::of("bool(0)", "0")],
    },
    Fetch {
        name: "int",
        args: &[Kind::Int],
        required: 1,
        out: Type::Sint,
        source: &CONSTANT,
        check: None,
        eval: |args, _, _| int(args, 0).map(Sample::Int),
        doc: "A constant.",
        examples: &[Example::of("int(-5)", "-5")],
    },
    Fetch {
        name: "ipv4",
        args: &[Kind::Ipv4],
        required: 1,
        out: Type::Ipv4,
        source: &CONSTANT,
        check: None,
        eval: |args, _, _| match args.first() {
            Some(Arg::V4(a)) => Some(Sample::V4(*a)),
            _ => None,
        },
        doc: "A constant.",
        examples: &[Example::of("ipv4(1.2.3.4)", "1.2.3.4")],
    },
    Fetch {
        name: "ipv6",
        args: &[Kind::Ipv6],
        required: 1,
        out: Type::Ipv6,
        source: &CONSTANT,
        check: None,
        eval: |args, _, _| match args.first() {
            Some(Arg::V6(a)) => Some(Sample::V6(*a)),
            _ => None,
        },
        doc: "A constant.",
        examples: &[Example::of("ipv6(::1)", "::1")],
    },
    Fetch {
        name: "meth",
        args: &[Kind::Str],
        required: 1,
        out: Type::Meth,
        source: &CONSTANT,
        check: None,
        eval: |args, _, _| Some(Sample::Meth(text(args, 0))),
        doc: "A method as a constant.",
        examples: &[Example::of("meth(GET)", "GET")],
    },
    Fetch {
        name: "str",
        args: &[Kind::Str],
        required: 1,
        out: Type::Str,
        source: &CONSTANT,
        check: None,
        eval: |args, _, _| Some(Sample::Str(text(args, 0))),
        doc: "A constant.",
        examples: &[
            Example::of("str(a b)", "a b"),
            Example::of("str('a,b')", "a,b"),
        ],
    },
    Fetch {
        name: "date",
        args: &[Kind::Int, Kind::Str],
        required: 0,
        out: Type::Sint,
        source: &CONSTANT,
        check: Some(date_unit),
        eval: |args, _, _| {
            let now = clock::unix_time();
            let now = match int(args, 1) {
                Some(1_000) => now.as_millis(),
                Some(1_000_000) => now.as_micros(),
                _ => now.as_secs().into(),
            };
            let now = i64::try_from(now).ok()?;
            Some(Sample::Int(now.wrapping_add(int(args, 0).unwrap_or(0))))
        },
        doc: "The time since 1970 in s, ms or us, plus an offset in the same unit.",
        examples: &[
            Example::of("date", "1700000000"),
            Example::of("date(-5,ms)", "1699999999995"),
        ],
    },
    Fetch {
        name: "date_us",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &CONSTANT,
        check: None,
        eval: |_, _, _| Some(Sample::Int(clock::unix_time().subsec_micros().into())),
        doc: "The microseconds of the current second.",
        examples: &[Example::of("date_us", "0")],
    },
    Fetch {
        name: "accept_date",
        args: &[Kind::Str],
        required: 0,
        out: Type::Sint,
        source: &CLIENT,
        check: Some(only_unit),
        eval: |args, e, _| stamp(e.view.accept_date_us(), args),
        doc: "When the connection was accepted, in s, ms or us since 1970.",
        examples: &[Example::of("accept_date(ms)", "1699999999000")],
    },
    Fetch {
        name: "request_date",
        args: &[Kind::Str],
        required: 0,
        out: Type::Sint,
        source: &super::REQUEST,
        check: Some(only_unit),
        eval: |args, e, _| stamp(e.view.request_date_us(), args),
        doc: "When the request's first byte was received, in s, ms or us since 1970.",
        examples: &[Example::of("request_date", "1699999999")],
    },
    Fetch {
        name: "env",
        args: &[Kind::Str],
        required: 1,
        out: Type::Str,
        source: &CONSTANT,
        check: Some(|args, _| {
            use std::os::unix::ffi::{OsStrExt, OsStringExt};
            let name = std::ffi::OsStr::from_bytes(text(args, 0)).to_owned();
            let found = (!name.is_empty()).then(|| std::env::var_os(name)).flatten();
            *args = found
                .map(|v| Arg::Str(v.into_vec().into()))
                .into_iter()
                .collect();
            Ok(())
        }),
        eval: |args, _, _| args.first().map(|a| Sample::Str(a.bytes())),
        doc: "An environment variable of the process.",
        examples: &[Example::none("env(HAPAX_NO_SUCH_VARIABLE)")],
    },
    Fetch {
        name: "hostname",
        args: &[],
        required: 0,
        out: Type::Str,
        source: &CONSTANT,
        check: Some(|args, _| {
            let uname = rustix::system::uname();
            *args = vec![Arg::Str(uname.nodename().to_bytes().into())];
            Ok(())
        }),
        eval: |args, _, _| Some(Sample::Str(text(args, 0))),
        doc: "The machine's name.",
        examples: &[],
    },
    Fetch {
        name: "nbproc",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &CONSTANT,
        check: None,
        eval: |_, _, _| Some(Sample::Int(1)),
        doc: "Always 1: there is one process.",
        examples: &[Example::of("nbproc", "1")],
    },
    Fetch {
        name: "pid",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &CONSTANT,
        check: None,
        eval: |_, _, _| Some(Sample::Int(std::process::id().into())),
        doc: "The process id.",
        examples: &[],
    },
    Fetch {
        name: "proc",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &CONSTANT,
        check: None,
        eval: |_, _, _| Some(Sample::Int(1)),
        doc: "Always 1: there is one process.",
        examples: &[Example::of("proc", "1")],
    },
    Fetch {
        name: "rand",
        args: &[Kind::Int],
        required: 0,
        out: Type::Sint,
        source: &CONSTANT,
        check: None,
        eval: |args, e, _| {
            let random = i64::from(e.view.random());
            Some(Sample::Int(match int(args, 0) {
                None => random,
                Some(range) => random.wrapping_mul(range) >> 32,
            }))
        },
        doc: "A pseudo-random number from 0 up to the range (2^32), exclusive.",
        examples: &[Example::of("rand(100)", "25")],
    },
    Fetch {
        name: "stopping",
        args: &[],
        required: 0,
        out: Type::Bool,
        source: &INTERNAL,
        check: None,
        eval: |_, e, _| Some(Sample::Bool(e.view.world().stopping())),
        doc: "Whether the process is stopping.",
        examples: &[Example::of("stopping", "0")],
    },
    Fetch {
        name: "thread",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &CONSTANT,
        check: None,
        eval: |_, e, _| Some(Sample::Int(e.view.world().thread().into())),
        doc: "The number of the thread in work, from 0.",
        examples: &[Example::of("thread", "0")],
    },
    Fetch {
        name: "tgroup",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &CONSTANT,
        check: None,
        eval: |_, _, _| Some(Sample::Int(0)),
        doc: "The number of the thread group, less one.",
        examples: &[Example::of("tgroup", "0")],
    },
    Fetch {
        name: "txn.id32",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &INTERNAL,
        check: None,
        eval: |_, e, _| Some(Sample::Int(e.view.stream_id().into())),
        doc: "A number counted up with every stream.",
        examples: &[Example::of("txn.id32", "42")],
    },
    Fetch {
        name: "unique-id",
        args: &[],
        required: 0,
        out: Type::Str,
        source: &CONSTANT,
        check: None,
        eval: |_, e, _| e.view.unique_id().map(Sample::Str),
        doc: "What unique-id-format made.",
        examples: &[Example::none("unique-id")],
    },
    Fetch {
        name: "uptime",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &CONSTANT,
        check: None,
        eval: |_, e, _| {
            let ms = e.view.world().uptime_ms();
            i64::try_from(ms / 1000).ok().map(Sample::Int)
        },
        doc: "Seconds since the process started.",
        examples: &[Example::of("uptime", "5")],
    },
    Fetch {
        name: "uuid",
        args: &[Kind::Int],
        required: 0,
        out: Type::Str,
        source: &CONSTANT,
        check: Some(|args, _| match int(args, 0) {
            None | Some(4 | 7) => Ok(()),
            Some(n) => Err(format!("Unsupported UUID version: '{n}'")),
        }),
        eval: |args, e, _| {
            let mut bits = 0u128;
            for _ in 0..4 {
                bits = bits << 32 | u128::from(e.view.random());
            }
            let version = int(args, 0).unwrap_or(4);
            if version == 7 {
                let ms = clock::unix_time().as_millis() & 0xffff_ffff_ffff;
                bits = bits >> 48 | ms << 80;
            }
            let version = u128::try_from(version).ok()?;
            bits = bits & !(0xf << 76 | 0b11 << 62) | version << 76 | 0b10 << 62;
            let mut hex = String::with_capacity(36);
            for (i, b) in bits.to_be_bytes().iter().enumerate() {
                if matches!(i, 4 | 6 | 8 | 10) {
                    hex.push('-');
                }
                let _ = write!(hex, "{b:02x}");
            }
            Some(Sample::Str(e.scratch.copy(hex.as_bytes())))
        },
        doc: "A random UUID (RFC 9562) of version 4 or 7.",
        examples: &[Example::of("uuid", "40000000-4000-4000-8000-000040000000")],
    },
    Fetch {
        name: "wait_end",
        args: &[],
        required: 0,
        out: Type::Bool,
        source: &INTERNAL,
        check: None,
        eval: |_, e, cursor| {
            cursor.not_yet = !e.last;
            e.last.then_some(Sample::Bool(true))
        },
        doc: "True, but only once the inspection's delay is over.",
        examples: &[Example::of("wait_end", "1")],
    },
    Fetch {
        name: "quic_enabled",
        args: &[],
        required: 0,
        out: Type::Bool,
        source: &CONSTANT,
        check: None,
        eval: |_, _, _| Some(Sample::Bool(false)),
        doc: "Always false: there is no QUIC.",
        examples: &[Example::of("quic_enabled", "0")],
    },
];

fn stamp<'a>(us: u64, args: &[Arg]) -> Option<Sample<'a>> {
    let per_unit = u64::try_from(1_000_000 / int(args, 0).unwrap_or(1)).ok()?;
    let value = us.checked_div(per_unit)?;
    i64::try_from(value).ok().map(Sample::Int)
}

/// How many of the unit a second has.
fn unit(name: &[u8]) -> Result<Arg, String> {
    Ok(Arg::Int(match name {
        b"" | b"s" => 1,
        b"ms" => 1_000,
        b"us" => 1_000_000,
        other => {
            return Err(format!(
                "expects 's', 'ms' or 'us', got '{}'",
                bstr::BStr::new(other)
            ));
        }
    }))
}

fn only_unit(args: &mut Vec<Arg>, _: &mut Compile<'_>) -> Result<(), String> {
    *args = vec![unit(text(args, 0))?];
    Ok(())
}

fn date_unit(args: &mut Vec<Arg>, _: &mut Compile<'_>) -> Result<(), String> {
    let scale = unit(text(args, 1))?;
    *args = vec![Arg::Int(int(args, 0).unwrap_or(0)), scale];
    Ok(())
}

/// Hexadecimal digits to bytes.
fn hex_digits(args: &mut Vec<Arg>, _: &mut Compile<'_>) -> Result<(), String> {
    *args = vec![Arg::Str(crate::sample::pattern::hex(text(args, 0))?.into())];
    Ok(())
}
