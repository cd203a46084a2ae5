//! Lines of logs are made without an allocation once their memory is warm.
#![allow(clippy::unwrap_used, reason = "test code")]

use hapax::proto::h1::{Limits, Message, Parsed, RequestContext};
use hapax::sample::capture::{Captures, CookieSlot, Slot, Slots};
use hapax::sample::compile::{Compile, NoNames};
use hapax::sample::logformat::{LogFormat, Purpose};
use hapax::sample::view::{Direction, Eval, LogData, StreamView};
use hapax::sample::{Places, Scratch};
use std::net::SocketAddr;

struct Stream {
    request: Message,
    response: Message,
    captures: Captures,
    log: LogData,
}

impl StreamView for Stream {
    fn request(&self) -> Option<&Message> {
        Some(&self.request)
    }
    fn request_mut(&mut self) -> Option<&mut Message> {
        None
    }
    fn response(&self) -> Option<&Message> {
        Some(&self.response)
    }
    fn response_mut(&mut self) -> Option<&mut Message> {
        None
    }
    fn src(&self) -> Option<SocketAddr> {
        Some(SocketAddr::from(([192, 0, 2, 7], 40000)))
    }
    fn dst(&self) -> Option<SocketAddr> {
        Some(SocketAddr::from(([198, 51, 100, 1], 80)))
    }
    fn captures(&self) -> Option<&Captures> {
        Some(&self.captures)
    }
    fn log(&self) -> Option<&LogData> {
        Some(&self.log)
    }
}

fn allocations(text: &str) -> u64 {
    let mut cx = Compile::new(Places::LOG, &NoNames);
    let format = LogFormat::parse_for(Purpose::Log, text.as_bytes(), &mut cx).unwrap();
    assert_eq!(cx.diags, []);
    let mut request = Message::with_capacity(16384);
    request.feed(b"GET /a\"b?q=1 HTTP/1.1\r\nHost: h{1}\r\nCookie: SID=1\r\n\r\n");
    assert_eq!(request.parse_request(&Limits::default()), Parsed::Done);
    let mut response = Message::with_capacity(16384);
    response.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let context = RequestContext::default();
    let parsed = response.parse_response(&Limits::default(), context);
    assert_eq!(parsed, Parsed::Done);
    let slot = |name: &[u8]| Slot {
        header: Some(name.to_vec()),
        len: 20,
    };
    let slots = Slots {
        request: vec![slot(b"host"), slot(b"x-none")],
        response: vec![slot(b"server")],
        cookie: Some(CookieSlot {
            name: b"SID".to_vec(),
            len: 20,
        }),
    };
    let mut stream = Stream {
        request,
        response,
        captures: Captures::default(),
        log: LogData {
            state: *b"----",
            status: 200,
            ..LogData::default()
        },
    };
    let mut scratch = Scratch::new();
    let mut line = Vec::new();
    let mut once = || {
        stream.captures.begin(&slots);
        let host = stream.request.header(b"host").unwrap_or_default();
        stream.captures.store(Direction::Request, 0, host);
        stream.captures.store_cookie(Direction::Request, b"SID=1");
        scratch.reset();
        line.clear();
        let eval = Eval {
            view: &stream,
            scratch: &scratch,
            direction: Direction::Response,
            last: true,
        };
        format.render(&eval, &mut line);
        assert!(!line.is_empty());
    };
    for _ in 0..5 {
        once();
    }
    let info = allocation_counter::measure(|| {
        for _ in 0..100 {
            once();
        }
    });
    info.count_total
}

#[test]
fn option_httplog() {
    let text = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc \
                %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";
    assert_eq!(allocations(text), 0);
}

#[test]
fn a_format_of_ones_own() {
    let text = "%{+Q}o %HU %HM %HP %{+E}HQ %hrl %hsl %[capture.req.hdr(0),lower] %[src] %T %Tl %ms \
                %{+X}ci %ID %OG";
    assert_eq!(allocations(text), 0);
}

#[test]
fn json() {
    let text = "%{+json}o %(a)ci %(b)ST %(c)r %(d)hr %(e)hrl %(f)[capture.req.uri] %(g)[int(5)]";
    assert_eq!(allocations(text), 0);
}
