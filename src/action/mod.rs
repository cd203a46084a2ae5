//! Floor 4: what rules do.
//!
//! An action is compiled from the words of its line to an [`Action`], and run against a
//! [`StreamView`]. What it cannot do itself (wait, answer, close) it asks for by its [`Flow`].

use crate::config::directive::Word;
use crate::sample::condition::Condition;
use crate::sample::view::{Direction, Eval, StreamView};
use crate::sample::{AclSet, Compile, Scratch};
use std::fmt::Debug;
use std::sync::Arc;

/// The rule sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleSet {
    /// `tcp-request connection`
    TcpRequestConnection,
    /// `tcp-request session`
    TcpRequestSession,
    /// `tcp-request content`
    TcpRequestContent,
    /// `tcp-response content`
    TcpResponseContent,
    /// `http-request`
    HttpRequest,
    /// `http-response`
    HttpResponse,
    /// `http-after-response`
    HttpAfterResponse,
}

impl RuleSet {
    /// The message its rules work on.
    pub fn direction(self) -> Direction {
        match self {
            RuleSet::TcpResponseContent | RuleSet::HttpResponse | RuleSet::HttpAfterResponse => {
                Direction::Response
            }
            _ => Direction::Request,
        }
    }
}

/// A compiled action.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its keyword.
    pub name: &'static str,
    act: Arc<dyn Act>,
}

/// What an action's file implements.
pub trait Act: Debug + Send + Sync {
    /// Does it.
    fn run(&self, run: &mut Run<'_>) -> Flow;
    /// What the engine must provide before the rule can run.
    fn needs(&self) -> Needs {
        Needs::default()
    }
}

/// What the engine must provide before a rule can run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// `wait-for-body`: milliseconds and bytes (0: all)
    pub body: Option<(u32, u64)>,
}

/// The stream that an action runs on.
pub struct Run<'a> {
    /// The stream.
    pub view: &'a mut dyn StreamView,
    /// Memory for values.
    pub scratch: &'a Scratch,
    /// The message that fetches without `req.`/`res.` mean.
    pub direction: Direction,
    /// No more data will come.
    pub last: bool,
}

impl Run<'_> {
    /// For evaluating expressions.
    pub fn eval(&self) -> Eval<'_> {
        Eval {
            view: &*self.view,
            scratch: self.scratch,
            direction: self.direction,
            last: self.last,
        }
    }
}

/// How it goes on after an action.
#[derive(Debug, PartialEq, Eq)]
pub enum Flow {
    /// With the next rule.
    Continue,
    /// The rest of this rule set is skipped (`allow`, `accept`).
    Stop,
    /// Refused (`deny`; logged `PR`/`SH`), with an error answer.
    Deny(Answer),
    /// Answered (`return`; logged `LR`).
    Return(Answer),
    /// Answered (`redirect`; logged `LR`).
    Redirect(Answer),
    /// As `Deny`, but only after `timeout tarpit` (logged `PT`).
    Tarpit(Answer),
    /// The connection is closed without an answer (`reject`).
    Reject,
    /// The connection is closed on this side only, unseen by the client (`silent-drop`).
    SilentDrop {
        /// Send a reset with this TTL where that can be done.
        rst_ttl: Option<u8>,
    },
    /// The server's connection is closed at once (`tcp-response content close`).
    Close,
    /// The same rule is to run again when there is more data or after the delay.
    Wait {
        /// Milliseconds; `None` as long as the engine's own limits allow.
        for_ms: Option<u32>,
    },
    /// An internal error happened (500).
    Error,
}

/// What the client is to get.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The proxy's error page of that status.
    Status(u16),
    /// A whole answer: head and body. `Connection` and `Keep-Alive` are up to the encoder.
    Ready(Reply),
}

/// A whole answer as HTTP/1.1 text.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Reply {
    /// Its status code.
    pub status: u16,
    /// Status line, header lines and the empty line.
    pub head: Vec<u8>,
    /// The body, not chunked; empty for an answer to HEAD as well (the head tells its length).
    pub body: Vec<u8>,
    /// True: the connection is to be closed behind it.
    pub close: bool,
}

impl Action {
    /// Runs it.
    pub fn run(&self, run: &mut Run<'_>) -> Flow {
        self.act.run(run)
    }
    /// What the engine must provide before.
    pub fn needs(&self) -> Needs {
        self.act.needs()
    }
}

/// Compiles the words behind `http-request` (and so on), the condition included. `None` after a
/// fatal finding.
pub fn compile(
    _set: RuleSet,
    _words: &[Word],
    _acls: &AclSet,
    _cx: &mut Compile<'_>,
) -> Option<(Action, Option<Condition>)> {
    None
}
