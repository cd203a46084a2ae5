//! `cookie NAME ...`: the server's name in a cookie (configuration manual 4.2 `cookie`).
//!
//! Both functions take the raw values of the `Cookie` or `Set-Cookie` headers with an identifier
//! of the caller's, and leave the changes in an [`Edits`].

use super::crumbs::{Crumb, Crumbs};
use super::edits::Edits;
use crate::balance::{BackendState, ServerState};
use crate::ir::persist::{Cookie, CookieMode};
use std::net::IpAddr;
use std::ops::Range;

/// What the request's cookie was, the third letter of the log's termination state (configuration
/// manual 8.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestFlag {
    /// `-`: the back end has no cookie
    #[default]
    Off,
    /// `N`: none
    None,
    /// `I`: of no server
    Invalid,
    /// `D`: of a server that is down
    Down,
    /// `V`: of a server that can be used
    Valid,
    /// `E`: unused for longer than `maxidle`
    Expired,
    /// `O`: older than `maxlife`
    Old,
    /// `U`: there, but the server was chosen otherwise
    Unused,
}

impl RequestFlag {
    /// Its letter.
    pub fn letter(self) -> u8 {
        match self {
            RequestFlag::Off => b'-',
            RequestFlag::None => b'N',
            RequestFlag::Invalid => b'I',
            RequestFlag::Down => b'D',
            RequestFlag::Valid => b'V',
            RequestFlag::Expired => b'E',
            RequestFlag::Old => b'O',
            RequestFlag::Unused => b'U',
        }
    }
}

/// What was done with the response's cookie, the fourth letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResponseFlag {
    /// `-`: the back end has no cookie
    #[default]
    Off,
    /// `N`: none, none inserted
    None,
    /// `I`: inserted
    Inserted,
    /// `D`: the server's own deleted
    Deleted,
    /// `P`: the server's own passed on
    Passed,
    /// `R`: the server's own rewritten
    Rewritten,
    /// `U`: inserted anew with a later date
    Updated,
}

impl ResponseFlag {
    /// Its letter.
    pub fn letter(self) -> u8 {
        match self {
            ResponseFlag::Off => b'-',
            ResponseFlag::None => b'N',
            ResponseFlag::Inserted => b'I',
            ResponseFlag::Deleted => b'D',
            ResponseFlag::Passed => b'P',
            ResponseFlag::Rewritten => b'R',
            ResponseFlag::Updated => b'U',
        }
    }
}

/// What a request's cookies say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestOutcome {
    /// The server it names, if that may be used.
    pub server: Option<u32>,
    /// For the log.
    pub flag: RequestFlag,
    /// When the cookie was last and first seen (`maxidle`, `maxlife`), seconds since 1970; 0: not
    /// said.
    last_date: u64,
    first_date: u64,
}

impl RequestOutcome {
    /// The server could not be reached and another one answers: logged as if it were down.
    pub fn redispatched(&mut self) {
        self.server = None;
        if self.flag == RequestFlag::Valid {
            self.flag = RequestFlag::Down;
        }
    }
    /// Another rule chose the server (`use-server`, ...).
    pub fn unused(&mut self) {
        self.server = None;
        if matches!(self.flag, RequestFlag::Valid | RequestFlag::Down) {
            self.flag = RequestFlag::Unused;
        }
    }
}

/// What the response part needs to know.
#[derive(Clone, Copy, Debug)]
pub struct ResponseContext<'a> {
    /// The server that answered.
    pub server: Option<&'a ServerState>,
    /// What [`CookieRules::request`] said.
    pub request: RequestOutcome,
    /// The server was chosen by persistence of any kind, and reached.
    pub direct: bool,
    /// `ignore-persist` applied.
    pub ignore_persist: bool,
    /// The request's method is POST.
    pub post: bool,
    /// The response may be cached by its status and its own headers.
    pub cacheable: bool,
    /// Seconds since 1970.
    pub now_s: u64,
}

/// How far a request may force its way to a server that checks call down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persist {
    /// Only to a server that runs.
    #[default]
    Normal,
    /// `option persist`, `force-persist`: even to one that is down.
    Force,
    /// `ignore-persist`: cookies do not choose.
    Ignore,
}

/// A `cookie` line.
#[derive(Clone, Debug)]
pub struct CookieRules {
    line: Cookie,
    /// What follows `name=value` when inserted.
    tail: Vec<u8>,
}

impl CookieRules {
    /// From the configuration.
    pub fn new(line: &Cookie) -> Self {
        let mut tail = b"; path=/".to_vec();
        // Several `domain` words make one attribute, as HAProxy writes it.
        for (i, d) in line.domains.iter().enumerate() {
            tail.extend_from_slice(if i == 0 { b"; domain=" } else { b"; domain=" });
            tail.extend_from_slice(d.as_bytes());
        }
        if line.httponly {
            tail.extend_from_slice(b"; HttpOnly");
        }
        if line.secure {
            tail.extend_from_slice(b"; Secure");
        }
        for a in &line.attrs {
            tail.extend_from_slice(b"; ");
            tail.extend_from_slice(a);
        }
        CookieRules {
            line: line.clone(),
            tail,
        }
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        &self.line.name
    }

    fn inserts(&self) -> bool {
        self.line.mode == CookieMode::Insert
    }

    /// Looks for the cookie in a request and takes it out where the server must not see it.
    pub fn request<'h>(
        &self,
        headers: impl IntoIterator<Item = (usize, &'h [u8])>,
        backend: &BackendState,
        persist: Persist,
        now_s: u64,
        edits: &mut Edits,
    ) -> RequestOutcome {
        let mut out = RequestOutcome {
            flag: RequestFlag::None,
            ..RequestOutcome::default()
        };
        for (id, text) in headers {
            // Cheap refusal of headers without the name.
            if memchr::memmem::find(text, &self.line.name).is_none() {
                continue;
            }
            let mut rest = Remainder::default();
            for crumb in Crumbs::of_request(text) {
                let value = match &crumb.value {
                    Some(v) if text.get(crumb.name.clone()) == Some(&self.line.name[..]) => {
                        v.clone()
                    }
                    _ => continue,
                };
                let told = self.read(text, &value, now_s, &mut out);
                if out.server.is_none() {
                    self.find_server(text, &told, backend, persist, &mut out);
                }
                match self.line.mode {
                    CookieMode::Prefix if told.len() < value.len() => {
                        rest.drop_range(value.start..told.end + 1);
                    }
                    CookieMode::Insert if self.line.indirect => rest.drop_crumb(text, &crumb),
                    _ => {}
                }
            }
            rest.apply(text, id, edits);
        }
        if persist == Persist::Ignore {
            out.unused();
        }
        out
    }

    /// The part of the value that names the server; notes the dates behind it.
    fn read(
        &self,
        text: &[u8],
        value: &Range<usize>,
        now_s: u64,
        out: &mut RequestOutcome,
    ) -> Range<usize> {
        let bytes = text.get(value.clone()).unwrap_or_default();
        if self.line.mode == CookieMode::Prefix {
            return match memchr::memchr(b'~', bytes) {
                Some(n) => value.start..value.start + n,
                // Without its mark the value is the application's alone.
                None => value.start..value.start,
            };
        }
        if self.line.maxidle.is_none() && self.line.maxlife.is_none() {
            return value.clone();
        }
        let mut parts = bytes.split(|b| *b == b'|');
        let name = parts.next().unwrap_or_default();
        let last = parts.next().and_then(read_date).unwrap_or(0);
        let first = parts.next().and_then(read_date).unwrap_or(0);
        out.last_date = last;
        out.first_date = first;
        let past = |date: u64, max: Option<u32>| {
            max.is_some_and(|m| date > 0 && now_s.saturating_sub(date) > u64::from(m))
        };
        if past(last, self.line.maxidle) {
            out.flag = RequestFlag::Expired;
            return value.start..value.start;
        }
        if past(first, self.line.maxlife) {
            out.flag = RequestFlag::Old;
            return value.start..value.start;
        }
        value.start..value.start + name.len()
    }

    fn find_server(
        &self,
        text: &[u8],
        name: &Range<usize>,
        backend: &BackendState,
        persist: Persist,
        out: &mut RequestOutcome,
    ) {
        let name = text.get(name.clone()).unwrap_or_default();
        if matches!(out.flag, RequestFlag::Expired | RequestFlag::Old) {
            return;
        }
        if out.flag == RequestFlag::None {
            out.flag = RequestFlag::Invalid;
        }
        for s in backend.servers() {
            if !name.is_empty() && s.cookie.as_deref() == Some(name) {
                if s.running() || persist == Persist::Force {
                    out.flag = RequestFlag::Valid;
                    out.server = Some(s.index);
                    return;
                }
                out.flag = RequestFlag::Down;
            }
        }
    }

    /// Looks for the application's own cookie of that name in a response, and sets ours.
    pub fn response<'h>(
        &self,
        headers: impl IntoIterator<Item = (usize, &'h [u8])>,
        ctx: &ResponseContext<'_>,
        edits: &mut Edits,
    ) -> ResponseFlag {
        let mut flag = ResponseFlag::None;
        for (id, text) in headers {
            let Some(value) = self.set_cookie_value(text) else {
                continue;
            };
            match self.line.mode {
                CookieMode::Insert if self.line.preserve => flag = ResponseFlag::Passed,
                CookieMode::Insert => {
                    edits.delete(id);
                    flag = ResponseFlag::Deleted;
                }
                CookieMode::Rewrite | CookieMode::Prefix => {
                    let Some(name) = ctx.server.and_then(|s| s.cookie.as_deref()) else {
                        flag = ResponseFlag::Passed;
                        continue;
                    };
                    let prefix = self.line.mode == CookieMode::Prefix;
                    edits.replace(id, |out| {
                        out.extend_from_slice(text.get(..value.start).unwrap_or_default());
                        out.extend_from_slice(name);
                        if prefix {
                            out.push(b'~');
                            out.extend_from_slice(text.get(value.clone()).unwrap_or_default());
                        }
                        out.extend_from_slice(text.get(value.end..).unwrap_or_default());
                    });
                    flag = ResponseFlag::Rewritten;
                }
                CookieMode::Passive => flag = ResponseFlag::Passed,
            }
        }
        self.insert(ctx, flag, edits).unwrap_or(flag)
    }

    fn insert(
        &self,
        ctx: &ResponseContext<'_>,
        found: ResponseFlag,
        edits: &mut Edits,
    ) -> Option<ResponseFlag> {
        let server = ctx.server?;
        let line = &self.line;
        if !self.inserts()
            || found == ResponseFlag::Passed
            || ctx.ignore_persist
            || (line.postonly && !ctx.post)
        {
            return None;
        }
        let refresh = (line.maxidle.is_some() || ctx.request.last_date > 0)
            && ctx.request.last_date < ctx.now_s;
        let first_differs = line.maxlife.is_some() != (ctx.request.first_date > 0);
        if ctx.direct && !refresh && !first_differs {
            return None;
        }
        edits.add("set-cookie", |out| {
            out.extend_from_slice(&line.name);
            out.push(b'=');
            match server.cookie.as_deref() {
                None => out.extend_from_slice(b"; Expires=Thu, 01-Jan-1970 00:00:01 GMT"),
                Some(value) => {
                    out.extend_from_slice(value);
                    if line.maxidle.is_some() || line.maxlife.is_some() {
                        out.push(b'|');
                        write_date(ctx.now_s + 3, out);
                    }
                    if line.maxlife.is_some() {
                        out.push(b'|');
                        match ctx.request.first_date {
                            0 => write_date(ctx.now_s + 3, out),
                            first => write_date(first, out),
                        }
                    }
                }
            }
            out.extend_from_slice(&self.tail);
        });
        if line.nocache && ctx.cacheable {
            edits.add("cache-control", |out| out.extend_from_slice(b"private"));
        }
        Some(if server.cookie.is_some() && ctx.direct {
            ResponseFlag::Updated
        } else {
            ResponseFlag::Inserted
        })
    }

    /// Where the value stands in a `Set-Cookie` header of our name.
    fn set_cookie_value(&self, text: &[u8]) -> Option<Range<usize>> {
        let crumb = Crumbs::of_request(text).next()?;
        (text.get(crumb.name.clone()) == Some(&self.line.name[..])).then_some(crumb.value)?
    }
}

/// What is left of a request's header.
#[derive(Debug, Default)]
struct Remainder {
    cuts: [Option<(Range<usize>, bool)>; 4],
    used: usize,
}

impl Remainder {
    fn push(&mut self, r: Range<usize>, crumb: bool) {
        if let Some(slot) = self.cuts.get_mut(self.used) {
            *slot = Some((r, crumb));
            self.used += 1;
        }
    }
    fn drop_range(&mut self, r: Range<usize>) {
        self.push(r, false);
    }
    fn drop_crumb(&mut self, text: &[u8], crumb: &Crumb) {
        let _ = text;
        self.push(crumb.name.start..crumb.end, true);
    }
    fn apply(&self, text: &[u8], id: usize, edits: &mut Edits) {
        if self.used == 0 {
            return;
        }
        let mut out = Vec::new();
        let mut at = 0;
        for (r, crumb) in self.cuts.iter().flatten() {
            out.extend_from_slice(text.get(at..r.start).unwrap_or_default());
            at = r.end;
            if *crumb {
                // One separator goes with it: the one before it, or at the front the one behind.
                while out.last().is_some_and(|b| matches!(b, b' ' | b'\t')) {
                    out.pop();
                }
                let behind = text.get(at).copied();
                if behind.is_some() {
                    at += 1;
                    while matches!(text.get(at), Some(b' ' | b'\t')) {
                        at += 1;
                    }
                    if !out.is_empty() {
                        out.push(b' ');
                    }
                } else {
                    out.pop();
                }
            }
        }
        out.extend_from_slice(text.get(at..).unwrap_or_default());
        if out.is_empty() {
            edits.delete(id);
        } else {
            edits.replace(id, |b| b.extend_from_slice(&out));
        }
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Five base-64 digits: seconds since 1970 in steps of four.
fn write_date(seconds: u64, out: &mut Vec<u8>) {
    let n = seconds >> 2;
    for shift in [24, 18, 12, 6, 0] {
        let digit = (n >> shift) & 63;
        out.extend(DIGITS.get(usize::try_from(digit).unwrap_or(0)));
    }
}

fn read_date(text: &[u8]) -> Option<u64> {
    let five: &[u8; 5] = text.try_into().ok()?;
    let mut n = 0u64;
    for b in five {
        let digit = DIGITS.iter().position(|d| d == b)?;
        n = n << 6 | digit as u64;
    }
    Some(n << 2)
}

/// The value of a server's cookie under `dynamic`: 16 hexadecimal digits of a hash of
/// `dynamic-cookie-key`, address and port (configuration manual 4.2 `dynamic-cookie-key`).
pub fn dynamic_value(key: &[u8], address: IpAddr, port: u16) -> Vec<u8> {
    let mut text = key.to_vec();
    match address {
        IpAddr::V4(a) => text.extend_from_slice(&a.octets()),
        IpAddr::V6(a) => text.extend_from_slice(&a.octets()),
    }
    text.extend_from_slice(&u32::from(port).to_ne_bytes());
    format!("{:016x}", xxhash_rust::xxh64::xxh64(&text, 0)).into_bytes()
}
