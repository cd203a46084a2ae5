//! How a worker ended, in the words and numbers of a shell.

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

/// A process that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// Its number.
    pub pid: i32,
    /// Its exit status, or 128 and the signal that ended it.
    pub code: i32,
    signal: Option<Signal>,
}

impl Death {
    /// A process that ended, if this status tells of one.
    pub fn of(status: WaitStatus) -> Option<Death> {
        match status {
            WaitStatus::Exited(pid, code) => Some(Death {
                pid: pid.as_raw(),
                code,
                signal: None,
            }),
            WaitStatus::Signaled(pid, signal, _) => Some(Death {
                pid: pid.as_raw(),
                code: 128 + signal as i32,
                signal: Some(signal),
            }),
            _ => None,
        }
    }

    /// `exited with code 143 (Terminated)`
    pub fn text(&self) -> String {
        format!("exited with code {} ({})", self.code, self.reason())
    }

    fn reason(&self) -> &'static str {
        match self.signal {
            None => "Exit",
            Some(Signal::SIGHUP) => "Hangup",
            Some(Signal::SIGINT) => "Interrupt",
            Some(Signal::SIGQUIT) => "Quit",
            Some(Signal::SIGILL) => "Illegal instruction",
            Some(Signal::SIGTRAP) => "Trace/breakpoint trap",
            Some(Signal::SIGABRT) => "Aborted",
            Some(Signal::SIGBUS) => "Bus error",
            Some(Signal::SIGFPE) => "Floating point exception",
            Some(Signal::SIGKILL) => "Killed",
            Some(Signal::SIGUSR1) => "User defined signal 1",
            Some(Signal::SIGSEGV) => "Segmentation fault",
            Some(Signal::SIGUSR2) => "User defined signal 2",
            Some(Signal::SIGPIPE) => "Broken pipe",
            Some(Signal::SIGALRM) => "Alarm clock",
            Some(Signal::SIGTERM) => "Terminated",
            Some(Signal::SIGXCPU) => "CPU time limit exceeded",
            Some(Signal::SIGXFSZ) => "File size limit exceeded",
            Some(Signal::SIGSYS) => "Bad system call",
            Some(other) => other.as_str(),
        }
    }

    /// Whether nobody asked the process to end.
    pub fn is_failure(&self) -> bool {
        !matches!(self.code, 0 | 130 | 143)
    }

    /// What the master itself ends with after this one.
    pub fn exit_code(&self) -> u8 {
        match self.code {
            143 => 0,
            code => u8::try_from(code).unwrap_or(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::Pid;

    #[test]
    fn deaths_are_told_as_3_4_tells_them() {
        let pid = Pid::from_raw(5);
        let exit = Death::of(WaitStatus::Exited(pid, 1)).unwrap();
        assert_eq!(exit.text(), "exited with code 1 (Exit)");
        assert!(exit.is_failure());
        let signaled = |s| Death::of(WaitStatus::Signaled(pid, s, false)).unwrap();
        let term = signaled(Signal::SIGTERM);
        assert_eq!(term.text(), "exited with code 143 (Terminated)");
        assert_eq!((term.is_failure(), term.exit_code()), (false, 0));
        let int = signaled(Signal::SIGINT);
        assert_eq!((int.is_failure(), int.exit_code()), (false, 130));
        let kill = signaled(Signal::SIGKILL);
        assert_eq!(kill.text(), "exited with code 137 (Killed)");
        assert_eq!((kill.is_failure(), kill.exit_code()), (true, 137));
        assert!(Death::of(WaitStatus::StillAlive).is_none());
    }
}
