//! HTTP answers to checks.

use super::outcome::Outcome;
use super::probe::{Go, Probe};
use crate::ir::check::CheckStatus;
use crate::proto::h1::{BodyLength, ChunkDecoder, ChunkEvent, Parsed};

/// Parses what was received so far. What is no HTTP, or ends too early, is an error.
pub(super) fn decode(probe: &mut Probe<'_>) -> Go {
    let (limits, asked) = (probe.t.limits, probe.asked());
    let Some(message) = &mut probe.response else {
        return Err(Outcome::of(CheckStatus::SocketError));
    };
    if !message.is_parsed() {
        match message.parse_response(&limits, asked) {
            Parsed::Done => {}
            Parsed::Incomplete if !probe.eof => return Ok(()),
            Parsed::Incomplete | Parsed::Error(_) => {
                return Err(Outcome::of(CheckStatus::SocketError));
            }
        }
    }
    probe.code = message.status();
    probe.body.clear();
    let raw = message.body_prefix();
    let ended = match message.body() {
        BodyLength::None => true,
        BodyLength::Length(n) => {
            let whole = usize::try_from(n).unwrap_or(usize::MAX);
            probe
                .body
                .extend_from_slice(raw.get(..whole).unwrap_or(raw));
            raw.len() >= whole
        }
        BodyLength::Chunked => chunks(raw, &mut probe.body),
        BodyLength::UntilClose | BodyLength::Tunnel => {
            probe.body.extend_from_slice(raw);
            false
        }
    };
    probe.body_ended = ended || probe.eof;
    Ok(())
}

/// Decodes chunks; whether the last one is there.
fn chunks(mut raw: &[u8], body: &mut Vec<u8>) -> bool {
    let mut decoder = ChunkDecoder::default();
    loop {
        let (used, event) = decoder.decode(raw);
        let (consumed, rest) = raw.split_at_checked(used).unwrap_or((raw, &[]));
        match event {
            ChunkEvent::Data { len } => {
                let from = consumed.len().saturating_sub(len);
                body.extend_from_slice(consumed.get(from..).unwrap_or_default());
            }
            ChunkEvent::NeedMore => return false,
            ChunkEvent::Trailers | ChunkEvent::Error(_) => return true,
        }
        raw = rest;
    }
}
