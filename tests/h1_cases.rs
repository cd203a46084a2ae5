//! Replays the recorded HTTP/1 cases through the codec alone: a proxy in miniature without sockets.
#![allow(clippy::expect_used, reason = "test code")]

mod h1_case_file;

use h1_case_file::{Case, read, without_chunking};
use hapax::proto::h1::{
    Answer, BodyLength, ChunkDecoder, ChunkEvent, EncodeOptions, Limits, Message, Parsed, Persist,
    RequestContext, Trailers, errors, write_chunk_head,
};

/// What came out on both sides.
#[derive(Default)]
struct Outcome {
    client: Vec<u8>,
    closed: bool,
    server: Vec<u8>,
}

/// A body as far as it was received.
enum Body {
    /// Encoded as sent on; how much of the input it took; whether its end was reached.
    Sent(Vec<u8>, usize, bool),
    Broken,
}

fn body(kind: BodyLength, input: &[u8], limits: &Limits) -> Body {
    match kind {
        BodyLength::None => Body::Sent(Vec::new(), 0, true),
        BodyLength::Tunnel => Body::Sent(input.to_vec(), input.len(), true),
        BodyLength::UntilClose => Body::Sent(input.to_vec(), input.len(), false),
        BodyLength::Length(n) => {
            let have = input.len().min(usize::try_from(n).unwrap_or(usize::MAX));
            Body::Sent(input[..have].to_vec(), have, have as u64 == n)
        }
        BodyLength::Chunked => chunked(input, limits),
    }
}

fn chunked(input: &[u8], limits: &Limits) -> Body {
    let mut decoder = ChunkDecoder::default();
    let (mut data, mut pos) = (Vec::new(), 0);
    let finish = |data: Vec<u8>, tail: &[u8], pos, ended| {
        let mut out = Vec::new();
        if !data.is_empty() {
            write_chunk_head(&mut out, data.len() as u64);
            out.extend(data);
            out.extend(b"\r\n");
        }
        out.extend(tail);
        Body::Sent(out, pos, ended)
    };
    loop {
        let (used, event) = decoder.decode(&input[pos..]);
        pos += used;
        match event {
            ChunkEvent::NeedMore => return finish(data, b"", pos, false),
            ChunkEvent::Data { len } => data.extend(&input[pos - len..pos]),
            ChunkEvent::Error(_) => return Body::Broken,
            ChunkEvent::Trailers => {
                let mut trailers = Trailers::default();
                let (used, parsed) = trailers.feed(&input[pos..], limits);
                match parsed {
                    Parsed::Incomplete => return finish(data, b"", pos + used, false),
                    Parsed::Error(_) => return Body::Broken,
                    Parsed::Done => {
                        let mut tail = b"0\r\n".to_vec();
                        trailers.encode(&mut tail);
                        return finish(data, &tail, pos + used, true);
                    }
                }
            }
        }
    }
}

fn replay(case: &Case, limits: &Limits) -> Outcome {
    let mut out = Outcome::default();
    let mut request = Message::with_capacity(16384);
    let mut unread = &case.request[..];
    while !(unread.is_empty() && request.is_empty()) {
        unread = &unread[request.feed(unread)..];
        match request.parse_request(limits) {
            Parsed::Incomplete => break,
            Parsed::Error(e) if e.answer == Answer::Response => {
                out.closed = answer(
                    &mut out.client,
                    e.status,
                    RequestContext::default(),
                    Persist::KeepAlive,
                    true,
                );
                break;
            }
            Parsed::Error(e) => {
                out.client.extend(errors::raw(e.status).expect("an answer"));
                out.closed = true;
                break;
            }
            Parsed::Done => {}
        }
        // The body may reach beyond the buffer: take it from the whole input.
        let received = case.request.len() - unread.len() - request.body_prefix().len();
        let input = &case.request[received..];
        let Body::Sent(sent, used, ended) = body(request.body(), input, limits) else {
            out.client.extend(errors::raw(400).expect("an answer"));
            out.closed = true;
            break;
        };
        let persist = match request.closes_server() {
            true => Persist::Close,
            false => Persist::KeepAlive,
        };
        request.encode_request(
            &mut out.server,
            &EncodeOptions {
                persist,
                ..Default::default()
            },
        );
        out.server.extend(sent);
        if !ended || !respond(case, &request, limits, &mut out) {
            break;
        }
        unread = &case.request[received + used..];
        request.clear();
    }
    out
}

/// An answer of our own; tells whether the connection closes after it.
fn answer(
    out: &mut Vec<u8>,
    status: u16,
    context: RequestContext,
    mut persist: Persist,
    http11: bool,
) -> bool {
    let mut message = Message::with_capacity(0);
    let text = errors::answer(status).expect("one");
    assert_eq!(message.load_response(text, context), Parsed::Done);
    if message.connection().close {
        persist = Persist::Close;
    }
    let options = EncodeOptions {
        persist,
        peer_http11: http11,
        case: None,
    };
    message.encode_response(out, &options);
    if message.body() != BodyLength::None {
        out.extend(message.body_prefix());
    }
    persist == Persist::Close
}

/// The server's answer on its way to the client; false where the connection ends or waits.
fn respond(case: &Case, request: &Message, limits: &Limits, out: &mut Outcome) -> bool {
    let mut persist = match request.keep_alive() {
        true => Persist::KeepAlive,
        false => Persist::Close,
    };
    let bad_gateway = |out: &mut Outcome| {
        let context = request.context();
        out.closed = answer(&mut out.client, 502, context, persist, request.is_http11());
        !out.closed
    };
    let mut response = Message::with_capacity(16384);
    let mut unread = &case.response[..];
    loop {
        unread = &unread[response.feed(unread)..];
        match response.parse_response(limits, request.context()) {
            Parsed::Incomplete if case.server_closes => return bad_gateway(out),
            Parsed::Incomplete => return false,
            Parsed::Error(e) => {
                assert_eq!(e.status, 502);
                return bad_gateway(out);
            }
            Parsed::Done => {}
        }
        if (100..200).contains(&response.status()) && response.status() != 101 {
            let silent = EncodeOptions {
                persist: Persist::Silent,
                ..Default::default()
            };
            response.encode_response(&mut out.client, &silent);
            response.advance(0);
            continue;
        }
        break;
    }
    let input = [response.body_prefix(), unread].concat();
    let Body::Sent(sent, _, ended) = body(response.body(), &input, limits) else {
        return bad_gateway(out);
    };
    if response.body() == BodyLength::Tunnel {
        persist = Persist::Silent;
    } else if response.closes_client() {
        persist = Persist::Close;
    }
    let options = EncodeOptions {
        persist,
        peer_http11: request.is_http11(),
        case: None,
    };
    response.encode_response(&mut out.client, &options);
    out.client.extend(sent);
    let cut_short = case.server_closes && !ended;
    out.closed = cut_short || (ended && persist == Persist::Close);
    ended && persist == Persist::KeepAlive
}

fn show(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    match text.len() {
        0..600 => text,
        n => format!("{}... ({n})", &text[..300]),
    }
}

/// Replays a file; panics with every difference.
fn check(text: &str, limits: &Limits, least: usize) {
    let cases = read(text);
    assert!(cases.len() >= least, "{} cases", cases.len());
    let mut bad = Vec::new();
    for case in &cases {
        let got = replay(case, limits);
        let server = case.server.concat();
        let same = without_chunking(&got.client) == without_chunking(&case.client)
            && got.closed == case.client_closed
            && without_chunking(&got.server) == without_chunking(&server);
        if !same {
            bad.push(format!(
                "line {} ({})\n  request   {}\n  response  {}{}\n  client    {}{}\n  expected  {}{}\n  server    {}\n  expected  {}",
                case.line,
                case.group,
                show(&case.request),
                show(&case.response),
                if case.server_closes { " !" } else { "" },
                show(&got.client),
                if got.closed { " closed" } else { "" },
                show(&case.client),
                if case.client_closed { " closed" } else { "" },
                show(&got.server),
                show(&server),
            ));
        }
    }
    assert!(
        bad.is_empty(),
        "{} of {} cases differ:\n{}",
        bad.len(),
        cases.len(),
        bad.iter().take(60).cloned().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn requests() {
    check(
        include_str!("../fixtures/h1/requests.cases"),
        &Limits::default(),
        1000,
    );
}

#[test]
fn responses() {
    check(
        include_str!("../fixtures/h1/responses.cases"),
        &Limits::default(),
        200,
    );
}

#[test]
fn relaxed() {
    let limits = Limits {
        relaxed: true,
        ..Limits::default()
    };
    check(include_str!("../fixtures/h1/relaxed.cases"), &limits, 500);
}
