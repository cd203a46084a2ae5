//! The master of `-W` and `-Ws`: a process that starts the worker, passes signals on to it,
//! replaces it when asked to reload, and answers on a socket of its own (management guide 4 and
//! 9.4).
//!
//! The master itself reads only what concerns it. To reload it executes its own program anew, so
//! that a replaced binary takes over; its workers, and the connection that asked for the reload,
//! cross over in descriptors left open ([`roster`]). The new worker takes the listening sockets
//! from the old one through their master's pair, and only when it serves is the old one told to
//! leave.

pub mod cli;
mod commands;
mod death;
mod journal;
mod link;
mod roster;
mod supervise;

pub use commands::{COMMANDS, Supervision};
pub use journal::Journal;
pub use link::Link;
pub use roster::{REEXECUTED, VARIABLE};
pub use supervise::start;

use super::listeners::BoundListener;
use super::process::Message;
use crate::base::diag::Severity;
use crate::config::environment::Environment;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// What a master is started with.
pub struct Settings {
    /// What the program was called as.
    pub program: OsString,
    /// Its arguments without `-sf`, `-st`, `-x` and what belongs to them.
    pub arguments: Vec<OsString>,
    /// Where it was started: arguments may name files relative to it.
    pub directory: Option<PathBuf>,
    /// `-sf`, `-st`: processes that the first worker replaces.
    pub old: Vec<i32>,
    /// `-st`: they end at once.
    pub terminate_old: bool,
    /// `-D`, `daemon`
    pub background: bool,
    /// `-Ws`
    pub notify: bool,
    /// `-p`, `pidfile`
    pub pidfile: Option<PathBuf>,
    /// `master-worker no-exit-on-failure`
    pub stays_on_failure: bool,
    /// `mworker-max-reloads`
    pub max_reloads: u32,
    /// `-S`: where the master listens, and by what name it is listed.
    pub listener: Option<BoundListener>,
    /// The environment as the master sees it.
    pub environment: Environment,
}

/// Which of the two processes the caller is afterwards.
pub enum Role {
    /// The worker, to go on with the start.
    Worker(Link),
    /// The master, whose work is over.
    Master(ExitCode),
}

/// What the master tells its user.
pub trait Voice {
    /// Shows a message.
    fn say(&mut self, severity: Severity, text: &str);
    /// From now on messages are kept here, too.
    fn keep(&mut self, journal: Option<Journal>);
    /// The process is another one now.
    fn renew(&mut self);
    /// Shows nothing any more.
    fn silence(&mut self);
    /// Shows messages; whether one is fatal.
    fn messages(&mut self, messages: &[Message]) -> bool {
        for message in messages {
            self.say(message.severity, &message.text);
        }
        messages.iter().any(|m| m.fatal)
    }
}
