//! What signals do to the process that serves, and how it ends (management guide 4).
//!
//! SIGTERM and SIGINT keep their default action: the process ends at once, and its parent sees
//! the signal, as with HAProxy.

use super::dump;
use super::listeners::Doors;
use crate::base::clock;
use crate::base::diag::Severity;
use crate::engine::Engine;
use crate::engine::shared::Phase;
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::iterator::Signals as Iterator;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The signals that the process handles itself.
pub struct Signals {
    taken: Iterator,
}

/// Sends a signal to processes; those that are gone are passed over.
pub fn tell(processes: &[i32], signal: Signal) {
    for pid in processes {
        let _ = kill(Pid::from_raw(*pid), signal);
    }
}

/// Syslog level `warning`.
const WARNING: u8 = 4;

/// How often a process that waits for its last connection looks.
const GLANCE: Duration = Duration::from_millis(10);

impl Signals {
    /// Takes the signals over. To be called before there are threads.
    ///
    /// # Errors
    /// What the system says.
    pub fn take() -> io::Result<Signals> {
        let taken = Iterator::new([
            libc::SIGUSR1,
            libc::SIGUSR2,
            libc::SIGHUP,
            libc::SIGQUIT,
            libc::SIGTTOU,
            libc::SIGTTIN,
        ])?;
        Ok(Signals { taken })
    }

    /// Serves signals until the process is to end; the exit status.
    pub fn wait(
        mut self,
        engine: &Engine,
        doors: &Doors,
        say: &mut dyn FnMut(Severity, &str),
    ) -> ExitCode {
        loop {
            let came = in_order(self.taken.wait());
            let ends = came.contains(&libc::SIGUSR1);
            for signal in came {
                heed(signal, engine, doors, say);
            }
            if ends {
                break;
            }
        }
        let shared = &engine.shared;
        let settings = &shared.plan.global.settings;
        if let Some(ms) = settings.grace.filter(|ms| *ms > 0) {
            say(
                Severity::Notice,
                &format!("Scheduling a soft-stop in {ms} ms."),
            );
            shared.stopping.announce();
            self.pass(u64::from(ms), engine, doors, say, || false);
            say(
                Severity::Notice,
                "Grace period expired, proceeding with soft-stop now.",
            );
        }
        let early = self.leave_in_turn(engine, doors, say);
        doors.close();
        engine.soft_stop(settings.close_spread);
        dump::stopped(shared, |name| !early.iter().any(|e| **e == *name), say);
        let limit = settings.hard_stop_after.map_or(u64::MAX, u64::from);
        if !self.pass(limit, engine, doors, say, || shared.conns.current() == 0) {
            say(
                Severity::Warning,
                "soft-stop running for too long, performing a hard-stop.",
            );
            dump::cut_off(shared, say);
        }
        ExitCode::SUCCESS
    }

    /// `grace` of proxies: each stops when its time has come. Returns the names of those that
    /// stopped before the last.
    fn leave_in_turn(
        &mut self,
        engine: &Engine,
        doors: &Doors,
        say: &mut dyn FnMut(Severity, &str),
    ) -> Vec<Arc<str>> {
        let shared = &engine.shared;
        let mut early = Vec::new();
        let mut times: Vec<u32> = shared.plan.frontends.iter().map(|f| f.grace).collect();
        times.sort_unstable();
        times.dedup();
        let begin = clock::now_ms();
        let mut times = times.into_iter().peekable();
        while let Some(time) = times.next() {
            let end = begin.saturating_add(u64::from(time));
            let left = end.saturating_sub(clock::now_ms());
            self.pass(left, engine, doors, say, || false);
            // the last ones stop with the process
            if times.peek().is_none() {
                break;
            }
            let those = shared.plan.frontends.iter().zip(&shared.frontends);
            for (frontend, state) in those.filter(|(f, _)| f.grace == time) {
                doors.close_frontend(frontend.id);
                state.leaving.store(true, Ordering::SeqCst);
                dump::stopped(shared, |name| *name == *frontend.name, say);
                early.push(Arc::from(&*frontend.name));
            }
            engine.wake_all();
        }
        early
    }

    /// Serves signals for so many milliseconds or until `done`; whether it was.
    fn pass(
        &mut self,
        ms: u64,
        engine: &Engine,
        doors: &Doors,
        say: &mut dyn FnMut(Severity, &str),
        done: impl Fn() -> bool,
    ) -> bool {
        let end = clock::now_ms().saturating_add(ms);
        while !done() {
            if clock::now_ms() >= end {
                return false;
            }
            for signal in in_order(self.taken.pending()) {
                heed(signal, engine, doors, say);
            }
            std::thread::sleep(GLANCE);
        }
        true
    }
}

/// Signals that came together, which the system does not tell in the order that they were sent in.
/// Who asks to listen again has asked to pause before.
fn in_order(came: impl std::iter::Iterator<Item = i32>) -> Vec<i32> {
    let mut came: Vec<i32> = came.collect();
    came.sort_by_key(|signal| *signal == libc::SIGTTIN);
    came
}

/// What a signal does that does not end the process. SIGQUIT and SIGUSR2 do nothing: there are no
/// memory pools to show, and only a master is reloaded.
fn heed(signal: i32, engine: &Engine, doors: &Doors, say: &mut dyn FnMut(Severity, &str)) {
    let mut each = |what: &str| {
        for frontend in &engine.shared.plan.frontends {
            let text = format!("{what} {} {}.", kind(frontend), frontend.name);
            say(Severity::Warning, &text);
            if let Some(log) = &frontend.log {
                engine.shared.log(log, WARNING, &text);
            }
        }
    };
    match signal {
        libc::SIGHUP => dump::servers(&engine.shared, say),
        libc::SIGTTOU => {
            doors.pause();
            each("Paused");
        }
        libc::SIGTTIN => {
            doors.resume(|frontend| {
                let state = engine.shared.frontends.get(frontend.0 as usize);
                state.is_some_and(|state| state.phase() == Phase::Open)
            });
            engine.wake_all();
            each("Resumed");
        }
        _ => {}
    }
}

/// A `listen` section is called a proxy, as in HAProxy.
fn kind(frontend: &crate::plan::FrontendPlan) -> &'static str {
    match frontend.same_section {
        Some(_) => "proxy",
        None => "frontend",
    }
}
