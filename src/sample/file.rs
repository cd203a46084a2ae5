//! Files that configuration lines name: listed while reading, loaded by `plan`.

use super::compile::{Compile, NoNames, RULE_FAULT};
use super::logformat::LogFormat;
use super::pattern::{Method, Patterns};
use super::places::Places;
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::proto::h1::{Message, Parsed, RequestContext};
use bstr::BStr;
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
    content: OnceLock<Content>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Patterns {
        method: Method,
        ignore_case: bool,
        as_map: bool,
    },
    Bytes,
    /// A whole response.
    Response,
    /// A log-format string, evaluated at these places.
    Format(Places),
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
    /// Fills it with the file's bytes; findings name line numbers of that file.
    pub fn load(&self, bytes: &[u8]) -> Vec<Diagnostic> {
        let mut diags = Vec::new();
        let content = match self.kind {
            Kind::Bytes => Content::Bytes(bytes.into()),
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
                Content::Format(format)
            }
            Kind::Patterns {
                method,
                ignore_case,
                as_map,
            } => {
                let mut patterns = Patterns::new(method);
                for (i, line) in bytes.split(|&b| b == b'\n').enumerate() {
                    let Some(line) = pattern_line(line, as_map) else {
                        continue;
                    };
                    if let Err(m) = patterns.add(line, ignore_case, None, &|_| None) {
                        let message = format!("{m} at line {} of file '{}'.", i + 1, self.name);
                        diags.push(Diagnostic::alert(RULE_FAULT, self.span, message));
                    }
                }
                Content::Patterns(Box::new(patterns))
            }
        };
        let _ = self.content.set(content);
        diags
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
            Kind::Patterns { .. } => {
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
    pub fn list_patterns(
        &mut self,
        name: &[u8],
        span: Span,
        method: Method,
        ignore_case: bool,
        as_map: bool,
    ) -> Arc<ListedFile> {
        let kind = Kind::Patterns {
            method,
            ignore_case,
            as_map,
        };
        self.list(name, span, kind)
    }

    /// Lists a file that is used as it is.
    pub fn list_file(&mut self, name: &[u8], span: Span) -> Arc<ListedFile> {
        self.list(name, span, Kind::Bytes)
    }

    /// Lists a file that holds a whole response.
    pub fn list_response(&mut self, name: &[u8], span: Span) -> Arc<ListedFile> {
        self.list(name, span, Kind::Response)
    }

    /// Lists a file that holds a log-format string for where the line stands.
    pub fn list_format(&mut self, name: &[u8], span: Span) -> Arc<ListedFile> {
        self.list(name, span, Kind::Format(self.places))
    }

    fn list(&mut self, name: &[u8], span: Span, kind: Kind) -> Arc<ListedFile> {
        let name = BStr::new(name).to_string();
        if let Some(f) = self.files.iter().find(|f| f.name == name && f.kind == kind) {
            return f.clone();
        }
        let file = Arc::new(ListedFile {
            name,
            span,
            kind,
            context: self.context.clone(),
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
        let file = cx.list_patterns(b"list", Span::default(), Method::Beg, true, false);
        let same = cx.list_patterns(b"list", Span::default(), Method::Beg, true, false);
        assert!(Arc::ptr_eq(&file, &same));
        assert_eq!(file.load(b"# comment\n\n  /Images\r\n #hash\n"), []);
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
        let file = cx.list_patterns(b"ips", Span::default(), Method::Ip, false, true);
        let found = file.load(b"10.0.0.0/8 a\nfoo b\n");
        let messages: Vec<_> = found.iter().map(|d| &d.message[..]).collect();
        assert_eq!(
            messages,
            ["'foo' is not a valid IPv4 or IPv6 address at line 2 of file 'ips'."]
        );
        assert_eq!(file.cannot_open(), "failed to open pattern file <ips>.");
    }
}
