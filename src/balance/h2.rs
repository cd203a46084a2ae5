//! What the columns `h2_*` of the statistics count: HTTP/2 connections of a front or back end.

use super::counters::Sum;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Events of one connection that were not yet added to the sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct H2Tally {
    /// HEADERS frames received.
    pub headers: u32,
    /// DATA frames received.
    pub data: u32,
    /// SETTINGS frames received.
    pub settings: u32,
    /// RST_STREAM frames received.
    pub resets: u32,
    /// GOAWAY frames received.
    pub farewells: u32,
    /// Faults that ended the connection.
    pub connection_faults: u32,
    /// Faults that ended a stream.
    pub stream_faults: u32,
    /// RST_STREAM frames sent for faults of the other side (3.4 counts no others).
    pub resets_sent: u32,
    /// GOAWAY frames sent.
    pub farewells_sent: u32,
}

/// Sums over all connections, and how many there are.
#[derive(Debug, Default)]
pub struct H2Counters {
    sums: [Sum; 9],
    open: AtomicU32,
    connections: Sum,
    open_streams: AtomicU32,
    streams: Sum,
    /// Connections of clients that HTTP/1 was expected on first: they count as both.
    pub upgrades: Sum,
    /// Requests that came over HTTP/2 (`h2req`).
    pub requests: Sum,
}

impl H2Counters {
    /// Adds what happened.
    pub fn add(&self, t: H2Tally) {
        let all = [
            t.headers,
            t.data,
            t.settings,
            t.resets,
            t.farewells,
            t.connection_faults,
            t.stream_faults,
            t.resets_sent,
            t.farewells_sent,
        ];
        for (sum, n) in self.sums.iter().zip(all) {
            sum.add(n.into());
        }
    }
    /// `h2_headers_rcvd` to `h2_goaway_resp`, in the order of the columns.
    pub fn sums(&self) -> [u64; 9] {
        self.sums.each_ref().map(Sum::total)
    }
    /// A connection began.
    pub fn begin(&self) {
        self.open.fetch_add(1, Relaxed);
        self.connections.inc();
    }
    /// A connection ended.
    pub fn end(&self) {
        self.open.fetch_sub(1, Relaxed);
    }
    /// A stream began.
    pub fn begin_stream(&self) {
        self.open_streams.fetch_add(1, Relaxed);
        self.streams.inc();
    }
    /// A stream ended.
    pub fn end_stream(&self) {
        self.open_streams.fetch_sub(1, Relaxed);
    }
    /// Connections now and so far.
    pub fn connections(&self) -> (u32, u64) {
        (self.open.load(Relaxed), self.connections.total())
    }
    /// Streams now and so far.
    pub fn streams(&self) -> (u32, u64) {
        (self.open_streams.load(Relaxed), self.streams.total())
    }
    /// Begins anew; what is open stays.
    pub fn clear(&self) {
        self.sums.iter().for_each(Sum::clear);
        self.connections.clear();
        self.streams.clear();
        self.upgrades.clear();
        self.requests.clear();
    }
}
