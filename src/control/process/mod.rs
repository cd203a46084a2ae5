//! What the process does to itself between reading its configuration and serving: descriptor
//! limits, chroot, rights, the background (configuration manual 3.1, management guide 3 and 13).

mod background;
mod limits;
mod rights;

pub use background::{Launcher, daemonize, open_pidfile, write_pidfile};
pub use limits::{Demand, Limits, settle_limits};
pub use rights::{Rights, advice, confine, full_rights};

use crate::base::diag::Severity;

/// Something to tell while starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How bad. After an `Alert` with `fatal` the process must not go on.
    pub severity: Severity,
    /// The text, in HAProxy's words where tools look for them.
    pub text: String,
    /// Whether the start is over.
    pub fatal: bool,
}

impl Message {
    pub(crate) fn new(severity: Severity, text: impl Into<String>) -> Message {
        Message {
            severity,
            text: text.into(),
            fatal: false,
        }
    }
    pub(crate) fn fatal(text: impl Into<String>) -> Message {
        Message {
            fatal: true,
            ..Message::new(Severity::Alert, text)
        }
    }
}
