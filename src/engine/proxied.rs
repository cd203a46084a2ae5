//! The PROXY protocol header in front of a client's connection (`accept-proxy`, `expect-proxy
//! layer4`).

use super::reactor::{Io, Wake};
use super::session::Session;
use crate::proto::proxy_protocol::Received;
use crate::proto::proxy_protocol::read::{self, Fault, Refusal};
use std::time::Duration;

/// How long the rest of a header is waited for once its beginning is there. HAProxy refuses what
/// is not whole when it looks; but it looks a moment later, when a client that writes a header in
/// pieces is done with it.
const PATIENCE: Duration = Duration::from_millis(50);

/// What looking at the connection's first bytes came to.
enum Look {
    Done,
    Wait,
    Failed(&'static str),
    Refused(Refusal),
}

/// Reads the header; false: the connection is over.
pub async fn accept(s: &mut Session) -> bool {
    let t = s.t;
    let deadline = s.handshake_deadline();
    let mut until = deadline;
    let (fault, silent) = loop {
        match look(s) {
            Look::Done => return true,
            Look::Wait => {}
            Look::Failed(fault) => break (fault, true),
            Look::Refused(refusal) => {
                if refusal.fault == Fault::Truncated {
                    if until == deadline {
                        let rest = u32::try_from(PATIENCE.as_millis()).ok();
                        until = t.worker.after(rest).min(deadline);
                    }
                    if t.worker.now_ms() < until && !s.client.hung_up() {
                        s.client.drained();
                        t.worker.park(until).await;
                        continue;
                    }
                }
                if let Some((src, _)) = refusal.addresses {
                    s.src = Some(src);
                }
                break (said(refusal.fault), false);
            }
        }
        if t.worker.park(until).await == Wake::TimedOut {
            break ("Timeout while waiting for PROXY protocol header", true);
        }
    };
    s.unfinished(fault, silent);
    false
}

/// Takes the header if it is there as a whole.
fn look(s: &mut Session) -> Look {
    let t = s.t;
    let most = t.bufsize;
    let mut scratch = t.worker.scratch.borrow_mut();
    let most = most.min(scratch.len());
    let Some(room) = scratch.get_mut(..most) else {
        return Look::Wait;
    };
    let n = match s.client.peek(room) {
        Io::Done(n) => n,
        Io::Blocked => {
            s.client.drained();
            return Look::Wait;
        }
        Io::Eof => {
            return Look::Failed("Connection closed while waiting for PROXY protocol header");
        }
        Io::Failed(_) => {
            return Look::Failed("Connection error while waiting for PROXY protocol header");
        }
    };
    let (len, addresses, extensions) = match read::header(room.get(..n).unwrap_or_default()) {
        Ok(header) => (header.len, header.addresses, header.extensions.into()),
        Err(refusal) => return Look::Refused(refusal),
    };
    s.proxied = Some(Box::new(Received {
        src: s.src,
        dst: s.dst,
        extensions,
        by_rules: false,
    }));
    if let Some((src, dst)) = addresses {
        (s.src, s.dst) = (Some(src), Some(dst));
    }
    // these bytes have just been seen
    match room.get_mut(..len).map(|room| s.client.recv(room)) {
        Some(Io::Done(n)) if n == len => Look::Done,
        _ => Look::Failed("Connection error while waiting for PROXY protocol header"),
    }
}

/// HAProxy's words for it.
fn said(fault: Fault) -> &'static str {
    match fault {
        Fault::Truncated => "Truncated PROXY protocol header received",
        Fault::NotHeader => "Received something which does not look like a PROXY protocol header",
        Fault::Invalid => "Received an invalid PROXY protocol header",
        Fault::Protocol => "Received an unhandled protocol in the PROXY protocol header",
        // it runs out of its own limit without a word about why
        Fault::TooLong => "Success",
    }
}
