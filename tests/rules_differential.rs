//! Random rule sets, headers and bodies through a real HAProxy and hapax: the bytes that the server
//! and the client get must be the same. What `hapax route` foretells must be what hapax then does.
//!
//! `HAPAX_ORACLE` names the other program (else `haproxy` of the path), `HAPAX_ROUNDS` how many
//! configurations are tried, `HAPAX_SEED` the first. Without a HAProxy nothing is compared.

#![allow(clippy::unwrap_used, reason = "test code")]

use hapax::cmd::route;
use hapax::config::read::Input;
use hapax::dryrun::{self, Setup};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Front ends of one configuration, rules of each set, requests to each.
const FRONTENDS: usize = 40;
const REQUESTS: usize = 10;

/// Numbers that look random and are the same each time (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % n
    }
    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const NAMES: &[&str] = &["X-A", "x-b", "X-Cc", "User-Agent", "Cookie", "Accept"];
const VALUES: &[&str] = &[
    "",
    "a",
    "abc",
    "A,b , c",
    "\"q,r\", s",
    "a=1; b=2",
    "one two",
    "/x/y",
    "%41+b%zz",
    "12",
    "a.b.c",
    "aaa,,b",
];
const REGEXES: &[&str] = &[
    "a",
    "^a(.*)$",
    "(.)b",
    "[0-9]+",
    "(a|b)+",
    "^$",
    "x*",
    "(.*),(.*)",
];
const TEMPLATES: &[&str] = &["z", "<\\1>", "\\1\\2", "\\0-\\0", "\\\\"];
const PATHS: &[&str] = &[
    "/",
    "/a",
    "/a/b.c",
    "/A//b",
    "/%41/x",
    "/long/er/path",
    "/a;b",
];
const QUERIES: &[&str] = &["", "?", "?q=1", "?q=a%20b&r=2&q=3", "?=x", "?r", "?q=1?2"];

/// A fetch of the request (or of the response), with converters.
fn expression(r: &mut Random, response: bool) -> String {
    let fetch = match response {
        false => r.of(&[
            "path",
            "query",
            "url",
            "method",
            "req.hdr(x-a)",
            "req.hdr(x-a,-1)",
            "req.fhdr(x-b)",
            "req.hdr_cnt(x-a)",
            "req.cook(a)",
            "req.cook_cnt",
            "url_param(q)",
            "urlp(r)",
            "hdr(host)",
            "base",
            "pathq",
            "req.ver",
            "req.body_len",
            "req.body",
            "req.hdr_names(-)",
            "var(txn.v)",
            "str(abc)",
            "int(42)",
            "src",
        ]),
        true => r.of(&[
            "res.hdr(x-a)",
            "res.fhdr(x-b)",
            "res.hdr_cnt(x-a)",
            "status",
            "res.ver",
            "var(txn.v)",
            "res.hdr_names",
            "str(abc)",
            "res.cook(a)",
        ]),
    };
    let mut text = fetch.to_owned();
    for _ in 0..r.below(4) {
        let converter = r.of(&[
            "lower",
            "upper",
            "length",
            "url_enc",
            "url_dec",
            "field(2,.)",
            "word(1,/)",
            "word(-1,.)",
            "regsub(a,b,g)",
            "regsub(b,)",
            "base64",
            "hex",
            "crc32",
            "sdbm(1)",
            "djb2",
            "wt6",
            "xxh32",
            "xxh64",
            "bytes(0,2)",
            "bytes(2)",
            "concat(-,txn.v,+)",
            "ltrim(/)",
            "rtrim(c)",
            "sha1",
            "json",
            "ub64enc",
            "b64dec",
            "crc32c",
            "digest(sha256)",
            "iif(yes,no)",
            "add(3)",
            "mul(7)",
            "mod(5)",
            "neg",
            "bool",
            "not",
            "strcmp(txn.v)",
            "htonl",
            "even",
            "and(6)",
        ]);
        text.push(',');
        text.push_str(converter);
    }
    text
}

fn format(r: &mut Random, response: bool) -> String {
    let mut out = String::new();
    for _ in 0..1 + r.below(2) {
        if r.chance(60) {
            let _ = write!(out, "%[{}]", expression(r, response));
        } else {
            out.push_str(r.of(&["v", "a-b", "x/y", "1", " z"]));
        }
    }
    out
}

fn condition(r: &mut Random, response: bool, always: bool) -> String {
    if !always && r.chance(50) {
        return String::new();
    }
    let word = r.of(&["if", "unless"]);
    let term = match response {
        false => r.of(&[
            "{ path_beg /a }",
            "{ path_end .c }",
            "{ hdr(x-a) -m sub a }",
            "{ hdr(x-a) -i ABC }",
            "{ hdr_cnt(x-a) gt 1 }",
            "{ method GET }",
            "METH_POST",
            "{ url_param(q) -m found }",
            "{ path_reg ^/[a-z]*$ }",
            "{ req.cook(a) 1 }",
            "{ path /a } || { hdr_cnt(x-b) 1 }",
            "{ path_dir a } !{ method POST }",
            "{ path_len gt 4 }",
            "{ var(txn.v) -m found }",
            "{ req.body -m sub a }",
            "{ url_sub %41 }",
        ]),
        true => r.of(&[
            "{ status 200 }",
            "{ res.hdr(x-a) -m sub a }",
            "{ res.hdr_cnt(x-a) gt 1 }",
            "{ status 400:599 }",
            "{ var(txn.v) -m found }",
        ]),
    };
    format!("{word} {term}")
}

/// A rule: the words behind the rule set's.
fn rule(r: &mut Random, set: &str) -> String {
    let response = set != "http-request";
    // in double quotes a dollar begins a variable
    let quoted = |text: String| format!("\"{}\"", text.replace('\\', "\\\\").replace('$', "\\$"));
    let edits: &[&str] = &[
        "set-header",
        "add-header",
        "del-header",
        "replace-header",
        "replace-value",
        "set-var",
    ];
    let mut actions = edits.to_vec();
    match set {
        "http-request" => actions.extend([
            "set-path",
            "set-pathq",
            "set-query",
            "replace-path",
            "replace-pathq",
            "replace-uri",
            "set-method",
            "unset-var",
            "capture",
            "deny",
            "return",
            "redirect",
            "allow",
        ]),
        "http-response" => {
            actions.extend([
                "set-status",
                "unset-var",
                "deny",
                "return",
                "redirect",
                "allow",
            ]);
        }
        _ => actions.extend(["set-status", "unset-var", "allow"]),
    }
    let name = actions[r.below(actions.len())];
    let last = matches!(name, "deny" | "return" | "redirect" | "allow");
    let words = match name {
        "set-header" | "add-header" => {
            format!("{} {}", r.of(NAMES), quoted(format(r, response)))
        }
        "del-header" => match r.below(4) {
            0 => format!("{} -m beg", r.of(&["x-", "X-C", "user"])),
            1 => format!("{} -m reg", r.of(&["^x-.$", "oo|user-"])),
            _ => r.of(NAMES).to_owned(),
        },
        "replace-header" | "replace-value" => format!(
            "{} {} {}",
            r.of(NAMES),
            quoted(r.of(REGEXES).to_owned()),
            quoted(r.of(TEMPLATES).to_owned())
        ),
        "replace-path" | "replace-pathq" | "replace-uri" => format!(
            "{} {}",
            quoted(
                r.of(&["/a(.*)", "(.*)b(.*)", "^(/[^/]*)", "\\?.*"])
                    .to_owned()
            ),
            quoted(r.of(&["/z\\1", "/\\1/\\2", "/n"]).to_owned())
        ),
        "set-path" | "set-pathq" => {
            format!(
                "\"/{}\"",
                r.of(&["p", "p/q", "p/%[path]", "%[hdr(x-a),url_enc]"])
            )
        }
        "set-query" => format!("\"{}\"", r.of(&["n=1", "%[query]&n=%[method]"])),
        "set-method" => r.of(&["PUT", "get", "%[method]"]).to_owned(),
        "set-var" => {
            let condition = condition(r, response, false);
            return format!("set-var(txn.v) {} {condition}", expression(r, response));
        }
        "unset-var" => return format!("unset-var(txn.v) {}", condition(r, response, false)),
        "capture" => "hdr(x-a) len 5".to_owned(),
        "deny" => r
            .of(&[
                "",
                "deny_status 429",
                "status 410 content-type text/plain string no",
                "hdr x-d d",
            ])
            .to_owned(),
        "return" => r
            .of(&[
                "",
                "status 201 hdr X-A %[var(txn.v)]",
                "status 404 content-type text/plain string gone",
                "content-type text/plain lf-string \"[%[var(txn.v)]]\"",
            ])
            .to_owned(),
        "redirect" => r
            .of(&[
                "location /there",
                "prefix /pre code 301 drop-query",
                "scheme https code 308",
                "location /%[str(a)] code 303 set-cookie S=1",
                "prefix http://o.example append-slash",
            ])
            .to_owned(),
        "set-status" => r.of(&["201", "404", "503 reason \"Not now\""]).to_owned(),
        _ => String::new(),
    };
    // `prefix` needs the request
    let words = match (name, response) {
        ("redirect", true) => "location /there".to_owned(),
        _ => words,
    };
    format!("{name} {words} {}", condition(r, response, last))
}

/// A configuration with front ends on ports to be filled in.
fn configuration(r: &mut Random, server: u16) -> String {
    let mut text = "global\n    stats timeout 10s\n".to_owned();
    text.push_str("defaults\n    mode http\n    timeout connect 5s\n    timeout client 5s\n");
    text.push_str("    timeout server 5s\n    option http-buffer-request\n");
    for i in 0..FRONTENDS {
        let _ = write!(text, "frontend f{i}\n    bind 127.0.0.1:@PORT{i}@\n");
        let _ = writeln!(text, "    default_backend b{i}");
        let mut section = |text: &mut String, sets: &[(&str, usize)]| {
            for (set, most) in sets {
                for _ in 0..1 + r.below(*most) {
                    let _ = writeln!(text, "    {set} {}", rule(r, set));
                }
            }
        };
        section(
            &mut text,
            &[
                ("http-request", 7),
                ("http-response", 3),
                ("http-after-response", 2),
            ],
        );
        let _ = writeln!(text, "backend b{i}\n    server s 127.0.0.1:{server}");
        section(&mut text, &[("http-request", 4), ("http-response", 4)]);
    }
    text
}

fn request(r: &mut Random) -> String {
    let method = r.of(&["GET", "GET", "POST", "PUT", "HEAD", "OPTIONS"]);
    let (path, query) = (r.of(PATHS), r.of(QUERIES));
    let mut text = format!("{method} {path}{query} HTTP/1.1\r\nHost: www.example.com\r\n");
    for _ in 0..r.below(5) {
        let _ = write!(text, "{}: {}\r\n", r.of(NAMES), r.of(VALUES));
    }
    text.push_str("Connection: close\r\n");
    match (method, r.below(3)) {
        ("POST" | "PUT", 0) => text.push_str("Content-Length: 5\r\n\r\na=b&c"),
        ("POST" | "PUT", 1) => {
            text.push_str("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        }
        ("POST" | "PUT", _) => text.push_str("Content-Length: 0\r\n\r\n"),
        _ => text.push_str("\r\n"),
    }
    text
}

/// A server that answers with what it is asked for in headers, and tells what it got.
fn serve() -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tell = tell.clone();
            std::thread::spawn(move || converse(stream, &tell));
        }
    });
    (port, told)
}

/// The end of the first message in a buffer.
fn message_end(buf: &[u8]) -> Option<usize> {
    let find = |needle: &[u8]| buf.windows(needle.len()).position(|w| w == needle);
    let head = find(b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&buf[..head]).to_ascii_lowercase();
    if text.contains("transfer-encoding: chunked") {
        return find(b"\r\n0\r\n\r\n").map(|at| at + 7);
    }
    let length = text.split("content-length: ").nth(1);
    let length = length.and_then(|l| l.split("\r\n").next()?.parse().ok());
    Some(head + length.unwrap_or(0)).filter(|end| *end <= buf.len())
}

/// The head of what the server answers.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nX-A: r1\r\nX-A: a,b\r\nx-b: \"c\"\r\nSet-Cookie: a=1; path=/\r\n\
    Server: origin\r\nContent-Length: 4\r\n\r\n";

fn converse(mut stream: TcpStream, tell: &std::sync::mpsc::Sender<Vec<u8>>) {
    let mut have = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut piece) {
        have.extend_from_slice(&piece[..n]);
        while let Some(end) = message_end(&have) {
            let message: Vec<u8> = have.drain(..end).collect();
            let head = message.starts_with(b"HEAD ");
            let _ = tell.send(message);
            let mut answer = ANSWER.to_owned();
            if !head {
                answer.push_str("body");
            }
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// Leaves out the lines that HAProxy refuses: random expressions do not always fit.
fn accepted(oracle: &Path, text: &str, file: &Path) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..20 {
        let mut whole = lines.join("\n") + "\n";
        for i in 0..FRONTENDS {
            whole = whole.replace(&format!("@PORT{i}@"), &(20_000 + i).to_string());
        }
        std::fs::write(file, whole).unwrap();
        let check = Command::new(oracle).args(["-c", "-f"]).arg(file).output();
        let said = String::from_utf8_lossy(&check.unwrap().stderr).into_owned();
        let place = format!("{}:", file.display());
        let refused: Vec<usize> = said
            .lines()
            .filter(|l| l.contains("[ALERT]"))
            .filter_map(|l| {
                let number = l.split(&place).nth(1)?;
                number
                    .split(|c: char| !c.is_ascii_digit())
                    .next()?
                    .parse()
                    .ok()
            })
            .collect();
        if refused.is_empty() {
            break;
        }
        for number in refused {
            lines[number - 1].clear();
        }
    }
    lines.join("\n") + "\n"
}

/// A program that runs, stopped when dropped.
struct Running {
    child: Child,
    ports: Vec<u16>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a program; again if another one was faster to take a port.
fn start(program: &Path, text: &str, file: &Path) -> Running {
    for _ in 0..5 {
        if let Some(running) = try_start(program, text, file) {
            return running;
        }
    }
    let said = std::fs::read_to_string(file.with_extension("err")).unwrap_or_default();
    panic!("{} does not start:\n{said}", program.display());
}

fn try_start(program: &Path, text: &str, file: &Path) -> Option<Running> {
    let holders: Vec<TcpListener> = (0..FRONTENDS)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
        .collect();
    let ports: Vec<u16> = holders
        .iter()
        .map(|l| l.local_addr().unwrap().port())
        .collect();
    drop(holders);
    let mut text = text.to_owned();
    for (i, port) in ports.iter().enumerate() {
        text = text.replace(&format!("@PORT{i}@"), &port.to_string());
    }
    std::fs::write(file, text).unwrap();
    let child = Command::new(program)
        .args(["-db", "-f"])
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(file.with_extension("err")).unwrap())
        .spawn()
        .unwrap();
    let mut running = Running { child, ports };
    for port in running.ports.clone() {
        let up = (0..400).any(|_| {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(25));
            matches!(running.child.try_wait(), Ok(Some(_)))
        });
        if !up || !matches!(running.child.try_wait(), Ok(None)) {
            return None;
        }
    }
    Some(running)
}

/// What the client and the server got of a request.
fn ask(port: u16, request: &str, told: &Receiver<Vec<u8>>) -> (String, Vec<String>) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&answer), told.try_iter().map(|m| text(&m)).collect())
}

/// The configuration for a dry run.
fn prepared(text: &str) -> Setup {
    let input = Input {
        name: "dry.cfg".to_owned(),
        text: text.as_bytes().to_vec(),
    };
    route::prepared(vec![input], BTreeMap::new())
}

/// What `route` says that the client and the server get.
fn foretold(
    dry: &dryrun::Running,
    front: usize,
    port: u16,
    request: &str,
) -> (String, Vec<String>) {
    let outcome = dry.ask(&dryrun::Request {
        text: request.as_bytes().to_vec(),
        frontend: format!("f{front}"),
        src: (Ipv4Addr::LOCALHOST, 50_000).into(),
        dst: (Ipv4Addr::LOCALHOST, port).into(),
        tls: None,
        response: format!("{ANSWER}body").into_bytes(),
    });
    let outcome = outcome.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let sent = outcome.to_server.iter().map(|m| text(m));
    (text(&outcome.to_client), sent.collect())
}

fn oracle() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("HAPAX_ORACLE") {
        return Some(named.into());
    }
    let dirs = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&dirs).collect();
    places.push("/usr/sbin".into());
    places
        .iter()
        .map(|d| d.join("haproxy"))
        .find(|p| p.is_file())
}

fn number(name: &str, default: u64) -> u64 {
    let said = std::env::var(name).ok();
    said.and_then(|s| s.parse().ok()).unwrap_or(default)
}

#[test]
fn rules_do_what_haproxy_does() {
    let Some(oracle) = oracle() else {
        println!("no haproxy to compare with");
        return;
    };
    let hapax = Path::new(env!("CARGO_BIN_EXE_hapax"));
    let dir = std::env::temp_dir().join(format!("hapax-differential-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let (server, told) = serve();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut differences = Vec::new();
    let mut asked = 0usize;
    let seed = number("HAPAX_SEED", 1);
    for round in seed..seed + number("HAPAX_ROUNDS", 2) {
        let mut r = Random(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let text = configuration(&mut r, server);
        let text = accepted(&oracle, &text, &dir.join("checked.cfg"));
        let actions = text.lines().filter_map(|line| {
            let (set, rule) = line.trim().split_once(' ')?;
            let end = rule.find([' ', '(']).unwrap_or(rule.len());
            set.starts_with("http-").then(|| rule[..end].to_owned())
        });
        for name in actions {
            *counts.entry(name).or_insert(0) += REQUESTS;
        }
        let theirs = start(&oracle, &text, &dir.join("theirs.cfg"));
        let ours = start(hapax, &text, &dir.join("ours.cfg"));
        let setup = prepared(&std::fs::read_to_string(dir.join("ours.cfg")).unwrap());
        let dry = setup.start().ok().unwrap();
        for (i, (port, other)) in ours.ports.iter().zip(&theirs.ports).enumerate() {
            for _ in 0..REQUESTS {
                let request = request(&mut r);
                let want = ask(*other, &request, &told);
                let got = ask(*port, &request, &told);
                let dry = foretold(&dry, i, *port, &request);
                asked += 1;
                if dry != got {
                    differences.push(format!("{request}\nroute: {dry:#?}\nhapax: {got:#?}\n"));
                    break;
                }
                if want != got {
                    let section = |name: &str| {
                        let begin = text.find(name).unwrap_or_default();
                        let rest = &text[begin..];
                        rest[..rest.find("\nfrontend").unwrap_or(rest.len())].to_owned()
                    };
                    let rules = section(&format!("frontend f{i}\n"));
                    differences.push(format!(
                        "seed {round}\n{rules}\n{request}\nHAProxy: {want:#?}\nhapax: {got:#?}\n"
                    ));
                    break;
                }
            }
        }
    }
    let _ = std::fs::remove_dir_all(&dir);
    println!("requests, each also by `route`: {asked}");
    println!("times that each action stood on the way of a request: {counts:?}");
    if number("HAPAX_ROUNDS", 2) >= 2 {
        let seldom: Vec<_> = counts.iter().filter(|(_, n)| **n < 100).collect();
        assert!(seldom.is_empty(), "tried too seldom: {seldom:?}");
    }
    let shown: Vec<&String> = differences.iter().take(4).collect();
    let all = differences.len();
    assert!(
        all == 0,
        "{all} differences, such as:\n{}",
        shown
            .iter()
            .map(|s| s.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    );
}
