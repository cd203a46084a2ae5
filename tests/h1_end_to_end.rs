//! The recorded HTTP/1 cases through the real binary: sockets on both sides.
#![allow(clippy::unwrap_used, reason = "test code")]
#![allow(
    clippy::disallowed_methods,
    reason = "patience with a real process is real time"
)]

mod h1_case_file;

use h1_case_file::{Case, read, without_chunking};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Cases that run at the same time, each between a listener and a server of its own.
const LANES: usize = 12;
/// How long to wait for something that was recorded; only a failing case waits so long.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long nothing else may come once all is there.
const QUIET: Duration = Duration::from_millis(4);

/// A proxy with a front end and a back end per lane; killed when dropped.
struct Proxy {
    child: Child,
    fronts: Vec<u16>,
    servers: Vec<TcpListener>,
    dir: std::path::PathBuf,
}

impl Proxy {
    fn start(name: &str, options: &str) -> Proxy {
        let listen = || TcpListener::bind("127.0.0.1:0").unwrap();
        let servers: Vec<TcpListener> = (0..LANES).map(|_| listen()).collect();
        // All at once, so that no port is given twice; freed for the proxy then.
        let port = |l: &TcpListener| l.local_addr().unwrap().port();
        let fronts: Vec<u16> = {
            let listeners: Vec<TcpListener> = (0..LANES).map(|_| listen()).collect();
            listeners.iter().map(port).collect()
        };
        let mut config = format!(
            "global\n  nbthread 1\ndefaults\n  mode http\n  timeout connect 2s\n  \
             timeout client 10s\n  timeout server 10s\n{options}"
        );
        for (lane, (front, server)) in fronts.iter().zip(&servers).enumerate() {
            server.set_nonblocking(true).unwrap();
            config += &format!(
                "frontend f{lane}\n  bind 127.0.0.1:{front}\n  default_backend b{lane}\n\
                 backend b{lane}\n  server s 127.0.0.1:{}\n",
                port(server)
            );
        }
        let dir = std::env::temp_dir().join(format!("h1-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join("proxy.cfg");
        std::fs::write(&file, config).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_hapax"))
            .args(["-db", "-f"])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let proxy = Proxy {
            child,
            fronts,
            servers,
            dir,
        };
        let until = Instant::now() + PATIENCE;
        for &front in &proxy.fronts {
            while TcpStream::connect(("127.0.0.1", front)).is_err() {
                assert!(Instant::now() < until, "no listener on {front}");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        proxy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// One connection, read without waiting.
struct Peer {
    stream: TcpStream,
    got: Vec<u8>,
    closed: bool,
}

impl Peer {
    fn new(stream: TcpStream) -> Peer {
        stream.set_nonblocking(true).unwrap();
        stream.set_nodelay(true).unwrap();
        Peer {
            stream,
            got: Vec::new(),
            closed: false,
        }
    }

    /// True if something came.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 65536];
        match self.stream.read(&mut buffer) {
            _ if self.closed => false,
            Ok(0) => {
                self.closed = true;
                true
            }
            Ok(n) => {
                self.got.extend_from_slice(&buffer[..n]);
                true
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => false,
            Err(_) => {
                self.closed = true;
                true
            }
        }
    }

    /// Writes all; what a closed peer does not take is lost, as on the day of the recording.
    fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(n) => bytes = &bytes[n..],
                Err(e) if e.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(_) => return,
            }
        }
    }
}

/// What came out on both sides: the client's bytes, whether its connection was closed, the server's
/// bytes.
type Outcome = (Vec<u8>, bool, Vec<u8>);

fn run(case: &Case, front: u16, listener: &TcpListener) -> Outcome {
    let mut client = Peer::new(TcpStream::connect(("127.0.0.1", front)).unwrap());
    client.write(&case.request);
    let expected_server: usize = case.server.iter().map(Vec::len).sum();
    let mut servers: Vec<(Peer, usize)> = Vec::new();
    let (begin, mut last) = (Instant::now(), Instant::now());
    loop {
        let mut moved = client.read();
        if let Ok((stream, _)) = listener.accept() {
            servers.push((Peer::new(stream), 0));
            moved = true;
        }
        for (server, answered) in &mut servers {
            moved |= server.read();
            for _ in *answered..complete_requests(&server.got) {
                *answered += 1;
                server.write(&case.response);
                if case.server_closes {
                    let _ = server.stream.shutdown(Shutdown::Write);
                }
            }
        }
        let now = Instant::now();
        if moved {
            last = now;
            continue;
        }
        let server_bytes: usize = servers.iter().map(|(s, _)| s.got.len()).sum();
        let complete = client.got.len() >= case.client.len()
            && (client.closed || !case.client_closed)
            && server_bytes >= expected_server;
        if (complete && now - last > QUIET) || now - begin > PATIENCE {
            break;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    let server = servers.iter().flat_map(|(s, _)| s.got.clone()).collect();
    (client.got, client.closed, server)
}

/// How many requests, as the proxy writes them, are complete.
fn complete_requests(mut stream: &[u8]) -> usize {
    let mut count = 0;
    while let Some(end) = find(stream, b"\r\n\r\n") {
        let (head, rest) = stream.split_at(end + 4);
        let body = if head.starts_with(b"CONNECT ") {
            return count + 1;
        } else if find(head, b"\r\ntransfer-encoding: chunked\r\n").is_some() {
            chunked_len(rest)
        } else if let Some(at) = find(head, b"\r\ncontent-length: ") {
            let digits = head[at + 18..].iter().take_while(|b| b.is_ascii_digit());
            let n = digits.fold(0usize, |n, d| {
                n.saturating_mul(10).saturating_add(usize::from(d - b'0'))
            });
            (rest.len() >= n).then_some(n)
        } else {
            Some(0)
        };
        let Some(body) = body else { break };
        stream = &rest[body..];
        count += 1;
    }
    count
}

/// The length of a complete chunked body with its trailers.
fn chunked_len(stream: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = find(stream.get(at..)?, b"\r\n")?;
        let size = std::str::from_utf8(&stream[at..at + line]).ok()?;
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            // The line's own end may begin the empty line.
            return Some(at + line + find(&stream[at + line..], b"\r\n\r\n")? + 4);
        }
        at = at.saturating_add(line + 2 + size).saturating_add(2);
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|w| w == what)
}

fn show(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    match text.len() {
        0..400 => text,
        n => format!("{}... ({n})", &text[..200]),
    }
}

fn check(name: &str, text: &str, options: &str, known: &[(&[u8], &[u8])]) {
    let cases = read(text);
    let proxy = Proxy::start(name, options);
    let next = AtomicUsize::new(0);
    let bad = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        for (&front, listener) in proxy.fronts.iter().zip(&proxy.servers) {
            let (next, cases, bad) = (&next, &cases, bad.0.clone());
            scope.spawn(move || {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let is_known = |(request, response): &(&[u8], &[u8])| {
                        case.request.starts_with(request) && case.response.starts_with(response)
                    };
                    if known.iter().any(is_known) {
                        continue;
                    }
                    let (client, closed, server) = run(case, front, listener);
                    let expected = case.server.concat();
                    let same = without_chunking(&client) == without_chunking(&case.client)
                        && closed == case.client_closed
                        && without_chunking(&server) == without_chunking(&expected);
                    if !same {
                        bad.send((case, client, closed, server)).unwrap();
                    }
                }
            });
        }
    });
    drop(bad.0);
    let bad: Vec<_> = bad.1.iter().collect();
    let mut report = String::new();
    for (case, client, closed, server) in bad.iter().take(20) {
        report += &format!(
            "line {} ({})\n  > {}\n  < {}\n  client   {} {closed}\n  expected {} {}\n  \
             server   {}\n  expected {}\n",
            case.line,
            case.group,
            show(&case.request),
            show(&case.response),
            show(client),
            show(&case.client),
            case.client_closed,
            show(server),
            show(&case.server.concat()),
        );
    }
    assert!(
        bad.is_empty(),
        "{} of {} differ\n{report}",
        bad.len(),
        cases.len()
    );
}

// Known difference: behind a `CONNECT` with `Content-Length` HAProxy takes the announced body for the
// next request; hapax closes the connection.

#[test]
fn requests() {
    let text = include_str!("../fixtures/h1/requests.cases");
    let with_body = b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 3\r\n";
    check("requests", text, "", &[(with_body, b"")]);
}

#[test]
fn responses() {
    let text = include_str!("../fixtures/h1/responses.cases");
    check("responses", text, "", &[]);
}

#[test]
fn relaxed() {
    let text = include_str!("../fixtures/h1/relaxed.cases");
    let options = "  option accept-unsafe-violations-in-http-request\n  \
                   option accept-unsafe-violations-in-http-response\n";
    check("relaxed", text, options, &[]);
}
