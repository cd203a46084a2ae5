//! Properties that hold for any input: no panic, and no dependence on how the bytes were cut.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// Pieces that random heads are made of, so that they get beyond the first byte.
const PIECES: &[&str] = &[
    "GET ",
    "POST ",
    "CONNECT ",
    "OPTIONS ",
    "HTTP/1.1",
    "HTTP/1.0",
    " HTTP/1.1\r\n",
    "/",
    "*",
    "http://a:80",
    "a:80",
    "?q",
    "#",
    " ",
    "\t",
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "Host: a\r\n",
    "Host: a:80\r\n",
    "Connection: close, upgrade,x,\r\n",
    "Upgrade: h2c, websocket\r\n",
    "Content-Length: 3, 3\r\n",
    "Content-Length: 0\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip,chunked\r\n",
    "TE: trailers\r\n",
    "X: y\r\n z\r\n",
    "A:b\r\n",
    ": ",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 101 S\r\n",
    "HTTP/1.0 304\r\n",
    "\0",
    "é",
    "abc",
    "0\r\n",
    "3\r\nabc\r\n",
    ";x=\"y\"",
    "F",
];

fn head() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => (0..PIECES.len()).prop_map(|i| PIECES[i].as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..4),
    ];
    vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

type Parse = fn(&mut Message, &Limits) -> Parsed;

fn as_request(m: &mut Message, limits: &Limits) -> Parsed {
    m.parse_request(limits)
}

fn as_response(m: &mut Message, limits: &Limits) -> Parsed {
    let context = RequestContext {
        method: Method::Get,
        upgrade: true,
    };
    m.parse_response(limits, context)
}

/// Everything that a parse tells.
fn outcome(m: &Message, parsed: Parsed) -> (Parsed, Vec<u8>, Vec<u8>, BodyLength, usize) {
    let (mut request, mut response) = (Vec::new(), Vec::new());
    if parsed == Parsed::Done {
        let options = EncodeOptions::default();
        m.encode_request(&mut request, &options);
        m.encode_response(&mut response, &options);
    }
    (parsed, request, response, m.body(), m.head_len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn cutting_changes_nothing(bytes in head(), relaxed: bool, cuts in vec(1usize..9, 1..20)) {
        let limits = Limits { relaxed, ..Limits::default() };
        for parse in [as_request as Parse, as_response] {
            let mut whole = Message::with_capacity(2048);
            whole.feed(&bytes);
            let parsed = parse(&mut whole, &limits);
            let at_once = outcome(&whole, parsed);

            let mut pieces = Message::with_capacity(2048);
            let mut parsed = parse(&mut pieces, &limits);
            let (mut rest, mut turn) = (&bytes[..], 0);
            while parsed == Parsed::Incomplete && !rest.is_empty() {
                let (piece, tail) = rest.split_at(cuts[turn % cuts.len()].min(rest.len()));
                pieces.feed(piece);
                parsed = parse(&mut pieces, &limits);
                (rest, turn) = (tail, turn + 1);
            }
            let bit_by_bit = outcome(&pieces, parsed);
            prop_assert_eq!(&at_once, &bit_by_bit);
            // Asking again answers the same.
            prop_assert_eq!(parse(&mut pieces, &limits), parsed);
        }
    }

    #[test]
    fn a_forwarded_request_is_accepted_and_not_changed_again(bytes in head()) {
        let limits = Limits::default();
        let mut first = Message::with_capacity(2048);
        first.feed(&bytes);
        if first.parse_request(&limits) != Parsed::Done {
            return Ok(());
        }
        let (mut once, mut twice) = (Vec::new(), Vec::new());
        let options = EncodeOptions { persist: Persist::Silent, ..Default::default() };
        first.encode_request(&mut once, &options);
        let mut second = Message::with_capacity(2048);
        second.feed(&once);
        prop_assert_eq!(second.parse_request(&limits), Parsed::Done);
        prop_assert_eq!(second.body(), first.body());
        prop_assert_eq!(second.head_len(), once.len());
        second.encode_request(&mut twice, &options);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn chunks_do_not_depend_on_cuts(bytes in head(), cuts in vec(1usize..9, 1..20)) {
        let whole = decode(&bytes, &[usize::MAX]);
        prop_assert_eq!(whole, decode(&bytes, &cuts));
    }

    #[test]
    fn chunked_text_comes_back(data in vec(vec(any::<u8>(), 1..300), 0..6)) {
        let mut coded = Vec::new();
        for piece in &data {
            write_chunk_head(&mut coded, piece.len() as u64);
            coded.extend(piece);
            coded.extend(b"\r\n");
        }
        write_last_chunk(&mut coded);
        let (text, end) = decode(&coded, &[7]);
        prop_assert_eq!(text, data.concat());
        prop_assert_eq!(end, ChunkEvent::Trailers);
    }

    #[test]
    fn edits_never_panic(bytes in head(), edits in vec((0u8..12, vec(any::<u8>(), 0..9)), 0..9)) {
        let mut m = Message::with_capacity(2048);
        m.feed(&bytes);
        let parsed = m.parse_request(&Limits::default());
        for (edit, text) in &edits {
            match edit {
                0 => m.add_header(text, text),
                1 => m.set_header(b"X", text),
                2 => {
                    m.del_header(text);
                },
                3 => m.set_path(text),
                4 => m.set_query(text),
                5 => m.set_path_and_query(text),
                6 => m.set_uri(text),
                7 => m.set_method(text),
                8 => m.replace_value(text.len(), text),
                9 => m.remove_at(text.len()),
                10 => m.set_reason(text),
                _ => m.add_header_first(text, text),
            }
            let _ = (m.path(), m.query(), m.authority(), m.path_and_query(), m.host());
        }
        let _ = outcome(&m, parsed);
    }
}

/// The data, and how it ended.
fn decode(bytes: &[u8], cuts: &[usize]) -> (Vec<u8>, ChunkEvent) {
    let mut decoder = ChunkDecoder::default();
    let (mut data, mut rest, mut turn) = (Vec::new(), bytes, 0);
    while !rest.is_empty() {
        let (mut piece, tail) = rest.split_at(cuts[turn % cuts.len()].min(rest.len()));
        while !piece.is_empty() {
            let (used, event) = decoder.decode(piece);
            match event {
                ChunkEvent::Data { len } => data.extend(&piece[used - len..used]),
                ChunkEvent::NeedMore => assert_eq!(used, piece.len()),
                end => return (data, end),
            }
            piece = &piece[used..];
        }
        (rest, turn) = (tail, turn + 1);
    }
    (data, ChunkEvent::NeedMore)
}
