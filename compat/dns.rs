//! A name server whose names the scenario gives (RFC 1035): datagrams and connections on one port.

use parking_lot::Mutex;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Codes of responses.
const SERVFAIL: u8 = 2;
const NXDOMAIN: u8 = 3;
const REFUSED: u8 = 5;

/// One line: `NAME TYPE DATA...`
#[derive(Debug, Clone)]
struct Line {
    name: String,
    kind: String,
    data: Vec<String>,
}

/// What is known, and what was asked.
#[derive(Debug, Default)]
pub struct Zone {
    lines: Vec<Line>,
    asked: Vec<String>,
}

impl Zone {
    /// Knows this from now on.
    pub fn set(&mut self, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        let line = |line: &str| {
            let mut words = line.split_whitespace().map(str::to_owned);
            Some(Line {
                name: words.next()?,
                kind: words.next()?,
                data: words.collect(),
            })
        };
        self.lines = text.lines().filter_map(line).collect();
    }

    /// The questions since this was asked before, each once.
    pub fn take_asked(&mut self) -> Vec<String> {
        let mut asked = std::mem::take(&mut self.asked);
        asked.sort();
        asked.dedup();
        asked
    }

    /// The response to a message; `None`: nothing is said.
    fn answer(&mut self, message: &[u8], over: &str) -> Option<Vec<u8>> {
        let question = message.get(12..)?;
        let (name, used) = read_name(question)?;
        let end = 12 + used + 4;
        let kind = question.get(used + 1).copied()?;
        let of = |kind: u8| match kind {
            1 => "A",
            28 => "AAAA",
            33 => "SRV",
            _ => "?",
        };
        // what is taken, as the additional record says (RFC 6891 6.1.2)
        let payload = message
            .get(end + 3..end + 5)
            .map_or(0, |b| u16::from_be_bytes([b[0], b[1]]));
        self.asked
            .push(format!("{name} {} {over} {payload}", of(kind)));
        let mine = self.lines.iter().filter(|l| l.name == name);
        let mine: Vec<&Line> = mine.collect();
        let (mut code, mut cut) = (0, 0);
        let (mut answers, mut added) = (Vec::new(), Vec::new());
        if mine.is_empty() {
            code = NXDOMAIN;
        }
        for line in mine {
            match line.kind.as_str() {
                "SILENT" => return None,
                "NXDOMAIN" => code = NXDOMAIN,
                "REFUSED" => code = REFUSED,
                "SERVFAIL" => code = SERVFAIL,
                "CUT" => cut = 2,
                other if other == of(kind) => line.records(kind, &mut answers, &mut added)?,
                _ => {}
            }
        }
        let mut out = message.get(..2)?.to_vec();
        out.extend([0x81 | cut, 0x80 | code, 0, 1]);
        out.extend(u16::try_from(answers.len()).ok()?.to_be_bytes());
        out.extend([0, 0]);
        out.extend(u16::try_from(added.len()).ok()?.to_be_bytes());
        out.extend_from_slice(message.get(12..end)?);
        out.extend(answers.concat());
        out.extend(added.concat());
        Some(out)
    }
}

impl Line {
    fn records(&self, kind: u8, to: &mut Vec<Vec<u8>>, added: &mut Vec<Vec<u8>>) -> Option<()> {
        let word = |at: usize| self.data.get(at).map(String::as_str);
        if kind == 33 {
            let mut data = Vec::new();
            for at in 0..3 {
                data.extend(word(at)?.parse::<u16>().ok()?.to_be_bytes());
            }
            let target = write_name(word(3)?);
            data.extend_from_slice(&target);
            to.push(record(&write_name(&self.name), kind, &data));
            if let Some(ip) = word(4) {
                let (kind, data) = address(ip.parse().ok()?);
                added.push(record(&target, kind, &data));
            }
            return Some(());
        }
        let first: IpAddr = word(0)?.parse().ok()?;
        let count = match word(1) {
            Some("*") => word(2)?.parse::<u8>().ok()?,
            _ => 1,
        };
        for step in 0..count {
            let ip = match first {
                IpAddr::V4(ip) => {
                    let [a, b, c, d] = ip.octets();
                    Ipv4Addr::new(a, b, c, d.wrapping_add(step)).into()
                }
                other => other,
            };
            // the name is the question's
            to.push(record(&[0xc0, 12], kind, &address(ip).1));
        }
        Some(())
    }
}

fn address(ip: IpAddr) -> (u8, Vec<u8>) {
    match ip {
        IpAddr::V4(ip) => (1, ip.octets().to_vec()),
        IpAddr::V6(ip) => (28, ip.octets().to_vec()),
    }
}

fn record(owner: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
    let mut out = owner.to_vec();
    out.extend([0, kind, 0, 1, 0, 0, 0, 30, 0, data.len() as u8]);
    out.extend_from_slice(data);
    out
}

fn write_name(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.split('.') {
        out.push(label.len() as u8);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    out
}

/// A name without compression, and how many bytes it took.
fn read_name(bytes: &[u8]) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    let mut at = 0;
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        let label = bytes.get(at..at + length)?;
        labels.push(String::from_utf8_lossy(label).into_owned());
        at += length;
    }
}

/// Answers until told to stop.
pub fn serve(udp: &UdpSocket, tcp: &TcpListener, zone: &Arc<Mutex<Zone>>, stop: &AtomicBool) {
    let _ = udp.set_read_timeout(Some(Duration::from_millis(3)));
    let _ = tcp.set_nonblocking(true);
    let mut connections: Vec<(TcpStream, Vec<u8>)> = Vec::new();
    let mut buffer = [0; 65536];
    while !stop.load(Ordering::Relaxed) {
        if let Ok((n, from)) = udp.recv_from(&mut buffer) {
            let answer = zone.lock().answer(&buffer[..n], "udp");
            if let Some(answer) = answer {
                let _ = udp.send_to(&answer, from);
            }
        }
        if let Ok((stream, _)) = tcp.accept() {
            let _ = stream.set_nonblocking(true);
            connections.push((stream, Vec::new()));
        }
        connections.retain_mut(|(stream, got)| connection(stream, got, zone, &mut buffer).is_ok());
    }
}

/// What there is to read and to answer on a connection.
fn connection(
    stream: &mut TcpStream,
    got: &mut Vec<u8>,
    zone: &Arc<Mutex<Zone>>,
    buffer: &mut [u8],
) -> io::Result<()> {
    match stream.read(buffer) {
        Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
        Ok(n) => got.extend_from_slice(&buffer[..n]),
        Err(e) if e.kind() == ErrorKind::WouldBlock => {}
        Err(e) => return Err(e),
    }
    while let Some((length, rest)) = got.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        let Some(message) = rest.get(..length) else {
            break;
        };
        if let Some(answer) = zone.lock().answer(message, "tcp") {
            let length = u16::try_from(answer.len()).unwrap_or(u16::MAX);
            stream.write_all(&length.to_be_bytes())?;
            stream.write_all(&answer)?;
        }
        got.drain(..2 + length);
    }
    Ok(())
}
