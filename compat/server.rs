//! Listening sides of a scenario: scripted, automatic, refusing, silent, and the log sink.

use crate::clock::Deadline;
use crate::dns::Zone;
use crate::scenario::{Server, ServerKind};
use crate::wire::{self, End, Wire};
use parking_lot::Mutex;
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// A request that an automatic server received: connection number and bytes.
type Seen = (usize, Vec<u8>);

/// One running listening side.
pub struct Running {
    pub name: String,
    pub port: u16,
    kind: ServerKind,
    socket: Option<Socket>,
    /// Keeps the port while the server does not listen.
    held: Option<Socket>,
    udp: Option<UdpSocket>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    seen: Option<Receiver<Seen>>,
    /// Connections that fill the queue of a silent server.
    filling: Vec<Socket>,
    /// What a name server knows, and what it was asked.
    pub zone: Arc<Mutex<Zone>>,
}

fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

impl Running {
    /// Opens the port and starts what the kind asks for.
    pub fn start(server: &Server) -> io::Result<Running> {
        let mut running = Running {
            name: server.name.clone(),
            port: 0,
            kind: server.kind,
            socket: None,
            held: None,
            udp: None,
            stop: Arc::new(AtomicBool::new(false)),
            thread: None,
            seen: None,
            filling: Vec::new(),
            zone: Arc::default(),
        };
        if server.kind == ServerKind::Udp {
            let udp = UdpSocket::bind(loopback())?;
            udp.set_read_timeout(Some(Duration::from_secs(3)))?;
            running.port = udp.local_addr()?.port();
            running.udp = Some(udp);
            return Ok(running);
        }
        let (held, port) = crate::play::hold_port()?;
        running.port = port;
        running.held = Some(held);
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        match server.kind {
            ServerKind::Manual => socket.listen(64)?,
            ServerKind::Full => {
                socket.listen(0)?;
                for _ in 0..3 {
                    let filler = Socket::new(Domain::IPV4, Type::STREAM, None)?;
                    filler.set_nonblocking(true)?;
                    let _ = filler
                        .connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, running.port)).into());
                    running.filling.push(filler);
                }
            }
            ServerKind::Auto => {
                socket.listen(64)?;
                let listener: TcpListener = socket.try_clone()?.into();
                let (tell, seen) = channel();
                running.seen = Some(seen);
                let (server, stop) = (server.clone(), running.stop.clone());
                running.thread = Some(std::thread::spawn(move || {
                    serve(&listener, &server, &stop, &tell)
                }));
            }
            ServerKind::Dns => {
                socket.listen(64)?;
                let listener: TcpListener = socket.try_clone()?.into();
                let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?;
                running.zone.lock().set(&server.names);
                let (zone, stop) = (running.zone.clone(), running.stop.clone());
                running.thread = Some(std::thread::spawn(move || {
                    crate::dns::serve(&udp, &listener, &zone, &stop);
                }));
            }
            ServerKind::Closed | ServerKind::Udp => {}
        }
        running.socket = Some(socket);
        Ok(running)
    }

    /// Takes the next connection.
    pub fn accept(&self, time: Duration) -> Option<TcpStream> {
        let socket = self.socket.as_ref()?;
        socket.set_nonblocking(true).ok()?;
        let deadline = Deadline::after(time);
        loop {
            if let Ok((stream, _)) = socket.accept() {
                stream.set_nonblocking(false).ok()?;
                return Some(stream.into());
            }
            if deadline.passed() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Stops listening; the port stays taken and connections are refused.
    pub fn stop_listening(&self) {
        if let Some(socket) = &self.socket {
            let _ = socket.shutdown(std::net::Shutdown::Both);
        }
    }

    /// Listens (again).
    pub fn listen(&self) {
        if let Some(socket) = &self.socket {
            let _ = socket.listen(64);
        }
    }

    /// The next datagram.
    pub fn datagram(&self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 65536];
        let n = self.udp.as_ref()?.recv(&mut buffer).ok()?;
        buffer.truncate(n);
        Some(buffer)
    }

    /// Ends an automatic server and gives the requests it saw; `None` for the other kinds.
    pub fn finish(&mut self) -> Option<Vec<Seen>> {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.filling.clear();
        if self.kind != ServerKind::Auto {
            return None;
        }
        Some(self.seen.take()?.try_iter().collect())
    }
}

fn serve(listener: &TcpListener, server: &Server, stop: &Arc<AtomicBool>, tell: &Sender<Seen>) {
    let connections = Arc::new(AtomicUsize::new(0));
    let _ = listener.set_nonblocking(true);
    while !stop.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((stream, _)) => {
                let _ = stream.set_nonblocking(false);
                let (server, stop, tell) = (server.clone(), stop.clone(), tell.clone());
                let connections = connections.clone();
                std::thread::spawn(move || {
                    answer(Wire::new(stream), &server, &stop, &tell, &connections);
                });
            }
            Err(_) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

fn answer(
    mut wire: Wire,
    server: &Server,
    stop: &AtomicBool,
    tell: &Sender<Seen>,
    connections: &AtomicUsize,
) {
    let mut number = 0;
    loop {
        let request = loop {
            let soon = Deadline::after(Duration::from_millis(50));
            let whole = |bytes: &[u8], ended: bool| {
                if ended && bytes.is_empty() {
                    return None;
                }
                wire::message_length(bytes, false, false, ended)
            };
            match wire.take(&soon, whole) {
                Ok(request) => break request,
                Err((_, end)) if end != End::Open || stop.load(Ordering::Relaxed) => return,
                Err((part, _)) => wire.put_back(part),
            }
        };
        let text = String::from_utf8_lossy(&request).into_owned();
        let recorded = !server
            .unrecorded
            .iter()
            .any(|prefix| text.starts_with(prefix.as_str()));
        if recorded {
            if number == 0 {
                number = connections.fetch_add(1, Ordering::Relaxed) + 1;
            }
            let _ = tell.send((number, request.clone()));
        }
        let close = wire::header(&request, "connection")
            .iter()
            .any(|v| v.eq_ignore_ascii_case("close"))
            || text
                .lines()
                .next()
                .is_some_and(|line| line.ends_with("HTTP/1.0"))
                && !wire::header(&request, "connection").contains(&"keep-alive");
        let (bytes, close) = match server.replies.iter().find(|r| text.starts_with(&r.prefix)) {
            Some(reply) => {
                std::thread::sleep(reply.delay);
                (reply.bytes.clone(), close || reply.close)
            }
            None => {
                let body = format!("{}\n", server.name);
                let shown = if text.starts_with("HEAD ") {
                    ""
                } else {
                    body.as_str()
                };
                let head = format!(
                    "HTTP/1.1 200 OK\r\nX-Server: {}\r\nContent-Length: {}\r\n",
                    server.name,
                    body.len()
                );
                (format!("{head}\r\n{shown}").into_bytes(), close)
            }
        };
        if wire.send(&bytes).is_err() || close {
            return;
        }
    }
}
