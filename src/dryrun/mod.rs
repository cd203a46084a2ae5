//! Floor 10: what a configuration would do with a request, without a socket that leads anywhere.
//!
//! The request goes through the engine's own session: a client's connection and idle server
//! connections are ends of socket pairs, at whose other ends this module speaks. Before the plan is
//! made, the configuration loses what would reach out (checks, logs, TLS, name service), and every
//! rule's action gets a wrapper that writes down what it did ([`watch`]): the data path knows
//! nothing of it, and pays nothing.

pub mod message;
mod prepare;
mod run;
pub mod suite;
pub mod watch;

pub use prepare::{Inputs, Setup};
pub use run::{Candidate, Outcome, Running};

use crate::balance::{Admin, Operational};
use std::net::SocketAddr;

/// A request, and what is around it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its text: head and body.
    pub text: Vec<u8>,
    /// The front end that it comes to.
    pub frontend: String,
    /// Where it comes from.
    pub src: SocketAddr,
    /// The address that it was sent to.
    pub dst: SocketAddr,
    /// Whether it comes over TLS; the name that the client asked for.
    pub tls: Option<Option<String>>,
    /// What the server answers: head and body.
    pub response: Vec<u8>,
}

/// What is said of a server from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Health checks succeed.
    Up,
    /// Health checks fail.
    Down,
    /// It takes nothing new.
    Drain,
    /// It takes nothing.
    Maintenance,
}

impl Said {
    /// By its name; `None` for another word.
    pub fn named(word: &str) -> Option<Said> {
        Some(match word {
            "up" | "ready" => Said::Up,
            "down" => Said::Down,
            "drain" => Said::Drain,
            "maint" => Said::Maintenance,
            _ => return None,
        })
    }

    fn operational(self) -> Operational {
        match self {
            Said::Down => Operational::Stopped,
            _ => Operational::Running,
        }
    }

    fn admin(self) -> Admin {
        match self {
            Said::Up | Said::Down => Admin::empty(),
            Said::Drain => Admin::DRAIN,
            Said::Maintenance => Admin::MAINT,
        }
    }
}
