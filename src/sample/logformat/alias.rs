//! The `%aliases` of log formats whose data exists; the others stand in the grammar only.

use super::{Escape, Flags, escape, origin};
use crate::base::clock;
use crate::proto::h1::Message;
use crate::sample::fetch::{cipher, path_of, remembered_target};
use crate::sample::value::Sample;
use crate::sample::view::{Direction, Eval, LogData};
use std::io::Write;
use std::net::{IpAddr, SocketAddr};

/// A log-format alias.
#[derive(Debug)]
pub struct Alias {
    /// Its name, without `%`.
    pub name: &'static str,
    /// Whether `+Q` puts it in quotes.
    pub quoted: bool,
    /// What log lines do with its value.
    pub logged: Logged,
    /// It quotes and escapes its parts by itself.
    pub is_list: bool,
    /// Appends its value.
    pub eval: AliasFn,
}

/// What log lines do with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logged {
    /// As it is; `-` for nothing.
    Raw,
    /// Unprintable bytes, `"` and `#` as `#XX`; `-` for nothing.
    Request,
    /// As `Request`, but nothing stays nothing.
    Part,
    /// As `Part`, `{`, `|` and `}` escaped as well.
    Captured,
}

impl Logged {
    /// Whether a byte is written as `#XX`.
    pub fn escapes(self, b: u8) -> bool {
        match self {
            Logged::Raw => false,
            Logged::Request | Logged::Part => !(b' '..0x7f).contains(&b) || b"\"#".contains(&b),
            Logged::Captured => !(b' '..0x7f).contains(&b) || b"\"#{|}".contains(&b),
        }
    }
    /// Whether `-` stands for nothing.
    pub fn dash(self) -> bool {
        matches!(self, Logged::Raw | Logged::Request)
    }
}

/// How the value of an alias is logged.
const fn logged_as(name: &str) -> Logged {
    match name.as_bytes() {
        b"HM" | b"HU" | b"HP" | b"HV" | b"r" => Logged::Request,
        b"HPO" | b"HQ" => Logged::Part,
        _ => Logged::Raw,
    }
}

/// Whether the value of an alias is a list.
const fn is_list(name: &str) -> bool {
    matches!(name.as_bytes(), b"hrl" | b"hsl")
}

impl Alias {
    /// Its field is left out when nothing was captured.
    pub fn lists_captures(&self) -> bool {
        matches!(self.name, "hr" | "hs" | "hrl" | "hsl")
    }

    /// It tells what is only known when the stream ends: a line with it waits for that (observed
    /// on 3.4, alias by alias).
    pub fn tells_the_end(&self) -> bool {
        const LATE: &[&str] = &[
            "B", "ID", "TR", "Ta", "Tc", "Td", "Th", "Ti", "Tq", "Tr", "Tt", "Tu", "Tw", "U", "ac",
            "bc", "bq", "fc", "rc", "sc", "sq", "ts",
        ];
        LATE.contains(&self.name)
    }

    /// `+X` has an effect on it.
    pub fn shows_hex(&self) -> bool {
        const HEX: &[&str] = &[
            "bi", "bp", "ci", "cp", "fi", "fp", "lc", "ms", "pid", "rt", "si", "sp", "Ts",
        ];
        HEX.contains(&self.name)
    }
}

/// Appends an alias's value.
pub type AliasFn = fn(&Eval<'_>, Flags, &mut Vec<u8>);

macro_rules! aliases {
    (text { $($tn:literal = $te:expr;)* } number { $($nn:literal = $ne:expr;)* }) => {
        static ALIASES: &[Alias] = &[
            $(Alias {
                name: $tn,
                quoted: true,
                logged: logged_as($tn),
                is_list: is_list($tn),
                eval: $te,
            },)*
            $(Alias {
                name: $nn,
                quoted: false,
                logged: Logged::Raw,
                is_list: false,
                eval: $ne,
            },)*
        ];
    };
}

aliases! {
    text {
        "b" = |e, _, out| {
            let name = e.view.backend().or(e.view.frontend());
            out.extend_from_slice(name.map_or("", |n| n.0).as_bytes());
        };
        "f" = |e, _, out| out.extend_from_slice(e.view.frontend().map_or("", |f| f.0).as_bytes());
        "ft" = |e, _, out| {
            out.extend_from_slice(e.view.frontend().map_or("", |f| f.0).as_bytes());
            if e.view.is_tls() {
                out.push(b'~');
            }
        };
        "s" = |e, _, out| {
            out.extend_from_slice(e.view.server().map_or("<NOSRV>", |s| s.0).as_bytes());
        };
        "ci" = |e, f, out| ip(e.view.session_src(), f, out);
        "fi" = |e, f, out| ip(e.view.session_dst(), f, out);
        "bi" = |e, f, out| ip(e.view.bc_src(), f, out);
        "si" = |e, f, out| ip(e.view.bc_dst(), f, out);
        // What is logged of the request is its line as received, whatever rules made of it.
        "HM" = |e, _, out| received(e, out, |r| r.received_method());
        "HP" = |e, _, out| received(e, out, |r| {
            remembered_target(e, r).split(|&b| b == b'?').next().unwrap_or_default()
        });
        "HPO" = |e, _, out| received(e, out, |r| {
            let path = path_of(remembered_target(e, r));
            path.split(|&b| b == b'?').next().unwrap_or_default()
        });
        "HQ" = |e, _, out| received(e, out, |r| {
            let target = remembered_target(e, r);
            let at = memchr::memchr(b'?', target).unwrap_or(target.len());
            target.get(at..).unwrap_or_default()
        });
        "HU" = |e, _, out| received(e, out, |r| remembered_target(e, r));
        "HV" = |e, _, out| version(e, out);
        "hr" = |e, _, out| captured(e, Direction::Request, out);
        "hs" = |e, _, out| captured(e, Direction::Response, out);
        "hrl" = |e, f, out| captured_list(e, Direction::Request, f, out);
        "hsl" = |e, f, out| captured_list(e, Direction::Response, f, out);
        "sslc" = |e, _, out| {
            if let Some(suite) = e.view.tls().and_then(|tls| cipher(e, tls)) {
                suite.append(out);
            }
        };
        "sslv" = |e, _, out| {
            if let Some(tls) = e.view.tls() {
                out.extend_from_slice(tls.version.as_bytes());
            }
        };
        "r" = |e, _, out| {
            let start = out.len();
            if let Some(r) = e.view.request() {
                out.extend_from_slice(r.received_method());
                out.push(b' ');
                out.extend_from_slice(r.received_target());
                out.push(b' ');
                version(e, out);
                out.truncate(start + e.view.uri_len());
            } else {
                out.extend_from_slice(b"<BADREQ>");
            }
        };
        "H" = |_, _, out| {
            out.extend_from_slice(rustix::system::uname().nodename().to_bytes());
        };
        "ID" = |e, _, out| out.extend_from_slice(e.view.unique_id().unwrap_or_default());
        "CC" = |e, _, out| cookie(e, Direction::Request, out);
        "CS" = |e, _, out| cookie(e, Direction::Response, out);
        "OG" = |e, _, out| out.extend_from_slice(origin(e).as_bytes());
    }
    number {
        "cp" = |e, f, out| port(e.view.session_src(), f, out);
        "fp" = |e, f, out| port(e.view.session_dst(), f, out);
        "bp" = |e, f, out| port(e.view.bc_src(), f, out);
        "sp" = |e, f, out| port(e.view.bc_dst(), f, out);
        "ST" = |e, _, out| {
            let status = match e.view.log() {
                Some(log) => i64::from(log.status),
                None => e.view.response().map_or(-1, |r| i64::from(r.status())),
            };
            Sample::Int(status).append(out);
        };
        "ts" = |e, _, out| {
            out.extend_from_slice(e.view.log().and_then(|l| l.state.get(..2)).unwrap_or_default());
        };
        "tsc" = |e, _, out| out.extend_from_slice(e.view.log().map_or(&[][..], |l| &l.state));
        "t" = |e, _, out| local_date(e.view.accept_date_us(), out);
        "tr" = |e, _, out| local_date(e.view.request_date_us(), out);
        "trl" = |e, _, out| zoned_date(e.view.request_date_us() / 1_000_000, out);
        "Tl" = |e, _, out| zoned_date(e.view.accept_date_us() / 1_000_000, out);
        "B" = |e, _, out| sum(e, out, |l| l.sent as i64);
        "U" = |e, _, out| logged(e, out, |l| l.received as i64);
        "TR" = |e, _, out| logged(e, out, |l| l.request);
        "Tw" = |e, _, out| logged(e, out, |l| l.queue);
        "Tc" = |e, _, out| logged(e, out, |l| l.connect);
        "Tr" = |e, _, out| logged(e, out, |l| l.response);
        "Ta" = |e, _, out| sum(e, out, |l| l.active);
        "Tt" = |e, _, out| sum(e, out, |l| l.total);
        "Tu" = |e, _, out| sum(e, out, |l| l.total - l.idle);
        "Th" = |e, _, out| logged(e, out, |l| l.handshake);
        "Tq" = |e, _, out| logged(e, out, until_request);
        "Td" = |e, _, out| logged(e, out, |l| match l.response {
            -1 => -1,
            _ => (l.total - until_request(l) - l.queue - l.connect - l.response).max(0),
        });
        "Ti" = |e, _, out| logged(e, out, |l| l.idle);
        "fc" = |e, _, out| logged(e, out, |l| l.feconn.into());
        "bc" = |e, _, out| logged(e, out, |l| l.beconn.into());
        "sc" = |e, _, out| logged(e, out, |l| l.srvconn.into());
        "sq" = |e, _, out| logged(e, out, |l| l.srv_queue.into());
        "bq" = |e, _, out| logged(e, out, |l| l.backend_queue.into());
        "rc" = |e, _, out| {
            if e.view.log().is_some_and(|l| l.redispatched) {
                out.push(b'+');
            }
            logged(e, out, |l| l.retries.into());
        };
        "pid" = |_, f, out| number(std::process::id().into(), f, out);
        "rt" = |e, f, out| number(e.view.stream_id().into(), f, out);
        "Ts" = |e, f, out| number(e.view.accept_date_us() / 1_000_000, f, out);
        "ms" = |e, f, out| {
            let ms = e.view.accept_date_us() / 1000 % 1000;
            let _ = match f.contains(Flags::HEX) {
                true => write!(out, "{ms:02X}"),
                false => write!(out, "{ms:03}"),
            };
        };
        "lc" = |e, f, out| number(e.view.log().map_or(0, |l| l.lines).into(), f, out);
        "T" = |e, _, out| utc_date(e.view.accept_date_us() / 1_000_000, out);
        "trg" = |e, _, out| utc_date(e.view.request_date_us() / 1_000_000, out);
        "ac" = |e, _, out| match e.view.log() {
            Some(l) => Sample::Int(l.actconn.into()).append(out),
            None => current(e.view.world().act_conn(), out),
        };
    }
}

/// `{a||c}`
fn captured(e: &Eval<'_>, direction: Direction, out: &mut Vec<u8>) {
    let Some(captures) = e.view.captures().filter(|c| c.has(direction)) else {
        return;
    };
    out.push(b'{');
    let mut first = true;
    captures.each(direction, |value| {
        if !std::mem::take(&mut first) {
            out.push(b'|');
        }
        let start = out.len();
        out.extend_from_slice(value.unwrap_or_default());
        escape_captured(out, start, false);
    });
    out.push(b'}');
}

/// `a - c`, in quotes with `+Q`.
fn captured_list(e: &Eval<'_>, direction: Direction, flags: Flags, out: &mut Vec<u8>) {
    let Some(captures) = e.view.captures() else {
        return;
    };
    let quote = flags.contains(Flags::QUOTE);
    let mut first = true;
    captures.each(direction, |value| {
        if !std::mem::take(&mut first) {
            out.push(b' ');
        }
        if quote {
            out.push(b'"');
        }
        let start = out.len();
        out.extend_from_slice(value.unwrap_or(if quote { b"" } else { b"-" }));
        escape_captured(out, start, flags.contains(Flags::ESCAPE));
        if quote {
            out.push(b'"');
        }
    });
}

fn escape_captured(out: &mut Vec<u8>, start: usize, backslash: bool) {
    escape(out, start, |b| match b {
        b'\\' | b']' if backslash => Escape::Backslash,
        b if Logged::Captured.escapes(b) => Escape::Hex(b'#'),
        _ => Escape::None,
    });
}

fn cookie(e: &Eval<'_>, direction: Direction, out: &mut Vec<u8>) {
    if let Some(captures) = e.view.captures() {
        captures.cookie(direction, |cookie| out.extend_from_slice(cookie));
    }
}

/// A sum that grows until the end: with `+` in a line that is written before.
fn sum(e: &Eval<'_>, out: &mut Vec<u8>, field: impl Fn(&LogData) -> i64) {
    if e.view.log().is_some_and(|l| l.early) {
        out.push(b'+');
    }
    logged(e, out, field);
}

/// `%Tq`
fn until_request(l: &LogData) -> i64 {
    match l.request {
        -1 => -1,
        request => l.handshake + l.idle + request,
    }
}

/// Appends a part of the request, or what HAProxy shows of one that it could not read.
fn received(e: &Eval<'_>, out: &mut Vec<u8>, part: impl Fn(&Message) -> &[u8]) {
    match e.view.request() {
        Some(r) => out.extend_from_slice(part(r)),
        None => out.extend_from_slice(b"<BADREQ>"),
    }
}

/// The alias of a name.
pub fn find(name: &[u8]) -> Option<&'static Alias> {
    ALIASES.iter().find(|a| a.name.as_bytes() == name)
}

/// Every alias.
pub fn all() -> impl Iterator<Item = &'static Alias> {
    ALIASES.iter()
}

fn logged(e: &Eval<'_>, out: &mut Vec<u8>, field: impl Fn(&LogData) -> i64) {
    Sample::Int(e.view.log().map_or(-1, field)).append(out);
}

/// When a connection was accepted, as log lines show it.
pub fn accept_date(us: u64) -> String {
    let mut out = Vec::new();
    local_date(us, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// `23/Nov/2026:14:58:03.123`, local time
fn local_date(us: u64, out: &mut Vec<u8>) {
    let seconds = us / 1_000_000;
    let d = clock::civil(seconds.saturating_add_signed(clock::local_offset(seconds)));
    let two = |out: &mut Vec<u8>, n: u64| {
        out.push(b'0' + (n / 10 % 10) as u8);
        out.push(b'0' + (n % 10) as u8);
    };
    two(out, u64::from(d.day));
    out.push(b'/');
    out.extend_from_slice(d.month_name().as_bytes());
    out.push(b'/');
    two(out, d.year / 100);
    two(out, d.year);
    for n in [d.hour, d.minute, d.second] {
        out.push(b':');
        two(out, u64::from(n));
    }
    let ms = us / 1000 % 1000;
    out.push(b'.');
    out.push(b'0' + (ms / 100) as u8);
    two(out, ms % 100);
}

fn current(n: Option<u32>, out: &mut Vec<u8>) {
    Sample::Int(n.unwrap_or(0).into()).append(out);
}

fn number(n: u64, flags: Flags, out: &mut Vec<u8>) {
    if flags.contains(Flags::HEX) {
        let _ = write!(out, "{n:04X}");
    } else {
        out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
    }
}

fn ip(address: Option<SocketAddr>, flags: Flags, out: &mut Vec<u8>) {
    let Some(address) = address else { return };
    let ip = address.ip().to_canonical();
    if !flags.contains(Flags::HEX) {
        return Sample::from(ip).append(out);
    }
    let octets: &[u8] = match &ip {
        IpAddr::V4(a) => &a.octets(),
        IpAddr::V6(a) => &a.octets(),
    };
    for o in octets {
        let _ = write!(out, "{o:02X}");
    }
}

fn port(address: Option<SocketAddr>, flags: Flags, out: &mut Vec<u8>) {
    if let Some(a) = address {
        number(a.port().into(), flags, out);
    }
}

fn version(e: &Eval<'_>, out: &mut Vec<u8>) {
    match e.view.request().map(|r| r.version()) {
        Some((major, minor)) => {
            out.extend_from_slice(b"HTTP/");
            number(major.into(), Flags::empty(), out);
            out.push(b'.');
            number(minor.into(), Flags::empty(), out);
        }
        None => out.extend_from_slice(b"<BADREQ>"),
    }
}

/// `23/Nov/2026:14:58:03 +0000`
fn utc_date(seconds: u64, out: &mut Vec<u8>) {
    date(seconds, 0, out);
}

/// `23/Nov/2026:15:58:03 +0100`, local time
fn zoned_date(seconds: u64, out: &mut Vec<u8>) {
    date(seconds, clock::local_offset(seconds), out);
}

/// A date `offset` seconds east of Greenwich.
fn date(seconds: u64, offset: i64, out: &mut Vec<u8>) {
    let d = clock::civil(seconds.saturating_add_signed(offset));
    let sign = if offset < 0 { '-' } else { '+' };
    let zone = offset.unsigned_abs() / 60;
    let _ = write!(
        out,
        "{:02}/{}/{:04}:{:02}:{:02}:{:02} {sign}{:02}{:02}",
        d.day,
        d.month_name(),
        d.year,
        d.hour,
        d.minute,
        d.second,
        zone / 60,
        zone % 60
    );
}
