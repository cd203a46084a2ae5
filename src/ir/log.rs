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
