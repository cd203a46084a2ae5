//! Reads a scenario: a configuration, scripted servers and clients, and the steps in time.
//!
//! The format is line based; `compat/README.md` describes it. Everything that a step receives goes
//! into the transcript, so a scenario says what is sent and when, and its golden what came of it.

use std::net::IpAddr;
use std::time::Duration;

/// One scenario as written.
#[derive(Debug)]
pub struct Scenario {
    pub name: String,
    /// Version of HAProxy that its golden comes from.
    pub golden: String,
    pub config: String,
    /// What it cannot be played without: `root`, `ipv6`.
    pub needs: Vec<String>,
    /// The configuration puts the process into the background; its number is in `${dir}/pid`.
    pub background: bool,
    /// The program refuses the configuration: the steps are there to see that it does.
    pub refused: bool,
    /// Extra command-line words for the proxy.
    pub args: Vec<String>,
    pub files: Vec<(String, Vec<u8>)>,
    pub servers: Vec<Server>,
    pub steps: Vec<Step>,
    /// After these bytes, that many bytes are shown as `*`.
    pub masks: Vec<(String, usize)>,
}

/// A server's behaviour.
#[derive(Debug, Clone)]
pub struct Server {
    pub name: String,
    pub kind: ServerKind,
    /// Requests that begin so are answered but left out of the transcript (health checks).
    pub unrecorded: Vec<String>,
    pub replies: Vec<Reply>,
    /// The names that a name server knows.
    pub names: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// The steps accept and answer.
    Manual,
    /// Answers by itself.
    Auto,
    /// The port is taken, but nobody listens: connections are refused.
    Closed,
    /// Listens with a full queue: connections stay unanswered.
    Full,
    /// Receives datagrams (log lines).
    Udp,
    /// Answers questions for names.
    Dns,
}

/// What an automatic server says to a request that begins with `prefix`.
#[derive(Debug, Clone)]
pub struct Reply {
    pub prefix: String,
    pub bytes: Vec<u8>,
    pub delay: Duration,
    pub close: bool,
}

/// One step: who does what.
#[derive(Debug, Clone)]
pub struct Step {
    pub who: String,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    Connect {
        port: String,
        from: Option<IpAddr>,
        within: Option<Duration>,
        tls: Option<crate::tls::Wish>,
    },
    Accept {
        connection: String,
    },
    Send(Vec<u8>),
    Recv(Until, Show),
    /// Something of HTTP/2.
    H2(crate::h2::Step),
    Quiet(Duration),
    /// What a name server knows from now on.
    Names(Vec<u8>),
    /// The questions that a name server got.
    Asked,
    /// Facts of this end of a connection.
    Fact(String),
    /// The address of the other end of a connection.
    Peer,
    /// Facts of the proxy's end of a connection.
    Socket(Vec<String>),
    /// Facts of the proxy's listening sockets of a port.
    Listener {
        port: String,
        names: Vec<String>,
    },
    /// Facts of the proxy's process.
    Process(Vec<String>),
    /// Mode and owner of a file in `${dir}`.
    Stat(String),
    /// Whether the proxy printed this text.
    Printed(String),
    Shutdown,
    Close,
    Reset,
    Stop,
    Listen,
    Unaccepted(Duration),
    /// Whether the next connections to a server come at equal intervals.
    Intervals(usize),
    /// The next log line; with its host and program names when `whole`, its times in steps of
    /// 300 ms when `timed`.
    Log {
        whole: bool,
        timed: bool,
    },
    Wait(Duration),
    Clock,
    Elapsed(Duration, Duration),
    Until {
        port: String,
        request: Vec<u8>,
        wanted: String,
        within: Duration,
    },
    Signal(String),
    Exit,
}

impl What {
    /// Whether it can be said of a process that has ended.
    pub fn needs_no_process(&self) -> bool {
        matches!(self, What::Printed(_) | What::Stat(_))
    }
}

/// How much a step reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    Head,
    Response,
    Request,
    Eof,
    Closed,
    Bytes(usize),
    Text(Vec<u8>),
}

/// How much of it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Show {
    All,
    /// Start line, these headers (names in lower case) and the body.
    Brief(Vec<String>),
    /// Only how many bytes there were.
    Length,
    /// Only whether these texts are in it.
    Has(Vec<String>),
    /// Only these columns of a table of statistics.
    Columns(Vec<String>),
    /// Only the lines that begin with one of these words.
    Lines(Vec<String>),
    /// The head as it came, a chunked body without its chunks.
    Decoded,
}

/// Reads a scenario's text; an error names the line.
pub fn parse(name: &str, text: &str) -> Result<Scenario, String> {
    let mut s = Scenario {
        name: name.to_owned(),
        golden: "3.4.0".to_owned(),
        config: String::new(),
        needs: Vec::new(),
        background: false,
        refused: false,
        args: Vec::new(),
        files: Vec::new(),
        servers: Vec::new(),
        steps: Vec::new(),
        masks: Vec::new(),
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut n = 0;
    while let Some(raw) = lines.get(n) {
        let line = raw.trim();
        n += 1;
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = n;
        let fault = |what: &str| format!("{name}.scn:{number}: {what}: {line}");
        let words: Vec<&str> = line.split_whitespace().collect();
        let first = words.first().copied().unwrap_or_default();
        match first {
            "golden" => s.golden = words.get(1).copied().unwrap_or("3.4.0").to_owned(),
            "needs" => s.needs.extend(owned(&words[1..])),
            "background" => s.background = true,
            "refused" => s.refused = true,
            "args" => s.args.extend(words.iter().skip(1).map(|w| (*w).to_owned())),
            "mask" => {
                let (prefix, rest) = quoted(line[4..].trim()).ok_or_else(|| fault("quotes"))?;
                let count = rest.trim().parse().map_err(|_| fault("a number"))?;
                s.masks
                    .push((String::from_utf8_lossy(&prefix).into_owned(), count));
            }
            "config" => loop {
                let Some(part) = lines.get(n) else {
                    return Err(fault("no `end`"));
                };
                n += 1;
                if part.trim() == "end" {
                    break;
                }
                s.config.push_str(part);
                s.config.push('\n');
            },
            "file" => {
                let file = words.get(1).ok_or_else(|| fault("a file name"))?;
                let (bytes, next) = block(&lines, n).map_err(|e| fault(&e))?;
                n = next;
                s.files.push(((*file).to_owned(), bytes));
            }
            "certificate" => {
                let file = words.get(1).ok_or_else(|| fault("a file name"))?;
                let by = words.iter().position(|w| *w == "by");
                let issuer = by.and_then(|at| words.get(at + 1)).and_then(|name| {
                    let found = s.files.iter().find(|(n, _)| n == name)?;
                    String::from_utf8(found.1.clone()).ok()
                });
                let words = words.get(2..).unwrap_or_default();
                let pem =
                    crate::tls::certificate(words, issuer.as_deref()).map_err(|e| fault(&e))?;
                s.files.push(((*file).to_owned(), pem.into_bytes()));
            }
            "revocation" => {
                let file = words.get(1).ok_or_else(|| fault("a file name"))?;
                let text = |name: &&str| {
                    let found = s.files.iter().find(|(n, _)| n == name)?;
                    std::str::from_utf8(&found.1).ok()
                };
                let named = words.iter().skip(2).filter(|w| **w != "of");
                let mut pems = named.filter_map(text);
                let authority = pems.next().ok_or_else(|| fault("an authority"))?;
                let taken_back: Vec<&str> = pems.collect();
                let pem = crate::tls::revocation(authority, &taken_back).map_err(|e| fault(&e))?;
                s.files.push(((*file).to_owned(), pem.into_bytes()));
            }
            "server" => {
                let mut server = server(&words).ok_or_else(|| fault("server NAME [KIND]"))?;
                if server.kind == ServerKind::Dns {
                    (server.names, n) = block(&lines, n).map_err(|e| fault(&e))?;
                }
                s.servers.push(server);
            }
            "on" => {
                let (prefix, rest) = quoted(line[2..].trim()).ok_or_else(|| fault("quotes"))?;
                let options: Vec<&str> = rest.split_whitespace().collect();
                let delay = options
                    .iter()
                    .position(|w| *w == "delay")
                    .and_then(|at| options.get(at + 1))
                    .and_then(|w| duration(w))
                    .unwrap_or_default();
                let close = options.contains(&"close");
                let (bytes, next) = block(&lines, n).map_err(|e| fault(&e))?;
                n = next;
                let server = s
                    .servers
                    .last_mut()
                    .ok_or_else(|| fault("a server first"))?;
                let prefix = String::from_utf8_lossy(&prefix).into_owned();
                server.replies.push(Reply {
                    prefix,
                    bytes,
                    delay,
                    close,
                });
            }
            _ => {
                let mut times = 1;
                let mut rest = line;
                if first == "repeat" {
                    times = words
                        .get(1)
                        .and_then(|w| w.parse().ok())
                        .ok_or_else(|| fault("a number"))?;
                    let skip = line.find(words[1]).unwrap_or(0) + words[1].len();
                    rest = line[skip..].trim();
                }
                let (steps, next) = step(rest, &lines, n).map_err(|e| fault(&e))?;
                for _ in 0..times {
                    s.steps.extend(steps.iter().cloned());
                }
                n = next;
            }
        }
    }
    Ok(s)
}

fn server(words: &[&str]) -> Option<Server> {
    let mut unrecorded = Vec::new();
    let mut kind = ServerKind::Manual;
    let mut rest = words.iter().skip(2);
    while let Some(word) = rest.next() {
        match *word {
            "auto" => kind = ServerKind::Auto,
            "closed" => kind = ServerKind::Closed,
            "full" => kind = ServerKind::Full,
            "udp" => kind = ServerKind::Udp,
            "dns" => kind = ServerKind::Dns,
            "unrecorded" => unrecorded.push((*rest.next()?).to_owned()),
            _ => return None,
        }
    }
    let name = (*words.get(1)?).to_owned();
    Some(Server {
        name,
        kind,
        unrecorded,
        replies: Vec::new(),
        names: Vec::new(),
    })
}

/// `100ms`, `2s`
pub fn duration(word: &str) -> Option<Duration> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    match &word[digits.len()..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

/// A quoted string with escapes at the beginning of `text`, and what follows it.
fn quoted(text: &str) -> Option<(Vec<u8>, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut out = Vec::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, &inner[at + 1..])),
            '\\' => match chars.next()?.1 {
                'r' => out.push(b'\r'),
                'n' => out.push(b'\n'),
                't' => out.push(b'\t'),
                '0' => out.push(0),
                'x' => {
                    let high = chars.next()?.1.to_digit(16)?;
                    let low = chars.next()?.1.to_digit(16)?;
                    out.push(u8::try_from(high * 16 + low).ok()?);
                }
                other => out.extend(other.encode_utf8(&mut [0; 4]).as_bytes()),
            },
            other => out.extend(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    None
}

/// Bytes of the `|` lines (CRLF added) and `=` lines (quoted, as they are) from line `n` on.
fn block(lines: &[&str], mut n: usize) -> Result<(Vec<u8>, usize), String> {
    let mut out = Vec::new();
    while let Some(line) = lines.get(n).map(|l| l.trim_start()) {
        if let Some(text) = line.strip_prefix('|') {
            out.extend_from_slice(text.strip_prefix(' ').unwrap_or(text).as_bytes());
            out.extend_from_slice(b"\r\n");
        } else if let Some(text) = line.strip_prefix('=') {
            out.extend(pieces(text.trim()).ok_or("a quoted string after `=`")?);
        } else {
            break;
        }
        n += 1;
    }
    Ok((out, n))
}

/// `"text"`, `"text" * 100`, several of them in a row.
fn pieces(mut text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    while !text.is_empty() {
        let (bytes, rest) = quoted(text)?;
        let mut rest = rest.trim();
        let mut times = 1;
        if let Some(tail) = rest.strip_prefix('*') {
            let tail = tail.trim();
            let digits = tail
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(tail.len());
            times = tail[..digits].parse().ok()?;
            rest = tail[digits..].trim();
        }
        out.extend(bytes.repeat(times));
        text = rest;
    }
    Some(out)
}

/// The message of a step: a quoted string on its line, or the block below it.
fn message(rest: &str, lines: &[&str], n: usize) -> Result<(Vec<u8>, usize), String> {
    if let Some(at) = rest.find('"') {
        return Ok((pieces(&rest[at..]).ok_or("bad quotes")?, n));
    }
    block(lines, n)
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

fn shown(text: &str, words: &[&str]) -> Show {
    if let Some(at) = text.find(" has \"") {
        let mut rest = text[at + 5..].trim();
        let mut wanted = Vec::new();
        while let Some((bytes, next)) = quoted(rest) {
            wanted.push(String::from_utf8_lossy(&bytes).into_owned());
            rest = next.trim();
        }
        return Show::Has(wanted);
    }
    match words.iter().position(|w| *w == "brief") {
        Some(at) => Show::Brief(words[at + 1..].iter().map(|w| w.to_lowercase()).collect()),
        None if words.contains(&"columns") => {
            let at = words.iter().position(|w| *w == "columns").unwrap_or(0);
            Show::Columns(owned(&words[at + 1..]))
        }
        None if words.contains(&"lines") => {
            let at = words.iter().position(|w| *w == "lines").unwrap_or(0);
            Show::Lines(words[at + 1..].iter().map(|w| (*w).to_owned()).collect())
        }
        None if words.contains(&"length") => Show::Length,
        None if words.contains(&"decoded") => Show::Decoded,
        None => Show::All,
    }
}

fn step(text: &str, lines: &[&str], mut n: usize) -> Result<(Vec<Step>, usize), String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let who = words.first().copied().unwrap_or_default().to_owned();
    let mut steps = Vec::new();
    let mut push = |what: What| {
        steps.push(Step {
            who: who.clone(),
            what,
        })
    };
    let time = |at: usize| words.get(at).and_then(|w| duration(w)).ok_or("a time");
    match who.as_str() {
        "wait" => {
            push(What::Wait(time(1)?));
            return Ok((steps, n));
        }
        "clock" => {
            push(What::Clock);
            return Ok((steps, n));
        }
        "elapsed" => {
            push(What::Elapsed(time(1)?, time(2)?));
            return Ok((steps, n));
        }
        "signal" => {
            push(What::Signal(
                words.get(1).copied().unwrap_or("TERM").to_owned(),
            ));
            return Ok((steps, n));
        }
        "exit" => {
            push(What::Exit);
            return Ok((steps, n));
        }
        "listener" => {
            let port = (*words.get(1).ok_or("a port")?).to_owned();
            push(What::Listener {
                port,
                names: owned(&words[2..]),
            });
            return Ok((steps, n));
        }
        "process" => {
            push(What::Process(owned(&words[1..])));
            return Ok((steps, n));
        }
        "stat" => {
            push(What::Stat(
                words.get(1).copied().unwrap_or_default().to_owned(),
            ));
            return Ok((steps, n));
        }
        "printed" => {
            let at = text.find('"').ok_or("a quoted text")?;
            let wanted = quoted(&text[at..]).ok_or("bad quotes")?.0;
            push(What::Printed(String::from_utf8_lossy(&wanted).into_owned()));
            return Ok((steps, n));
        }
        "until" => {
            let port = words.get(1).ok_or("a port")?;
            let wanted = words.get(2).ok_or("a text to wait for")?;
            let path = words.get(3).copied().unwrap_or("/");
            let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
            push(What::Until {
                port: (*port).to_owned(),
                request: request.into_bytes(),
                wanted: (*wanted).to_owned(),
                within: Duration::from_secs(6),
            });
            return Ok((steps, n));
        }
        _ => {}
    }
    let verb = words.get(1).copied().ok_or("a verb")?;
    let from = words
        .iter()
        .position(|w| *w == "from")
        .and_then(|at| words.get(at + 1))
        .and_then(|w| w.parse().ok());
    let within = words
        .iter()
        .position(|w| *w == "within")
        .and_then(|at| words.get(at + 1))
        .and_then(|w| duration(w));
    let of_h2 = ["h2", "fetch", "headers", "data", "frame"].contains(&verb)
        || verb == "recv" && matches!(words.get(2), Some(&"stream" | &"goaway"));
    if of_h2 {
        let (bytes, next) = match verb {
            "h2" | "recv" => (Vec::new(), n),
            "fetch" => block(lines, n)?,
            _ => message(text, lines, n)?,
        };
        push(What::H2(
            crate::h2::step(&words[1..], &bytes).ok_or("a step of h2")?,
        ));
        return Ok((steps, next));
    }
    match verb {
        "connect" => {
            let port = (*words.get(2).ok_or("a port")?).to_owned();
            let tls = words.iter().position(|w| *w == "tls");
            let tls = tls.map(|at| crate::tls::wish(words.get(at..).unwrap_or_default()));
            push(What::Connect {
                port,
                from,
                within,
                tls,
            });
        }
        "accept" => {
            let connection = words.get(2).copied().unwrap_or(&who).to_owned();
            push(What::Accept { connection });
        }
        "send" => {
            let rest = text[text.find("send").unwrap_or(0) + 4..].trim();
            let (bytes, next) = message(rest, lines, n)?;
            n = next;
            push(What::Send(bytes));
        }
        "ask" => {
            let port = words
                .get(2)
                .filter(|w| **w != "brief")
                .map(|w| (*w).to_owned());
            if let Some(port) = port {
                push(What::Connect {
                    port,
                    from,
                    within,
                    tls: None,
                });
            }
            let (bytes, next) = block(lines, n)?;
            n = next;
            push(What::Send(bytes));
            push(What::Recv(Until::Response, shown(text, &words)));
        }
        "get" => {
            let port = (*words.get(2).ok_or("a port")?).to_owned();
            let path = words.get(3).copied().unwrap_or("/");
            let (more, next) = block(lines, n)?;
            n = next;
            let mut bytes = format!("GET {path} HTTP/1.1\r\nhost: h\r\n").into_bytes();
            bytes.extend(more);
            bytes.extend_from_slice(b"\r\n");
            push(What::Connect {
                port,
                from,
                within,
                tls: None,
            });
            push(What::Send(bytes));
            push(What::Recv(Until::Response, shown(text, &words)));
            push(What::Close);
        }
        "recv" => {
            let until = match words.get(2).copied().unwrap_or("head") {
                "head" => Until::Head,
                "response" => Until::Response,
                "request" => Until::Request,
                "eof" => Until::Eof,
                "closed" => Until::Closed,
                "bytes" => Until::Bytes(
                    words
                        .get(3)
                        .and_then(|w| w.parse().ok())
                        .ok_or("a number")?,
                ),
                "text" => {
                    let at = text.find('"').ok_or("a quoted text")?;
                    Until::Text(quoted(&text[at..]).ok_or("bad quotes")?.0)
                }
                other => return Err(format!("recv what? {other}")),
            };
            push(What::Recv(until, shown(text, &words)));
        }
        "quiet" => push(What::Quiet(time(2)?)),
        "names" => {
            let (bytes, next) = block(lines, n)?;
            n = next;
            push(What::Names(bytes));
        }
        "asked" => push(What::Asked),
        "keepalive" | "mss" => push(What::Fact(verb.to_owned())),
        "tls" => push(What::Fact(words[1..].join(" "))),
        "peer" => push(What::Peer),
        "socket" => push(What::Socket(owned(&words[2..]))),
        "shutdown" => push(What::Shutdown),
        "close" => push(What::Close),
        "reset" => push(What::Reset),
        "stop" => push(What::Stop),
        "listen" => push(What::Listen),
        "unaccepted" => push(What::Unaccepted(time(2)?)),
        "intervals" => {
            let count = words.get(2).and_then(|w| w.parse().ok());
            push(What::Intervals(count.ok_or("a number")?));
        }
        "log" => push(What::Log {
            whole: words.get(2) == Some(&"whole"),
            timed: words.get(2) == Some(&"timed"),
        }),
        other => return Err(format!("unknown verb {other}")),
    }
    Ok((steps, n))
}
