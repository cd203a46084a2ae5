//! Frames (RFC 9113 sections 4 and 6).

use super::Code;

/// Bytes in front of every frame.
pub const HEADER: usize = 9;

/// Type numbers.
pub mod kind {
    #![allow(missing_docs)]
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
}

/// Flags.
pub mod flag {
    #![allow(missing_docs)]
    pub const ACK: u8 = 1;
    pub const END_STREAM: u8 = 1;
    pub const END_HEADERS: u8 = 4;
    pub const PADDED: u8 = 8;
    pub const PRIORITY: u8 = 0x20;
}

/// Numbers of settings.
pub mod setting {
    #![allow(missing_docs)]
    pub const HEADER_TABLE_SIZE: u16 = 1;
    pub const ENABLE_PUSH: u16 = 2;
    pub const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub const INITIAL_WINDOW_SIZE: u16 = 4;
    pub const MAX_FRAME_SIZE: u16 = 5;
    pub const ENABLE_CONNECT: u16 = 8;
}

/// What stands in front of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Bytes that follow.
    pub length: usize,
    /// See [`kind`].
    pub kind: u8,
    /// See [`flag`].
    pub flags: u8,
    /// The stream; 0: the connection.
    pub stream: u32,
}

impl Header {
    /// Reads the header at the beginning of `bytes`; `None` if it is not whole yet.
    #[inline]
    pub fn read(bytes: &[u8]) -> Option<Header> {
        let &[a, b, c, kind, flags, s0, s1, s2, s3] = bytes.first_chunk::<HEADER>()?;
        Some(Header {
            length: u32::from_be_bytes([0, a, b, c]) as usize,
            kind,
            flags,
            stream: u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]),
        })
    }

    /// Whether a flag is set.
    #[inline]
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Appends a frame's header.
#[inline]
pub fn begin(out: &mut Vec<u8>, length: usize, kind: u8, flags: u8, stream: u32) {
    let [_, a, b, c] = (length as u32).to_be_bytes();
    let [s0, s1, s2, s3] = stream.to_be_bytes();
    out.extend_from_slice(&[a, b, c, kind, flags, s0, s1, s2, s3]);
}

/// Writes the length of the frame that begins at `at` and ends with `out`.
pub fn finish(out: &mut [u8], at: usize) {
    let length = out.len().saturating_sub(at + HEADER) as u32;
    let [_, a, b, c] = length.to_be_bytes();
    if let Some(slot) = out.get_mut(at..at + 3) {
        slot.copy_from_slice(&[a, b, c]);
    }
}

/// Appends RST_STREAM.
pub fn reset(out: &mut Vec<u8>, stream: u32, code: Code) {
    begin(out, 4, kind::RST_STREAM, 0, stream);
    out.extend_from_slice(&(code as u32).to_be_bytes());
}

/// Appends GOAWAY.
pub fn goaway(out: &mut Vec<u8>, last: u32, code: Code) {
    begin(out, 8, kind::GOAWAY, 0, 0);
    out.extend_from_slice(&last.to_be_bytes());
    out.extend_from_slice(&(code as u32).to_be_bytes());
}

/// Appends WINDOW_UPDATE.
pub fn window(out: &mut Vec<u8>, stream: u32, by: u32) {
    begin(out, 4, kind::WINDOW_UPDATE, 0, stream);
    out.extend_from_slice(&by.to_be_bytes());
}

/// Appends SETTINGS.
pub fn settings(out: &mut Vec<u8>, list: &[(u16, u32)]) {
    begin(out, list.len() * 6, kind::SETTINGS, 0, 0);
    for (id, value) in list {
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// The pairs of a SETTINGS frame.
pub fn pairs(payload: &[u8]) -> impl Iterator<Item = (u16, u32)> {
    payload
        .as_chunks::<6>()
        .0
        .iter()
        .map(|&[a, b, c, d, e, f]| (u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, f])))
}

/// The number at the beginning of a payload.
pub fn number(payload: &[u8]) -> u32 {
    payload.first_chunk().map_or(0, |b| u32::from_be_bytes(*b))
}

/// The payload of a DATA or HEADERS frame without its padding.
///
/// # Errors
/// When the padding is longer than the frame.
pub fn unpadded<'a>(header: &Header, payload: &'a [u8]) -> Result<&'a [u8], Code> {
    if !header.has(flag::PADDED) {
        return Ok(payload);
    }
    let (&padding, rest) = payload.split_first().ok_or(Code::FrameSize)?;
    let length = rest
        .len()
        .checked_sub(padding.into())
        .ok_or(Code::Protocol)?;
    Ok(rest.get(..length).unwrap_or_default())
}
