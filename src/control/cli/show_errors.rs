//! `show errors`: the last request and response of each proxy that could not be understood.

use super::{Call, Command, Flow, named, shown};
use crate::base::clock;
use crate::engine::captured::Captured;
use crate::ir::bind::CliLevel;
use crate::plan::Plan;
use crate::proto::h1::ErrorKind;
use std::fmt::Write;
use std::time::Duration;

/// `show errors [<proxy>] [request|response]`
pub const COMMAND: Command = Command {
    words: &["show", "errors"],
    usage: "show errors [<px>] [request|response]",
    meaning: "shows the last messages that could not be understood",
    level: CliLevel::Operator,
    run,
};

/// Columns of a line of the message, its offset not counted.
const WIDTH: usize = 70;
/// What HAProxy keeps free of a buffer for its own use.
const RESERVED: usize = 40;

/// Number, name and place in the configuration of a proxy.
struct Proxy {
    uuid: i64,
    name: String,
}

fn run(call: &mut Call<'_>) -> Flow {
    let plan = call.world.plan();
    let Some(shared) = call.world.shared() else {
        return Flow::More;
    };
    let only = match call.arg(0) {
        b"" => None,
        word => match number(plan, word) {
            Some(id) => Some(id),
            None => return call.error("No such proxy."),
        },
    };
    let direction = match call.arg(1) {
        b"request" => Some(false),
        b"response" => Some(true),
        _ => None,
    };
    let bufsize = plan.global.settings.tune.bufsize as usize;
    let (total, mut all) = shared.captured.all();
    let (front, back) = (|c: &Captured| front(plan, c), |c: &Captured| back(plan, c));
    let owner = |c: &Captured| match c.response {
        true => back(c).uuid,
        false => front(c).uuid,
    };
    all.retain(|c| {
        let meant = only.is_none_or(|id| id < 0 || front(c).uuid == id || back(c).uuid == id);
        meant && direction.is_none_or(|response| c.response == response)
    });
    all.sort_by_key(|c| (owner(c), c.response));
    let mut out = format!(
        "Total events captured on [{}] : {total}\n",
        date(clock::unix_time())
    );
    for captured in &all {
        describe(plan, captured, bufsize, &mut out);
    }
    call.out.extend_from_slice(out.as_bytes());
    Flow::More
}

/// The `id` of a proxy by its name or number; numbers need not exist.
fn number(plan: &Plan, word: &[u8]) -> Option<i64> {
    if let Some(backend) = named::backend(plan, word) {
        return Some(backend.uuid.into());
    }
    let text = shown(word);
    let frontend = plan.frontends.iter().find(|f| *f.name == text);
    match frontend {
        Some(frontend) => Some(frontend.uuid.into()),
        None => text.trim_start_matches('#').parse().ok(),
    }
}

fn front(plan: &Plan, c: &Captured) -> Proxy {
    let found = plan.frontend(c.frontend);
    Proxy {
        uuid: found.map_or(-1, |f| f.uuid.into()),
        name: found.map(|f| f.name.to_string()).unwrap_or_default(),
    }
}

fn back(plan: &Plan, c: &Captured) -> Proxy {
    let found = c.backend.and_then(|id| plan.backend(id));
    Proxy {
        uuid: found.map_or(-1, |b| b.uuid.into()),
        name: found.map_or("<NONE>".to_string(), |b| b.name.to_string()),
    }
}

fn describe(plan: &Plan, c: &Captured, bufsize: usize, out: &mut String) {
    let (fe, be) = (front(plan, c), back(plan, c));
    let place = c.backend.and_then(|id| plan.backend(id));
    let server = place.and_then(|b| b.servers.get(c.server? as usize));
    let (server_id, server) = match server {
        Some(server) => (i64::from(server.settings.id), server.name.to_string()),
        None => (-1, "<NONE>".to_string()),
    };
    let listener = plan.listeners.get(c.listener as usize);
    let src = match c.src {
        Some(src) => src.to_string(),
        None => format!("unix:{}", listener.map_or(0, |l| l.uuid)),
    };
    let (own, kind, other_kind, other) = match c.response {
        true => (&be, "backend", "frontend", &fe),
        false => (&fe, "frontend", "backend", &be),
    };
    let direction = if c.response { "response" } else { "request" };
    let length = c.bytes.len();
    let _ = write!(
        out,
        " \n[{}] {kind} {} (#{}): invalid {direction}\n  {other_kind} {} (#{}), server {server} \
         (#{server_id}), event #{}, src {src}\n  buffer starts at 0 (including 0 out), {} free,\n  \
         len {length}, wraps at {}, error at position {}\n  H1 connection flags 0x00000000, H1 \
         stream flags 0x00000000\n  H1 msg state {}, H1 msg flags 0x00000000\n  H1 chunk len 0 \
         bytes, H1 body len 0 bytes :\n  \n",
        date(c.at),
        own.name,
        own.uuid,
        other.name,
        other.uuid,
        c.number,
        bufsize.saturating_sub(length),
        bufsize.saturating_sub(RESERVED),
        c.position,
        state(c),
    );
    dump(&c.bytes, out);
}

/// Where a parser like HAProxy's would have stopped.
fn state(c: &Captured) -> &'static str {
    match c.kind {
        Some(ErrorKind::Method) => "MSG_RQMETH(2)",
        Some(ErrorKind::Target) => "MSG_RQURI(4)",
        Some(ErrorKind::Version) if c.response => "MSG_RPVER(10)",
        Some(ErrorKind::Version) => "MSG_RQVER(6)",
        Some(ErrorKind::Status) => "MSG_RPCODE(12)",
        Some(ErrorKind::HeaderName) => "MSG_HDR_NAME(17)",
        Some(ErrorKind::HeaderValue | ErrorKind::TooManyHeaders | ErrorKind::TooLarge) => {
            "MSG_HDR_VAL(22)"
        }
        Some(_) => "MSG_HDR_L2_LWS(24)",
        None => "MSG_CHUNK_SIZE(26)",
    }
}

/// The bytes with their offsets, one line each; a long one goes on behind a `+`.
fn dump(bytes: &[u8], out: &mut String) {
    let (mut line, mut begin, mut goes_on) = (String::new(), 0, false);
    for (at, byte) in bytes.iter().enumerate() {
        let shown = match byte {
            b'\n' => "\\n".to_string(),
            b'\r' => "\\r".to_string(),
            b'\t' => "\\t".to_string(),
            b'\\' => "\\\\".to_string(),
            b' '..=b'~' => char::from(*byte).to_string(),
            other => format!("\\x{other:02X}"),
        };
        if line.len() + shown.len() > WIDTH {
            put(&line, begin, goes_on, out);
            line.clear();
            (begin, goes_on) = (at, true);
        }
        line.push_str(&shown);
        if *byte == b'\n' {
            put(&line, begin, goes_on, out);
            line.clear();
            (begin, goes_on) = (at + 1, false);
        }
    }
    if !line.is_empty() {
        put(&line, begin, goes_on, out);
    }
}

fn put(line: &str, begin: usize, goes_on: bool, out: &mut String) {
    let mark = if goes_on { '+' } else { ' ' };
    let _ = writeln!(out, "  {begin:05}{mark} {line}");
}

/// `23/Nov/2026:14:58:03.123`, local time.
pub fn date(at: Duration) -> String {
    let seconds = at.as_secs();
    let d = clock::civil(seconds.saturating_add_signed(clock::local_offset(seconds)));
    format!(
        "{:02}/{}/{:04}:{:02}:{:02}:{:02}.{:03}",
        d.day,
        d.month_name(),
        d.year,
        d.hour,
        d.minute,
        d.second,
        at.subsec_millis()
    )
}

#[cfg(test)]
mod tests {
    use super::dump;

    #[test]
    fn bytes_are_shown_with_their_offsets() {
        let mut out = String::new();
        let long = [
            b"Long: ",
            [b'a'; 200].as_slice(),
            b"\r\nA\\B\tC: \"\x80\xff\"\r\n",
        ]
        .concat();
        dump(&long, &mut out);
        let a = |n: usize| "a".repeat(n);
        let expected = format!(
            "  00000  Long: {}\n  00070+ {}\n  00140+ {}\\r\\n\n  00208  A\\\\B\\tC: \"\\x80\\xFF\"\\r\\n\n",
            a(64),
            a(70),
            a(66)
        );
        assert_eq!(out, expected);
    }
}
