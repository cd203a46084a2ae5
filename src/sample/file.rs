//! Files that configuration lines name: listed while reading, loaded by `plan`.

use super::compile::{Compile, NoNames, RULE_FAULT};
use super::logformat::{LogFormat, Purpose};
use super::pattern::Method;
use super::places::Places;
use super::reference::{Reading, Reference, Use, Values};
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::proto::h1::{Message, Parsed, RequestContext};
use bstr::BStr;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// A file: named while reading, filled by `plan`.
#[derive(Debug)]
pub struct ListedFile {
    /// As written (`virt@` and `opt@` in front included).
    pub name: String,
    /// Where.
    pub span: Span,
    kind: Kind,
    /// What HAProxy puts in front of a fault of its line.
    context: String,
    /// It may only be empty: its line gives no content type.
    untyped: AtomicBool,
    /// The words of the line itself that need the name service, in place of a file.
    words: Option<Vec<u8>>,
    content: OnceLock<Content>,
}

#[derive(Clone, Debug)]
enum Kind {
    /// The lines of a list that ACLs and maps share.
    List(Arc<Reference>),
    Bytes,
    /// A whole response.
    Response,
    /// A log-format string, evaluated at these places.
    Format(Places),
}

impl Kind {
    /// Whether a file of this kind, once loaded, serves another user of the same name.
    fn shares(&self, other: &Kind) -> bool {
        match (self, other) {
            (Kind::Bytes, Kind::Bytes) | (Kind::Response, Kind::Response) => true,
            (Kind::Format(a), Kind::Format(b)) => a == b,
            _ => false,
        }
    }
}

/// What a loaded file is.
#[derive(Debug)]
pub enum Content {
    /// It is in the list that was filled.
    List,
    /// Anything else, as it is.
    Bytes(Box<[u8]>),
    /// A log-format string.
    Format(LogFormat),
}

impl ListedFile {
    /// What it has to be filled with if it is no file: host names of the line itself, which
    /// `resolve` has to look up.
    pub fn words(&self) -> Option<&[u8]> {
        self.words.as_deref()
    }

    /// Fills it with the file's bytes; findings name line numbers of that file. `resolve` looks
    /// host names up.
    pub fn load(&self, bytes: &[u8], resolve: &dyn Fn(&[u8]) -> Option<IpAddr>) -> Vec<Diagnostic> {
        let mut diags = Vec::new();
        let content = match &self.kind {
            Kind::Bytes => {
                if !bytes.is_empty() && self.untyped.load(Ordering::Relaxed) {
                    let message = format!(
                        "{}a content type must be defined when non-empty payload is configured.",
                        self.context
                    );
                    diags.push(Diagnostic::alert(RULE_FAULT, self.span, message));
                }
                Content::Bytes(bytes.into())
            }
            Kind::Response => {
                let mut message = Message::with_capacity(bytes.len());
                let parsed = message.load_response(bytes, RequestContext::default());
                // An empty file means: close without a word.
                if parsed != Parsed::Done && !bytes.is_empty() {
                    let at = match parsed {
                        Parsed::Error(e) => e.position,
                        _ => 0,
                    };
                    let message = format!(
                        "{}'{}': unable to parse headers (error offset: {at}).",
                        self.context, self.name
                    );
                    diags.push(Diagnostic::alert(RULE_FAULT, self.span, message));
                }
                Content::Bytes(bytes.into())
            }
            Kind::Format(places) => {
                let mut cx = Compile::new(*places, &NoNames);
                cx.span = self.span;
                cx.context.clone_from(&self.context);
                let format =
                    LogFormat::parse_for(Purpose::Check, bytes, &mut cx).unwrap_or_else(|fault| {
                        cx.fault(fault);
                        LogFormat::default()
                    });
                diags.append(&mut cx.diags);
                Content::Format(match cx.pending {
                    true => LogFormat::default(),
                    false => format,
                })
            }
            Kind::List(list) => {
                let lines = (1..).zip(bytes.split(|&b| b == b'\n'));
                let lines = lines.filter_map(|(number, line)| {
                    let (key, value) = key_and_value(line, list.is_map)?;
                    Some((number, key, value))
                });
                for (number, m) in list.load(lines, resolve) {
                    let context = &self.context;
                    let message = match self.words {
                        Some(_) => format!("{context}{m}."),
                        None => format!("{context}{m} at line {number} of file '{}'.", self.name),
                    };
                    diags.push(Diagnostic::alert(RULE_FAULT, self.span, message));
                }
                Content::List
            }
        };
        let _ = self.content.set(content);
        diags
    }

    /// Its line gives no content type: anything but an empty file is a fault.
    pub fn require_empty(&self) {
        self.untyped.store(true, Ordering::Relaxed);
    }

    /// What it holds, once loaded.
    pub fn content(&self) -> Option<&Content> {
        self.content.get()
    }

    /// Its bytes, once loaded.
    pub fn bytes(&self) -> &[u8] {
        match self.content.get() {
            Some(Content::Bytes(b)) => b,
            _ => &[],
        }
    }

    /// The log-format string that it holds, once loaded.
    pub fn format(&self) -> Option<&LogFormat> {
        match self.content.get() {
            Some(Content::Format(f)) => Some(f),
            _ => None,
        }
    }

    /// What HAProxy says when it cannot be opened.
    pub fn cannot_open(&self) -> String {
        match self.kind {
            Kind::List(_) => {
                format!(
                    "{}failed to open pattern file <{}>.",
                    self.context, self.name
                )
            }
            _ => format!("{}error opening file '{}'.", self.context, self.name),
        }
    }
}

/// Pattern and value of a line: without blanks in front; nothing for comments and empty lines. An
/// ACL's pattern is the whole line, a map's its first word.
fn key_and_value(line: &[u8], is_map: bool) -> Option<(&[u8], Option<&[u8]>)> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.first() == Some(&b'#') {
        return None;
    }
    let line = line.trim_ascii_start();
    if line.is_empty() {
        return None;
    }
    if !is_map {
        return Some((line, None));
    }
    let end = line.iter().position(u8::is_ascii_whitespace);
    let (key, value) = line.split_at(end.unwrap_or(line.len()));
    Some((key, Some(value.trim_ascii())))
}

impl Compile<'_> {
    /// The list that a file holds, and the index by which it is to be read; `what` reads it. The
    /// error is HAProxy's.
    pub fn list_patterns(
        &mut self,
        name: &[u8],
        span: Span,
        is_map: bool,
        reading: Reading,
        what: &str,
    ) -> Result<(Arc<Reference>, usize), String> {
        let shown = BStr::new(name).to_string();
        let (list, is_new) = self.references.named(&shown, is_map);
        if is_map && !list.is_map {
            return Err(format!(
                "The file \"{shown}\" is already used as one column file and cannot be used by as \
                 two column file."
            ));
        }
        let by = Use {
            what: what.to_owned(),
            span: self.span,
        };
        let index = list.read_as(reading, by);
        if is_new {
            self.list(name, span, Kind::List(list.clone()), None);
        }
        Ok((list, index))
    }

    /// A list of host names among the patterns of a line, one per line in `words`.
    pub fn list_hosts(&mut self, words: Vec<u8>, span: Span) -> (Arc<Reference>, usize) {
        let list = self.references.unnamed();
        let reading = Reading {
            method: Method::Ip,
            ignore_case: false,
            no_dns: false,
            values: Values::Text,
        };
        let by = Use {
            what: "acl".into(),
            span,
        };
        let index = list.read_as(reading, by);
        let name = words.clone();
        self.list(&name, span, Kind::List(list.clone()), Some(words));
        (list, index)
    }

    /// Lists a file that is used as it is.
    pub fn list_file(&mut self, name: &[u8], span: Span) -> Arc<ListedFile> {
        self.list(name, span, Kind::Bytes, None)
    }

    /// Lists a file that holds a whole response.
    pub fn list_response(&mut self, name: &[u8], span: Span) -> Arc<ListedFile> {
        self.list(name, span, Kind::Response, None)
    }

    /// Lists a file that holds a log-format string for where the line stands.
    pub fn list_format(&mut self, name: &[u8], span: Span) -> Arc<ListedFile> {
        self.list(name, span, Kind::Format(self.places), None)
    }

    fn list(
        &mut self,
        name: &[u8],
        span: Span,
        kind: Kind,
        words: Option<Vec<u8>>,
    ) -> Arc<ListedFile> {
        let name = BStr::new(name).to_string();
        let same = |f: &&Arc<ListedFile>| f.name == name && f.kind.shares(&kind);
        if let Some(f) = self.files.iter().find(same) {
            return f.clone();
        }
        let file = Arc::new(ListedFile {
            name,
            span,
            kind,
            context: self.context.clone(),
            untyped: AtomicBool::new(false),
            words,
            content: OnceLock::new(),
        });
        self.files.push(file.clone());
        file
    }
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::super::value::Sample;
    use super::*;

    fn reading(method: Method, ignore_case: bool) -> Reading {
        Reading {
            method,
            ignore_case,
            no_dns: true,
            values: Values::Text,
        }
    }

    #[test]
    fn pattern_files() {
        let mut cx = Compile::new(Places::FE_REQUEST, &NoNames);
        let how = reading(Method::Beg, true);
        let mut list = || cx.list_patterns(b"list", Span::default(), false, how, "acl");
        let (list, index) = list().and_then(|_| list()).unwrap();
        let [file] = &cx.files[..] else {
            panic!("listed more than once");
        };
        assert_eq!(
            file.load(b"# comment\n\n  /Images\r\n #hash\n", &|_| None),
            []
        );
        let scratch = Scratch::new();
        assert!(list.matches(index, Sample::Str(b"/images/x"), &scratch));
        assert!(list.matches(index, Sample::Str(b"#hash"), &scratch));
        assert!(!list.matches(index, Sample::Str(b"# comment"), &scratch));
        assert_eq!(list.len(), 2);
    }

    #[test]
    fn faults_name_the_line() {
        let mut cx = Compile::new(Places::FE_REQUEST, &NoNames);
        let how = reading(Method::Ip, false);
        cx.list_patterns(b"ips", Span::default(), true, how, "map")
            .unwrap();
        let file = &cx.files[0];
        let found = file.load(b"10.0.0.0/8 a\nfoo b\n", &|_| "1.2.3.4".parse().ok());
        let messages: Vec<_> = found.iter().map(|d| &d.message[..]).collect();
        assert_eq!(
            messages,
            ["'foo' is not a valid IPv4 or IPv6 address at line 2 of file 'ips'."]
        );
        assert_eq!(file.cannot_open(), "failed to open pattern file <ips>.");
    }
}
