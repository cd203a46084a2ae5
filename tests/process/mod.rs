//! A real process under test: its directory, its ports, its sockets, what it is told and tells.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub const BINARY: &str = env!("CARGO_BIN_EXE_hapax");
/// How long anything may take; only a failing test waits so long.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until `found` finds something.
pub fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(it) = found() {
            return it;
        }
        assert!(Instant::now() < until, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A port that nobody uses right now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A directory of one test. Whatever process has left its number in `pid` ends with it.
pub struct Dir(pub PathBuf);

impl Dir {
    pub fn new(name: &str) -> Dir {
        let path = std::env::temp_dir().join(format!("hapax-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Dir(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The numbers in the pid file.
    pub fn pids(&self) -> Vec<i32> {
        let text = self.read("pid");
        text.split_whitespace()
            .map(|n| n.parse().unwrap())
            .collect()
    }

    /// A command in this directory; what it says goes to `log`.
    pub fn command(&self, line: &str) -> Command {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let mut command = Command::new(BINARY);
        command
            .args(line.split_whitespace())
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .env_remove("NOTIFY_SOCKET");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, line: &str) -> ExitStatus {
        self.command(line).status().unwrap()
    }

    /// Starts a process that stays.
    pub fn start(&self, line: &str) -> Running {
        Running(self.command(line).spawn().unwrap())
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        for pid in self.pids() {
            signal(pid, "KILL");
        }
        if std::thread::panicking() {
            eprintln!("{}", self.read("log"));
        }
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A process that ends with the test.
pub struct Running(pub Child);

impl Running {
    pub fn pid(&self) -> i32 {
        i32::try_from(self.0.id()).unwrap()
    }

    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Waits for the end; the exit status, or 128 and the signal.
    pub fn end(&mut self) -> i32 {
        let status = wait_for("the end of the process", || self.0.try_wait().unwrap());
        status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn signal(pid: i32, name: &str) {
    let _ = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .stderr(Stdio::null())
        .status();
}

pub fn is_alive(pid: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = status.rsplit(") ").next().unwrap_or_default().to_string();
    !state.is_empty() && !state.starts_with('Z')
}

/// The configuration that the tests serve: a word as the answer, and a socket of the runtime API.
pub fn config(port: u16, word: &str) -> String {
    format!(
        "global\n  nbthread 2\n  maxconn 500\n  stats socket unix@api level admin expose-fd listeners\n\
         defaults\n  mode http\n  timeout connect 2s\n  timeout client 5s\n  timeout server 5s\n\
         frontend f\n  bind 127.0.0.1:{port}\n  http-request return status 200 content-type \
         text/plain string {word}\n"
    )
}

/// One request on a connection of its own; what came back.
pub fn ask(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// Waits until a word is answered.
pub fn answers(port: u16, word: &str) {
    wait_for(&format!("an answer {word}"), || {
        ask(port).ok().filter(|text| text.ends_with(word))
    });
}

/// A command to a socket of the runtime API.
pub fn command(path: &Path, line: &str) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{line}\n").as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// A service manager's socket.
pub struct Manager(UnixDatagram);

impl Manager {
    pub fn new(path: &Path) -> Manager {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Manager(socket)
    }

    /// The next message.
    pub fn hear(&self) -> String {
        let mut text = [0; 512];
        let length = self.0.recv(&mut text).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    }
}
