//! Lines of a `ring` section (configuration manual 12.5).

use crate::base::diag::{Diagnostic, Form};
use crate::base::units::TimeUnit;
use crate::config::args::Args;
use crate::ir::log::{LogLineFormat, RingServer};
use crate::lower::server;
use crate::lower::{Context, KeywordHandler, Sections};

const HERE: Sections = Sections::RING;
/// Messages of more bytes never fit (3.4, with its buffers of 16384 bytes).
const LONGEST: u32 = 16187;

/// `description TEXT`
pub const DESCRIPTION: KeywordHandler = KeywordHandler::new(&["description"], HERE, |cx, args| {
    let text = args.text("missing ring description text.");
    if let (Some(text), Some(ring)) = (text, cx.rings.last_mut()) {
        ring.description = Some(text.to_owned());
    }
});
/// `format FORMAT`
pub const FORMAT: KeywordHandler = KeywordHandler::new(&["format"], HERE, format);
/// `maxlen BYTES`
pub const MAXLEN: KeywordHandler = KeywordHandler::new(&["maxlen"], HERE, |cx, args| {
    let span = args.line().span;
    let (Some(bytes), Some(ring)) = (size(args), cx.rings.last_mut()) else {
        return;
    };
    if bytes > LONGEST {
        let message = format!(
            "ring '{}' event max length '{bytes}' exceeds max payload size, forced to '{LONGEST}'.",
            ring.name
        );
        let finding = Diagnostic::warning("HX0164", span, message).form(Form::Config);
        args.report(finding);
    }
    ring.maxlen = bytes.min(LONGEST);
});
/// `size BYTES`
pub const SIZE: KeywordHandler = KeywordHandler::new(&["size"], HERE, |cx, args| {
    if let (Some(bytes), Some(ring)) = (size(args), cx.rings.last_mut()) {
        ring.size = bytes;
    }
});
/// `timeout connect|server TIME`
pub const TIMEOUT: KeywordHandler = KeywordHandler::new(&["timeout"], HERE, timeout);
/// `server NAME ADDRESS:PORT [log-proto legacy|octet-count]`
pub const SERVER: KeywordHandler = KeywordHandler::new(&["server"], HERE, lower);

fn size(args: &mut Args<'_, '_>) -> Option<u32> {
    let word = args.next_word();
    let text = word.map_or_else(String::new, |w| w.display().to_string());
    let bytes = crate::base::units::size(text.as_bytes())
        .ok()
        .filter(|n| *n > 0);
    if bytes.is_none() {
        let message = format!("invalid size '{text}' for new sink buffer.");
        args.alert("HX0164", args.line().span, message);
    }
    bytes
}

fn format(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(word) = args.word("unknown format ''.") else {
        return;
    };
    match (LogLineFormat::named(word.bytes()), cx.rings.last_mut()) {
        (Some(format), Some(ring)) => ring.format = format,
        _ => {
            let message = format!("unknown format '{}'.", word.display());
            args.alert("HX0393", word.span, message);
        }
    }
}

fn timeout(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let message = "'timeout' expects 'connect' or 'server' and <time> as arguments.";
    let kinds = ["connect", "server"];
    let Some(which) = args.keyword(&kinds, message).and_then(|at| kinds.get(at)) else {
        return;
    };
    let missing = format!("'timeout {which}' expects <time> as argument.");
    let time = args.time(TimeUnit::Millisecond, &format!("timeout {which}"), &missing);
    if let (Some(time), Some(ring)) = (time, cx.rings.last_mut()) {
        match *which {
            "connect" => ring.connect = Some(time),
            _ => ring.server = Some(time),
        }
    }
}

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let ring = super::own_name(cx);
    let Some((name, made)) = server::standing_alone(args, &ring) else {
        return;
    };
    if let Some(ring) = cx.rings.last_mut() {
        ring.servers.push(RingServer {
            name,
            address: made.server.address,
            counted: made.counted,
        });
    }
}
