//! `show events`: the messages of rings.

use super::{Call, Command, Flow};
use crate::ir::bind::CliLevel;
use std::time::Duration;

/// `show events [<sink>] [-w] [-n] [-0]`
pub const COMMAND: Command = Command {
    words: &["show", "events"],
    usage: "show events [<sink>] [-w] [-n] [-0]",
    meaning: "lists the sinks of events, or what one holds",
    level: CliLevel::User,
    run,
};

/// How often it is looked whether the reader is still there.
const LOOK: Duration = Duration::from_millis(100);

fn run(call: &mut Call<'_>) -> Flow {
    let rings = &call.world.plan().rings;
    let name = call.arg(0).to_vec();
    if name.is_empty() {
        return list(call);
    }
    let options = call.args.get(1..).unwrap_or_default();
    let known =
        |o: &&[u8]| o.len() > 1 && o[0] == b'-' && o[1..].iter().all(|c| b"wn0".contains(c));
    let Some(ring) = rings
        .iter()
        .find(|r| r.settings.name.as_bytes() == name.as_slice())
        .cloned()
    else {
        return match name.as_slice() {
            b"stdout" | b"stderr" | b"dpapi" => Flow::More,
            _ => call.error("No such event sink"),
        };
    };
    if !options.iter().all(known) {
        return call.error("unknown option");
    }
    let has = |letter: u8| options.iter().any(|o| o.contains(&letter));
    let (wait, only_new, zero) = (has(b'w'), has(b'n'), has(b'0'));
    let mut next = if only_new { ring.events.end() } else { 0 };
    loop {
        let out = &mut *call.out;
        next = ring.events.read(next, |message| {
            out.extend_from_slice(message);
            out.push(if zero { 0 } else { b'\n' });
            true
        });
        if !wait {
            return Flow::More;
        }
        if !call.out.is_empty() && !(call.send)(call.out) {
            return Flow::Close;
        }
        while !ring.events.wait(next, LOOK) {
            // nothing to send: asks whether the reader is there, and silent
            if !(call.send)(call.out) {
                return Flow::More;
            }
        }
    }
}

fn list(call: &mut Call<'_>) -> Flow {
    let rings = call.world.plan().rings.clone();
    call.line(
        "Supported events sinks are listed below. Add -0(zero), -w(wait), -n(new). Any key to stop.",
    );
    let sink = |name: &str, kind: &str, text: &str| {
        format!("    {name:<11}: type={kind}, 0 dropped, {text}")
    };
    call.line(&sink("stdout", "fd", "standard output (fd#1)"));
    call.line(&sink("stderr", "fd", "standard output (fd#2)"));
    for ring in rings.iter() {
        let ring = &ring.settings;
        let text = ring.description.as_deref().unwrap_or(&ring.name);
        call.line(&sink(&ring.name, "buffer", text));
    }
    call.out.push(b'\n');
    Flow::More
}
