//! How a check ended, in HAProxy's words.

use crate::engine::connect::Fault;
use crate::ir::check::{Act, CheckStatus, Pattern, Port, Step};
use rustix::io::Errno;

/// How one check ended.
#[derive(Debug)]
pub(super) struct Outcome {
    /// `check_status`
    pub status: CheckStatus,
    /// `check_code`
    pub code: Option<u16>,
    /// `last_chk`
    pub info: String,
}

impl Outcome {
    /// Without a word.
    pub fn of(status: CheckStatus) -> Outcome {
        Outcome::told(status, String::new())
    }

    /// With what there is to say.
    pub fn told(status: CheckStatus, info: String) -> Outcome {
        Outcome {
            status,
            code: None,
            info,
        }
    }

    /// Why no connection could even be begun.
    pub fn not_begun(fault: Fault, place: &str) -> Outcome {
        let (status, e) = match fault {
            Fault::Failed(e @ (Errno::NETUNREACH | Errno::HOSTUNREACH)) => {
                (CheckStatus::L4Connection, e)
            }
            Fault::Failed(e @ (Errno::NOENT | Errno::ACCESS)) => (CheckStatus::SocketError, e),
            other => return Outcome::not_connected(other, place),
        };
        let info = format!("General socket error ({}){place}", text_of(e));
        Outcome::told(status, info)
    }

    /// Why there is no connection; `place` names the step where that is told.
    pub fn not_connected(fault: Fault, place: &str) -> Outcome {
        let (status, error) = match fault {
            Fault::TimedOut => (CheckStatus::L4Timeout, None),
            Fault::HandshakeTimedOut => (CheckStatus::L6Timeout, None),
            Fault::Handshake => {
                let info = format!("SSL handshake failure{place}");
                return Outcome::told(CheckStatus::L6Response, info);
            }
            Fault::Failed(e) => (CheckStatus::L4Connection, Some(e)),
            Fault::Full | Fault::NoSource | Fault::Abandoned => (CheckStatus::SocketError, None),
            Fault::Resource(e) => (CheckStatus::SocketError, Some(e)),
        };
        let error = error.map_or(String::new(), |e| system(e, true));
        Outcome::told(status, format!("{error}{place}"))
    }
}

/// The text of an error number.
fn text_of(e: Errno) -> String {
    let text = std::io::Error::from(e).to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// What the system said: `ECONNRESET returned by OS (Connection reset by peer)`.
pub(super) fn system(e: Errno, in_words: bool) -> String {
    let name = error_name(e);
    if !in_words {
        return format!("{name} returned by OS");
    }
    format!("{name} returned by OS ({})", text_of(e))
}

/// The symbolic name of an error number, as HAProxy 3.4 shows it.
fn error_name(e: Errno) -> String {
    match e {
        Errno::CONNREFUSED => "ECONNREFUSED".into(),
        Errno::CONNRESET => "ECONNRESET".into(),
        Errno::HOSTUNREACH => "EHOSTUNREACH".into(),
        Errno::NETUNREACH => "ENETUNREACH".into(),
        Errno::TIMEDOUT => "ETIMEDOUT".into(),
        Errno::ADDRNOTAVAIL => "EADDRNOTAVAIL".into(),
        Errno::PIPE => "EPIPE".into(),
        Errno::NOENT => "ENOENT".into(),
        Errno::ACCESS => "EACCES".into(),
        other => format!("errno {}", other.raw_os_error()),
    }
}

/// Text for one line: bytes as characters, up to a NUL.
pub(super) fn line(bytes: &[u8]) -> String {
    let shown = bytes.split(|b| *b == 0).next().unwrap_or_default();
    match std::str::from_utf8(shown) {
        Ok(text) => text.to_owned(),
        Err(_) => shown.iter().map(|b| char::from(*b)).collect(),
    }
}

/// What a step of `tcp-check` is called: ` at step 2 of tcp-check (expect regex)`.
pub(super) fn place(step: &Step, comment: Option<&str>) -> String {
    let comment = comment.map_or(String::new(), |c| format!(" comment: '{c}'"));
    if step.number == 0 {
        return format!(" at initial connection step of tcp-check{comment}");
    }
    let name = match &step.act {
        Act::Connect(connect) => match &connect.port {
            Some(Port::Number(port)) => format!("connect port {port}"),
            _ => "connect".to_owned(),
        },
        Act::Expect(expect) => match &expect.pattern {
            Pattern::String(text) => format!("expect string '{}'", line(text)),
            Pattern::Binary(_, written) => {
                format!("expect binary '{}'", written.to_ascii_uppercase())
            }
            Pattern::Regex(_) => "expect regex".to_owned(),
            Pattern::BinaryRegex(_) => "expect binary regex".to_owned(),
            Pattern::StringFormat(_) => "expect log-format string".to_owned(),
            Pattern::BinaryFormat(_) => "expect log-format binary".to_owned(),
            _ => "expect custom function".to_owned(),
        },
        _ => "send".to_owned(),
    };
    format!(" at step {} of tcp-check ({name}){comment}", step.number)
}

/// What was found or missing, for the messages about answers: `content 'x'`.
pub(super) fn content(pattern: &Pattern) -> String {
    match pattern {
        Pattern::String(text) => format!("content '{}'", line(text)),
        Pattern::Binary(..) => "content (binary)".into(),
        Pattern::Regex(_) => "content (regex)".into(),
        Pattern::BinaryRegex(_) => "content (binary regex)".into(),
        Pattern::StringFormat(_) => "content (log-format string)".into(),
        Pattern::BinaryFormat(_) => "content (log-format binary)".into(),
        Pattern::Custom(_) => "content (custom function)".into(),
        Pattern::Status(_) => "content(status codes)".into(),
        Pattern::StatusRegex(_) => "content(regex)".into(),
        Pattern::Header(_) => "content(header)".into(),
    }
}
