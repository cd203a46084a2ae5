//! What has been received of a body, for rules.

use crate::proto::h1::{BodyLength, ChunkDecoder, ChunkEvent, Message};
use std::cell::OnceCell;

/// Chunked bodies as rules see them, decoded when they first ask: of the request, of the response.
pub type Decoded = OnceCell<Box<[OnceCell<Vec<u8>>; 2]>>;

/// The bytes of a message's body that stand in its buffer, without those of the next message.
/// Those of a chunked one are decoded into `decoded`, which holds until it is emptied.
pub fn received<'m>(message: &'m Message, decoded: &'m Decoded, side: usize) -> &'m [u8] {
    let have = message.body_prefix();
    match message.body() {
        BodyLength::None | BodyLength::Tunnel => &[],
        BodyLength::Length(length) => {
            let end = usize::try_from(length).map_or(have.len(), |n| n.min(have.len()));
            have.get(..end).unwrap_or_default()
        }
        BodyLength::Chunked => {
            let cells = decoded.get_or_init(Box::default);
            let cell = cells.get(side);
            cell.map_or(have, |cell| cell.get_or_init(|| decode(have)))
        }
        BodyLength::UntilClose => have,
    }
}

fn decode(have: &[u8]) -> Vec<u8> {
    let (mut decoder, mut at, mut out) = (ChunkDecoder::default(), 0, Vec::new());
    loop {
        let (used, event) = decoder.decode(have.get(at..).unwrap_or_default());
        at += used;
        match event {
            ChunkEvent::Data { len } => {
                let from = at.saturating_sub(len);
                out.extend_from_slice(have.get(from..at).unwrap_or_default());
            }
            ChunkEvent::NeedMore | ChunkEvent::Error(_) | ChunkEvent::Trailers => return out,
        }
    }
}
