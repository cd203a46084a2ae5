//! One connection to the runtime API: lines, payloads, the prompt.

use super::{COMMANDS, Command, execute};
use crate::base::clock;
use crate::control::world::World;
use crate::ir::bind::{CliLevel, Severity};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It stays.
    More,
    /// It is closed once everything was sent.
    Close,
    /// It stays, and the answer has no empty line behind it.
    Silent,
    /// The master takes it, reloads, and answers then.
    Reload {
        /// Whether the old worker ends at once.
        hard: bool,
    },
}

/// How lines are taken (`prompt`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// `n`: one line, then the connection is closed.
    Single,
    /// `i`: one line after the other, no prompt.
    Interactive,
    /// `p`: a prompt after each answer.
    Prompted,
}

/// How a connection begins: what its listener and the global section grant.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Who connected, when that has an address.
    pub peer: Option<SocketAddr>,
    /// The number of its listener among the sockets of the runtime API, from 1.
    pub listener: u32,
    /// `level`
    pub level: CliLevel,
    /// `severity-output`
    pub severity: Severity,
    /// `stats timeout`, milliseconds
    pub timeout_ms: u32,
    /// The longest line, bytes (`tune.bufsize`).
    pub bufsize: usize,
    /// The largest payload, bytes (`tune.cli.max-payload-size`).
    pub max_payload: usize,
}

/// A command that waits for its payload.
#[derive(Debug)]
struct Waiting {
    command: Vec<u8>,
    /// The line that ends it.
    end: Vec<u8>,
    body: Vec<u8>,
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    /// Its number, in the order of coming.
    pub id: u32,
    /// Who connected, when that has an address.
    pub peer: Option<SocketAddr>,
    /// The number of its listener.
    pub listener: u32,
    /// When it came, microseconds of `base::clock`.
    pub begin_us: u64,
    /// What it may do.
    pub level: CliLevel,
    /// How it takes lines.
    pub prompt: Prompt,
    /// Whether the prompt shows how long the process runs.
    pub timed: bool,
    /// `expert-mode on`
    pub expert: bool,
    /// `experimental-mode on`
    pub experimental: bool,
    /// How messages look.
    pub severity: Severity,
    /// Silence after which the connection is closed, milliseconds.
    pub timeout_ms: u32,
    /// Bytes of a line that is not complete.
    partial: Vec<u8>,
    waiting: Option<Waiting>,
    /// The commands that it knows.
    pub language: &'static [&'static Command],
    /// The longest line, bytes.
    limit: usize,
    /// The largest payload, bytes.
    max_payload: usize,
}

/// Bytes that are sent before the next command runs.
pub(super) const MUCH: usize = 64 * 1024;

/// The longest word that may end a payload, bytes.
const LONGEST_MARK: usize = 64;

impl Session {
    /// A new connection.
    pub fn new(terms: Terms) -> Session {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        Session {
            id: COUNT.fetch_add(1, Ordering::Relaxed),
            peer: terms.peer,
            listener: terms.listener,
            begin_us: clock::now_us(),
            level: terms.level,
            prompt: Prompt::Single,
            timed: false,
            expert: false,
            experimental: false,
            severity: terms.severity,
            timeout_ms: terms.timeout_ms,
            partial: Vec::new(),
            waiting: None,
            language: COMMANDS,
            limit: terms.bufsize,
            max_payload: terms.max_payload,
        }
    }

    /// Takes bytes and appends what is to be sent. `send` is called between two commands when that
    /// has become much; false from it ends the connection.
    pub fn feed(
        &mut self,
        input: &[u8],
        world: &dyn World,
        out: &mut Vec<u8>,
        send: &mut dyn FnMut(&mut Vec<u8>) -> bool,
    ) -> Flow {
        for byte in input {
            let joined = self.waiting.is_none() && ends_in_backslash(&self.partial);
            if *byte == b'\n' && !joined {
                let mut line = std::mem::take(&mut self.partial);
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                if self.line(&line, world, out, send) == Flow::Close {
                    return Flow::Close;
                }
            } else {
                self.partial.push(*byte);
            }
            if self.waiting.is_none() && self.partial.len() >= self.limit {
                out.extend_from_slice(
                    b"The command line is too big for the buffer size. Please change 'tune.bufsize' \
                      in the configuration to use a bigger command.\n",
                );
                return Flow::Close;
            }
            if let Some(waiting) = &self.waiting
                && waiting.body.len() + self.partial.len() > self.max_payload
            {
                out.extend_from_slice(
                    b"The payload is too big. Please change 'tune.cli.max-payload-size' in the \
                      configuration to use a bigger payload.\n",
                );
                return Flow::Close;
            }
        }
        if self.waiting.is_some() && self.partial.is_empty() && self.prompt == Prompt::Prompted {
            out.extend_from_slice(b"+ ");
        }
        Flow::More
    }

    fn line(
        &mut self,
        line: &[u8],
        world: &dyn World,
        out: &mut Vec<u8>,
        send: &mut dyn FnMut(&mut Vec<u8>) -> bool,
    ) -> Flow {
        if let Some(mut waiting) = self.waiting.take() {
            if line != waiting.end {
                waiting.body.extend_from_slice(line);
                waiting.body.push(b'\n');
                self.waiting = Some(waiting);
                return Flow::More;
            }
            return self.run(&waiting.command, Some(&waiting.body), world, out, send);
        }
        match payload_mark(line) {
            Some((command, end)) => {
                self.waiting = Some(Waiting {
                    command: command.to_vec(),
                    end: end.to_vec(),
                    body: Vec::new(),
                });
                Flow::More
            }
            None => self.run(line, None, world, out, send),
        }
    }

    /// Runs the commands of a line; the payload belongs to the last.
    fn run(
        &mut self,
        line: &[u8],
        payload: Option<&[u8]>,
        world: &dyn World,
        out: &mut Vec<u8>,
        send: &mut dyn FnMut(&mut Vec<u8>) -> bool,
    ) -> Flow {
        let commands = super::commands(line);
        let last = commands.len().saturating_sub(1);
        for (index, command) in commands.iter().enumerate() {
            let payload = payload.filter(|_| index == last);
            if execute(command, payload, self, world, out, send) == Flow::Close {
                return Flow::Close;
            }
            if out.len() >= MUCH && !send(out) {
                return Flow::Close;
            }
        }
        match self.prompt {
            Prompt::Single => return Flow::Close,
            Prompt::Interactive => {}
            Prompt::Prompted => {
                if self.timed {
                    out.extend_from_slice(uptime(world.numbers().uptime_ms).as_bytes());
                }
                out.extend_from_slice(b"> ");
            }
        }
        Flow::More
    }
}

/// `[days:hours:minutes:seconds]`
pub fn uptime(ms: u64) -> String {
    let s = ms / 1000;
    format!(
        "[{}:{:02}:{:02}:{:02}]",
        s / 86_400,
        s / 3600 % 24,
        s / 60 % 60,
        s % 60
    )
}

/// Whether the last byte is a backslash that no other one takes away.
fn ends_in_backslash(line: &[u8]) -> bool {
    line.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1
}

/// A line that ends in a word which begins with `<<`: what stands before, and what the payload
/// ends with.
pub fn payload_mark(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = line
        .iter()
        .rposition(|b| matches!(b, b' ' | b'\t'))
        .map_or(0, |at| at + 1);
    let end = line.get(start..)?.strip_prefix(b"<<")?;
    let mark = (line.get(..start)?, end);
    (end.len() <= LONGEST_MARK).then_some(mark)
}
