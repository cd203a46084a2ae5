//! HTTP/2 ends of a scenario: frames made by hand, answers shown stream by stream.
//!
//! Frames that say nothing to a user (settings, window updates, pings) are read and left out;
//! DATA frames of a stream are shown as one, since where they are cut is chance.

use crate::clock::Deadline;
use crate::wire::{End, Wire};
use hapax::proto::h2::frame::{self, HEADER, Header, flag, kind, setting};
use hapax::proto::h2::{PREFACE, hpack};
use std::time::Duration;

/// What an end does or waits for.
#[derive(Debug, Clone)]
pub enum Step {
    /// Says who it is: as a client with the preface, as a server without.
    Begin { server: bool, window: Option<u32> },
    /// A field block of a stream.
    Fields {
        stream: u32,
        ends: bool,
        lines: Vec<(String, String)>,
    },
    /// Part of a body.
    Data {
        stream: u32,
        ends: bool,
        bytes: Vec<u8>,
    },
    /// Any frame.
    Frame {
        kind: u8,
        flags: u8,
        stream: u32,
        payload: Vec<u8>,
    },
    /// Everything of a stream up to its end.
    Stream(u32),
    /// Everything up to GOAWAY.
    Goaway,
}

/// Fields of a block: `name: value` lines; the name may begin with a colon.
fn fields(block: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(block).into_owned();
    let split = |line: &str| {
        let at = line.get(1..)?.find(':')? + 1;
        Some((line[..at].to_owned(), line[at + 1..].trim().to_owned()))
    };
    text.lines().filter_map(split).collect()
}

/// Reads the words behind the name of an end; `None`: it is no step of HTTP/2.
pub fn step(words: &[&str], block: &[u8]) -> Option<Step> {
    let number = |at: usize| words.get(at).and_then(|w| w.parse().ok());
    let ends = words.contains(&"end");
    Some(match *words.first()? {
        "h2" => Step::Begin {
            server: words.contains(&"server"),
            window: words
                .iter()
                .position(|w| *w == "window")
                .and_then(|at| number(at + 1)),
        },
        "fetch" => {
            let path = words.get(2).copied().unwrap_or("/");
            let mut lines: Vec<_> = [
                (":method", "GET"),
                (":scheme", "https"),
                (":path", path),
                (":authority", "h"),
            ]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .into();
            lines.extend(fields(block));
            Step::Fields {
                stream: number(1)?,
                ends: true,
                lines,
            }
        }
        "headers" => Step::Fields {
            stream: number(1)?,
            ends,
            lines: fields(block),
        },
        "data" => Step::Data {
            stream: number(1)?,
            ends,
            bytes: block.to_vec(),
        },
        "frame" => Step::Frame {
            kind: u8::try_from(number(1)?).ok()?,
            flags: u8::try_from(number(2)?).ok()?,
            stream: number(3)?,
            payload: block.to_vec(),
        },
        "recv" => match *words.get(1)? {
            "stream" => Step::Stream(number(2)?),
            "goaway" => Step::Goaway,
            _ => return None,
        },
        _ => return None,
    })
}

/// What an end remembers.
pub struct State {
    decoder: hpack::Decoder,
    preface: bool,
}

/// Does a step; returns the lines for the transcript.
pub fn act(wire: &mut Wire, step: &Step, patience: Duration) -> Vec<String> {
    let mut out = Vec::new();
    match step {
        Step::Begin { server, window } => {
            wire.h2 = Some(State {
                decoder: hpack::Decoder::new(hpack::TABLE_SIZE),
                preface: *server,
            });
            if !server {
                out.extend_from_slice(PREFACE);
            }
            let settings = window.map(|n| (setting::INITIAL_WINDOW_SIZE, n));
            frame::settings(&mut out, settings.as_slice());
        }
        Step::Fields {
            stream,
            ends,
            lines,
        } => {
            let mut block = Vec::new();
            for (name, value) in lines {
                // as they stand, capital letters and all
                for text in [name, value] {
                    if text == name {
                        block.push(0);
                    }
                    let mut length = text.len();
                    block.push(length.min(127) as u8);
                    if length >= 127 {
                        length -= 127;
                        while length >= 128 {
                            block.push(length as u8 | 128);
                            length >>= 7;
                        }
                        block.push(length as u8);
                    }
                    block.extend_from_slice(text.as_bytes());
                }
            }
            let end = if *ends { flag::END_STREAM } else { 0 };
            let flags = flag::END_HEADERS | end;
            frame::begin(&mut out, block.len(), kind::HEADERS, flags, *stream);
            out.extend_from_slice(&block);
        }
        Step::Data {
            stream,
            ends,
            bytes,
        } => {
            let parts: Vec<&[u8]> = match bytes.is_empty() {
                true => vec![&[]],
                false => bytes.chunks(16384).collect(),
            };
            for (n, part) in parts.iter().enumerate() {
                let last = *ends && n + 1 == parts.len();
                let flags = if last { flag::END_STREAM } else { 0 };
                frame::begin(&mut out, part.len(), kind::DATA, flags, *stream);
                out.extend_from_slice(part);
            }
        }
        Step::Frame {
            kind,
            flags,
            stream,
            payload,
        } => {
            frame::begin(&mut out, payload.len(), *kind, *flags, *stream);
            out.extend_from_slice(payload);
        }
        Step::Stream(id) => return receive(wire, Some(*id), patience),
        Step::Goaway => return receive(wire, None, patience),
    }
    match wire.send(&out) {
        Ok(()) => Vec::new(),
        Err(why) => vec![format!("could not send: {why}")],
    }
}

/// Reads frames until the stream ends, or until GOAWAY. What comes for other streams meanwhile is
/// kept for later.
fn receive(wire: &mut Wire, wanted: Option<u32>, patience: Duration) -> Vec<String> {
    let (mut lines, mut body, mut later) = (Vec::new(), Vec::new(), Vec::new());
    let deadline = Deadline::after(patience);
    let Some(mut state) = wire.h2.take() else {
        return vec!["speaks no h2".to_owned()];
    };
    loop {
        let skip = if state.preface { PREFACE.len() } else { 0 };
        let taken = wire.take(&deadline, |bytes, _| {
            let header = Header::read(bytes.get(skip..)?)?;
            let whole = skip + HEADER + header.length;
            (bytes.len() >= whole).then_some(whole)
        });
        let bytes = match taken {
            Ok(bytes) => bytes,
            Err((rest, end)) => {
                wire.put_back(rest);
                lines.extend(text_of(wanted, &mut body));
                lines.push(
                    match end {
                        End::Open => "timeout",
                        End::Eof => "eof",
                        End::Reset => "reset",
                    }
                    .to_owned(),
                );
                break;
            }
        };
        state.preface = false;
        let Some(header) = Header::read(&bytes[skip..]) else {
            break;
        };
        let payload = &bytes[skip + HEADER..];
        let mine = wanted == Some(header.stream);
        let ends = header.has(flag::END_STREAM);
        match header.kind {
            kind::GOAWAY => {
                lines.extend(text_of(wanted, &mut body));
                let code = frame::number(payload.get(4..).unwrap_or_default());
                lines.push(format!("goaway {} code {code}", frame::number(payload)));
                if wanted.is_none() {
                    break;
                }
            }
            _ if !mine && header.stream != 0 && wanted.is_some() => later.extend(bytes),
            kind::DATA => {
                body.extend_from_slice(payload);
                if ends {
                    lines.extend(text_of(Some(header.stream), &mut body));
                    lines.push(format!("end {}", header.stream));
                    if mine {
                        break;
                    }
                }
            }
            kind::HEADERS => {
                lines.extend(text_of(Some(header.stream), &mut body));
                let mut list = String::new();
                let decoded = state.decoder.decode(payload, |name, value| {
                    let (name, value) = (
                        String::from_utf8_lossy(name),
                        String::from_utf8_lossy(value),
                    );
                    list += &format!(" {name}={value}");
                });
                if decoded.is_err() {
                    list += " (broken)";
                }
                lines.push(format!("headers {}:{list}", header.stream));
                if ends {
                    lines.push(format!("end {}", header.stream));
                    if mine {
                        break;
                    }
                }
            }
            kind::RST_STREAM => {
                lines.extend(text_of(Some(header.stream), &mut body));
                lines.push(format!(
                    "rst {} code {}",
                    header.stream,
                    frame::number(payload)
                ));
                if mine {
                    break;
                }
            }
            _ => {}
        }
    }
    wire.h2 = Some(state);
    wire.put_back(later);
    lines
}

/// The body so far as one line; long ones by their length.
fn text_of(stream: Option<u32>, body: &mut Vec<u8>) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let body = std::mem::take(body);
    let stream = stream.unwrap_or(0);
    Some(match body.len() {
        n if n > 400 => format!("data {stream}: {n} bytes"),
        _ => format!("data {stream}: {}", body.escape_ascii()),
    })
}
