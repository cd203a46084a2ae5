//! The background and the pid file.

use super::Message;
use crate::base::sys::{self, Forked};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

/// Opens the pid file, while the path can still be reached and written.
///
/// # Errors
/// The `[ALERT]` to show.
pub fn open_pidfile(path: &Path) -> Result<File, Message> {
    OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o644)
        .custom_flags(nix::libc::O_CLOEXEC)
        .open(path)
        .map_err(|_| cannot_create(path))
}

fn cannot_create(path: &Path) -> Message {
    Message::fatal(format!(
        "[haproxy.main()] Cannot create pidfile {}",
        path.display()
    ))
}

/// Writes the pid file of a master, in the place of an older one.
///
/// # Errors
/// The `[ALERT]` to show.
pub fn write_pidfile(path: &Path, pid: u32) -> Result<(), Message> {
    // another user's file may be in the way, that can be removed but not written
    let _ = std::fs::remove_file(path);
    let mut file = open_pidfile(path)?;
    file.write_all(format!("{pid}\n").as_bytes())
        .map_err(|_| cannot_create(path))
}

/// Goes to the background: the caller goes on in a new process without a terminal, whose standard
/// streams are closed; the old process writes the pid file and ends with status 0.
///
/// # Errors
/// What fork(2) says; the caller then is still in the foreground.
pub fn daemonize(pidfile: Option<File>) -> io::Result<()> {
    match sys::fork()? {
        Forked::Parent(child) => {
            if let Some(mut file) = pidfile {
                let _ = file.write_all(format!("{child}\n").as_bytes());
            }
            // no destructor of the copied state may run twice
            std::process::exit(0)
        }
        Forked::Child => {
            let _ = nix::unistd::setsid();
            close_streams();
            Ok(())
        }
    }
}

/// Nothing is read or shown any more.
fn close_streams() {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null");
    if let Ok(null) = null {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
        let _ = rustix::stdio::dup2_stderr(&null);
    }
}

/// In the background, while the process in the foreground waits to hear that the start succeeded.
#[derive(Debug)]
pub struct Launcher {
    done: UnixStream,
}

/// In the foreground.
#[derive(Debug)]
pub struct Waiting {
    done: UnixStream,
    child: Pid,
}

impl Launcher {
    /// Splits the process: `Ok(Ok)` in the background, without a terminal but with its standard
    /// streams; `Ok(Err)` in the foreground.
    ///
    /// # Errors
    /// What fork(2) says.
    pub fn fork() -> io::Result<Result<Launcher, Waiting>> {
        let (ours, theirs) = UnixStream::pair()?;
        match sys::fork()? {
            Forked::Parent(child) => Ok(Err(Waiting {
                done: ours,
                child: Pid::from_raw(child),
            })),
            Forked::Child => {
                let _ = nix::unistd::setsid();
                Ok(Ok(Launcher { done: theirs }))
            }
        }
    }

    /// The start succeeded: nothing is shown any more, and the foreground is free.
    pub fn release(mut self) {
        close_streams();
        let _ = self.done.write_all(b"1");
    }
}

impl Waiting {
    /// Waits for the start to end; the exit status. What went wrong is told to `alert`.
    pub fn wait(mut self, alert: &mut dyn FnMut(&str)) -> ExitCode {
        if self.done.read(&mut [0]).is_ok_and(|bytes| bytes > 0) {
            return ExitCode::SUCCESS;
        }
        let code = match waitpid(self.child, None) {
            Ok(WaitStatus::Exited(_, code)) => code,
            Ok(WaitStatus::Signaled(_, signal, _)) => 128 + signal as i32,
            _ => 1,
        };
        alert(&format!(
            "Process {} exited with code {code} (Exit)",
            self.child
        ));
        ExitCode::from(u8::try_from(code).unwrap_or(1).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pidfile_in_no_directory_is_an_alert() {
        let message = open_pidfile(Path::new("/nonexistent/pid")).unwrap_err();
        assert_eq!(
            message.text,
            "[haproxy.main()] Cannot create pidfile /nonexistent/pid"
        );
    }
}
