//! `log` lines (HAProxy configuration manual 3.1, 4.2 and 8).

use super::address::Address;
use crate::config::directive::Word;
use crate::sample::LogFormat;
use crate::sample::view::LogStep;

/// An entry of a proxy's list of log targets.
#[derive(Clone, Debug, PartialEq)]
pub enum LogEntry {
    /// `log global`: the targets of the `global` section.
    Global,
    /// A target of its own.
    Target(LogTarget),
}

/// Where and how log lines are sent.
#[derive(Clone, Debug, PartialEq)]
pub struct LogTarget {
    /// Where to.
    pub to: LogAddress,
    /// `len`: longest line in bytes, 80 to 65535 (1024)
    pub len: u32,
    /// `format`
    pub format: LogLineFormat,
    /// `profile`: the name of a `log-profile` section
    pub profile: Option<String>,
    /// `sample`: which of so many messages are sent; `None`: all
    pub sample: Option<LogSample>,
    /// Facility, 0 to 23
    pub facility: u8,
    /// The least important level that is sent, 0 (emerg) to 7 (debug, the default)
    pub max_level: u8,
    /// More important messages are sent as this level (0)
    pub min_level: u8,
}

/// Where log lines go.
#[derive(Clone, Debug, PartialEq)]
pub enum LogAddress {
    /// UDP, or a unix socket.
    Socket(Address),
    /// `stdout`, `stderr`, `fd@N`
    Fd(i32),
    /// `ring@NAME`
    Ring(String),
}

/// A `ring` section: messages kept in memory, and sent on.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// Its name.
    pub name: String,
    /// `description`; its name if there is none
    pub description: Option<String>,
    /// `format`: how its messages begin, whatever the `log` line says (raw)
    pub format: LogLineFormat,
    /// `maxlen`: what is longer is cut, bytes (1024)
    pub maxlen: u32,
    /// `size`: bytes of messages that are kept
    pub size: u32,
    /// `timeout connect`, milliseconds
    pub connect: Option<u32>,
    /// `timeout server`, milliseconds
    pub server: Option<u32>,
    /// `server` lines
    pub servers: Vec<RingServer>,
}

/// A `server` line of a ring: whom its messages are sent to, over TCP.
#[derive(Clone, Debug, PartialEq)]
pub struct RingServer {
    /// Its name.
    pub name: String,
    /// Where to.
    pub address: Address,
    /// `log-proto octet-count`: each message has its length before it; else a line end behind it
    /// (RFC 6587)
    pub counted: bool,
}

impl Ring {
    /// The sizes of 3.4 where a section names none, bytes.
    pub const SIZE: u32 = 16384;
    /// The longest message where a section says nothing, bytes.
    pub const MAXLEN: u32 = 1024;

    /// One without any lines.
    pub fn new(name: &str) -> Ring {
        Ring {
            name: name.to_owned(),
            description: None,
            format: LogLineFormat::Raw,
            maxlen: Ring::MAXLEN,
            size: Ring::SIZE,
            connect: None,
            server: None,
            servers: Vec::new(),
        }
    }

    /// The one that every process has.
    pub fn built_in() -> Ring {
        Ring {
            description: Some("in-memory ring buffer".to_owned()),
            size: 1024 * 1024,
            ..Ring::new("buf0")
        }
    }
}

/// How a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLineFormat {
    /// `rfc3164`; the default for sockets
    Rfc3164,
    /// `local`: as rfc3164 without a host name
    Local,
    /// `rfc5424`
    Rfc5424,
    /// `priority`: `<N>` only
    Priority,
    /// `short`: `<N>` only, level alone
    Short,
    /// `timed`: `<N>` and an ISO date
    Timed,
    /// `iso`: an ISO date
    Iso,
    /// `raw`: the message alone; the default for descriptors
    Raw,
}

impl LogLineFormat {
    /// The format of a name.
    pub fn named(name: &[u8]) -> Option<LogLineFormat> {
        Some(match name {
            b"rfc3164" => LogLineFormat::Rfc3164,
            b"local" => LogLineFormat::Local,
            b"rfc5424" => LogLineFormat::Rfc5424,
            b"priority" => LogLineFormat::Priority,
            b"short" => LogLineFormat::Short,
            b"timed" => LogLineFormat::Timed,
            b"iso" => LogLineFormat::Iso,
            b"raw" => LogLineFormat::Raw,
            _ => return None,
        })
    }
}

/// `sample RANGES:SIZE`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSample {
    /// Numbers from 1 within each `size` messages that are sent.
    pub ranges: Vec<(u32, u32)>,
    /// Messages per round.
    pub size: u32,
}

/// A format as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The word.
    pub word: Word,
}

/// What is logged of a stream. Without any, one line per connection when it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogStyle {
    /// `option tcplog`
    Tcp,
    /// `option tcplog clf`
    TcpClf,
    /// `option httplog`
    Http,
    /// `option httplog clf`
    HttpClf,
    /// `option httpslog`
    Https,
    /// `log-format`
    Custom(Written),
}

impl LogStyle {
    /// The line that sets it.
    pub fn said(&self) -> &'static str {
        match self {
            LogStyle::Tcp => "option tcplog",
            LogStyle::TcpClf => "option tcplog clf",
            LogStyle::Http => "option httplog",
            LogStyle::HttpClf => "option httplog clf",
            LogStyle::Https => "option httpslog",
            LogStyle::Custom(_) => "log-format",
        }
    }

    /// Whether it tells of requests, which only exist in HTTP mode.
    pub fn is_http(&self) -> bool {
        matches!(self, LogStyle::Http | LogStyle::HttpClf | LogStyle::Https)
    }
}

/// The formats of one proxy, compiled for it.
#[derive(Clone, Debug, Default)]
pub struct ProxyFormats {
    /// `log-format`, where it is the last word about the style
    pub format: Option<LogFormat>,
    /// `log-format-sd`
    pub sd: Option<LogFormat>,
    /// `error-log-format`
    pub error: Option<LogFormat>,
    /// `unique-id-format`
    pub unique_id: Option<LogFormat>,
}

/// A `log-profile` section.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// `log-tag`
    pub tag: Option<String>,
    /// `on` lines; `LogStep::Unspecified` is `any`.
    pub steps: Vec<(LogStep, Override)>,
}

impl Profile {
    /// What it does at a step: its own line for it, else that for any.
    pub fn at(&self, step: LogStep) -> Option<&Override> {
        let of = |step| self.steps.iter().find(|(s, _)| *s == step);
        of(step)
            .or_else(|| of(LogStep::Unspecified))
            .map(|(_, o)| o)
    }
}

/// What a profile does at a step.
#[derive(Clone, Debug, Default)]
pub struct Override {
    /// `drop`: no line
    pub drop: bool,
    /// `format`: in place of the proxy's
    pub format: Option<LogFormat>,
    /// `sd`: in place of the proxy's structured data
    pub sd: Option<LogFormat>,
}

/// Levels by their names.
pub const LEVELS: [&str; 8] = [
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
];

/// Facilities by their names.
pub const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2",
    "ftp", "ntp", "audit", "alert", "cron2", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];
