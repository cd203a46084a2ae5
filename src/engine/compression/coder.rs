//! Coding a body as it passes.

use crate::balance::counters::Compressed;
use crate::engine::thread::Thread;
use crate::ir::compression::Coding;
use crate::plan::{BackendPlan, FrontendId};
use flate2::{Compress, Compression, FlushCompress, Status};
use std::sync::Arc;

/// The largest window of DEFLATE, as a power of two (RFC 1951).
const WINDOW: u8 = 15;

/// Codes one body.
pub struct Coder {
    /// `None`: identity.
    deflate: Option<Compress>,
    /// Something was coded since the last flush.
    pending: bool,
    /// Whose statistics count it; `None`: nobody's.
    counted: Option<(FrontendId, Arc<BackendPlan>)>,
}

impl Coder {
    /// For a response, which is counted for both proxies, or a request, which is not.
    pub fn new(
        coding: Coding,
        level: u32,
        counted: Option<(FrontendId, Arc<BackendPlan>)>,
    ) -> Self {
        let level = Compression::new(level);
        let deflate = match coding {
            Coding::Identity => None,
            Coding::Gzip => Some(Compress::new_gzip(level, WINDOW)),
            Coding::Deflate => Some(Compress::new(level, true)),
            Coding::RawDeflate => Some(Compress::new(level, false)),
        };
        Coder {
            deflate,
            pending: false,
            counted,
        }
    }

    /// Codes a piece; what comes of it may come later.
    pub fn code(&mut self, t: &Thread, data: &[u8], out: &mut Vec<u8>) {
        if data.is_empty() {
            return;
        }
        self.pending = true;
        let before = out.len();
        match &mut self.deflate {
            Some(deflate) => run(deflate, data, out, FlushCompress::None),
            None => out.extend_from_slice(data),
        }
        self.count(t, data.len(), out.len() - before);
    }

    /// Gives out everything that was coded, so that it can be decoded.
    pub fn flush(&mut self, t: &Thread, out: &mut Vec<u8>) {
        let before = out.len();
        if let Some(deflate) = &mut self.deflate
            && std::mem::take(&mut self.pending)
        {
            run(deflate, &[], out, FlushCompress::Sync);
        }
        self.count(t, 0, out.len() - before);
    }

    /// Ends the coding.
    pub fn end(&mut self, t: &Thread, out: &mut Vec<u8>) {
        let before = out.len();
        if let Some(deflate) = &mut self.deflate {
            run(deflate, &[], out, FlushCompress::Finish);
        }
        self.count(t, 0, out.len() - before);
    }

    fn count(&self, t: &Thread, read: usize, written: usize) {
        if self.deflate.is_some() {
            t.shared.compression.count(t.worker.now_ms(), read, written);
        }
        let Some((fe, be)) = &self.counted else {
            return;
        };
        let count = |c: &Compressed| match self.deflate {
            Some(_) => {
                c.read.add(read as u64);
                c.written.add(written as u64);
            }
            None => c.bypassed.add(read as u64),
        };
        if let Some(fe) = t.shared.frontends.get(fe.0 as usize) {
            count(&fe.counters.compressed);
        }
        count(&be.state.counters.compressed);
    }
}

impl std::fmt::Debug for Coder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coder").finish_non_exhaustive()
    }
}

fn run(deflate: &mut Compress, mut data: &[u8], out: &mut Vec<u8>, flush: FlushCompress) {
    loop {
        out.reserve(data.len() / 4 + 256);
        let before = deflate.total_in();
        // an error would be one of our own use: then nothing more is coded
        let Ok(status) = deflate.compress_vec(data, out, flush) else {
            return;
        };
        let used = deflate.total_in() - before;
        data = data
            .get(usize::try_from(used).unwrap_or(usize::MAX)..)
            .unwrap_or_default();
        let room = out.len() < out.capacity();
        if status == Status::StreamEnd || data.is_empty() && room && flush != FlushCompress::Finish
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn coded(coding: Coding, pieces: &[&[u8]], flush: bool) -> Vec<u8> {
        let mut coder = Coder::new(coding, 1, None);
        let mut out = Vec::new();
        for piece in pieces {
            let deflate = coder.deflate.as_mut().expect("a coding");
            run(deflate, piece, &mut out, FlushCompress::None);
            if flush {
                run(deflate, &[], &mut out, FlushCompress::Sync);
            }
        }
        let deflate = coder.deflate.as_mut().expect("a coding");
        run(deflate, &[], &mut out, FlushCompress::Finish);
        out
    }

    #[test]
    fn what_was_coded_can_be_decoded() {
        let long = b"a line of a text that repeats itself\n".repeat(5000);
        let noise: Vec<u8> = (0..100_000u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        for flush in [false, true] {
            let pieces: [&[u8]; 3] = [&long, &noise, b"end"];
            let whole = pieces.concat();
            let mut got = Vec::new();
            let gzip = coded(Coding::Gzip, &pieces, flush);
            flate2::read::GzDecoder::new(&gzip[..])
                .read_to_end(&mut got)
                .expect("gzip");
            assert!(got == whole);
            got.clear();
            let zlib = coded(Coding::Deflate, &pieces, flush);
            flate2::read::ZlibDecoder::new(&zlib[..])
                .read_to_end(&mut got)
                .expect("zlib");
            assert!(got == whole);
            got.clear();
            let raw = coded(Coding::RawDeflate, &pieces, flush);
            flate2::read::DeflateDecoder::new(&raw[..])
                .read_to_end(&mut got)
                .expect("deflate");
            assert!(got == whole);
        }
    }
}
