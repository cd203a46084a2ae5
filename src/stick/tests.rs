//! Cookies on both sides as recorded from HAProxy, replayed.

use super::appsession::AppSessions;
use super::cookie::{CookieRules, Persist, ResponseContext};
use super::edits::Edits;
use crate::balance::{
    Admin, BackendSettings, BackendState, Operational, ServerSettings, Wake, roundrobin,
};
use crate::base::span::Span;
use crate::ir::persist::{AppSession, AppSessionMode, Cookie, CookieMode};
use std::fs;
use std::sync::Arc;

struct Nobody;
impl Wake for Nobody {
    fn wake(&self, _token: u64) {}
}

pub(super) fn backend(servers: Vec<ServerSettings>) -> Arc<BackendState> {
    let settings = BackendSettings {
        name: "b".into(),
        algorithm: &roundrobin::ENTRY,
        allbackups: false,
        fullconn: 0,
        ..BackendSettings::default()
    };
    BackendState::new(settings, servers, Arc::new(Nobody))
}

fn line(words: &[&str]) -> Cookie {
    let mut c = Cookie {
        name: words[0].into(),
        mode: CookieMode::Passive,
        indirect: false,
        nocache: false,
        postonly: false,
        preserve: false,
        httponly: false,
        secure: false,
        domains: vec![],
        maxidle: None,
        maxlife: None,
        attrs: vec![],
        dynamic: false,
        span: Span::default(),
    };
    let mut w = words[1..].iter();
    while let Some(word) = w.next() {
        match *word {
            "insert" => c.mode = CookieMode::Insert,
            "rewrite" => c.mode = CookieMode::Rewrite,
            "prefix" => c.mode = CookieMode::Prefix,
            "indirect" => c.indirect = true,
            "nocache" => c.nocache = true,
            "postonly" => c.postonly = true,
            "preserve" => c.preserve = true,
            "httponly" => c.httponly = true,
            "secure" => c.secure = true,
            "domain" => c.domains.push((*w.next().unwrap()).into()),
            "attr" => c.attrs.push(w.next().unwrap().trim_matches('"').into()),
            "maxidle" => c.maxidle = w.next().unwrap().parse().ok(),
            "maxlife" => c.maxlife = w.next().unwrap().parse().ok(),
            other => panic!("{other}"),
        }
    }
    c
}

/// Undoes the recording's escapes.
fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next().unwrap() {
                't' => out.push(b'\t'),
                'x' => {
                    let hex: String = chars.by_ref().take(2).collect();
                    out.push(u8::from_str_radix(&hex, 16).unwrap());
                }
                other => out.push(other as u8),
            },
            c => out.push(c as u8),
        }
    }
    out
}

#[derive(Default)]
struct Exchange<'t> {
    line: usize,
    method: &'t str,
    now: u64,
    asked: Vec<Vec<u8>>,
    answered: Vec<Vec<u8>>,
    server: &'t str,
    to_server: Vec<Vec<u8>>,
    to_client: Vec<Vec<u8>>,
    flags: &'t str,
}

/// Header lines of one name: their place among all and their values.
fn values<'h>(headers: &'h [Vec<u8>], name: &str) -> Vec<(usize, &'h [u8])> {
    let of = |h: &'h [u8]| {
        let colon = h.iter().position(|b| *b == b':')?;
        h[..colon]
            .eq_ignore_ascii_case(name.as_bytes())
            .then(|| h[colon + 1..].trim_ascii())
    };
    headers
        .iter()
        .enumerate()
        .filter_map(|(i, h)| Some((i, of(h)?)))
        .collect()
}

fn edited(headers: &[Vec<u8>], shown: &[&str], edits: &Edits) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for (i, h) in headers.iter().enumerate() {
        let colon = h.iter().position(|b| *b == b':').unwrap();
        let name = String::from_utf8_lossy(&h[..colon]).to_lowercase();
        if !shown.contains(&name.as_str()) {
            continue;
        }
        let change = edits.changes().find(|(at, _)| *at == i).map(|(_, v)| v);
        let value = match change {
            None => h[colon + 1..].trim_ascii(),
            Some(None) => continue,
            Some(Some(v)) => v,
        };
        out.push([name.as_bytes(), b": ", value].concat());
    }
    out.extend(
        edits
            .additions()
            .map(|(n, v)| [n.as_bytes(), b": ", v].concat()),
    );
    out
}

fn run(e: &Exchange<'_>, rules: &CookieRules, b: &BackendState, p: Persist) -> Result<(), String> {
    let show = |h: &[Vec<u8>]| {
        h.iter()
            .map(|h| String::from_utf8_lossy(h).into_owned())
            .collect::<Vec<_>>()
    };
    let mut edits = Edits::default();
    let asked = rules.request(values(&e.asked, "cookie"), b, p, e.now, &mut edits);
    let to_server = edited(&e.asked, &["cookie"], &edits);
    if to_server != e.to_server {
        return Err(format!(
            "to server {:?}, here {:?}",
            show(&e.to_server),
            show(&to_server)
        ));
    }
    let went = b.servers().iter().find(|s| &*s.name == e.server);
    if asked.server.is_some() && asked.server != went.map(|s| s.index) {
        return Err(format!("server {}, here {:?}", e.server, asked.server));
    }
    edits.clear();
    let cacheable = super::cacheable(
        e.method.as_bytes(),
        200,
        e.answered.iter().map(|h| {
            let colon = h.iter().position(|b| *b == b':').unwrap();
            (&h[..colon], h[colon + 1..].trim_ascii())
        }),
    );
    let ctx = ResponseContext {
        server: went.map(|s| &**s),
        request: asked,
        direct: asked.server.is_some(),
        ignore_persist: p == Persist::Ignore,
        post: e.method == "POST",
        cacheable,
        now_s: e.now,
    };
    let flag = rules.response(values(&e.answered, "set-cookie"), &ctx, &mut edits);
    let to_client = edited(&e.answered, &["set-cookie", "cache-control"], &edits);
    if to_client != e.to_client {
        return Err(format!(
            "to client {:?}, here {:?}",
            show(&e.to_client),
            show(&to_client)
        ));
    }
    let flags = String::from_utf8(vec![asked.flag.letter(), flag.letter()]).unwrap();
    if flags != e.flags {
        return Err(format!("flags {}, here {flags}", e.flags));
    }
    Ok(())
}

fn replay(file: &str, first: usize, lines: &[&str]) -> (usize, Vec<String>) {
    let mut rules = None;
    let mut persist = Persist::Normal;
    let mut servers = Vec::new();
    let mut states = Vec::new();
    let mut all: Vec<Exchange<'_>> = Vec::new();
    for (n, text) in lines.iter().enumerate() {
        let words: Vec<&str> = text.split_whitespace().collect();
        match *words.as_slice() {
            ["cookie", ref rest @ ..] => rules = Some(CookieRules::new(&line(rest))),
            ["option", "persist"] | ["force-persist", ..] => persist = Persist::Force,
            ["ignore-persist", ..] => persist = Persist::Ignore,
            ["server", name, ref rest @ ..] if all.is_empty() => {
                let cookie = rest
                    .iter()
                    .position(|w| *w == "cookie")
                    .map(|i| rest[i + 1]);
                servers.push(ServerSettings {
                    name: name.into(),
                    cookie: cookie.map(|c| c.as_bytes().into()),
                    backup: rest.contains(&"backup"),
                    disabled: rest.contains(&"disabled"),
                    ..ServerSettings::default()
                });
            }
            [state @ ("maint" | "drain" | "down"), name] => states.push((state, name)),
            ["request", method, now] => all.push(Exchange {
                line: first + n + 1,
                method,
                now: now.parse().unwrap(),
                ..Exchange::default()
            }),
            [] => {}
            _ => {
                let e = all.last_mut().unwrap();
                let rest = text.get(2..).unwrap_or_default();
                match words[0] {
                    ">" => e.asked.push(bytes(rest)),
                    "<" => e.answered.push(bytes(rest)),
                    "~" => e.to_server.push(bytes(rest)),
                    "=" => e.to_client.push(bytes(rest)),
                    "server" => e.server = words[1],
                    "flags" => e.flags = words[1],
                    other => panic!("{other}"),
                }
            }
        }
    }
    let b = backend(servers);
    for (state, name) in states {
        let s = b.servers().iter().find(|s| &*s.name == name).unwrap();
        match state {
            "maint" => b.set_admin(s, Admin::MAINT, 0),
            "drain" => b.set_admin(s, Admin::DRAIN, 0),
            _ => b.set_operational(s, Operational::Stopped, 0),
        };
    }
    let rules = rules.unwrap();
    let mut faults = Vec::new();
    for e in &all {
        if let Err(why) = run(e, &rules, &b, persist) {
            let asked: Vec<_> = e
                .asked
                .iter()
                .chain(&e.answered)
                .map(|h| String::from_utf8_lossy(h))
                .collect();
            faults.push(format!(
                "{file}:{} {} {asked:?}\n    {why}",
                e.line, lines[0]
            ));
        }
    }
    (all.len(), faults)
}

#[test]
fn cookies_recorded_from_haproxy() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/stick");
    let (mut cases, mut faults) = (0, Vec::new());
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("cookie-") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let starts: Vec<usize> = (0..lines.len()).filter(|i| lines[*i] == "case").collect();
        for (i, start) in starts.iter().enumerate() {
            let end = starts.get(i + 1).copied().unwrap_or(lines.len());
            let (n, bad) = replay(&name, start + 1, &lines[start + 1..end]);
            cases += n;
            faults.extend(bad);
        }
    }
    assert!(cases > 100, "no recordings in {dir}");
    let shown = faults
        .iter()
        .take(25)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        faults.is_empty(),
        "{} of {cases} differ:\n{shown}",
        faults.len()
    );
}

pub(super) fn appsession(words: &[&str]) -> AppSession {
    let mut a = AppSession {
        name: words[0].into(),
        len: 0,
        timeout: 3_600_000,
        request_learn: false,
        prefix: false,
        mode: AppSessionMode::PathParameters,
        span: Span::default(),
    };
    let mut w = words[1..].iter();
    while let Some(word) = w.next() {
        match *word {
            "len" => a.len = w.next().unwrap().parse().unwrap(),
            "timeout" => assert_eq!(w.next(), Some(&"1h")),
            "request-learn" => a.request_learn = true,
            "prefix" => a.prefix = true,
            "mode" => {
                if w.next() == Some(&"query-string") {
                    a.mode = AppSessionMode::QueryString;
                }
            }
            other => panic!("{other}"),
        }
    }
    a
}

#[test]
fn sessions_recorded_from_haproxy() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/stick/appsession.txt");
    let text = fs::read_to_string(path).unwrap();
    let rules = CookieRules::new(&line(&["serverid", "insert", "nocache", "indirect"]));
    let (mut n, mut faults) = (0, Vec::new());
    for case in text.split("case\n").skip(1) {
        let mut lines = case.lines();
        let head = lines.next().unwrap();
        let words: Vec<&str> = head.split_whitespace().collect();
        let sessions = AppSessions::new(&appsession(&words[1..]));
        let b = backend(
            ["v1", "v2", "v3"]
                .map(|v| ServerSettings {
                    cookie: Some(v.as_bytes().into()),
                    ..Default::default()
                })
                .to_vec(),
        );
        let (mut uri, mut asked, mut answered) = ("", Vec::new(), Vec::new());
        for text in lines {
            match text.as_bytes() {
                [b'r', ..] => {
                    uri = text.strip_prefix("request ").unwrap();
                    asked.clear();
                    answered.clear();
                }
                [b'>', ..] => asked.push(text.as_bytes()[2..].to_vec()),
                [b'<', ..] => answered.push(text.as_bytes()[2..].to_vec()),
                [
                    b's',
                    b'e',
                    b'r',
                    b'v',
                    b'e',
                    b'r',
                    b' ',
                    b'p',
                    server,
                    b' ',
                    flag,
                    ..,
                ] => {
                    n += 1;
                    let seen = sessions.request(
                        values(&asked, "cookie").into_iter().map(|(_, v)| v),
                        uri.as_bytes(),
                        0,
                    );
                    let mut edits = Edits::default();
                    let cookies = values(&asked, "cookie");
                    let cookie = rules.request(cookies, &b, Persist::Normal, 0, &mut edits);
                    let pinned = sessions
                        .usable(&seen, &b, Persist::Normal)
                        .or(cookie.server);
                    let server = u32::from(server - b'1');
                    let expected = (*flag == b'V').then_some(server);
                    if pinned != expected {
                        let asked: Vec<_> =
                            asked.iter().map(|h| String::from_utf8_lossy(h)).collect();
                        faults.push(format!("{head}: {uri} {asked:?} {text}, here {pinned:?}"));
                    }
                    let set = values(&answered, "set-cookie");
                    sessions.response(Some(&seen), set.into_iter().map(|(_, v)| v), server, 0);
                }
                _ => {}
            }
        }
    }
    let shown = faults
        .iter()
        .take(40)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        faults.is_empty(),
        "{} of {n} differ:\n{shown}",
        faults.len()
    );
}

/// Observed on 3.4.0 with `dynamic-cookie-key secret`.
#[test]
fn dynamic_values() {
    let value = |a: &str, port| super::cookie::dynamic_value(b"secret", a.parse().unwrap(), port);
    assert_eq!(value("127.0.0.1", 42643), b"99f33983e9f5e1a9");
    assert_eq!(value("127.0.0.1", 33119), b"e3e9cfb587bdd1eb");
}

proptest::proptest! {
    /// Whatever a header holds, nothing panics, and what is no cookie of ours stays.
    #[test]
    fn any_bytes(
        asked in proptest::collection::vec("[ -~\\t]{0,40}|[C=;,\"\\\\$ v2~|a]{0,40}", 0..3),
        answered in proptest::collection::vec("[C=;,\"\\\\$ v2~|a]{0,40}", 0..3),
        mode in 0..5usize,
    ) {
        let lines: [&[&str]; 5] = [
            &["C", "insert", "indirect"], &["C", "prefix"], &["C", "rewrite"],
            &["C", "insert", "indirect", "maxidle", "10", "maxlife", "100"], &["C", "indirect"],
        ];
        let rules = CookieRules::new(&line(lines[mode]));
        let cookie = |v: &[u8]| ServerSettings { cookie: Some(v.into()), ..ServerSettings::default() };
        let b = backend(vec![cookie(b"v1"), cookie(b"v2")]);
        let mut edits = Edits::default();
        let headers = || asked.iter().map(|h| h.as_bytes()).enumerate();
        let out = rules.request(headers(), &b, Persist::Normal, 1_700_000_000, &mut edits);
        for (i, h) in headers() {
            let mut of = edits.changes().filter(|(at, _)| *at == i);
            let change = of.next();
            proptest::prop_assert!(of.next().is_none());
            // A second pass has nothing left to take out.
            if let Some((_, Some(v))) = change
                && mode == 0
            {
                let mut again = Edits::default();
                rules.request([(0, v)], &b, Persist::Normal, 0, &mut again);
                proptest::prop_assert!(again.is_empty(), "{:?}", String::from_utf8_lossy(v));
            }
            if !h.contains(&b'C') && !h.contains(&b' ') && !h.contains(&b'\t') {
                proptest::prop_assert!(change.is_none());
            }
        }
        let ctx = ResponseContext {
            server: Some(&b.servers()[1]),
            request: out,
            direct: out.server.is_some(),
            ignore_persist: false,
            post: false,
            cacheable: true,
            now_s: 1_700_000_000,
        };
        edits.clear();
        let headers = answered.iter().map(|h| h.as_bytes()).enumerate();
        rules.response(headers, &ctx, &mut edits);
    }
}
