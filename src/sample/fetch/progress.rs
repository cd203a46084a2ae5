//! How far the stream is: bytes, phases, attempts (manual 7.3.2 to 7.3.6). Numbers of bytes are
//! those of the log: 0 until the stream ends.

use super::{
    CLIENT, FRONTEND, Fetch, INTERNAL, REQUEST_HEADERS, REQUEST_STATISTICS, RESPONSE_HEADERS,
    SERVER_ADDRESS, STATISTICS, TRANSFER,
};
use crate::sample::value::{Sample, Type};
use crate::sample::view::{LogData, Progress};

macro_rules! fetches {
    ($($name:literal $out:ident $source:ident |$p:ident, $e:ident| $value:expr, $doc:literal;)*) => {
        pub(super) static FETCHES: &[Fetch] = &[$(Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::$out,
            source: &$source,
            check: None,
            eval: |_, $e, _| {
                let $p = $e.view.progress()?;
                $value
            },
            doc: $doc,
            examples: &[],
        }),*];
    };
}

fn bytes<'a>(p: &Progress, number: u64) -> Option<Sample<'a>> {
    let known = if p.ended { number } else { 0 };
    i64::try_from(known).ok().map(Sample::Int)
}

fn int<'a>(number: i64) -> Option<Sample<'a>> {
    Some(Sample::Int(number))
}

fn until_request(log: &LogData) -> i64 {
    match log.request {
        -1 => -1,
        request => log.handshake + log.idle + request,
    }
}

fn data(log: &LogData) -> i64 {
    match log.response {
        -1 => -1,
        response => {
            let before = until_request(log) + log.queue + log.connect + response;
            (log.total - before).max(0)
        }
    }
}

fetches! {
    "bytes_in" Sint REQUEST_STATISTICS |p, _e| bytes(&p, p.log.received), "As req.bytes_in.";
    "bytes_out" Sint TRANSFER |p, _e| bytes(&p, p.log.sent), "As res.bytes_in.";
    "req.bytes_in" Sint REQUEST_STATISTICS |p, _e| bytes(&p, p.log.received),
        "Bytes of the request that the client sent.";
    "req.bytes_out" Sint REQUEST_STATISTICS |p, _e| bytes(&p, p.to_server),
        "Bytes of the request that the server was sent.";
    "res.bytes_in" Sint TRANSFER |p, _e| bytes(&p, p.log.sent),
        "Bytes of the response that the server sent.";
    "res.bytes_out" Sint TRANSFER |p, _e| bytes(&p, p.to_client),
        "Bytes of the response that the client was sent.";
    "fc.timer.handshake" Sint CLIENT |p, _e| int(p.log.handshake), "Handshakes, ms (%Th).";
    "fc.timer.total" Sint FRONTEND |p, _e| int(p.log.total), "From accept to now, ms (%Tt).";
    "req.timer.idle" Sint REQUEST_HEADERS |p, _e| int(p.log.idle), "Before the request, ms (%Ti).";
    "req.timer.hdr" Sint REQUEST_HEADERS |p, _e| int(p.log.request),
        "From the request's first byte to its head's last, ms (%TR).";
    "req.timer.tq" Sint REQUEST_HEADERS |p, _e| int(until_request(&p.log)),
        "From accept to the request's head, ms (%Tq).";
    "req.timer.queue" Sint SERVER_ADDRESS |p, _e| int(p.log.queue), "In queues, ms (%Tw).";
    "bc.timer.connect" Sint SERVER_ADDRESS |p, _e| int(p.log.connect), "Connecting to the server, ms (%Tc).";
    "res.timer.hdr" Sint RESPONSE_HEADERS |p, _e| int(p.log.response),
        "Until the response's head, ms (%Tr).";
    "res.timer.data" Sint TRANSFER |p, _e| int(data(&p.log)), "The response's body, ms (%Td).";
    "txn.timer.total" Sint STATISTICS |p, _e| int(p.log.active),
        "From the request's first byte to now, ms (%Ta).";
    "txn.timer.user" Sint STATISTICS |p, _e| int(p.log.total - p.log.idle),
        "As the user sees it, handshakes included, ms (%Tu).";
    "txn.conn_retries" Sint SERVER_ADDRESS |p, _e| int(p.log.retries.into()), "Attempts to connect after the first (%rc).";
    "txn.redispatched" Bool SERVER_ADDRESS |p, _e| Some(Sample::Bool(p.log.redispatched)),
        "Whether another server than the first was tried.";
    "txn.sess_term_state" Str INTERNAL |p, e| {
            let state = p.log.state.first_chunk::<2>()?;
            Some(Sample::Str(e.scratch.copy(state)))
        },
        "The two letters of the log's termination state (%ts).";
    "bc_be_queue" Sint SERVER_ADDRESS |p, _e| int(p.log.backend_queue.into()), "Requests before this one in the back end's queue (%bq).";
    "bc_srv_queue" Sint SERVER_ADDRESS |p, _e| int(p.log.srv_queue.into()), "Requests before this one in the server's queue (%sq).";
    "bc_reused" Bool SERVER_ADDRESS |p, _e| Some(Sample::Bool(p.reused)),
        "Whether the server's connection was used before.";
    "prio_class" Sint INTERNAL |p, _e| int(p.priority.0.into()), "The class that set-priority-class gave.";
    "prio_offset" Sint INTERNAL |p, _e| int(p.priority.1.into()), "The offset that set-priority-offset gave, ms.";
}
