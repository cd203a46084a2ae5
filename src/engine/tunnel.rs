//! Two sockets joined: TCP mode, and HTTP connections that changed their protocol.

use super::contstats::Contstats;
use super::forward::{Half, Pump};
use super::reactor::{NEVER, Sock};
use super::thread::Thread;
use crate::ir::proxy::Options;

/// Time-outs of both sides, ms.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeouts {
    /// `timeout client` or `timeout tunnel`
    pub client: Option<u32>,
    /// `timeout server` or `timeout tunnel`
    pub server: Option<u32>,
    /// `timeout client-fin`: once the client's end is closed on one side
    pub client_fin: Option<u32>,
    /// `timeout server-fin`
    pub server_fin: Option<u32>,
}

/// Options of the front end and of the back end that say how a side is treated.
#[derive(Clone, Copy, Debug)]
pub struct Sides {
    /// The front end's.
    pub client: Options,
    /// The back end's.
    pub server: Options,
}

impl Sides {
    /// `option nolinger`: the client is left with a reset when it has ended its half first, the
    /// server as soon as there is nothing more to send, if it has not ended its half.
    fn no_linger(&self) -> (bool, bool) {
        let says = |options: Options| options.contains(Options::NOLINGER);
        (says(self.client), says(self.server))
    }

    /// `option independent-streams`: what is sent to a side does not prolong the wait for what it
    /// says.
    fn independent(&self) -> (bool, bool) {
        let says = |options: Options| options.contains(Options::INDEPENDENT_STREAMS);
        (says(self.client), says(self.server))
    }
}

/// How a tunnel ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Termination state of the log.
    pub state: [u8; 2],
    /// Bytes passed to the server.
    pub up: u64,
    /// Bytes passed to the client.
    pub down: u64,
}

/// Passes bytes both ways until both sides have ended, one has broken, or a time-out passed. An
/// end of one side is passed on to the other, which may go on for its part.
pub async fn run(
    t: &'static Thread,
    (client, server): (&Sock, &Sock),
    mut up: Half,
    mut down: Half,
    limits: Timeouts,
    sides: Sides,
    mut contstats: Option<&mut Contstats>,
) -> Ended {
    let (client_reset, server_reset) = sides.no_linger();
    let (client_alone, server_alone) = sides.independent();
    let w = t.worker;
    let (mut client_active, mut server_active) = (w.now_ms(), w.now_ms());
    let (mut up_shut, mut down_shut) = (false, false);
    let mut nothing = Vec::new();
    let mut ended: Option<[u8; 2]> = None;
    let mut rounds = 0u32;
    let state = loop {
        let mut moved = false;
        match up.pump(t, client, server, &mut nothing) {
            Pump::Moved => moved = true,
            Pump::Blocked | Pump::Finished => {}
            Pump::SinkFailed(_) => break *b"SD",
            _ => break *b"CD",
        }
        if moved {
            client_active = w.now_ms();
            if !server_alone {
                server_active = client_active;
            }
        }
        match down.pump(t, server, client, &mut nothing) {
            Pump::Moved => {
                moved = true;
                server_active = w.now_ms();
                if !client_alone {
                    client_active = server_active;
                }
            }
            Pump::Blocked | Pump::Finished => {}
            Pump::SinkFailed(_) => break *b"CD",
            _ => break *b"SD",
        }
        if up.is_done() && !up_shut {
            up_shut = true;
            if server_reset && !server.hung_up() {
                // the caller drops it with a reset, once the client has what is left for it
                down.stop_reading();
            } else {
                server.shutdown_write();
            }
        }
        if down.is_done() && !down_shut {
            down_shut = true;
            if !(client_reset && client.hung_up()) {
                client.shutdown_write();
            }
        }
        if up_shut && down_shut {
            break ended.unwrap_or(*b"--");
        }
        if let Some(contstats) = &mut contstats {
            contstats.look(&t.shared, w.now_ms(), up.written, down.written);
        }
        if moved {
            rounds += 1;
            if rounds.is_multiple_of(16) {
                w.yield_now().await;
            }
            continue;
        }
        // a side that is silent for too long counts as ended, and the other goes on for its part
        let half_closed = up_shut || down_shut;
        let (client_ms, server_ms) = match half_closed {
            true => (
                limits.client_fin.or(limits.client),
                limits.server_fin.or(limits.server),
            ),
            false => (limits.client, limits.server),
        };
        let at = |waits: bool, active: u64, ms: Option<u32>| match (waits, ms) {
            (true, Some(ms)) => active + u64::from(ms),
            _ => NEVER,
        };
        let c = at(!up.is_read() || down.is_pending(), client_active, client_ms);
        let s = at(!down.is_read() || up.is_pending(), server_active, server_ms);
        let look = contstats.as_ref().map_or(NEVER, |c| c.due());
        w.park(c.min(s).min(look)).await;
        let now = w.now_ms();
        if c <= now {
            ended.get_or_insert(*b"cD");
            up.stop_reading();
            down.drop_pending();
        }
        if s <= now {
            ended.get_or_insert(*b"sD");
            down.stop_reading();
            up.drop_pending();
        }
    };
    Ended {
        state,
        up: up.written,
        down: down.written,
    }
}
