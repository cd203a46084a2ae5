//! What signals do to the process, and how it ends (management guide 4).
//!
//! SIGTERM and SIGINT keep their default action: the process ends at once, and its parent sees
//! the signal, as with HAProxy. Only a process that stands for a master ends by itself then.

use super::dump;
use crate::base::clock;
use crate::base::diag::Severity;
use crate::engine::Engine;
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::iterator::Signals as Iterator;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How the process is to end, and whom it replaces.
#[derive(Clone, Debug, Default)]
pub struct Ending {
    /// `-W`: exit statuses are a master's.
    pub as_master: bool,
    /// `-Ws`: the service manager is told that the process is ready.
    pub notify: bool,
    /// `-sf`, `-st`: processes that this one replaces.
    pub old: Vec<i32>,
    /// `-st`: they end at once.
    pub terminate_old: bool,
    /// `hard-stop-after`, milliseconds.
    pub hard_stop_after: Option<u32>,
}

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

/// Tells the service manager that named itself in `NOTIFY_SOCKET` how things are.
fn notify(state: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let Ok(socket) = UnixDatagram::unbound() else {
        return;
    };
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::SocketAddr;
    let address = match path.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&path),
    };
    if let Ok(address) = address {
        let _ = socket.send_to_addr(state.as_bytes(), &address);
    }
}

impl Signals {
    /// Takes the signals over. To be called before there are threads.
    ///
    /// # Errors
    /// What the system says.
    pub fn take(ending: &Ending) -> io::Result<Signals> {
        let mut wanted = vec![
            libc::SIGUSR1,
            libc::SIGUSR2,
            libc::SIGHUP,
            libc::SIGQUIT,
            libc::SIGTTOU,
            libc::SIGTTIN,
        ];
        if ending.as_master {
            wanted.extend([libc::SIGTERM, libc::SIGINT]);
        }
        Ok(Signals {
            taken: Iterator::new(wanted)?,
        })
    }

    /// Serves signals until the process is to end; the exit status.
    pub fn wait(
        mut self,
        engine: &Engine,
        ending: &Ending,
        say: &mut dyn FnMut(Severity, &str),
    ) -> ExitCode {
        let signal = if ending.terminate_old {
            Signal::SIGTERM
        } else {
            Signal::SIGUSR1
        };
        tell(&ending.old, signal);
        if ending.notify {
            notify(&format!("READY=1\nMAINPID={}\n", std::process::id()));
        }
        for signal in self.taken.forever() {
            match signal {
                libc::SIGUSR1 => break,
                libc::SIGHUP => dump::servers(&engine.shared, say),
                libc::SIGTERM => return ExitCode::SUCCESS,
                libc::SIGINT => return ExitCode::from(130),
                libc::SIGUSR2 if ending.as_master => {
                    say(Severity::Notice, "SIGUSR2: reloading is not supported yet.");
                }
                // pausing (TTOU) is only needed without SO_REUSEPORT; QUIT and USR2 do nothing
                _ => {}
            }
        }
        if ending.notify {
            notify("STOPPING=1\n");
        }
        self.stop_softly(engine, ending, say)
    }

    /// Accepts no more and waits until the last connection is done.
    fn stop_softly(
        mut self,
        engine: &Engine,
        ending: &Ending,
        say: &mut dyn FnMut(Severity, &str),
    ) -> ExitCode {
        engine.soft_stop();
        let shared = &engine.shared;
        for (frontend, state) in shared.plan.frontends.iter().zip(&shared.frontends) {
            let total = state.connections.load(Ordering::Relaxed);
            say(
                Severity::Warning,
                &format!(
                    "Proxy {} stopped (cumulated conns: FE: {total}, BE: 0).",
                    frontend.name
                ),
            );
        }
        let deadline = ending
            .hard_stop_after
            .map(|ms| clock::now_ms().saturating_add(u64::from(ms)));
        while shared.conns.current() > 0 {
            if deadline.is_some_and(|at| clock::now_ms() >= at) {
                say(
                    Severity::Warning,
                    "soft-stop running for too long, performing a hard-stop.",
                );
                break;
            }
            for signal in self.taken.pending() {
                match signal {
                    libc::SIGTERM => return ExitCode::SUCCESS,
                    libc::SIGINT => return ExitCode::from(130),
                    libc::SIGHUP => dump::servers(&engine.shared, say),
                    _ => {}
                }
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        ExitCode::SUCCESS
    }
}
