//! Changes to a head. Text is appended to one buffer; ranges are swapped.
//!
//! What rules write is held to the same terms as what was received (observed): `close` and
//! `keep-alive` are taken out of `Connection` and act on the side that the message goes to, `Host`
//! and the target's authority follow each other, and no edit can change how a body is framed.

use super::field::{EDITED, Field, HeaderId, Text};
use super::framing::{BodyLength, Connection};
use super::message::Message;
use super::method::Method;
use super::target;
use super::tokens::{Cut, cut};

/// What a field takes beside its text.
const FIELD: usize = 8;

impl Message {
    fn append(&mut self, parts: &[&[u8]]) -> Text {
        let off = self.edits.len();
        for part in parts {
            self.edits.extend_from_slice(part);
        }
        Text {
            off: off as u32 | EDITED,
            len: (self.edits.len() - off) as u32,
        }
    }

    /// Whether so many more bytes of a head fit into the buffer (`tune.bufsize`): what rules write
    /// is held to the same limit as what is received, counted as HAProxy counts it, with a few
    /// bytes for each field. A body takes its part of the buffer, but for what is kept free for
    /// rules (`tune.maxrewrite`).
    pub fn has_room_for(&self, more: usize) -> bool {
        let size = self.capacity();
        if size == 0 {
            return true;
        }
        let fields = self.head.fields.len() + 4;
        let body = match self.body {
            BodyLength::None | BodyLength::Tunnel => 0,
            _ => self.body_prefix().len().min(self.room_for_body()),
        };
        let more = more + body + fields * FIELD;
        // what is surely enough spares the counting
        self.head_len() + self.edits.len() + more <= size || self.counted() + more <= size
    }

    #[cold]
    fn counted(&self) -> usize {
        self.fields_size() + self.target().len()
    }

    /// Adds a field behind the others; the name is lower-cased.
    pub fn add_header(&mut self, name: &[u8], value: &[u8]) {
        if let Some(field) = self.new_field(name, value) {
            self.head.fields.push(field);
            self.follow_host(field);
            if let Some(spelling) = &mut self.spelling {
                spelling.wrote(field.name, name);
            }
        }
    }

    /// Adds a field before the others.
    pub fn add_header_first(&mut self, name: &[u8], value: &[u8]) {
        if let Some(field) = self.new_field(name, value) {
            self.head.fields.insert(0, field);
            self.follow_host(field);
        }
    }

    pub(super) fn new_field(&mut self, name: &[u8], value: &[u8]) -> Option<Field> {
        let name = self.append(&[name]);
        let from = (name.off & !EDITED) as usize;
        let lower = self.edits.get_mut(from..).unwrap_or_default();
        lower.make_ascii_lowercase();
        let id = HeaderId::of(lower);
        let value = self.written(id, value)?;
        Some(Field {
            name,
            value,
            id,
            verbatim: false,
        })
    }

    /// Appends a value; `None` if nothing of it is to be sent.
    fn written(&mut self, id: HeaderId, value: &[u8]) -> Option<Text> {
        let whole = self.append(&[value]);
        if id != HeaderId::Connection {
            return Some(whole);
        }
        let mut said = Connection::default();
        let left = cut(value, &mut self.edits, |word| said.note(word));
        self.head.connection.rule_close |= said.close;
        self.head.connection.upgrade |= said.upgrade;
        match left {
            Cut::Nothing => None,
            Cut::Front(len) => Some(Text {
                len: len as u32,
                ..whole
            }),
            Cut::Rewritten(from) => Some(Text::edited(from, self.edits.len())),
        }
    }

    /// Puts a new `Host` into an absolute target.
    pub(super) fn follow_host(&mut self, field: Field) {
        if field.id != HeaderId::Host {
            return;
        }
        let parts = target::split(self.target());
        if parts.authority.start == 0 {
            return;
        }
        let host = self.text(field.value).to_vec();
        self.splice_target(parts.authority, &[&host]);
    }

    /// Removes every field of that name (any case) and adds one behind the others.
    pub fn set_header(&mut self, name: &[u8], value: &[u8]) {
        self.del_header(name);
        self.add_header(name, value);
    }

    /// Removes every field of that name (any case); tells how many there were.
    pub fn del_header(&mut self, name: &[u8]) -> usize {
        self.retain(|n, _| !n.eq_ignore_ascii_case(name))
    }

    /// Removes every field with that id; tells how many there were.
    pub fn del_header_id(&mut self, id: HeaderId) -> usize {
        let before = self.head.fields.len();
        self.head.reduced = true;
        self.head.fields.retain(|f| f.id != id);
        before - self.head.fields.len()
    }

    /// Keeps the fields whose name (lower case) and value please `keep`; tells how many went.
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8], &[u8]) -> bool) -> usize {
        let mut fields = std::mem::take(&mut self.head.fields);
        self.head.reduced = true;
        let before = fields.len();
        fields.retain(|f| keep(self.text(f.name), self.text(f.value)));
        self.head.fields = fields;
        before - self.head.fields.len()
    }

    /// Removes the field at an index of [`fields`](Message::fields).
    pub fn remove_at(&mut self, index: usize) {
        if index < self.head.fields.len() {
            self.head.reduced = true;
            self.head.fields.remove(index);
        }
    }

    /// Replaces the value of the field at an index of [`fields`](Message::fields).
    pub fn replace_value(&mut self, index: usize, value: &[u8]) {
        let Some(mut field) = self.head.fields.get(index).copied() else {
            return;
        };
        let Some(value) = self.written(field.id, value) else {
            return self.remove_at(index);
        };
        field.value = value;
        field.verbatim = false;
        if let Some(slot) = self.head.fields.get_mut(index) {
            *slot = field;
        }
        self.follow_host(field);
    }

    /// Remembers the request line before its first edit.
    fn keep_request_line(&mut self) {
        let head = &mut self.head;
        head.first.get_or_insert((head.method, head.target));
    }

    /// Replaces the method.
    pub fn set_method(&mut self, method: &[u8]) {
        self.keep_request_line();
        self.head.method = self.append(&[method]);
        self.head.method_id = Method::of(method);
        self.head.start_line_end = 0;
    }

    /// Replaces the whole target; `Host` stays.
    pub fn set_target(&mut self, target: &[u8]) {
        self.keep_request_line();
        self.head.target = self.append(&[target]);
        self.head.start_line_end = 0;
    }

    /// Replaces the whole target; a `Host` field follows what names a host in it: all of a
    /// CONNECT's target, else what stands behind the scheme (a query string too) up to a slash.
    pub fn set_uri(&mut self, uri: &[u8]) {
        self.set_target(uri);
        let host = match (self.head.method_id, uri.first()) {
            (Method::Connect, _) => uri,
            (_, None | Some(b'/' | b'*')) => return,
            _ => {
                let begin = target::scheme_end(uri).unwrap_or(0);
                target::before_slash(uri.get(begin..).unwrap_or_default())
            }
        };
        if host.is_empty() {
            return;
        }
        let value = self.append(&[host]);
        let host = self.head.fields.iter_mut().find(|f| f.id == HeaderId::Host);
        if let Some(field) = host {
            field.value = value;
            field.verbatim = false;
        }
    }

    /// Replaces the path; scheme, authority and query stay.
    pub fn set_path(&mut self, path: &[u8]) {
        let parts = target::split(self.target());
        self.splice_target(parts.path, &[path]);
    }

    /// Replaces path and query.
    pub fn set_path_and_query(&mut self, path: &[u8]) {
        let parts = target::split(self.target());
        self.splice_target(parts.path.start..parts.query.end, &[path]);
    }

    /// Replaces the query string, `?` not included; an empty one leaves a `?` that was there.
    pub fn set_query(&mut self, query: &[u8]) {
        let parts = target::split(self.target());
        let none = query.is_empty() && parts.path.end == self.target().len();
        let mark: &[u8] = if none { b"" } else { b"?" };
        self.splice_target(parts.path.end..parts.query.end, &[mark, query]);
    }

    fn splice_target(&mut self, range: std::ops::Range<usize>, with: &[&[u8]]) {
        self.keep_request_line();
        let old = std::mem::take(&mut self.edits);
        // The old target may lie in the edit buffer itself: build the new one behind it.
        let mut edits = old;
        let off = edits.len();
        let target = self.head.target;
        let copy = |edits: &mut Vec<u8>, buf: &[u8], range: std::ops::Range<usize>| {
            let base = (target.off & !EDITED) as usize;
            let range = base + range.start..base + range.end;
            if target.is_edited() {
                if range.end <= edits.len() {
                    edits.extend_from_within(range);
                }
            } else {
                edits.extend_from_slice(buf.get(range).unwrap_or_default());
            }
        };
        copy(&mut edits, self.received(), 0..range.start);
        for part in with {
            edits.extend_from_slice(part);
        }
        copy(&mut edits, self.received(), range.end..target.len as usize);
        self.head.target = Text {
            off: off as u32 | EDITED,
            len: (edits.len() - off) as u32,
        };
        self.edits = edits;
        self.head.start_line_end = 0;
    }

    /// The body will be sent in chunks, whatever it was received in.
    pub fn chunk_body(&mut self) {
        self.del_header_id(HeaderId::ContentLength);
        if !std::mem::replace(&mut self.head.chunked, true) {
            self.add_header(b"transfer-encoding", b"chunked");
        }
    }

    /// Replaces the status (three digits are written); the reason stays.
    pub fn set_status(&mut self, status: u16) {
        let digits = [100, 10, 1].map(|unit| b'0' + (status / unit % 10) as u8);
        self.head.status = status;
        self.head.status_text = self.append(&[&digits]);
        self.head.start_line_end = 0;
    }

    /// Replaces the reason phrase.
    pub fn set_reason(&mut self, reason: &[u8]) {
        self.head.reason = self.append(&[reason]);
        self.head.start_line_end = 0;
    }
}
