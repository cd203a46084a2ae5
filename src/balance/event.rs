//! What HAProxy logs about servers and back ends, as data and as its sentence.

use super::state::Operational;
use std::fmt;

/// How a check ended (configuration manual 9.3 of the management guide, `check_status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckStatus {
    /// `L4OK`: connected, nothing more asked
    L4Ok,
    /// `L4TOUT`
    L4Timeout,
    /// `L4CON`: refused, unreachable
    L4Connection,
    /// `L6OK`
    L6Ok,
    /// `L6TOUT`
    L6Timeout,
    /// `L6RSP`
    L6Response,
    /// `L7OK`
    L7Ok,
    /// `L7OKC`: answered with the condition that lets only persistence through (404)
    L7OkConditional,
    /// `L7TOUT`
    L7Timeout,
    /// `L7RSP`: not an HTTP answer
    L7Response,
    /// `L7STS`: a status that counts as failure
    L7Status,
    /// `SOCKERR`
    SocketError,
}

impl CheckStatus {
    /// The word of the CSV.
    pub fn code(self) -> &'static str {
        match self {
            CheckStatus::L4Ok => "L4OK",
            CheckStatus::L4Timeout => "L4TOUT",
            CheckStatus::L4Connection => "L4CON",
            CheckStatus::L6Ok => "L6OK",
            CheckStatus::L6Timeout => "L6TOUT",
            CheckStatus::L6Response => "L6RSP",
            CheckStatus::L7Ok => "L7OK",
            CheckStatus::L7OkConditional => "L7OKC",
            CheckStatus::L7Timeout => "L7TOUT",
            CheckStatus::L7Response => "L7RSP",
            CheckStatus::L7Status => "L7STS",
            CheckStatus::SocketError => "SOCKERR",
        }
    }
    /// The words of the log.
    pub fn reason(self) -> &'static str {
        match self {
            CheckStatus::L4Ok => "Layer4 check passed",
            CheckStatus::L4Timeout => "Layer4 timeout",
            CheckStatus::L4Connection => "Layer4 connection problem",
            CheckStatus::L6Ok => "Layer6 check passed",
            CheckStatus::L6Timeout => "Layer6 timeout",
            CheckStatus::L6Response => "Layer6 invalid response",
            CheckStatus::L7Ok => "Layer7 check passed",
            CheckStatus::L7OkConditional => "Layer7 check conditionally passed",
            CheckStatus::L7Timeout => "Layer7 timeout",
            CheckStatus::L7Response => "Layer7 invalid response",
            CheckStatus::L7Status => "Layer7 wrong status",
            CheckStatus::SocketError => "Socket error",
        }
    }
    /// Whether the server passed.
    pub fn verdict(self) -> Verdict {
        match self {
            CheckStatus::L4Ok | CheckStatus::L6Ok | CheckStatus::L7Ok => Verdict::Passed,
            CheckStatus::L7OkConditional => Verdict::Conditional,
            _ => Verdict::Failed,
        }
    }
}

/// What a check result means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Works.
    Passed,
    /// Works, but wants no new visitors.
    Conditional,
    /// Does not work.
    Failed,
}

/// One check's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckResult<'a> {
    /// How it ended.
    pub status: CheckStatus,
    /// The status code of the answer (HTTP), if there was one.
    pub code: Option<u16>,
    /// `info` part: what the server or the system said.
    pub info: &'a str,
    /// How long it took, ms; `None` when it could not be measured.
    pub duration_ms: Option<u32>,
}

impl fmt::Display for CheckResult<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reason: {}", self.status.reason())?;
        if let Some(code) = self.code {
            write!(f, ", code: {code}")?;
        }
        if !self.info.is_empty() && self.status.verdict() == Verdict::Failed {
            write!(f, ", info: \"{}\"", self.info)?;
        }
        if let Some(ms) = self.duration_ms {
            write!(f, ", check duration: {ms}ms")?;
        }
        Ok(())
    }
}

/// A check's result worth a line under `option log-health-checks`; its `Display` is HAProxy's
/// sentence. Syslog level notice (5).
#[derive(Clone, Copy, Debug)]
pub struct HealthNews<'a> {
    /// Back end.
    pub backend: &'a str,
    /// Server.
    pub server: &'a str,
    /// `backup`
    pub backup: bool,
    /// The check.
    pub check: CheckResult<'a>,
    /// `Health::shown` after it.
    pub shown: (bool, u32, u32),
}

impl fmt::Display for HealthNews<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.check.status.verdict() {
            Verdict::Passed => "succeeded",
            Verdict::Conditional => "conditionally succeeded",
            Verdict::Failed => "failed",
        };
        let kind = if self.backup { "backup " } else { "" };
        let (up, steps, of) = self.shown;
        let word = if up { "UP" } else { "DOWN" };
        write!(
            f,
            "Health check for {kind}server {}/{} {how}, {}, status: {steps}/{of} {word}.",
            self.backend, self.server, self.check
        )
    }
}

/// What happened to a server; its `Display` is HAProxy's sentence.
#[derive(Clone, Copy, Debug)]
pub struct ServerEvent<'a> {
    /// Back end.
    pub backend: &'a str,
    /// Server.
    pub server: &'a str,
    /// `backup`
    pub backup: bool,
    /// What it was.
    pub was: Operational,
    /// What it is now.
    pub now: Change,
    /// The check that caused it; `None` when [`HealthNews`] has told of it already.
    pub check: Option<CheckResult<'a>>,
    /// Usable active servers after the change.
    pub active: u32,
    /// Usable backup servers after the change.
    pub backup_left: u32,
    /// Requests it was serving.
    pub sessions: u32,
    /// Requests that left its queue for another server.
    pub requeued: u32,
    /// Requests that stay in its queue.
    pub queued: u32,
}

/// What a server has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// `DOWN`
    Down,
    /// `UP`
    Up,
    /// `stopping`: answers 404
    Stopping,
    /// Back from stopping.
    Running,
}

impl ServerEvent<'_> {
    /// Syslog level: alert (1) when a server that was in use goes down, else notice (5).
    pub fn level(&self) -> u8 {
        match self.now {
            Change::Down if self.was != Operational::Stopping => 1,
            _ => 5,
        }
    }

    /// Whether the back end has lost its last server by it: HAProxy then adds
    /// `backend NAME has no server available!` with level emerg (0).
    pub fn backend_lost(&self) -> bool {
        self.active == 0
            && self.backup_left == 0
            && matches!(self.now, Change::Down | Change::Stopping)
            && self.was != Operational::Stopping
    }
}

impl fmt::Display for ServerEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.now {
            Change::Down => "DOWN",
            Change::Up | Change::Running => "UP",
            Change::Stopping => "stopping",
        };
        let kind = if self.backup { "Backup " } else { "" };
        write!(f, "{kind}Server {}/{} is {word}", self.backend, self.server)?;
        if let Some(c) = &self.check {
            write!(f, ", {c}")?;
        }
        let down = self.now == Change::Down;
        let left = if down { "left" } else { "online" };
        write!(
            f,
            ". {} active and {} backup servers {left}.",
            self.active, self.backup_left
        )?;
        if self.active == 0 && self.backup_left > 0 {
            f.write_str(" Running on backup.")?;
        }
        if down {
            write!(
                f,
                " {} sessions active, {} requeued, {} remaining in queue.",
                self.sessions, self.requeued, self.queued
            )
        } else {
            write!(
                f,
                " {} sessions requeued, {} total in queue.",
                self.requeued, self.queued
            )
        }
    }
}
