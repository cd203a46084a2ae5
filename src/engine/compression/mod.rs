//! `compression` (HAProxy configuration manual 4.2, 9.2): what is coded, and how messages say so.
//! The rules are those of 3.4, as observed.

mod coder;

pub use coder::Coder;

use crate::base::rate::Rate;
use crate::ir::compression::{Coded, Coding, Compression};
use crate::plan::{BackendPlan, FrontendPlan};
use crate::proto::h1::{BodyLength, ChunkDecoder, ChunkEvent, Message};
use std::sync::atomic::{AtomicU64, Ordering};

/// What the process has coded, for `maxcomprate` and `show info`.
#[derive(Debug, Default)]
pub struct Total {
    /// Bytes in the last second.
    pub read: Rate,
    /// Bytes given in the last second.
    pub written: Rate,
    /// Bytes since the start.
    pub all: AtomicU64,
}

impl Total {
    /// Something was coded.
    pub fn count(&self, now_ms: u64, read: usize, written: usize) {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.read.add_many(now_ms, number(read));
        self.written.add_many(now_ms, number(written));
        self.all.fetch_add(read as u64, Ordering::Relaxed);
    }
}

/// What both proxies of a transaction say about one direction: the back end first.
pub struct Both<'a> {
    fe: Option<&'a Coded>,
    be: Option<&'a Coded>,
}

impl<'a> Both<'a> {
    fn of(
        fe: &'a FrontendPlan,
        be: &'a BackendPlan,
        pick: impl Fn(&'a Compression) -> Option<&'a Coded>,
    ) -> Both<'a> {
        Both {
            fe: fe.compression.as_deref().and_then(&pick),
            be: be.compression.as_deref().and_then(&pick),
        }
    }

    /// About requests.
    pub fn requests(fe: &'a FrontendPlan, be: &'a BackendPlan) -> Both<'a> {
        Both::of(fe, be, |c| c.directions().requests.then_some(&c.requests))
    }

    /// About responses.
    pub fn responses(fe: &'a FrontendPlan, be: &'a BackendPlan) -> Both<'a> {
        Both::of(fe, be, |c| c.directions().responses.then_some(&c.responses))
    }

    fn sides(&self) -> impl Iterator<Item = &'a Coded> {
        [self.be, self.fe].into_iter().flatten()
    }

    fn codings(&self) -> &'a [Coding] {
        let mut said = self.sides().map(|s| &s.codings[..]);
        said.find(|c| !c.is_empty()).unwrap_or_default()
    }

    fn types(&self) -> &'a [Vec<u8>] {
        let mut said = self.sides().map(|s| &s.types[..]);
        said.find(|t| !t.is_empty()).unwrap_or_default()
    }

    fn min_size(&self) -> u64 {
        let mut said = self.sides().map(|s| s.min_size);
        said.find(|n| *n > 0).unwrap_or(0)
    }
}

/// The coding of the response that a request asks for.
pub fn asked(request: &Message, both: &Both<'_>) -> Option<Coding> {
    let codings = both.codings();
    if codings.is_empty()
        || request
            .values_of(b"user-agent")
            .next()
            .is_some_and(is_clumsy)
    {
        return None;
    }
    let (mut best, mut best_q) = (None, 0);
    let words = request.values_of(b"accept-encoding");
    for word in words.flat_map(|v| v.split(|b| *b == b',')) {
        let mut parts = word.split(|b| *b == b';');
        let name = parts.next().unwrap_or_default().trim_ascii();
        let q = parts.find_map(quality).unwrap_or(1000);
        let meant = |c: &&Coding| name == b"*" || name.eq_ignore_ascii_case(c.token());
        if let Some(coding) = codings.iter().find(meant)
            && q > best_q
        {
            (best, best_q) = (Some(*coding), q);
        }
    }
    let as_it_is = codings.iter().find(|c| **c == Coding::Identity);
    best.or(as_it_is.copied())
}

/// `q=0.5` in thousandths.
fn quality(part: &[u8]) -> Option<u32> {
    let value = part.trim_ascii().strip_prefix(b"q=")?.trim_ascii();
    let (whole, rest) = value.split_at_checked(1)?;
    let digits = rest.strip_prefix(b".").unwrap_or_default();
    let mut number = 0;
    for at in 0..3 {
        let digit = digits.get(at).filter(|b| b.is_ascii_digit());
        number = number * 10 + digit.map_or(0, |b| u32::from(b - b'0'));
    }
    Some(match whole {
        b"0" => number,
        _ => 1000,
    })
}

/// Old browsers that claim to take what they cannot decode: all `Mozilla/4` but MSIE 6 of Windows
/// XP SP2, and later.
fn is_clumsy(agent: &[u8]) -> bool {
    if !agent.starts_with(b"Mozilla/4") {
        return false;
    }
    let version = match agent.get(25..31) {
        Some([b'M', b'S', b'I', b'E', b' ', version]) => *version,
        _ => return true,
    };
    version < b'6' || version == b'6' && agent.get(51..54) != Some(b"SV1")
}

/// Whether a response may be coded.
pub fn suits(response: &Message, request: &Message, both: &Both<'_>) -> bool {
    matches!(response.status(), 200..=203)
        && response.is_http11()
        && request.is_http11()
        && !response.values_of(b"cache-control").any(forbids)
        && may_be_coded(response, both)
}

/// The same of a request.
pub fn coding_of_request(request: &Message, both: &Both<'_>) -> Option<Coding> {
    let coding = both.codings().first().copied()?;
    (request.is_http11() && may_be_coded(request, both)).then_some(coding)
}

fn forbids(value: &[u8]) -> bool {
    let mut words = value.split(|b| *b == b',');
    words.any(|w| w.trim_ascii().eq_ignore_ascii_case(b"no-transform"))
}

fn may_be_coded(message: &Message, both: &Both<'_>) -> bool {
    let size = match message.body() {
        BodyLength::Length(n) if n > 0 => n,
        // of the others only what is there already is known
        BodyLength::Chunked => chunked_so_far(message.body_prefix()),
        _ => return false,
    };
    let mut tags = message.values_of(b"etag");
    let tag = tags.next();
    size >= both.min_size()
        && message.values_of(b"content-encoding").next().is_none()
        && has_type(message, both.types())
        && tags.next().is_none()
        && tag.is_none_or(|t| is_weak(t) || is_strong(t))
}

fn chunked_so_far(have: &[u8]) -> u64 {
    let (mut decoder, mut at, mut size) = (ChunkDecoder::default(), 0, 0);
    while let (used, ChunkEvent::Data { len }) = decoder.decode(have.get(at..).unwrap_or_default())
    {
        at += used;
        size += len as u64;
    }
    size
}

fn has_type(message: &Message, types: &[Vec<u8>]) -> bool {
    let begins = |value: &[u8], with: &[u8]| {
        let begin = value.get(..with.len());
        begin.is_some_and(|b| b.eq_ignore_ascii_case(with))
    };
    match message.values_of(b"content-type").next() {
        Some(value) if begins(value, b"multipart") => false,
        Some(value) => types.is_empty() || types.iter().any(|t| begins(value, t)),
        None => types.is_empty(),
    }
}

fn is_strong(tag: &[u8]) -> bool {
    matches!(tag, [b'"', .., b'"'])
}

fn is_weak(tag: &[u8]) -> bool {
    tag.strip_prefix(b"W/").is_some_and(is_strong)
}

/// Says in a message's head that its body is coded.
pub fn announce(message: &mut Message, coding: Coding) {
    let index = |message: &Message, name: &[u8]| {
        let mut fields = message.fields().iter();
        fields.position(|f| message.name(f) == name)
    };
    if let Some(at) = index(message, b"etag")
        && let Some(field) = message.fields().get(at)
        && is_strong(message.value(field))
    {
        let weak = [b"W/", message.value(field)].concat();
        message.replace_value(at, &weak);
    }
    message.chunk_body();
    let named = |value: &[u8]| {
        let mut words = value.split(|b| *b == b',');
        words.any(|w| w.trim_ascii().eq_ignore_ascii_case(b"accept-encoding"))
    };
    if !message.values_of(b"vary").any(named) {
        match index(message, b"vary") {
            Some(at) => {
                let before = message.fields().get(at).map(|f| message.value(f));
                let mut value = before.unwrap_or_default().to_vec();
                if !value.is_empty() {
                    value.push(b',');
                }
                value.extend_from_slice(b"Accept-Encoding");
                message.replace_value(at, &value);
            }
            None => message.add_header(b"vary", b"Accept-Encoding"),
        }
    }
    if coding != Coding::Identity {
        message.add_header(b"content-encoding", coding.token());
    }
}

/// Takes what the client said about codings out of a request (`compression offload`).
pub fn hide(request: &mut Message) {
    request.del_header(b"accept-encoding");
}

/// Whether one of the proxies wants that.
pub fn offloads(fe: &FrontendPlan, be: &BackendPlan) -> bool {
    let both = [&fe.compression, &be.compression];
    both.into_iter().flatten().any(|c| c.offload)
}
