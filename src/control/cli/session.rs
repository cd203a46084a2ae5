//! One connection to the runtime API: lines, payloads, the prompt.

use super::execute;
use crate::control::world::World;
use crate::ir::bind::CliLevel;

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It stays.
    More,
    /// It is closed once everything was sent.
    Close,
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

/// Whether messages carry their weight (`set severity-output`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeverityOutput {
    /// `none`
    None,
    /// `number`
    Number,
    /// `string`
    Text,
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
    pub severity: SeverityOutput,
    /// Silence after which the connection is closed, milliseconds.
    pub timeout_ms: u32,
    /// Bytes of a line that is not complete.
    partial: Vec<u8>,
    waiting: Option<Waiting>,
    /// The longest line and the largest payload, bytes (`tune.bufsize`).
    limit: usize,
}

impl Session {
    /// A new connection with the rights and the timeout of its listener.
    pub fn new(level: CliLevel, timeout_ms: u32, limit: usize) -> Session {
        Session {
            level,
            prompt: Prompt::Single,
            timed: false,
            expert: false,
            experimental: false,
            severity: SeverityOutput::None,
            timeout_ms,
            partial: Vec::new(),
            waiting: None,
            limit,
        }
    }

    /// Takes bytes and appends what is to be sent.
    pub fn feed(&mut self, input: &[u8], world: &dyn World, out: &mut Vec<u8>) -> Flow {
        for byte in input {
            if *byte == b'\n' {
                let mut line = std::mem::take(&mut self.partial);
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                if self.line(&line, world, out) == Flow::Close {
                    return Flow::Close;
                }
            } else {
                self.partial.push(*byte);
            }
            if self.partial.len() >= self.limit {
                out.extend_from_slice(
                    b"The command line is too big for the buffer size. Please change 'tune.bufsize' \
                      in the configuration to use a bigger command.\n",
                );
                return Flow::Close;
            }
        }
        Flow::More
    }

    fn line(&mut self, line: &[u8], world: &dyn World, out: &mut Vec<u8>) -> Flow {
        if let Some(mut waiting) = self.waiting.take() {
            if line != waiting.end {
                waiting.body.extend_from_slice(line);
                waiting.body.push(b'\n');
                if waiting.body.len() > self.limit {
                    out.extend_from_slice(b"The payload is too big for the buffer size.\n");
                    return Flow::Close;
                }
                self.waiting = Some(waiting);
                return Flow::More;
            }
            return self.run(&waiting.command, Some(&waiting.body), world, out);
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
            None => self.run(line, None, world, out),
        }
    }

    /// Runs the commands of a line; the payload belongs to the last.
    fn run(
        &mut self,
        line: &[u8],
        payload: Option<&[u8]>,
        world: &dyn World,
        out: &mut Vec<u8>,
    ) -> Flow {
        let commands = super::commands(line);
        let last = commands.len().saturating_sub(1);
        for (index, command) in commands.iter().enumerate() {
            let payload = payload.filter(|_| index == last);
            if execute(command, payload, self, world, out) == Flow::Close {
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
fn uptime(ms: u64) -> String {
    let s = ms / 1000;
    format!(
        "[{}:{:02}:{:02}:{:02}]",
        s / 86_400,
        s / 3600 % 24,
        s / 60 % 60,
        s % 60
    )
}

/// A line whose last word begins with `<<`: what stands before, and what the payload ends with.
fn payload_mark(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii_end();
    let start = line
        .iter()
        .rposition(|b| matches!(b, b' ' | b'\t'))
        .map_or(0, |at| at + 1);
    let end = line.get(start..)?.strip_prefix(b"<<")?;
    Some((line.get(..start)?, end))
}
