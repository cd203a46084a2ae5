//! The master's own socket (`-S`): commands for itself, and for its workers behind `@`.

use super::journal::Journal;
use super::roster::{Roster, Standing};
use super::supervise::Request;
use super::{COMMANDS, Settings, Supervision};
use crate::balance::queue::Wake;
use crate::base::clock;
use crate::base::diag::Severity;
use crate::config::environment::Environment;
use crate::control::cli::{self, Flow, Prompt, Session, Terms};
use crate::control::listeners::{self, BoundListener};
use crate::control::world::{Numbers, World};
use crate::control::{ipc, listeners::Doors};
use crate::ir::bind::CliLevel;
use crate::plan::{AbsentFiles, FrontendId, Plan};
use parking_lot::{Mutex, MutexGuard};
use rustix::event::{PollFd, PollFlags, poll};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

/// How long either side may be silent.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The longest line and payload, bytes.
const LONGEST: usize = 16_384;

/// What the master's threads share.
pub struct Office {
    roster: Mutex<Roster>,
    journal: Journal,
    requests: Mutex<Vec<Request>>,
    bell: UnixStream,
    ear: UnixStream,
    doors: Doors,
    environment: Environment,
    sockets: Vec<(String, CliLevel)>,
    plan: Plan,
}

struct Nobody;

impl Wake for Nobody {
    fn wake(&self, _token: u64) {}
}

impl Office {
    /// The office of a master.
    ///
    /// # Errors
    /// When the process may open no more descriptors.
    pub fn new(roster: Roster, journal: Journal, settings: &Settings) -> io::Result<Office> {
        let (bell, ear) = UnixStream::pair()?;
        ear.set_nonblocking(true)?;
        let wake: Arc<dyn Wake> = Arc::new(Nobody);
        let (plan, _) = crate::plan::build(&Default::default(), &AbsentFiles, &wake);
        let own = settings.listener.iter();
        Ok(Office {
            roster: Mutex::new(roster),
            journal,
            requests: Mutex::default(),
            bell,
            ear,
            doors: Doors::new(Vec::new())?,
            environment: settings.environment.clone(),
            sockets: own
                .map(|b| (listeners::name(&b.listener), b.listener.settings.cli.level))
                .collect(),
            plan: plan.ok_or_else(|| io::Error::other("an empty plan"))?,
        })
    }

    /// The list of workers.
    pub fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock()
    }

    /// What becomes readable when somebody asks for a reload.
    pub fn bell(&self) -> BorrowedFd<'_> {
        self.ear.as_fd()
    }

    /// The reloads that were asked for.
    pub fn requests(&self) -> Vec<Request> {
        let mut heard = [0; 64];
        while (&self.ear).read(&mut heard).is_ok_and(|bytes| bytes > 0) {}
        std::mem::take(&mut *self.requests.lock())
    }

    fn ask(&self, request: Request) {
        self.requests.lock().push(request);
        let _ = (&self.bell).write_all(&[1]);
    }

    /// Accepts no more.
    pub fn close(&self) {
        self.doors.close();
    }
}

impl Supervision for Office {
    fn processes(&self, debug: bool) -> String {
        self.roster.lock().table(debug)
    }
}

impl World for Office {
    fn numbers(&self) -> Numbers {
        Numbers {
            pid: std::process::id(),
            uptime_ms: clock::now_ms(),
            ..Numbers::default()
        }
    }
    fn environment(&self) -> &Environment {
        &self.environment
    }
    fn sockets(&self) -> &[(String, CliLevel)] {
        &self.sockets
    }
    fn plan(&self) -> &Plan {
        &self.plan
    }
    fn supervision(&self) -> Option<&dyn Supervision> {
        Some(self)
    }
    fn startup_logs(&self) -> String {
        self.journal.text()
    }
    fn tell(&self, _severity: Severity, _text: &str) {}
    fn set_maxconn(&self, _number: u32) {}
    fn set_frontend_maxconn(&self, _frontend: FrontendId, _number: u32) {}
}

/// Answers on a listener, on a thread of its own, until the master leaves.
///
/// # Errors
/// When the system gives no thread.
pub fn start(listener: BoundListener, office: Arc<Office>) -> io::Result<()> {
    let level = listener.listener.settings.cli.level;
    std::thread::Builder::new()
        .name("hapax/master-cli".to_string())
        .spawn(move || {
            let sockets: Vec<OwnedFd> = listener.sockets;
            loop {
                let mut ready = vec![PollFd::from_borrowed_fd(
                    office.doors.closed(),
                    PollFlags::IN,
                )];
                ready.extend(sockets.iter().map(|s| PollFd::new(s, PollFlags::IN)));
                let _ = poll(&mut ready, None);
                if ready.first().is_some_and(|p| !p.revents().is_empty()) {
                    return;
                }
                for socket in &sockets {
                    let flags = rustix::net::SocketFlags::CLOEXEC;
                    while let Ok(client) = rustix::net::accept_with(socket, flags) {
                        let office = Arc::clone(&office);
                        let _ = std::thread::Builder::new()
                            .name("hapax/master-cli".to_string())
                            .spawn(move || {
                                Conversation::new(client, level, office).hold();
                            });
                    }
                }
            }
        })?;
    Ok(())
}

/// Whether a command only says how those that follow are to be taken.
fn is_mode(command: &[u8]) -> bool {
    let word = command.split(u8::is_ascii_whitespace).next();
    let modes: [&[u8]; 4] = [b"expert-mode", b"experimental-mode", b"user", b"operator"];
    word.is_some_and(|word| modes.contains(&word))
}

/// Who executes a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Master,
    Worker(i32),
}

/// One connection to the master's socket.
struct Conversation {
    client: UnixStream,
    office: Arc<Office>,
    session: Session,
    target: Target,
    out: Vec<u8>,
}

impl Conversation {
    fn new(client: OwnedFd, level: CliLevel, office: Arc<Office>) -> Conversation {
        let mut session = Session::new(Terms {
            peer: None,
            listener: 1,
            level,
            severity: Default::default(),
            timeout_ms: 0,
            bufsize: LONGEST,
            max_payload: LONGEST,
        });
        session.language = COMMANDS;
        Conversation {
            // what a TCP socket can do that is needed here, a unix socket can, too
            client: UnixStream::from(client),
            office,
            session,
            target: Target::Master,
            out: Vec::new(),
        }
    }

    fn hold(mut self) {
        let _ = self.client.set_nonblocking(false);
        let _ = self.client.set_read_timeout(Some(PATIENCE));
        let _ = self.client.set_write_timeout(Some(PATIENCE));
        let mut input = [0; 4096];
        let mut pending: Vec<u8> = Vec::new();
        loop {
            let bytes = match self.client.read(&mut input) {
                Ok(0) => return,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            pending.extend_from_slice(input.get(..bytes).unwrap_or_default());
            while let Some(end) = complete(&pending) {
                let text: Vec<u8> = pending.drain(..end).collect();
                let flow = self.line(&text);
                let sent = self.client.write_all(&self.out);
                self.out.clear();
                match flow {
                    Flow::Reload { hard } => {
                        self.office.ask(Request {
                            hard,
                            client: Some(self.client),
                        });
                        return;
                    }
                    Flow::Close => {
                        let _ = self.client.shutdown(Shutdown::Both);
                        return;
                    }
                    _ if sent.is_err() => return,
                    _ => {}
                }
            }
            if pending.len() > LONGEST {
                return;
            }
        }
    }

    /// Executes a line, with the payload that may follow it.
    fn line(&mut self, text: &[u8]) -> Flow {
        let end = text.iter().position(|b| *b == b'\n').unwrap_or(text.len());
        let line = text.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let payload = text.get(end + 1..).filter(|rest| !rest.is_empty());
        let parts = cli::commands(line);
        let last = parts.len().saturating_sub(1);
        for (index, part) in parts.iter().enumerate() {
            let part = part.trim_ascii_start();
            if part.starts_with(b"@@") {
                // the rest of the line is the worker's
                let begin = part.as_ptr() as usize - line.as_ptr() as usize;
                let rest = line.get(begin + 1..).unwrap_or_default();
                let flow = self.command(rest, payload);
                if flow != Flow::More {
                    return flow;
                }
                break;
            }
            let flow = self.command(part, payload.filter(|_| index == last));
            if !matches!(flow, Flow::More | Flow::Silent) {
                return flow;
            }
        }
        self.prompt()
    }

    fn prompt(&mut self) -> Flow {
        match self.session.prompt {
            Prompt::Single => return Flow::Close,
            Prompt::Interactive => return Flow::More,
            Prompt::Prompted => {}
        }
        let failed = self.office.roster().failed > 0;
        let name = match self.target {
            Target::Master if failed => "master[ReloadFailed]".to_string(),
            Target::Master => "master".to_string(),
            Target::Worker(pid) => pid.to_string(),
        };
        let flag = |on: bool, letter: &'static str| if on { letter } else { "" };
        let flags = format!(
            "{}{}",
            flag(self.session.experimental, "x"),
            flag(self.session.expert, "e")
        );
        let flags = match flags.as_str() {
            "" => String::new(),
            flags => format!("({flags})"),
        };
        let time = match self.session.timed {
            true => format!("{} ", cli::uptime(self.office.numbers().uptime_ms)),
            false => String::new(),
        };
        self.out
            .extend_from_slice(format!("{time}{name}{flags}> ").as_bytes());
        Flow::More
    }

    fn command(&mut self, command: &[u8], payload: Option<&[u8]>) -> Flow {
        let Some(address) = command.strip_prefix(b"@") else {
            return self.execute(self.target, command, payload);
        };
        let end = address.iter().position(u8::is_ascii_whitespace);
        let (address, rest) = address.split_at(end.unwrap_or(address.len()));
        let Some(target) = self.find(address) else {
            let text = format!(
                "Can't find the target PID matching the prefix '@{}'\n",
                String::from_utf8_lossy(address)
            );
            self.out.extend_from_slice(text.as_bytes());
            return match self.session.prompt {
                Prompt::Single => Flow::Close,
                _ => Flow::More,
            };
        };
        if rest.trim_ascii().is_empty() {
            self.target = target;
            return Flow::More;
        }
        self.execute(target, rest.trim_ascii_start(), payload)
    }

    fn find(&self, address: &[u8]) -> Option<Target> {
        let roster = self.office.roster();
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<i32>().ok();
        let worker = match address {
            b"" | b"master" => return Some(Target::Master),
            [b'!', pid @ ..] => {
                let pid = number(pid)?;
                if u32::try_from(pid).is_ok_and(|pid| pid == std::process::id()) {
                    return Some(Target::Master);
                }
                roster.workers.iter().find(|w| w.pid == pid)?
            }
            relative if number(relative)? == 1 => roster
                .workers
                .iter()
                .find(|w| w.standing != Standing::Former)?,
            _ => return None,
        };
        Some(Target::Worker(worker.pid))
    }

    fn execute(&mut self, target: Target, command: &[u8], payload: Option<&[u8]>) -> Flow {
        match target {
            Target::Master => {
                let before = self.out.len();
                let flow = self.own_with(command, payload);
                // what only changes the conversation is not answered, where a worker sends an
                // empty line
                if !command.is_empty() && self.out.get(before..) == Some(b"\n") {
                    self.out.truncate(before);
                }
                flow
            }
            Target::Worker(pid) => match command {
                b"quit" => Flow::Close,
                b"prompt" => self.own(command),
                _ if is_mode(command) => {
                    // the conversation's, and not answered: each command that goes to a worker
                    // carries it
                    let before = self.out.len();
                    let flow = self.own(command);
                    self.out.truncate(before);
                    flow
                }
                _ => {
                    if self.forward(pid, command, payload).is_err() {
                        self.out
                            .extend_from_slice(b"The process does not answer.\n");
                    }
                    Flow::More
                }
            },
        }
    }

    /// A command that the master executes.
    fn own(&mut self, command: &[u8]) -> Flow {
        self.own_with(command, None)
    }

    fn own_with(&mut self, command: &[u8], payload: Option<&[u8]>) -> Flow {
        let office = Arc::clone(&self.office);
        cli::execute(
            command,
            payload,
            &mut self.session,
            &*office,
            &mut self.out,
            &mut |_| true,
        )
    }

    /// Has a worker execute a command.
    fn forward(&mut self, pid: i32, command: &[u8], payload: Option<&[u8]>) -> io::Result<()> {
        let stream = {
            let mut roster = self.office.roster();
            let worker = roster.worker(pid).ok_or(io::ErrorKind::NotFound)?;
            ipc::connect(&worker.pair)?
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut text = match self.session.level {
            CliLevel::Admin => Vec::new(),
            CliLevel::Operator => b"operator -;".to_vec(),
            CliLevel::User => b"user -;".to_vec(),
        };
        for (on, mode) in [
            (self.session.expert, &b"expert-mode on -;"[..]),
            (self.session.experimental, b"experimental-mode on -;"),
        ] {
            if on {
                text.extend_from_slice(mode);
            }
        }
        text.extend_from_slice(command);
        text.push(b'\n');
        text.extend_from_slice(payload.unwrap_or_default());
        (&stream).write_all(&text)?;
        stream.shutdown(Shutdown::Write)?;
        (&stream).read_to_end(&mut self.out)?;
        Ok(())
    }
}

/// Where the first line ends, with the payload that it announces; `None`: more has to come.
fn complete(text: &[u8]) -> Option<usize> {
    let end = text.iter().position(|b| *b == b'\n')? + 1;
    let line = text.get(..end)?.trim_ascii_end();
    let Some((_, mark)) = cli::payload_mark(line) else {
        return Some(end);
    };
    let mut at = end;
    loop {
        let rest = text.get(at..)?;
        let length = rest.iter().position(|b| *b == b'\n')? + 1;
        at += length;
        if rest.get(..length)?.trim_ascii_end() == mark {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_complete_with_its_payload() {
        assert_eq!(complete(b"show proc"), None);
        assert_eq!(complete(b"show proc\nshow"), Some(10));
        assert_eq!(complete(b"@1 add x <<\na\n"), None);
        assert_eq!(complete(b"@1 add x <<\na\n\nquit\n"), Some(15));
        assert_eq!(complete(b"@1 add x <<END\na\n\nEND\n"), Some(22));
    }
}
