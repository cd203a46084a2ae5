//! Any bytes as the head of a message, whole and byte by byte: both ways tell the same.
#![no_main]

use hapax::proto::h1::{EncodeOptions, Limits, Message, Method, Parsed, RequestContext};
use libfuzzer_sys::fuzz_target;

fn outcome(m: &Message, parsed: Parsed) -> (Parsed, Vec<u8>, usize) {
    let mut out = Vec::new();
    if parsed == Parsed::Done {
        m.encode_request(&mut out, &EncodeOptions::default());
        m.encode_response(&mut out, &EncodeOptions::default());
    }
    (parsed, out, m.head_len())
}

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let context = RequestContext {
        method: Method::Get,
        upgrade: true,
    };
    for response in [false, true] {
        let parse = |m: &mut Message| match response {
            false => m.parse_request(&limits),
            true => m.parse_response(&limits, context),
        };
        let mut whole = Message::with_capacity(2048);
        whole.feed(bytes);
        let parsed = parse(&mut whole);
        let mut pieces = Message::with_capacity(2048);
        let mut last = parse(&mut pieces);
        for byte in bytes {
            if last != Parsed::Incomplete {
                break;
            }
            pieces.feed(&[*byte]);
            last = parse(&mut pieces);
        }
        assert_eq!(outcome(&whole, parsed), outcome(&pieces, last));
    }
});
