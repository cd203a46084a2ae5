//! `log` lines (HAProxy configuration manual 3.1, 4.2 and 8).

use super::address::Address;

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

/// What is logged of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogStyle {
    /// Not said: one line per connection when it begins.
    #[default]
    Connect,
    /// `option tcplog`
    Tcp,
    /// `option httplog`
    Http,
    /// `option httplog clf`
    HttpClf,
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
