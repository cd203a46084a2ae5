//! Files that configuration lines name: listed while reading, loaded by `plan`.

use super::compile::{Compile, NoNames, RULE_FAULT};
use super::logformat::LogFormat;
use super::pattern::{Method, Patterns};
use super::places::Places;
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::proto::h1::{Message, Parsed, RequestContext};
use bstr::BStr;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// A file: named while reading, filled by `plan`. Pattern files of the same name and method are
/// shared by all ACLs that name them.
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Patterns(Reading),
    Bytes,
    /// A whole response.
    Response,
    /// A log-format string, evaluated at these places.
    Format(Places),
}

/// How the lines of a pattern file are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the patterns are.
    pub method: Method,
    /// `-i`
    pub ignore_case: bool,
    /// `-M`
    pub as_map: bool,
    /// `-n`
    pub no_dns: bool,
}

/// What a loaded file is.
#[derive(Debug)]
pub enum Content {
    /// Patterns of an ACL.
    Patterns(Box<Patterns>),
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
        let content = match self.kind {
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
                if parsed != Parsed::Done {
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
                let mut cx = Compile::new(places, &NoNames);
                cx.span = self.span;
                cx.context.clone_from(&self.context);
                let format = LogFormat::parse(bytes, &mut cx).unwrap_or_else(|fault| {
                    cx.fault(fault);
                    LogFormat::default()
                });
                diags.append(&mut cx.diags);
                Content::Format(match cx.pending {
                    true => LogFormat::default(),
                    false => format,
                })
            }
            Kind::Patterns(Reading {
                method,
                ignore_case,
                as_map,
                no_dns,
            }) => {
                let resolve = |host: &[u8]| match no_dns {
                    true => None,
                    false => resolve(host),
                };
                let mut patterns = Patterns::new(method);
                for (i, line) in bytes.split(|&b| b == b'\n').enumerate() {
                    let Some(line) = pattern_line(line, as_map) else {
                        continue;
                    };
                    if let Err(m) = patterns.add(line, ignore_case, None, &resolve) {
                        let context = &self.context;
                        let message = match self.words {
                            Some(_) => format!("{context}{m}."),
                            None => {
                                format!("{context}{m} at line {} of file '{}'.", i + 1, self.name)
                            }
                        };
                        diags.push(Diagnostic::alert(RULE_FAULT, self.span, message));
                    }
                }
                Content::Patterns(Box::new(patterns))
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
            Kind::Patterns(_) => {
                format!(
                    "{}failed to open pattern file <{}>.",
                    self.context, self.name
                )
            }
            _ => format!("{}error opening file '{}'.", self.context, self.name),
        }
    }
}

/// The pattern of a line: without blanks in front; nothing for comments and empty lines. Of a map
/// only the first column counts.
fn pattern_line(line: &[u8], as_map: bool) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.first() == Some(&b'#') {
        return None;
    }
    let mut line = line.trim_ascii_start();
    if as_map {
        let end = line.iter().position(u8::is_ascii_whitespace);
        line = line.get(..end.unwrap_or(line.len()))?;
    }
    (!line.is_empty()).then_some(line)
}

impl Compile<'_> {
    /// Lists a pattern file.
    pub fn list_patterns(&mut self, name: &[u8], span: Span, reading: Reading) -> Arc<ListedFile> {
        self.list(name, span, Kind::Patterns(reading), None)
    }

    /// Lists host names among the patterns of a line, one per line in `words`.
    pub fn list_hosts(&mut self, words: Vec<u8>, span: Span) -> Arc<ListedFile> {
        let reading = Reading {
            method: Method::Ip,
            ignore_case: false,
            as_map: false,
            no_dns: false,
        };
        let name = words.clone();
        self.list(&name, span, Kind::Patterns(reading), Some(words))
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
        let same = |f: &&Arc<ListedFile>| (&f.name, f.kind, &f.words) == (&name, kind, &words);
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

    #[test]
    fn pattern_files() {
        let mut cx = Compile::new(Places::FE_REQUEST, &NoNames);
        let reading = Reading {
            method: Method::Beg,
            ignore_case: true,
            as_map: false,
            no_dns: false,
        };
        let file = cx.list_patterns(b"list", Span::default(), reading);
        let same = cx.list_patterns(b"list", Span::default(), reading);
        assert!(Arc::ptr_eq(&file, &same));
        assert_eq!(
            file.load(b"# comment\n\n  /Images\r\n #hash\n", &|_| None),
            []
        );
        let Some(Content::Patterns(p)) = same.content() else {
            panic!("not loaded");
        };
        let scratch = Scratch::new();
        assert!(p.matches(Sample::Str(b"/images/x"), &scratch));
        assert!(p.matches(Sample::Str(b"#hash"), &scratch));
        assert!(!p.matches(Sample::Str(b"# comment"), &scratch));
        assert_eq!(p.len(), 2);
    }

    #[test]
    fn faults_name_the_line() {
        let mut cx = Compile::new(Places::FE_REQUEST, &NoNames);
        let reading = Reading {
            method: Method::Ip,
            ignore_case: false,
            as_map: true,
            no_dns: true,
        };
        let file = cx.list_patterns(b"ips", Span::default(), reading);
        let found = file.load(b"10.0.0.0/8 a\nfoo b\n", &|_| "1.2.3.4".parse().ok());
        let messages: Vec<_> = found.iter().map(|d| &d.message[..]).collect();
        assert_eq!(
            messages,
            ["'foo' is not a valid IPv4 or IPv6 address at line 2 of file 'ips'."]
        );
        assert_eq!(file.cannot_open(), "failed to open pattern file <ips>.");
    }
}
