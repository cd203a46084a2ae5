//! `show sess`, `shutdown session` and `shutdown sessions server`.

use super::{Call, Command, Flow, Session, named, shown};
use crate::base::clock;
use crate::base::units::{self, TimeUnit};
use crate::engine::streams::{Card, Stage, end_everywhere};
use crate::engine::{Shared, with_thread};
use crate::ir::bind::CliLevel;
use crate::ir::proxy::Mode;
use crate::plan::{BackendId, FrontendId};
use bstr::ByteSlice;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::mpsc;

/// `show sess [<id>|all|help] [<option>]*`
pub const SHOW: Command = Command {
    words: &["show", "sess"],
    usage: "show sess [help|<id>|all] [opts...]",
    meaning: "lists the streams, or shows one of them",
    level: CliLevel::Operator,
    run: show,
};

/// `shutdown session <id>`
pub const SHUTDOWN: Command = Command {
    words: &["shutdown", "session"],
    usage: "shutdown session [id]",
    meaning: "ends a stream",
    level: CliLevel::Admin,
    run: |call| {
        let Some(id) = pointer(call.arg(0)).filter(|id| *id != 0) else {
            return call.error("Session pointer expected (use 'show sess').");
        };
        let found = call
            .world
            .shared()
            .map(|s| end_everywhere(s, move |c| name(c) == id));
        match found {
            Some(n) if n > 0 => Flow::More,
            _ => call.error("No such session (use 'show sess')."),
        }
    },
};

/// `shutdown sessions server <backend>/<server>`
pub const SHUTDOWN_SERVER: Command = Command {
    words: &["shutdown", "sessions", "server"],
    usage: "shutdown sessions server <bk>/<srv>",
    meaning: "ends the streams of a server",
    level: CliLevel::Admin,
    run: |call| {
        let word = call.arg(0).to_vec();
        let found = match named::server(call, &word) {
            Ok(found) => found,
            Err(flow) => return flow,
        };
        let (backend, server) = (found.backend.id, found.state.index);
        call.world.shutdown_sessions(backend, server);
        Flow::More
    },
};

const HELP: &str = "Usage: show sess [<id> | all | help] [<options>*]\n\
    What to show:\n\
    \x20  <id>         this stream only (0x...)\n\
    \x20  all          every stream at length\n\
    \x20  help         this text\n\
    \x20  susp         streams that look stuck\n\
    Options:\n\
    \x20  show-uri     with the first line of the request\n\
    \x20  older <age>  streams older than so many seconds\n\
    \x20  server <b/s> streams of this server\n\
    \x20  backend <b>  streams of this back end\n\
    \x20  frontend <f> streams of this front end\n\
    Without a word, every stream in a line.";

/// How streams are called: HAProxy shows where they lie in memory.
const BASE: u64 = 0x7f00_0000_0000;
/// The same for connections to the runtime API.
const OWN: u64 = 0x7e00_0000_0000;

fn name(card: &Card) -> u64 {
    BASE | u64::from(card.id) << 8 | card.thread as u64 & 0xff
}

fn pointer(word: &[u8]) -> Option<u64> {
    let text = word.to_str().ok()?;
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Which streams are asked for.
#[derive(Default)]
struct Wanted {
    id: Option<u64>,
    long: bool,
    uri: bool,
    none: bool,
    older_us: Option<u64>,
    frontend: Option<FrontendId>,
    backend: Option<BackendId>,
    server: Option<u32>,
}

impl Wanted {
    fn covers(&self, card: &Card, now_us: u64) -> bool {
        !self.none
            && self.id.is_none_or(|id| name(card) == id)
            && self
                .older_us
                .is_none_or(|age| now_us.saturating_sub(card.begin_us) >= age)
            && self.frontend.is_none_or(|f| card.frontend == f)
            && self.backend.is_none_or(|b| card.backend == Some(b))
            && self.server.is_none_or(|s| card.server == Some(s))
    }
}

fn show(call: &mut Call<'_>) -> Flow {
    let wanted = match wanted(call) {
        Ok(wanted) => wanted,
        Err(flow) => return flow,
    };
    let now = clock::now_us();
    let mut cards = call.world.shared().map(collect).unwrap_or_default();
    cards.retain(|card| wanted.covers(card, now));
    cards.sort_by_key(|card| card.begin_us);
    if wanted.id.is_some() && cards.is_empty() {
        return call.error("Session not found.");
    }
    let mine = own(call.session, now);
    let me = wanted.frontend.is_none() && wanted.backend.is_none() && wanted.id.is_none();
    for card in &cards {
        let text = match wanted.long {
            true => long(call, card, now),
            false => short(call, card, now, wanted.uri),
        };
        call.out.extend_from_slice(text.as_bytes());
    }
    if me
        && !wanted.none
        && wanted
            .older_us
            .is_none_or(|age| now - call.session.begin_us >= age)
    {
        call.out.extend_from_slice(mine.as_bytes());
    }
    Flow::More
}

/// The line of the connection that asks.
fn own(session: &Session, now_us: u64) -> String {
    let src = match session.peer {
        Some(peer) => peer.to_string(),
        None => format!("unix:{}", session.listener),
    };
    line(
        OWN | u64::from(session.id),
        session.peer,
        [&src, "GLOBAL", "<NONE>", "<none>"],
        8,
        now_us.saturating_sub(session.begin_us),
    )
}

fn wanted(call: &mut Call<'_>) -> Result<Wanted, Flow> {
    let mut wanted = Wanted::default();
    let mut at = 0;
    while at < call.args.len() {
        let next = call.arg(at + 1).to_vec();
        match call.arg(at) {
            // behind `all` and a number, nothing may follow
            word if at > 0 && wanted.long => {
                let word = shown(word);
                return Err(unsupported(call, &word));
            }
            b"help" => return Err(call.info(HELP)),
            b"all" if at == 0 => wanted.long = true,
            // none of them ever waits without a time-out
            b"susp" => wanted.none = true,
            b"show-uri" => wanted.uri = true,
            b"older" => {
                if next.is_empty() {
                    return Err(call.error("Expects a minimum age (in seconds by default)."));
                }
                match units::time(&next, TimeUnit::Second) {
                    Ok(age) if age.trailing.is_none() => {
                        wanted.older_us = Some(u64::from(age.value) * 1_000_000);
                    }
                    _ => return Err(call.error("Invalid age.")),
                }
                at += 1;
            }
            b"frontend" => {
                wanted.frontend = Some(named::frontend(call, &next)?.id);
                at += 1;
            }
            b"backend" => {
                match named::backend(call.world.plan(), &next) {
                    Some(backend) => wanted.backend = Some(backend.id),
                    None => return Err(call.error("No such backend.")),
                }
                at += 1;
            }
            b"server" => {
                let found = named::server(call, &next)?;
                (wanted.backend, wanted.server) = (Some(found.backend.id), Some(found.state.index));
                at += 1;
            }
            word if at == 0 && pointer(word).is_some() => {
                (wanted.id, wanted.long) = (pointer(word), true);
            }
            word => {
                let word = shown(word);
                return Err(unsupported(call, &word));
            }
        }
        at += 1;
    }
    Ok(wanted)
}

fn unsupported(call: &mut Call<'_>, word: &str) -> Flow {
    call.error(&format!(
        "Unsupported option '{word}', try 'help' for more info."
    ))
}

/// The streams of all threads.
fn collect(shared: &Shared) -> Vec<Card> {
    let (send, receive) = mpsc::channel();
    shared.everywhere(move |_| {
        with_thread(|t| {
            t.streams.each(|card| {
                // nobody waits any more when this took too long
                let _ = send.send(card.clone());
            });
        });
    });
    receive.try_iter().collect()
}

fn protocol(src: Option<SocketAddr>) -> &'static str {
    match src {
        Some(SocketAddr::V4(_)) => "tcpv4",
        Some(SocketAddr::V6(_)) => "tcpv6",
        None => "unix_stream",
    }
}

/// The names that a stream goes by: source, front end, back end, server.
fn names(call: &Call<'_>, card: &Card) -> (String, String, Option<String>, Option<String>) {
    let plan = call.world.plan();
    let listener = plan.listeners.get(card.listener as usize);
    let src = match card.src {
        Some(src) => src.to_string(),
        None => format!("unix:{}", listener.map_or(0, |l| l.uuid)),
    };
    let fe = plan.frontend(card.frontend).map(|f| f.name.to_string());
    let be = card.backend.and_then(|id| plan.backend(id));
    let server = be.and_then(|be| be.servers.get(card.server? as usize));
    (
        src,
        fe.unwrap_or_default(),
        be.map(|be| be.name.to_string()),
        server.map(|s| s.name.to_string()),
    )
}

fn short(call: &Call<'_>, card: &Card, now_us: u64, uri: bool) -> String {
    let (src, fe, be, server) = names(call, card);
    let back = match card.stage {
        Stage::Queued => 2,
        Stage::Attached => 8,
    };
    let mut text = line(
        name(card),
        card.src,
        [
            &src,
            &fe,
            be.as_deref().unwrap_or("<NONE>"),
            server.as_deref().unwrap_or("<none>"),
        ],
        back,
        now_us.saturating_sub(card.begin_us),
    );
    if uri && !card.uri.is_empty() {
        text.pop();
        let _ = writeln!(text, " uri=\"{}\"", shown(&card.uri));
    }
    text
}

/// The line of a stream: its name, its client, source and front end and back end and server, the
/// state of the server's side in HAProxy's numbers, its age.
fn line(
    name: u64,
    client: Option<SocketAddr>,
    [src, fe, be, server]: [&str; 4],
    back: u8,
    age_us: u64,
) -> String {
    format!(
        "{name:#x}: proto={} src={src} fe={fe} be={be} srv={server} ts=00 epoch=0 age={} calls=1 \
         rate=0 cpu=0 lat=0 rq[f=00h,i=0,an=00h,ax=] rp[f=00h,i=0,an=00h,ax=] \
         scf=[8,0h,fd=-1,rex=,wex=] scb=[{back},0h,fd=-1,rex=,wex=] exp= rc=0 c_exp=\n",
        protocol(client),
        age(age_us / 1_000_000),
    )
}

fn long(call: &Call<'_>, card: &Card, now_us: u64) -> String {
    let (src, fe, be, server) = names(call, card);
    let plan = call.world.plan();
    let age_us = now_us.saturating_sub(card.begin_us);
    let begin = clock::unix_time().saturating_sub(std::time::Duration::from_micros(age_us));
    let mode = |mode: Mode| match mode {
        Mode::Http => "http",
        _ => "tcp",
    };
    let front = plan.frontend(card.frontend);
    let listener = plan.listeners.get(card.listener as usize);
    let mut text = format!(
        "{:#x}: [{}] id={} proto={} source={src}\n  flags=0x0, conn_retries=0, conn_exp=<NEVER> \
         conn_et=0x000 srv_conn=(nil), pend_pos=(nil) waiting=0 epoch=0\n  frontend={fe} (id={} \
         mode={}), listener={} (id={})\n",
        name(card),
        super::show_errors::date(begin),
        card.id,
        protocol(card.src),
        front.map_or(0, |f| f.uuid),
        front.map_or("-", |f| mode(f.mode)),
        listener.and_then(|l| l.name.as_deref()).unwrap_or("?"),
        listener.map_or(0, |l| l.uuid),
    );
    let back = card.backend.and_then(|id| plan.backend(id));
    match (be, back) {
        (Some(name), Some(back)) => {
            let _ = writeln!(
                text,
                "  backend={name} (id={} mode={})",
                back.uuid,
                mode(back.mode)
            );
        }
        _ => text.push_str("  backend=<NONE> (id=-1 mode=-)\n"),
    }
    let place = back.and_then(|b| b.servers.get(card.server? as usize));
    match (server, place) {
        (Some(name), Some(place)) => {
            let _ = writeln!(text, "  server={name} (id={})", place.settings.id);
        }
        _ => text.push_str("  server=<NONE> (id=-1)\n"),
    }
    let _ = writeln!(
        text,
        "  task=(nil) (state=0x00 nice=0 calls=1 rate=0 exp=<NEVER> tid={} age={})",
        card.thread,
        age(age_us / 1_000_000)
    );
    if !card.uri.is_empty() {
        let _ = writeln!(text, "  uri=\"{}\"", shown(&card.uri));
    }
    text
}

/// `5s`, `1m5s`, `2h3m`, `1d4h`
fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{}h", seconds / 86_400, seconds / 3600 % 24),
    }
}
