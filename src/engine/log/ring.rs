//! Sends the messages of rings to their servers (configuration manual 12.5). Each server has a
//! thread of its own, which waits for messages: no thread of the engine waits for it.

use crate::plan::{RingPlan, RingReceiver};
use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long a server that cannot be reached is left alone.
const REST: Duration = Duration::from_secs(1);
/// How long it takes at most to see that a server has left.
const LOOK: Duration = Duration::from_millis(500);
/// Bytes sent at a time.
const PIECE: usize = 16 * 1024;

/// Begins to send what the rings get from now on.
pub fn start(rings: &[Arc<RingPlan>]) {
    for ring in rings {
        for index in 0..ring.receivers.len() {
            let ring = Arc::clone(ring);
            // without a thread its messages stay in memory
            let _ = thread::Builder::new()
                .name("hapax/ring".to_owned())
                .spawn(move || forward(&ring, index));
        }
    }
}

fn forward(ring: &RingPlan, index: usize) {
    let Some(receiver) = ring.receivers.get(index) else {
        return;
    };
    let mut next = 0;
    loop {
        match connect(ring, receiver) {
            Ok(stream) => {
                let _ = feed(ring, receiver, stream, &mut next);
            }
            Err(_) => thread::sleep(REST),
        }
    }
}

fn connect(ring: &RingPlan, receiver: &RingReceiver) -> io::Result<TcpStream> {
    let limit = |ms: Option<u32>| {
        ms.filter(|ms| *ms > 0)
            .map(|ms| Duration::from_millis(ms.into()))
    };
    let stream = match limit(ring.settings.connect) {
        Some(time) => TcpStream::connect_timeout(&receiver.address, time)?,
        None => TcpStream::connect(receiver.address)?,
    };
    stream.set_write_timeout(limit(ring.settings.server))?;
    Ok(stream)
}

/// Sends messages from number `next` on for as long as the connection lives.
fn feed(
    ring: &RingPlan,
    receiver: &RingReceiver,
    mut stream: TcpStream,
    next: &mut u64,
) -> io::Result<()> {
    let mut out = Vec::new();
    loop {
        if !ring.events.wait(*next, LOOK) {
            has_left(&stream)?;
            continue;
        }
        out.clear();
        let read = ring.events.read(*next, |message| {
            if receiver.counted {
                // writing to memory cannot fail
                let _ = write!(out, "{} ", message.len());
            }
            out.extend_from_slice(message);
            if !receiver.counted {
                out.push(b'\n');
            }
            out.len() < PIECE
        });
        // the one that ended the piece is in it
        let last = u64::from(out.len() >= PIECE);
        has_left(&stream)?;
        stream.write_all(&out)?;
        *next = read + last;
    }
}

/// An error if the server has closed its end: it sends nothing else of its own.
fn has_left(stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let seen = stream.peek(&mut [0]);
    stream.set_nonblocking(false)?;
    match seen {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Err(e) if e.kind() != io::ErrorKind::WouldBlock => Err(e),
        _ => Ok(()),
    }
}
