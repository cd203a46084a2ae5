//! What HAProxy logs about servers and back ends, as data and as its sentence.

use super::state::{BackendState, Operational, ServerState};
pub use crate::ir::check::{CheckStatus, Verdict};
use std::fmt::{self, Write};

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
        if !self.info.is_empty() {
            write!(f, ", info: \"{}\"", Encoded(self.info))?;
        }
        if let Some(ms) = self.duration_ms {
            write!(f, ", check duration: {ms}ms")?;
        }
        Ok(())
    }
}

/// A text within quotes: what would not fit there is shown as `<XX>`.
struct Encoded<'a>(&'a str);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '"' | '<' | '>' | '\0'..='\x1f' | '\x7f'.. => write!(f, "<{:02X}>", u32::from(c))?,
                _ => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A check's result worth a line under `option log-health-checks`; its `Display` is HAProxy's
/// sentence. Syslog level notice (5).
#[derive(Clone, Copy, Debug)]
pub struct HealthNews<'a> {
    /// `Health`, or `Agent`.
    pub kind: &'a str,
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
            "{} check for {kind}server {}/{} {how}, {}, status: {steps}/{of} {word}.",
            self.kind, self.backend, self.server, self.check
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

/// ` N active and N backup servers left. ...`, when a server has gone.
pub fn left(backend: &BackendState, server: &ServerState, requeued: u32) -> String {
    format!(
        " {} active and {} backup servers left.{} {} sessions active, {requeued} requeued, {} \
         remaining in queue.",
        backend.usable_active(),
        backend.usable_backup(),
        on_backup(backend),
        server.served(),
        server.queued()
    )
}

/// ` N active and N backup servers online. ...`, when it is still there.
pub fn online(backend: &BackendState, server: &ServerState, requeued: u32) -> String {
    format!(
        " {} active and {} backup servers online.{} {requeued} sessions requeued, {} total in \
         queue.",
        backend.usable_active(),
        backend.usable_backup(),
        on_backup(backend),
        server.queued()
    )
}

/// Behind the number of servers, when only backup servers are left.
fn on_backup(backend: &BackendState) -> &'static str {
    match backend.usable_active() == 0 && backend.usable_backup() > 0 {
        true => " Running on backup.",
        false => "",
    }
}
