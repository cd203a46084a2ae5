//! The proxy under test: started with a configuration, awaited, stopped.

use crate::clock::Deadline;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// A proxy program.
#[derive(Clone, Debug)]
pub struct Binary {
    pub path: PathBuf,
    /// `hapax`, or HAProxy's version number.
    pub version: String,
    pub hapax: bool,
}

impl Binary {
    /// Asks the program for its version.
    pub fn probe(path: &Path) -> Option<Binary> {
        let out = Command::new(path)
            .arg("-v")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let mut text = String::from_utf8_lossy(&out.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&out.stderr));
        let line = text
            .lines()
            .find(|l| l.starts_with("HA-Proxy version") || l.starts_with("HAProxy version"))?;
        let word = line.split_whitespace().nth(2)?;
        let version = word.split(['-', '~', '+']).next()?.to_owned();
        Some(Binary {
            path: path.to_owned(),
            version,
            hapax: false,
        })
    }
}

/// A started proxy.
pub struct Proxy {
    child: Child,
    output: PathBuf,
    exit: Option<ExitStatus>,
    /// Where the number of a process in the background stands.
    pidfile: Option<PathBuf>,
}

/// Ends of the start.
pub enum Started {
    Ready,
    Exited,
    /// Some ports do not listen after five seconds.
    Late,
}

impl Proxy {
    /// Starts `binary` in the foreground with `configs` (in order).
    pub fn start(
        binary: &Binary,
        configs: &[PathBuf],
        args: &[String],
        env: &[(String, String)],
        pidfile: Option<PathBuf>,
    ) -> io::Result<Proxy> {
        let dir = configs
            .first()
            .and_then(|c| c.parent())
            .unwrap_or(Path::new("."));
        let output = dir.join("output");
        let file = fs::File::create(&output)?;
        let mut command = Command::new(&binary.path);
        if pidfile.is_none() {
            command.arg("-db");
        }
        command.args(args);
        for config in configs {
            command.arg("-f").arg(config);
        }
        let child = command
            .envs(env.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()?;
        Ok(Proxy {
            child,
            output,
            exit: None,
            pidfile,
        })
    }

    /// Waits until all of `ports` listen.
    pub fn await_ports(&mut self, ports: &[u16]) -> Started {
        let deadline = Deadline::after(Duration::from_secs(5));
        loop {
            if let Ok(Some(status)) = self.child.try_wait()
                && (self.pidfile.is_none() || !status.success())
            {
                self.exit = Some(status);
                return Started::Exited;
            }
            let listening = listening_ports();
            if ports.iter().all(|p| listening.contains(p)) {
                return Started::Ready;
            }
            if deadline.passed() {
                return Started::Late;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its process number: the first one in the pid file for a process in the background.
    pub fn pid(&self) -> u32 {
        self.pids().first().copied().unwrap_or(0)
    }

    /// Numbers of all its processes: the old `nbproc` writes several into the pid file.
    pub fn pids(&self) -> Vec<u32> {
        let file = self.pidfile.as_ref();
        let text = file.and_then(|path| fs::read_to_string(path).ok());
        let pids: Vec<u32> = text
            .iter()
            .flat_map(|t| t.split_whitespace())
            .filter_map(|word| word.parse().ok())
            .collect();
        if pids.is_empty() {
            vec![self.child.id()]
        } else {
            pids
        }
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        use rustix::process::{Pid, Signal, kill_process};
        let signal = match name {
            "INT" => Signal::INT,
            "USR1" => Signal::USR1,
            "HUP" => Signal::HUP,
            "KILL" => Signal::KILL,
            "STOP" => Signal::STOP,
            "CONT" => Signal::CONT,
            "TTIN" => Signal::TTIN,
            "TTOU" => Signal::TTOU,
            _ => Signal::TERM,
        };
        for pid in self.pids() {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, signal);
            }
        }
    }

    /// Sends SIGSTOP and waits until it stands still.
    pub fn stop(&self) {
        self.signal("STOP");
        let deadline = Deadline::after(Duration::from_secs(1));
        for pid in self.pids() {
            while !is_stopped(pid) && !deadline.passed() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// Waits for the end: `exit 0`, `signal 15`, or `running`.
    pub fn await_exit(&mut self, time: Duration) -> String {
        let deadline = Deadline::after(time);
        loop {
            if self.exit.is_none() {
                self.exit = self.child.try_wait().ok().flatten();
            }
            if let Some(status) = self.exit {
                return match (status.code(), status.signal()) {
                    (Some(code), _) => format!("exit {code}"),
                    (None, signal) => format!("signal {}", signal.unwrap_or(0)),
                };
            }
            if deadline.passed() {
                return "running".to_owned();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it if it still runs; says how it had ended by itself.
    pub fn finish(&mut self) -> String {
        if self.pidfile.is_some() {
            self.signal("KILL");
        }
        let state = self.await_exit(Duration::ZERO);
        if self.exit.is_none() {
            self.signal("TERM");
            if self.await_exit(Duration::from_secs(2)) == "running" {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
        }
        state
    }

    /// What it printed.
    pub fn output(&self) -> String {
        fs::read(&self.output)
            .map(|b| String::from_utf8_lossy(&b).into_owned())
            .unwrap_or_default()
    }
}

/// Whether all threads of a process stand still.
fn is_stopped(pid: u32) -> bool {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    tasks.into_iter().flatten().flatten().all(|task| {
        let text = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let state = text.rsplit(')').next().unwrap_or_default();
        state.trim_start().starts_with('T')
    })
}

/// TCP ports in LISTEN state on this machine.
fn listening_ports() -> Vec<u16> {
    let mut ports = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = fs::read_to_string(table).unwrap_or_default();
        for line in text.lines().skip(1) {
            let mut fields = line.split_whitespace().skip(1);
            let local = fields.next().unwrap_or_default();
            let state = fields.nth(1).unwrap_or_default();
            let port = local
                .rsplit(':')
                .next()
                .and_then(|p| u16::from_str_radix(p, 16).ok());
            if let (Some(port), "0A") = (port, state) {
                ports.push(port);
            }
        }
    }
    ports
}
