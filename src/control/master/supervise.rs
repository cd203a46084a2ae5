//! The master's life: starts a worker, waits for what happens, executes itself anew to reload.

use super::cli::{self, Office};
use super::death::Death;
use super::journal::Journal;
use super::roster::{REEXECUTED, Roster, Standing, VARIABLE};
use super::{Link, Role, Settings, Voice, link};
use crate::base::diag::Severity;
use crate::base::sys::{self, Forked};
use crate::control::process::{Launcher, write_pidfile};
use crate::control::{ipc, notify, signals};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use rustix::event::{PollFd, PollFlags, poll};
use std::ffi::{CString, OsString};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;

/// A reload that somebody asked for.
pub struct Request {
    /// Whether the old worker ends at once.
    pub hard: bool,
    /// Who waits for the answer.
    pub client: Option<UnixStream>,
}

/// What the master watches for.
struct Master {
    settings: Settings,
    office: Arc<Office>,
    journal: Journal,
    launcher: Option<Launcher>,
    /// The pair of the worker that has not reported yet.
    expected: Option<OwnedFd>,
    /// Who waits to hear whether the reload succeeded.
    clients: Vec<UnixStream>,
    /// A reload that waits until the one under way is over.
    next: Option<Request>,
    leaving: bool,
    exit_code: u8,
}

/// The signals that a master takes; they are blocked, so that none is lost while it executes
/// itself anew. Those that it has no use for would stop or end it.
fn taken() -> SigSet {
    [
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGHUP,
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGCHLD,
        Signal::SIGQUIT,
        Signal::SIGTTOU,
        Signal::SIGTTIN,
    ]
    .into_iter()
    .collect()
}

/// Starts a worker. Returns in the worker at once, in the master when its life is over.
pub fn start(settings: Settings, voice: &mut dyn Voice) -> Role {
    let failed = |voice: &mut dyn Voice, error: io::Error| {
        voice.say(Severity::Alert, &format!("Cannot start a worker: {error}."));
        Role::Master(ExitCode::FAILURE)
    };
    let mask = taken();
    let _ = mask.thread_block();
    let again = std::env::var_os(REEXECUTED).is_some();
    let mut launcher = None;
    if settings.background && !again {
        match Launcher::fork() {
            Ok(Ok(forked)) => launcher = Some(forked),
            Ok(Err(waiting)) => {
                let _ = mask.thread_unblock();
                return Role::Master(waiting.wait(&mut |text| voice.say(Severity::Alert, text)));
            }
            Err(error) => return failed(voice, error),
        }
        voice.renew();
    }
    let before = std::env::var(VARIABLE).ok().filter(|_| again);
    let roster = match before {
        Some(text) => Roster::read(&text),
        None => Roster::new(),
    };
    let pieces = roster.and_then(|roster| {
        let journal = Journal::new()?;
        Ok((roster, journal, UnixStream::pair()?, UnixStream::pair()?))
    });
    let (mut roster, journal, (pair, theirs), (go, mut wait)) = match pieces {
        Ok(pieces) => pieces,
        Err(error) => return failed(voice, error),
    };
    voice.keep(Some(journal.clone()));
    let pid = match sys::fork() {
        Err(error) => return failed(voice, error),
        Ok(Forked::Child) => {
            // the master speaks first
            drop(go);
            let _ = wait.read(&mut [0]);
            voice.renew();
            let _ = mask.thread_unblock();
            return Role::Worker(Link::new(theirs.into(), roster));
        }
        Ok(Forked::Parent(pid)) => pid,
    };
    drop(theirs);
    voice.say(
        Severity::Notice,
        &format!("Initializing new worker ({pid})"),
    );
    drop((go, wait));
    let clients = from_before(&roster);
    let expected = pair.try_clone().map(OwnedFd::from).ok();
    roster.enter(pid, pair.into());
    for worker in &roster.workers {
        if worker.reloads > settings.max_reloads {
            signals::tell(&[worker.pid], Signal::SIGTERM);
        }
    }
    let office = match Office::new(roster, journal.clone(), &settings) {
        Ok(office) => Arc::new(office),
        Err(error) => return failed(voice, error),
    };
    let mut master = Master {
        settings,
        office,
        journal,
        launcher,
        expected,
        clients,
        next: None,
        leaving: false,
        exit_code: 0,
    };
    if let Some(listener) = master.settings.listener.take()
        && let Err(error) = cli::start(listener, Arc::clone(&master.office))
    {
        voice.say(Severity::Alert, &format!("Cannot answer on -S: {error}."));
    }
    match master.live(&mask, voice) {
        Ok(code) => Role::Master(code),
        Err(error) => failed(voice, error),
    }
}

/// The connections that asked the program before exec to reload.
fn from_before(roster: &Roster) -> Vec<UnixStream> {
    let mut clients = Vec::new();
    let _ = rustix::io::ioctl_fionbio(&roster.from_before, true);
    while let Ok(Some(client)) = ipc::accept(&roster.from_before) {
        clients.push(client);
    }
    clients
}

impl Master {
    fn live(&mut self, mask: &SigSet, voice: &mut dyn Voice) -> io::Result<ExitCode> {
        let signals = SignalFd::with_flags(mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        loop {
            // a child may have ended before its signal could be told
            if self.bury(voice) {
                return Ok(ExitCode::from(self.exit_code));
            }
            let mut ready = vec![
                PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN),
                PollFd::from_borrowed_fd(self.office.bell(), PollFlags::IN),
            ];
            if let Some(expected) = &self.expected {
                ready.push(PollFd::new(expected, PollFlags::IN));
            }
            match poll(&mut ready, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let reported = ready.get(2).is_some_and(|p| !p.revents().is_empty());
            drop(ready);
            while let Ok(Some(signal)) = signals.read_signal() {
                let number = i32::try_from(signal.ssi_signo).unwrap_or(0);
                if let Ok(signal) = Signal::try_from(number) {
                    self.heed(signal, voice);
                }
            }
            if reported {
                self.hear(voice);
            }
            for request in self.office.requests() {
                self.reload(request, voice);
            }
            if let Some(request) = self.next.take_if(|_| self.expected.is_none()) {
                self.reload(request, voice);
            }
        }
    }

    fn heed(&mut self, signal: Signal, voice: &mut dyn Voice) {
        match signal {
            Signal::SIGUSR2 | Signal::SIGHUP => {
                let request = Request {
                    hard: false,
                    client: None,
                };
                self.reload(request, voice);
            }
            Signal::SIGTERM | Signal::SIGINT | Signal::SIGUSR1 => {
                if !self.leaving {
                    voice.say(Severity::Warning, "Exiting Master process...");
                    if self.settings.notify {
                        notify::stopping();
                    }
                    self.office.close();
                }
                self.leaving = true;
                self.tell_all(signal);
            }
            _ => {}
        }
    }

    fn tell_all(&self, signal: Signal) {
        for worker in &self.office.roster().workers {
            signals::tell(&[worker.pid], signal);
        }
    }

    /// Hears the new worker's report.
    fn hear(&mut self, voice: &mut dyn Voice) {
        let Some(expected) = self.expected.take() else {
            return;
        };
        let report = match ipc::accept(&expected) {
            Ok(Some(stream)) => link::read_report(stream),
            // it died; its status tells how
            Ok(None) => return,
            Err(error) => Err(error),
        };
        let Ok(pid) = report else {
            self.expected = Some(expected);
            return;
        };
        let former = {
            let mut roster = self.office.roster();
            roster.failed = 0;
            if let Some(worker) = roster.worker(pid) {
                worker.standing = Standing::Current;
            }
            roster.pids(Standing::Former)
        };
        voice.say(Severity::Notice, "Loading success.");
        if let Some(path) = &self.settings.pidfile
            && let Err(message) = write_pidfile(path, std::process::id())
        {
            voice.messages(&[message]);
        }
        let signal = match self.settings.terminate_old {
            true => Signal::SIGTERM,
            false => Signal::SIGUSR1,
        };
        let old = self.settings.old.iter().filter(|pid| !former.contains(pid));
        let old: Vec<i32> = old.copied().chain(former.iter().copied()).collect();
        signals::tell(&old, signal);
        self.answer(true);
        voice.keep(None);
        if self.settings.notify {
            notify::ready(std::process::id());
        }
        if let Some(launcher) = self.launcher.take() {
            voice.silence();
            launcher.release();
        }
    }

    /// Answers those who asked for the reload that is over now.
    fn answer(&mut self, success: bool) {
        let text = format!(
            "Success={}\n--\n{}\n",
            u8::from(success),
            self.journal.text()
        );
        for mut client in self.clients.drain(..) {
            let _ = client.set_nonblocking(false);
            let _ = client.set_write_timeout(Some(cli::PATIENCE));
            // who asked and left needs no answer
            let _ = client.write_all(text.as_bytes());
        }
    }

    /// Takes the children that ended off the list; whether the last one is gone.
    fn bury(&mut self, voice: &mut dyn Voice) -> bool {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(_) => return false,
                Ok(status) => {
                    if let Some(death) = Death::of(status)
                        && self.mourn(death, voice)
                    {
                        return true;
                    }
                }
            }
        }
    }

    fn mourn(&mut self, death: Death, voice: &mut dyn Voice) -> bool {
        let (worker, last) = {
            let mut roster = self.office.roster();
            let Some(at) = roster.workers.iter().position(|w| w.pid == death.pid) else {
                return false;
            };
            (roster.workers.remove(at), roster.workers.is_empty())
        };
        let (pid, text) = (death.pid, death.text());
        match worker.standing {
            Standing::Starting => {
                voice.say(
                    Severity::Warning,
                    &format!("Failed to load worker ({pid}) {text}"),
                );
                self.expected = None;
                if last {
                    // one that was told to end has not failed
                    self.exit_code = match self.leaving {
                        true => death.exit_code(),
                        false => death.exit_code().max(1),
                    };
                    return true;
                }
                let mut roster = self.office.roster();
                roster.failed = roster.failed.saturating_add(1);
                drop(roster);
                self.answer(false);
                voice.keep(None);
                if self.settings.notify {
                    notify::reload_failed();
                }
                return false;
            }
            Standing::Former => {
                let limit = self.settings.max_reloads;
                let why = match worker.reloads > limit {
                    true => format!(", as it exceeds max reloads ({limit})"),
                    false => String::new(),
                };
                voice.say(
                    Severity::Warning,
                    &format!("Former worker ({pid}) {text}{why}"),
                );
            }
            Standing::Current => {
                let severity = match death.code {
                    0 => Severity::Warning,
                    _ => Severity::Alert,
                };
                voice.say(severity, &format!("Current worker ({pid}) {text}"));
                self.exit_code = death.exit_code();
                if death.is_failure() {
                    self.fail(last, voice);
                }
            }
        }
        if last {
            voice.say(
                Severity::Warning,
                &format!("All workers exited. Exiting... ({})", self.exit_code),
            );
        }
        last
    }

    /// The worker that served died of a fault.
    fn fail(&mut self, last: bool, voice: &mut dyn Voice) {
        voice.say(
            Severity::Warning,
            "A worker process unexpectedly died and this can only be explained by a bug in hapax or \
             its dependencies, or by somebody who killed it.",
        );
        if self.settings.stays_on_failure {
            return;
        }
        voice.say(
            Severity::Alert,
            "exit-on-failure: killing every processes with SIGTERM",
        );
        if !last {
            self.leaving = true;
            self.tell_all(Signal::SIGTERM);
        }
    }

    /// Becomes a new program, which starts a new worker. Returns only when that fails.
    fn reload(&mut self, request: Request, voice: &mut dyn Voice) {
        if self.leaving {
            return;
        }
        if self.expected.is_some() {
            self.next = Some(request);
            return;
        }
        voice.say(Severity::Notice, "Reloading HAProxy");
        if self.settings.notify {
            notify::reloading();
        }
        self.clients.extend(request.client);
        let error = match self.execute(request.hard) {
            Ok(never) => match never {},
            Err(error) => error,
        };
        voice.say(
            Severity::Alert,
            &format!(
                "Failed to reexecute the master process ({}): {error}.",
                self.settings.program.display()
            ),
        );
        let mut roster = self.office.roster();
        roster.failed = roster.failed.saturating_add(1);
        drop(roster);
        self.answer(false);
        if self.settings.notify {
            notify::reload_failed();
        }
    }

    fn execute(&self, hard: bool) -> io::Result<std::convert::Infallible> {
        let mut roster = self.office.roster();
        for client in &self.clients {
            ipc::pass(&roster.to_self, client)?;
        }
        roster.count_reload();
        let list = roster.leave()?;
        let mut words = vec![self.settings.program.clone()];
        if let Some(latest) = roster.workers.first() {
            words.push(if hard { "-st" } else { "-sf" }.into());
            let pids = roster.workers.iter().map(|w| w.pid.to_string());
            words.extend(pids.map(OsString::from));
            words.push("-x".into());
            words.push(format!("sockpair@{}", latest.pair.as_raw_fd()).into());
        }
        words.extend(self.settings.arguments.iter().cloned());
        let mut environment: Vec<OsString> = std::env::vars_os()
            .filter(|(name, _)| name != VARIABLE && name != REEXECUTED)
            .map(|(mut name, value)| {
                name.push("=");
                name.push(value);
                name
            })
            .collect();
        environment.push(format!("{REEXECUTED}=1").into());
        environment.push(format!("{VARIABLE}={list}").into());
        if let Some(directory) = &self.settings.directory {
            nix::unistd::chdir(directory)?;
        }
        let program = CString::new(self.settings.program.as_bytes())?;
        Ok(nix::unistd::execvpe(
            &program,
            &strings(words)?,
            &strings(environment)?,
        )?)
    }
}

fn strings(words: Vec<OsString>) -> io::Result<Vec<CString>> {
    let words = words.into_iter().map(|w| CString::new(w.into_vec()));
    Ok(words.collect::<Result<_, _>>()?)
}
