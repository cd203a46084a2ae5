//! Error pages: the built-in answers and what `errorfile`, `errorloc302`, `errorloc303` put in
//! their place.

use super::build::Builder;
use super::errors::{ErrorPage, ErrorPages};
use crate::base::diag::{Diagnostic, Severity};
use crate::base::span::Span;
use crate::ir::proxy::ErrorSource;
use crate::proto::h1::errors;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is wrong with a file, in HAProxy's words.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    /// The head does not parse; the offset of the byte, -2 for a head without end.
    Head(isize),
    /// `Content-Length` and body differ: (body, announced).
    Length(usize, u64),
    /// `Transfer-Encoding`
    Chunked,
    /// Head and body leave no room in a buffer.
    TooBig,
}

impl Builder<'_> {
    /// The pages of a proxy with these replacements.
    pub(super) fn errors(&mut self, said: &BTreeMap<u16, ErrorSource>) -> Arc<ErrorPages> {
        if let Some((_, pages)) = self.pages.iter().find(|(key, _)| key == said) {
            return pages.clone();
        }
        let mut pages = ErrorPages::default();
        for status in errors::STATUSES {
            if let Some(bytes) = errors::answer(*status) {
                pages.set(*status, Arc::new(page(bytes, *status, false)));
            }
        }
        for (status, source) in said {
            if let Some(made) = self.error_page(*status, source) {
                pages.set(*status, Arc::new(made));
            }
        }
        let pages = Arc::new(pages);
        self.pages.push((said.clone(), pages.clone()));
        pages
    }

    fn error_page(&mut self, status: u16, source: &ErrorSource) -> Option<ErrorPage> {
        match source {
            ErrorSource::File { path, span } => self.errorfile(path, *span),
            ErrorSource::Redirect { status, location } => {
                Some(page(&redirection(*status, location), *status, true))
            }
            ErrorSource::Section { name, or, .. } => {
                let config = self.config;
                let mut sections = config.http_errors.iter();
                let section = sections.find(|s| s.name == *name);
                match section.and_then(|s| s.files.get(&status)) {
                    Some((path, span)) => self.errorfile(path, *span),
                    None => self.error_page(status, or.as_deref()?),
                }
            }
            ErrorSource::Reply(reply) => {
                let built_in = errors::answer(status).unwrap_or_default();
                let mut page = page(built_in, status, true);
                page.reply = Some(reply.clone());
                Some(page)
            }
        }
    }

    fn errorfile(&mut self, path: &str, span: Span) -> Option<ErrorPage> {
        if !self.files.present() {
            return None;
        }
        let read = self.read(path, span);
        let mut fail = |text: String| {
            self.diags.push(Diagnostic::alert(
                "HX0317",
                span,
                format!("errorfile : {text}"),
            ));
            None
        };
        let mut bytes = match read {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => {
                return fail(format!("error reading file '{path}'."));
            }
            Err(_) => return fail(format!("error opening file '{path}'.")),
        };
        if bytes.is_empty() {
            return Some(page(&[], 0, true));
        }
        let size = self.config.global.tune.bufsize as usize;
        let too_big = bytes.len() > size;
        if too_big {
            bytes.truncate(size);
        }
        let checked = check(&bytes);
        let checked = match (checked, too_big) {
            (Ok(_), true) => Err(Fault::TooBig),
            (other, _) => other,
        };
        if too_big {
            let text =
                format!("custom error message file '{path}' larger than {size} bytes. Truncating.");
            let finding = Diagnostic::new(Severity::Warning, "HX0318", text).at(span);
            self.diags
                .push(finding.form(crate::base::diag::Form::Config));
        }
        match checked {
            Ok(status) => Some(page(&bytes, status, true)),
            Err(fault) => {
                let text = match fault {
                    Fault::Head(at) => format!("unable to parse headers (error offset: {at})"),
                    Fault::Length(body, announced) => format!(
                        "payload size does not match the announced content-length ({body} != {announced})"
                    ),
                    Fault::Chunked => "chunk-encoded payload not supported".to_owned(),
                    Fault::TooBig => "unable to add payload into the HTX message".to_owned(),
                };
                self.diags.push(Diagnostic::alert(
                    "HX0317",
                    span,
                    format!("errorfile : '{path}': {text}"),
                ));
                None
            }
        }
    }
}

fn page(bytes: &[u8], status: u16, custom: bool) -> ErrorPage {
    let body_at = [&b"\r\n\r\n"[..], b"\n\n"]
        .iter()
        .filter_map(|end| Some(memchr::memmem::find(bytes, end)? + end.len()))
        .min()
        .unwrap_or(bytes.len());
    ErrorPage {
        bytes: bytes.into(),
        body_at,
        status,
        custom,
        reply: None,
    }
}

/// What HAProxy 3.4 sends for `errorloc302` and `errorloc303`.
fn redirection(status: u16, location: &[u8]) -> Vec<u8> {
    let reason = if status == 303 { "See Other" } else { "Found" };
    let mut bytes = format!(
        "HTTP/1.1 {status} {reason}\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: "
    )
    .into_bytes();
    bytes.extend_from_slice(location);
    bytes.extend_from_slice(b"\r\n\r\n");
    bytes
}

/// The status that a file's status line says.
fn check(bytes: &[u8]) -> Result<u16, Fault> {
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Err(Fault::Head(-2)),
        Err(_) => return Err(Fault::Head(fault_at(bytes))),
    };
    let body = bytes.len().saturating_sub(head);
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(Fault::Chunked);
        }
        if header.name.eq_ignore_ascii_case("content-length") {
            let announced = std::str::from_utf8(header.value)
                .ok()
                .and_then(|v| v.trim().parse::<u64>().ok())
                .unwrap_or(0);
            if u64::try_from(body) != Ok(announced) {
                return Err(Fault::Length(body, announced));
            }
        }
    }
    Ok(response.code.unwrap_or(0))
}

/// Where a head goes wrong: within the status line at its beginning, else at the first byte of a
/// name that no header can have.
fn fault_at(bytes: &[u8]) -> isize {
    let mut at = 0;
    for (number, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        if number == 0 {
            if !line.starts_with(b"HTTP/") {
                return 0;
            }
        } else {
            let bad = line
                .iter()
                .take_while(|b| **b != b':')
                .position(|b| b.is_ascii_whitespace() || b.is_ascii_control());
            if let Some(bad) = bad {
                return isize::try_from(at + bad).unwrap_or(0);
            }
        }
        at += line.len();
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_judged_as_haproxy_judges_them() {
        for (text, wanted) in [
            (&b"hello"[..], Err(Fault::Head(0))),
            (
                b"HTTP/1.1 503 X\r\nContent-Length: 50\r\n\r\nshort",
                Err(Fault::Length(5, 50)),
            ),
            (
                b"HTTP/1.1 503 X\r\nContent-Length: 2\r\n\r\nlonger",
                Err(Fault::Length(6, 2)),
            ),
            (
                b"HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                Err(Fault::Chunked),
            ),
            (b"HTTP/1.1 503 X\nA: b\n\nlf", Ok(503)),
            (b"HTTP/1.1 503 X\r\nA b\r\n\r\nlf", Err(Fault::Head(17))),
            (b"HTTP/1.1 503 X\r\nA: b\r\n", Err(Fault::Head(-2))),
            (b"HTTP/1.1 503 X\r\n\r\n", Ok(503)),
        ] {
            assert_eq!(check(text), wanted, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn the_body_begins_behind_the_empty_line() {
        assert_eq!(
            page(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\nhi", 200, true).body_at,
            25
        );
        assert_eq!(page(b"HTTP/1.0 200 OK\n\nhi", 200, true).body_at, 17);
    }
}
