//! The binary's command line: exit statuses, streams and texts as recorded from HAProxy 3.4.0.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_hapax");

/// A directory of one test, removed in the end.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Dir {
        let path = std::env::temp_dir().join(format!("hapax-cli-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Dir(path)
    }
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn hapax(dir: &Dir, line: &str) -> Output {
    Command::new(BINARY)
        .args(line.split_whitespace())
        .current_dir(&dir.0)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error without the process id and without the two lines that introduce the program.
fn stderr(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let mut out = String::new();
    for line in text.lines() {
        if line.contains("haproxy version is") || line.contains("path to executable is") {
            continue;
        }
        let line = match (line.find('('), line.find(") : ")) {
            (Some(open), Some(close)) if line.starts_with('[') && open < close => {
                format!("{}(PID{}", &line[..open], &line[close..])
            }
            _ => line.to_string(),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

const DEFAULTS: &str =
    "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n";

fn valid(port: u16) -> String {
    format!("{DEFAULTS}frontend f\n bind 127.0.0.1:{port}\n")
}

#[test]
fn a_valid_file_is_silent_unless_verbose() {
    let dir = Dir::new("valid");
    dir.file("ok.cfg", &valid(18_599));
    for (line, expected) in [
        ("-c -f ok.cfg", ""),
        ("-cq -f ok.cfg", ""),
        ("-n abc -c -f ok.cfg", ""),
        ("-c -V -f ok.cfg", "Configuration file is valid\n"),
        ("-c -q -V -f ok.cfg", "Configuration file is valid\n"),
        (
            "-c -dM -dI -dW -V -- ok.cfg",
            "Configuration file is valid\n",
        ),
    ] {
        let output = hapax(&dir, line);
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert_eq!(stdout(&output), expected, "{line}");
        assert_eq!(stderr(&output), "", "{line}");
    }
}

#[test]
fn warnings_are_told_and_refused_by_dw() {
    let dir = Dir::new("warnings");
    dir.file(
        "warn.cfg",
        "defaults\n mode http\nfrontend f\n bind 127.0.0.1:18599\n",
    );
    let warning = "[WARNING]  (PID) : missing timeouts for frontend 'f'.\n";
    let output = hapax(&dir, "-c -f warn.cfg");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output), "Warnings were found.\n");
    assert!(stderr(&output).starts_with(warning), "{}", stderr(&output));
    let output = hapax(&dir, "-c -V -f warn.cfg");
    assert_eq!(
        stdout(&output),
        "Warnings were found.\nConfiguration file is valid\n"
    );
    let output = hapax(&dir, "-c -q -f warn.cfg");
    assert_eq!(
        (stdout(&output), stderr(&output)),
        (String::new(), String::new())
    );
    for line in ["-c -dW -f warn.cfg", "-dW -f warn.cfg"] {
        let output = hapax(&dir, line);
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(
            stderr(&output).ends_with(
                "[ALERT]    (PID) : Some warnings were found and 'zero-warning' is set. Aborting.\n"
            ),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn faults_are_told_file_by_file() {
    let dir = Dir::new("faults");
    dir.file("a.cfg", "defaults\n mode http\n foo bar\n");
    dir.file("b.cfg", &format!("{}\n bar\n", valid(18_599)));
    let output = hapax(&dir, "-c -f a.cfg -f b.cfg");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    assert_eq!(
        stderr(&output),
        "[ALERT]    (PID) : config : parsing [a.cfg:3] : unknown keyword 'foo' in 'defaults' section\n\
         [ALERT]    (PID) : config : Error(s) found in configuration file : a.cfg\n\
         [ALERT]    (PID) : config : parsing [b.cfg:9] : unknown keyword 'bar' in 'frontend' section\n\
         [ALERT]    (PID) : config : Error(s) found in configuration file : b.cfg\n\
         [ALERT]    (PID) : config : Fatal errors found in configuration.\n"
    );
    let text = String::from_utf8(output.stderr).unwrap();
    let first: Vec<&str> = text.lines().take(2).collect();
    assert!(first[0].ends_with(&format!(
        "haproxy version is {}",
        hapax::base::version::FULL
    )));
    assert!(first[1].contains(") : path to executable is /"));
    let output = hapax(&dir, "-c -q -f a.cfg");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_file_without_listener_will_not_start() {
    let dir = Dir::new("listeners");
    dir.file("none.cfg", "global\n maxconn 10\n");
    dir.file("empty.cfg", "");
    dir.file("disabled.cfg", &format!("{} disabled\n", valid(18_599)));
    for name in ["none.cfg", "empty.cfg", "disabled.cfg"] {
        let output = hapax(&dir, &format!("-c -f {name}"));
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert_eq!(
            stdout(&output),
            "Configuration file has no error but will not start (no listener) => exit(2).\n"
        );
        let output = hapax(&dir, &format!("-f {name}"));
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(
            stderr(&output).ends_with(
                ".main()] No enabled listener found (check for 'bind' directives) ! Exiting.\n"
            ),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn files_that_cannot_be_opened_and_empty_directories() {
    let dir = Dir::new("open");
    dir.file("ok.cfg", &valid(18_599));
    std::fs::create_dir(dir.0.join("empty")).unwrap();
    let output = hapax(&dir, "-c -f ok.cfg -f nope.cfg");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "[ALERT]    (PID) : config : Cannot open configuration file/directory nope.cfg : No such file or directory\n"
    );
    let output = hapax(&dir, "-c -f empty");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("Usage : hapax "));
    let output = hapax(&dir, "-C /nonexistent -c -f ok.cfg");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "[ALERT]    (PID) : Could not change to directory /nonexistent : No such file or directory\n"
    );
    let up = dir.0.parent().unwrap().display().to_string();
    let output = Command::new(BINARY)
        .args([
            "-C",
            &dir.0.display().to_string(),
            "-c",
            "-V",
            "-f",
            "ok.cfg",
        ])
        .current_dir(up)
        .output()
        .unwrap();
    assert_eq!(stdout(&output), "Configuration file is valid\n");
}

#[test]
fn usage_goes_to_standard_error_behind_the_version() {
    let dir = Dir::new("usage");
    for line in ["-c", "-k", "-?", "-c ok.cfg", "-6 -f x"] {
        let output = hapax(&dir, line);
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(
            stdout(&output).starts_with("HAProxy version 3.4.0-hapax"),
            "{line}"
        );
        assert!(
            stderr(&output).starts_with("Usage : hapax [-f <cfgfile|cfgdir>]*"),
            "{line}"
        );
    }
}

#[test]
fn called_haproxy_it_takes_haproxys_options() {
    let dir = Dir::new("name");
    let link = dir.0.join("haproxy");
    std::os::unix::fs::symlink(BINARY, &link).unwrap();
    let output = Command::new(&link).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("Usage : haproxy "));
    let output = Command::new(&link).arg("-v").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).starts_with("HAProxy version 3.4.0-hapax"));
    let output = Command::new(BINARY).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Usage: hapax <COMMAND>"));
}

#[test]
fn conditions_answer_by_their_status() {
    let dir = Dir::new("conditions");
    for (condition, status) in [
        ("version_atleast(3.4)", 0),
        ("version_atleast(3.5)", 1),
        ("version_before(3.5)", 0),
        ("feature(THREAD)", 0),
        ("feature(LUA)", 1),
        ("feature(OPENSSL)||!feature(OPENSSL)", 0),
        ("enabled(EPOLL)", 0),
        ("defined(PATH)", 0),
        ("foo", 2),
        ("200rrr", 2),
    ] {
        let output = hapax(&dir, &format!("-cc {condition}"));
        assert_eq!(output.status.code(), Some(status), "{condition}");
        assert_eq!(stdout(&output), "", "{condition}");
        assert_eq!(stderr(&output).is_empty(), status < 2, "{condition}");
    }
    let output = hapax(&dir, "-cc foo");
    assert_eq!(
        stderr(&output),
        "[ALERT]    (PID) : Failed to evaluate condition: unparsable conditional expression 'foo'\n"
    );
    let output = Command::new(BINARY)
        .args(["-cc", "defined(T) && streq(\"$T\",\"1 2\")"])
        .env("T", "1 2")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn dc_prints_the_configuration() {
    let dir = Dir::new("dump");
    dir.file("ok.cfg", &valid(18_599));
    let output = hapax(&dir, "-dC -c -f ok.cfg");
    // HAProxy 3.4 reads its files twice, and prints them each time
    let once = "defaults \n\tmode http \n\ttimeout client 1s \n\ttimeout server 1s \n\ttimeout connect 1s \n\
                frontend f \n\tbind 127.0.0.1:18599 \n";
    assert_eq!(stdout(&output), once.repeat(2));
    let text = valid(18_599) + "\n.if 0\n  acl \"x y\" # no\n.endif\n";
    dir.file("branch.cfg", &text);
    let output = hapax(&dir, "-dCkey,line -c -f branch.cfg");
    let text = stdout(&output);
    assert!(
        text.contains("\n6\tfrontend [...] \n7\t\tbind [...] \n8\t\t\n9\t\t.if [...] \n"),
        "{text}"
    );
    let output = hapax(&dir, "-dC -c -f branch.cfg");
    assert!(stdout(&output).contains("\n\t.if 0 \n\tacl x y \n\t.endif \n"));
}

#[test]
fn dr_lets_names_fail() {
    let dir = Dir::new("names");
    let text = format!(
        "{}backend b\n server s does-not.exist.invalid:80\n",
        valid(18_599)
    );
    dir.file("names.cfg", &text);
    let output = hapax(&dir, "-c -f names.cfg");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let output = hapax(&dir, "-c -dr -f names.cfg");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// A process that is killed when the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(dir: &Dir, line: &str) -> Running {
    let child = Command::new(BINARY)
        .args(line.split_whitespace())
        .current_dir(&dir.0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // whoever runs the tests may have started them with SIGINT ignored
        .process_group(0)
        .spawn()
        .unwrap();
    Running(child)
}

fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !happened() {
        assert!(Instant::now() < end, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

fn signal(pid: u32, signal: nix::sys::signal::Signal) {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).unwrap());
    nix::sys::signal::kill(pid, signal).unwrap();
}

/// Waits for the end; (exit status, signal, standard error).
fn end(mut running: Running) -> (Option<i32>, Option<i32>, String) {
    let mut text = String::new();
    let mut stderr = running.0.stderr.take().unwrap();
    let status = {
        let mut status = None;
        until("the end", || {
            status = running.0.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    };
    stderr.read_to_string(&mut text).unwrap();
    (status.code(), status.signal(), text)
}

#[test]
fn sigterm_ends_at_once_and_sigusr1_softly() {
    use nix::sys::signal::Signal::{SIGHUP, SIGTERM, SIGUSR1};
    let dir = Dir::new("signals");
    let port = free_port();
    dir.file("ok.cfg", &valid(port));
    let running = start(&dir, "-db -f ok.cfg");
    until("the listener", || listens(port));
    signal(running.0.id(), SIGHUP);
    std::thread::sleep(Duration::from_millis(50));
    assert!(listens(port));
    signal(running.0.id(), SIGTERM);
    let (code, by, text) = end(running);
    assert_eq!((code, by), (None, Some(15)));
    assert!(
        text.contains("SIGHUP received, dumping servers states."),
        "{text}"
    );
    let running = start(&dir, "-db -f ok.cfg");
    until("the listener", || listens(port));
    signal(running.0.id(), SIGUSR1);
    let (code, by, text) = end(running);
    assert_eq!((code, by), (Some(0), None));
    assert!(
        text.contains("Proxy f stopped (cumulated conns: FE: "),
        "{text}"
    );
}

#[test]
fn the_background_writes_its_number() {
    let dir = Dir::new("daemon");
    let port = free_port();
    dir.file("ok.cfg", &valid(port));
    let output = hapax(&dir, "-D -p pid -f ok.cfg");
    assert_eq!(output.status.code(), Some(0));
    let text = std::fs::read_to_string(dir.0.join("pid")).unwrap();
    let pid: u32 = text.trim().parse().unwrap();
    until("the listener", || listens(port));
    let link = std::fs::read_link(format!("/proc/{pid}/fd/2")).unwrap();
    assert_eq!(link, Path::new("/dev/null"));
    signal(pid, nix::sys::signal::Signal::SIGTERM);
    until("the end", || !listens(port));
    let output = hapax(&dir, "-D -p /nonexistent/pid -f ok.cfg");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).ends_with(
            "[ALERT]    (PID) : [haproxy.main()] Cannot create pidfile /nonexistent/pid\n"
        )
    );
}

#[test]
fn an_address_in_use_ends_the_start() {
    let dir = Dir::new("bind");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    dir.file("ok.cfg", &valid(port));
    let output = hapax(&dir, "-db -f ok.cfg");
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    let alerts: Vec<&str> = text.lines().filter(|l| l.starts_with("[ALERT]")).collect();
    assert_eq!(
        alerts,
        [
            format!(
                "[ALERT]    (PID) : Binding [ok.cfg:7] for frontend f: protocol tcpv4: cannot bind socket (Address already in use) for [127.0.0.1:{port}]."
            ),
            "[ALERT]    (PID) : [haproxy.main()] Some protocols failed to start their listeners! Exiting.".to_string(),
        ]
    );
}

#[test]
fn an_inherited_descriptor_is_listened_on() {
    let dir = Dir::new("inherited");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    dir.file(
        "fd.cfg",
        &format!("{DEFAULTS} monitor-uri /up\nfrontend f\n bind \"fd@${{given}}\"\n"),
    );
    let number = std::os::fd::AsRawFd::as_raw_fd(&listener);
    let flags = nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty());
    nix::fcntl::fcntl(&listener, flags).unwrap();
    let child = Command::new(BINARY)
        .args(["-db", "-f", "fd.cfg"])
        .env("given", number.to_string())
        .current_dir(&dir.0)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _running = Running(child);
    drop(listener);
    let answer = ask(port, "GET /up HTTP/1.0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

fn ask(port: u16, request: &str) -> String {
    use std::io::Write;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_runtime_api_answers() {
    use std::io::Write;
    let dir = Dir::new("api");
    let port = free_port();
    let text = format!(
        "global\n setenv COLOUR blue\n stats socket {}/s level operator\n{}",
        dir.0.display(),
        valid(port)
    );
    dir.file("ok.cfg", &text);
    let _running = start(&dir, "-db -f ok.cfg");
    until("the listener", || listens(port));
    let path = dir.0.join("s");
    let call = |line: &str| {
        let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream.write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert_eq!(
        call("show version\n"),
        format!("{}\n\n", hapax::base::version::FULL)
    );
    assert_eq!(call("show env COLOUR\n"), "COLOUR=blue\n\n");
    assert_eq!(
        call("show env HAPROXY_CLI\n"),
        format!("HAPROXY_CLI=unix@{}\n\n", path.display())
    );
    assert_eq!(call("expert-mode on\n"), "Permission denied\n\n");
    assert!(call("show info\n").contains("\nNbthread: "));
}

#[test]
fn the_demo_does_what_it_promises() {
    let dir = Dir::new("demo");
    let output = hapax(&dir, "demo --once");
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(text.contains("/login"), "{text}");
    assert!(text.ends_with("All as it should be.\n"), "{text}");
}

#[test]
fn check_shows_faults_for_people() {
    let dir = Dir::new("check");
    dir.file("bad.cfg", "defaults\n mode http\n foo bar\n");
    dir.file("ok.cfg", &valid(18_599));
    let output = hapax(&dir, "check bad.cfg");
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(
        text.contains("unknown keyword 'foo' in 'defaults' section"),
        "{text}"
    );
    assert!(text.contains("bad.cfg:3:2"), "{text}");
    assert!(text.ends_with("refused: 1 error\n"), "{text}");
    let output = hapax(&dir, "check ok.cfg");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), "valid\n");
    let output = hapax(&dir, "check nope.cfg");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn check_speaks_to_editors_and_build_services() {
    let dir = Dir::new("check-formats");
    let good = "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nlisten l\n bind 127.0.0.1:1\n server s 127.0.0.1:2\n";
    dir.file("good.cfg", good);
    dir.file("old.cfg", &good.replace("timeout client", "clitimeout"));
    dir.file("bad.cfg", &good.replace("bind", "bimd"));
    let status = |line: &str| hapax(&dir, line).status.code();
    assert_eq!(status("check good.cfg"), Some(0));
    assert_eq!(status("check bad.cfg"), Some(1));
    assert_eq!(status("check none.cfg"), Some(2));
    assert_eq!(status("check --for 9.9 good.cfg"), Some(2));
    assert_eq!(status("check --each good.cfg bad.cfg"), Some(1));
    // What only old versions took is taken with a warning, and refused in the name of new ones.
    assert_eq!(status("check old.cfg"), Some(0));
    assert_eq!(status("check --deny warnings old.cfg"), Some(1));
    assert_eq!(status("check --for 3.4 old.cfg"), Some(1));
    assert_eq!(status("check --for 1.5 old.cfg"), Some(0));
    assert_eq!(status("check --for 1.3 old.cfg"), Some(0));
    let text = |line: &str| stdout(&hapax(&dir, line));
    assert!(text("check --format short bad.cfg").starts_with("bad.cfg:7:2: error: "));
    assert!(text("check --format json bad.cfg").contains("\"line\":7,\"column\":2,"));
    assert!(text("check --format sarif bad.cfg").contains("\"startLine\":7"));
    assert!(text("check --format github bad.cfg").starts_with("::error file=bad.cfg,line=7,"));
    let report = text("check --each --format junit good.cfg bad.cfg");
    assert!(report.contains("tests=\"2\" failures=\"1\""), "{report}");
    let said = stderr(&hapax(&dir, "check --format haproxy bad.cfg"));
    assert!(
        said.contains("config : parsing [bad.cfg:7] : unknown keyword 'bimd'"),
        "{said}"
    );
    assert_eq!(text("check --format json good.cfg"), "[]\n");
}

#[test]
fn check_reads_the_standard_input() {
    let mut child = Command::new(BINARY)
        .args(["check", "--format", "short", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = b"frontend f\n bind :1 \n nonsense\n";
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("<stdin>:3:2: error: "));
}
