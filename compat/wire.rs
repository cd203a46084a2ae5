//! One TCP connection of a scenario, with its own receive buffer, and the framing of messages.

use crate::clock::Deadline;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Open,
    Eof,
    Reset,
}

/// A connection and what came over it but was not yet asked for.
pub struct Wire {
    stream: Option<TcpStream>,
    tls: Option<crate::tls::Tls>,
    buffer: Vec<u8>,
    end: End,
    /// The last request sent on it was a HEAD: its answer has no body.
    pub head: bool,
    /// It speaks HTTP/2.
    pub h2: Option<crate::h2::State>,
}

impl Wire {
    /// Takes over a connected stream.
    pub fn new(stream: TcpStream) -> Wire {
        let _ = stream.set_nodelay(true);
        Wire {
            stream: Some(stream),
            tls: None,
            buffer: Vec::new(),
            end: End::Open,
            head: false,
            h2: None,
        }
    }

    /// Speaks TLS from now on; the error is for the transcript.
    pub fn start_tls(
        &mut self,
        wish: &crate::tls::Wish,
        shown: Option<&[u8]>,
        memory: &mut crate::tls::Memory,
    ) -> Result<(), String> {
        let stream = self.stream.as_mut().ok_or("not open")?;
        let _ = stream.set_read_timeout(Some(Duration::from_secs(3)));
        self.tls = Some(crate::tls::Tls::connect(stream, wish, shown, memory)?);
        Ok(())
    }

    /// Sends everything or gives up after three seconds; the error is for the transcript.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let stream = self.stream.as_mut().ok_or("not open")?;
        let _ = stream.set_write_timeout(Some(Duration::from_secs(3)));
        let sent = match &mut self.tls {
            Some(tls) => tls.write_all(stream, bytes),
            None => stream.write_all(bytes),
        };
        sent.map_err(|e| match e.kind() {
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => "peer closed".to_owned(),
            ErrorKind::WouldBlock | ErrorKind::TimedOut => "stuck".to_owned(),
            other => other.to_string(),
        })
    }

    /// Reads once; false when nothing came before the deadline.
    fn fill(&mut self, deadline: &Deadline) -> bool {
        let Some(stream) = self.stream.as_mut() else {
            return false;
        };
        let left = deadline.left();
        if left.is_zero() || self.end != End::Open {
            return false;
        }
        let _ = stream.set_read_timeout(Some(left));
        let mut chunk = [0; 65536];
        let read = match &mut self.tls {
            Some(tls) => tls.read(stream, &mut chunk),
            None => stream.read(&mut chunk),
        };
        match read {
            Ok(0) => self.end = End::Eof,
            Ok(n) => self.buffer.extend_from_slice(&chunk[..n]),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return false;
            }
            Err(_) => self.end = End::Reset,
        }
        true
    }

    /// Reads until `length` finds a whole piece in the buffer, and takes it. The closure gets the
    /// buffer and whether the stream has ended. `Err` is all that came when it stayed short.
    pub fn take(
        &mut self,
        deadline: &Deadline,
        length: impl Fn(&[u8], bool) -> Option<usize>,
    ) -> Result<Vec<u8>, (Vec<u8>, End)> {
        loop {
            if let Some(n) = length(&self.buffer, self.end != End::Open) {
                let rest = self.buffer.split_off(n.min(self.buffer.len()));
                return Ok(std::mem::replace(&mut self.buffer, rest));
            }
            if !self.fill(deadline) {
                return Err((std::mem::take(&mut self.buffer), self.end));
            }
        }
    }

    /// Gives back what was taken too early.
    pub fn put_back(&mut self, mut bytes: Vec<u8>) {
        bytes.append(&mut self.buffer);
        self.buffer = bytes;
    }

    /// How the other side ended it so far.
    pub fn end(&self) -> End {
        self.end
    }

    /// Addresses of this end and of the other one.
    pub fn ends(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        let stream = self.stream.as_ref();
        (
            stream.and_then(|s| s.local_addr().ok()),
            stream.and_then(|s| s.peer_addr().ok()),
        )
    }

    /// Ports of both ends.
    pub fn place(&self) -> crate::play::Place {
        let (here, there) = self.ends();
        crate::facts::place(here, there)
    }

    /// Its maximum segment size, and whether the other end (of this machine) runs a keep-alive timer.
    pub fn fact(&self, name: &str) -> String {
        let Some(stream) = &self.stream else {
            return "not open".to_owned();
        };
        if let Some(more) = name.strip_prefix("tls") {
            let Some(tls) = &self.tls else {
                return "plain".to_owned();
            };
            let mut facts = tls.facts();
            for name in more.split_whitespace() {
                facts = format!("{facts} {}", tls.fact(name));
            }
            return facts;
        }
        if name == "mss" {
            let mss = socket2::SockRef::from(stream).tcp_mss().unwrap_or(0);
            return format!("mss {mss}");
        }
        let (Ok(here), Ok(there)) = (stream.local_addr(), stream.peer_addr()) else {
            return "gone".to_owned();
        };
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
        let (here, there) = (
            format!(":{:04X}", here.port()),
            format!(":{:04X}", there.port()),
        );
        let timer = table.lines().find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let other = fields.get(1)?.ends_with(&there) && fields.get(2)?.ends_with(&here);
            other.then(|| {
                fields
                    .get(5)
                    .map_or("", |f| f.get(..2).unwrap_or(""))
                    .to_owned()
            })
        });
        let on = timer.as_deref() == Some("02");
        format!("keepalive {}", if on { "on" } else { "off" })
    }

    /// Closes the sending direction.
    pub fn shutdown(&mut self) {
        if let Some(stream) = &self.stream {
            let _ = stream.shutdown(Shutdown::Write);
        }
    }

    /// Closes both directions.
    pub fn close(&mut self) {
        self.stream = None;
    }

    /// Closes with a reset.
    pub fn reset(&mut self) {
        if let Some(stream) = self.stream.take() {
            let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        }
    }
}

/// Length of the head at the beginning of `bytes`, its blank line included.
pub fn head_length(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .map(|at| at + 4)
}

/// Values of a header in a head, name in lower case.
pub fn header<'a>(head: &'a [u8], name: &str) -> Vec<&'a str> {
    head.split(|b| *b == b'\n')
        .skip(1)
        .filter_map(|line| std::str::from_utf8(line).ok()?.split_once(':'))
        .filter(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect()
}

/// Length of a whole message: `None` while more is to come.
pub fn message_length(bytes: &[u8], response: bool, bodiless: bool, ended: bool) -> Option<usize> {
    let head = head_length(bytes)?;
    let start = &bytes[..head];
    if response {
        let status = bytes.split(|b| *b == b' ').nth(1).unwrap_or_default();
        let status = status.get(..3).unwrap_or_default();
        if bodiless || status.starts_with(b"1") || status == b"204" || status == b"304" {
            return Some(head);
        }
    }
    let chunked = header(start, "transfer-encoding")
        .iter()
        .any(|v| v.to_ascii_lowercase().ends_with("chunked"));
    if chunked {
        return match chunks_length(&bytes[head..]) {
            Some(n) => Some(head + n),
            None if ended => Some(bytes.len()),
            None => None,
        };
    }
    let length = match header(start, "content-length")
        .first()
        .and_then(|v| v.parse::<usize>().ok())
    {
        Some(n) => n,
        None if response => return if ended { Some(bytes.len()) } else { None },
        None => 0,
    };
    if bytes.len() >= head + length {
        Some(head + length)
    } else if ended {
        Some(bytes.len())
    } else {
        None
    }
}

/// Length of a chunked body with its trailers.
fn chunks_length(body: &[u8]) -> Option<usize> {
    let (mut at, mut ended) = (0, false);
    loop {
        let rest = body.get(at..)?;
        let line = rest.windows(2).position(|w| w == b"\r\n")?;
        at += line + 2;
        if ended {
            if line == 0 {
                return Some(at);
            }
            continue;
        }
        match chunk_size(&rest[..line])? {
            0 => ended = true,
            size => at = at.checked_add(size)?.checked_add(2)?,
        }
    }
}

fn chunk_size(line: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(line).ok()?;
    usize::from_str_radix(text.split(';').next()?.trim(), 16).ok()
}

/// The data of a chunked body (as far as it came), and its trailers.
pub fn without_chunks(head: &[u8], body: &[u8]) -> (Vec<u8>, Vec<u8>) {
    if header(head, "transfer-encoding").is_empty() {
        return (body.to_vec(), Vec::new());
    }
    let (mut data, mut at) = (Vec::new(), 0);
    while let Some(rest) = body.get(at..) {
        let Some(line) = rest.windows(2).position(|w| w == b"\r\n") else {
            break;
        };
        at += line + 2;
        match chunk_size(&rest[..line]) {
            Some(0) => return (data, body[at..].to_vec()),
            Some(size) => {
                data.extend_from_slice(&body[at.min(body.len())..(at + size).min(body.len())]);
                at += size + 2;
            }
            None => break,
        }
    }
    (data, b"(incomplete)".to_vec())
}

/// A body without its `Content-Encoding`.
pub fn without_coding(head: &[u8], body: Vec<u8>) -> Vec<u8> {
    let mut plain = Vec::new();
    let read = match header(head, "content-encoding").first() {
        Some(&"gzip") => flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain),
        Some(&"deflate") => {
            let zlib = flate2::read::ZlibDecoder::new(&body[..]).read_to_end(&mut plain);
            zlib.or_else(|_| {
                plain.clear();
                flate2::read::DeflateDecoder::new(&body[..]).read_to_end(&mut plain)
            })
        }
        _ => return body,
    };
    match read {
        Ok(_) => [b"coded: ", &plain[..]].concat(),
        Err(e) => format!("badly coded: {e}").into_bytes(),
    }
}
