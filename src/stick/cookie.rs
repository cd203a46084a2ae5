//! `cookie NAME ...`: the server's name in a cookie (configuration manual 4.2 `cookie`).
//!
//! Both functions take the raw values of the `Cookie` or `Set-Cookie` headers with an identifier
//! of the caller's, and leave the changes in an [`Edits`].

use super::crumbs::{Crumbs, set_cookie};
use super::edits::Edits;
pub use super::flags::{RequestFlag, ResponseFlag};
use crate::balance::{BackendState, ServerState};
use crate::ir::persist::{Cookie, CookieMode};
use std::net::IpAddr;
use std::ops::Range;

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
        for d in &line.domains {
            tail.extend_from_slice(b"; domain=");
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

    /// Whether [`ResponseContext::cacheable`] matters (`nocache`).
    pub fn wants_cacheability(&self) -> bool {
        self.line.nocache
    }

    fn inserts(&self) -> bool {
        self.line.mode == CookieMode::Insert
    }

    /// Whether the log shows what became of it.
    fn logged(&self) -> bool {
        self.line.mode != CookieMode::Passive || self.line.indirect
    }

    /// Looks for the cookie in a request and takes it out where the server must not see it.
    ///
    /// `headers` are all `Cookie` headers: any number that names the header to `edits`, and the
    /// value without surrounding blanks. `now_s`: seconds since 1970.
    pub fn request<'h>(
        &self,
        headers: impl IntoIterator<Item = (usize, &'h [u8])>,
        backend: &BackendState,
        persist: Persist,
        now_s: u64,
        edits: &mut Edits,
    ) -> RequestOutcome {
        let mut out = RequestOutcome::default();
        if self.logged() {
            out.flag = RequestFlag::None;
        }
        for (id, text) in headers {
            if memchr::memmem::find(text, &self.line.name).is_some() || is_loose(text) {
                self.request_header(id, text, backend, persist, now_s, &mut out, edits);
            }
        }
        out
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one header of `request`, split for length"
    )]
    fn request_header(
        &self,
        id: usize,
        text: &[u8],
        backend: &BackendState,
        persist: Persist,
        now_s: u64,
        out: &mut RequestOutcome,
        edits: &mut Edits,
    ) {
        let mut draft = edits.draft();
        let mut changed = false;
        // Another cookie than ours is in the header, so it stays.
        let mut others = false;
        // The part before was dropped: how this one is joined to what is left.
        let mut join = Join::AsIs;
        let mut dropped = false;
        for crumb in Crumbs::new(text) {
            let name = text.get(crumb.name.clone()).unwrap_or_default();
            let mut drop = false;
            let mut cut = None;
            if name.first() == Some(&b'$') {
                // Belongs to the part before.
                drop = dropped;
            } else if let Some(value) = &crumb.value
                && name == &self.line.name[..]
            {
                let told = self.read(text, value, now_s, out);
                self.find_server(text, told.clone(), backend, persist, out);
                if self.line.mode == CookieMode::Prefix {
                    if let Some(told) = told
                        && told.end < value.end
                    {
                        cut = Some(value.start..told.end + 1);
                    }
                    others = true;
                } else if self.inserts() && self.line.indirect {
                    drop = true;
                } else {
                    others = true;
                }
            } else {
                others |= !name.is_empty() || crumb.value.is_some();
            }
            dropped = drop;
            if drop {
                changed = true;
                if draft.text().is_empty() {
                    join = Join::Front;
                } else if crumb.end < text.len() {
                    draft.trim_end();
                    join = Join::Middle;
                }
                continue;
            }
            changed |= cut.is_some() || crumb.is_loose();
            let mut from = crumb.start;
            match join {
                Join::AsIs => {}
                Join::Front => from = super::crumbs::skip_spaces(text, from + 1),
                Join::Middle => {
                    draft.push(text.get(from..=from).unwrap_or_default());
                    draft.push(b" ");
                    from = super::crumbs::skip_spaces(text, from + 1);
                }
            }
            join = Join::AsIs;
            match &crumb.value {
                None => draft.push(text.get(from..crumb.end).unwrap_or_default()),
                Some(value) => {
                    draft.push(text.get(from..crumb.name.end).unwrap_or_default());
                    draft.push(b"=");
                    let begin = cut.map_or(value.start, |c: Range<usize>| c.end);
                    draft.push(text.get(begin..crumb.end).unwrap_or_default());
                }
            }
        }
        if !changed {
            draft.discard();
        } else if others {
            draft.keep(id);
        } else {
            draft.discard();
            edits.delete(id);
        }
    }

    /// The part of the value that names the server; notes the dates behind it. `None`: too old,
    /// or without the mark of a prefix.
    fn read(
        &self,
        text: &[u8],
        value: &Range<usize>,
        now_s: u64,
        out: &mut RequestOutcome,
    ) -> Option<Range<usize>> {
        let bytes = text.get(value.clone()).unwrap_or_default();
        if self.line.mode == CookieMode::Prefix {
            let end = memchr::memchr(b'~', bytes).map_or(value.end, |n| value.start + n);
            return Some(value.start..end);
        }
        let Some(mark) = memchr::memchr(b'|', bytes) else {
            return Some(value.clone());
        };
        let name = value.start..value.start + mark;
        let last = bytes.get(mark + 1..).unwrap_or_default();
        let first = memchr::memchr(b'|', last)
            .and_then(|n| last.get(n + 1..))
            .unwrap_or_default();
        out.last_date = read_date(last);
        out.first_date = read_date(first);
        // Dates far in the future are as wrong as old ones.
        let wrong = |date: u64, max: Option<u32>| {
            max.is_some_and(|m| {
                date > 0 && (date + u64::from(m) < now_s || date > now_s + CLOCK_SKEW)
            })
        };
        let old = wrong(out.first_date, self.line.maxlife);
        if old || wrong(out.last_date, self.line.maxidle) {
            out.flag = if old {
                RequestFlag::Old
            } else {
                RequestFlag::Expired
            };
            out.last_date = 0;
            out.first_date = 0;
            return None;
        }
        Some(name)
    }

    fn find_server(
        &self,
        text: &[u8],
        name: Option<Range<usize>>,
        backend: &BackendState,
        persist: Persist,
        out: &mut RequestOutcome,
    ) {
        let Some(name) = name else { return };
        if out.server.is_some() {
            return;
        }
        let name = text.get(name).unwrap_or_default();
        if persist == Persist::Ignore {
            if self.logged() {
                out.flag = RequestFlag::Unused;
            }
            return;
        }
        let mut flag = RequestFlag::Invalid;
        for s in backend.servers() {
            if s.cookie.as_deref() != Some(name) || name.is_empty() || s.is_removed() {
                continue;
            }
            if s.running() {
                flag = RequestFlag::Valid;
                out.server = Some(s.index);
                break;
            } else {
                flag = RequestFlag::Down;
                if persist == Persist::Force {
                    out.server = Some(s.index);
                    break;
                }
            }
        }
        // A server that is down is worth more to the log than a name of none.
        if self.logged() && !(flag == RequestFlag::Invalid && out.flag == RequestFlag::Down) {
            out.flag = flag;
        }
    }

    /// Looks for the application's own cookie of that name in a response, and sets ours.
    ///
    /// `headers` are all `Set-Cookie` headers, as for [`CookieRules::request`].
    pub fn response<'h>(
        &self,
        headers: impl IntoIterator<Item = (usize, &'h [u8])>,
        ctx: &ResponseContext<'_>,
        edits: &mut Edits,
    ) -> ResponseFlag {
        let mut flag = ResponseFlag::None;
        let headers = headers.into_iter().take_while(|_| !ctx.ignore_persist);
        for (id, text) in headers {
            self.response_header(id, text, ctx, &mut flag, edits);
        }
        let flag = self.insert(ctx, flag, edits).unwrap_or(flag);
        if self.logged() {
            flag
        } else {
            ResponseFlag::Off
        }
    }

    fn response_header(
        &self,
        id: usize,
        text: &[u8],
        ctx: &ResponseContext<'_>,
        flag: &mut ResponseFlag,
        edits: &mut Edits,
    ) {
        let crumb = set_cookie(text);
        let Some(value) = &crumb.value else { return };
        let ours = text.get(crumb.name.clone()) == Some(&self.line.name[..]);
        let line = &self.line;
        let preserved = line.preserve && (self.inserts() || line.indirect);
        let mut name = None;
        if ours {
            *flag = ResponseFlag::Passed;
            if !preserved {
                if (self.inserts() && ctx.server.is_some()) || (line.indirect && ctx.direct) {
                    edits.delete(id);
                    *flag = ResponseFlag::Deleted;
                    return;
                }
                if matches!(line.mode, CookieMode::Rewrite | CookieMode::Prefix) {
                    name = ctx.server.and_then(|s| s.cookie.as_deref());
                }
            }
        }
        if name.is_none() && !crumb.is_loose() {
            return;
        }
        let mut draft = edits.draft();
        draft.push(text.get(..crumb.name.end).unwrap_or_default());
        draft.push(b"=");
        let mut from = value.start;
        if let Some(name) = name {
            *flag = ResponseFlag::Rewritten;
            draft.push(name);
            if line.mode == CookieMode::Prefix {
                draft.push(b"~");
            } else {
                from = value.end;
            }
        }
        draft.push(text.get(from..).unwrap_or_default());
        draft.keep(id);
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
}

/// How a part is joined to the parts kept before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Join {
    /// As it was.
    AsIs,
    /// It has become the first: without its separator.
    Front,
    /// By its separator and one space.
    Middle,
}

/// Whether some `=` of a header has spaces around it: HAProxy removes them in passing.
fn is_loose(text: &[u8]) -> bool {
    memchr::memchr_iter(b'=', text).any(|i| {
        let space = |b: Option<&u8>| matches!(b, Some(b' ' | b'\t'));
        space(text.get(i + 1)) || (i > 0 && space(text.get(i - 1)))
    })
}

/// How far ahead of ours the clock may have been that wrote a date, seconds.
const CLOCK_SKEW: u64 = 86_400;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Five base-64 digits: seconds since 1970 in steps of four.
fn write_date(seconds: u64, out: &mut Vec<u8>) {
    let n = seconds >> 2;
    for shift in [24, 18, 12, 6, 0] {
        let digit = (n >> shift) & 63;
        out.extend(DIGITS.get(usize::try_from(digit).unwrap_or(0)));
    }
}

/// The date that five digits at the beginning of `text` say; 0: none.
fn read_date(text: &[u8]) -> u64 {
    let digits = text.get(..5).unwrap_or_default();
    let mut n = 0u64;
    for b in digits {
        let Some(digit) = DIGITS.iter().position(|d| d == b) else {
            return 0;
        };
        n = n << 6 | digit as u64;
    }
    n << 2
}

/// The value of a server's cookie under `dynamic`: 16 hexadecimal digits of a hash of
/// `dynamic-cookie-key`, address and port (configuration manual 4.2 `dynamic-cookie-key`).
pub fn dynamic_value(key: &[u8], address: IpAddr, port: u16) -> Vec<u8> {
    let mut text = key.to_vec();
    match address {
        IpAddr::V4(a) => text.extend_from_slice(&a.octets()),
        IpAddr::V6(a) => text.extend_from_slice(&a.octets()),
    }
    text.extend_from_slice(&u32::from(port).to_be_bytes());
    format!("{:016x}", xxhash_rust::xxh64::xxh64(&text, 0)).into_bytes()
}
