//! `return`, and the reply's description that it shares with `deny` and `tarpit`.

use super::{Act, Answer, Example, Flow, Keyword, Line, Reply, RuleSet, RuleSets, Run};
use crate::proto::h1::{errors, reason_phrase};
use crate::sample::LogFormat;
use crate::sample::compile::{Compile, Fault};
use crate::sample::file::ListedFile;
use crate::sample::value::parse_int;
use std::io::Write;
use std::sync::Arc;

/// What a rule answers with.
#[derive(Debug)]
pub(super) struct Template {
    status: u16,
    headers: Vec<(Box<[u8]>, LogFormat)>,
    content_type: Option<Box<[u8]>>,
    payload: Payload,
}

#[derive(Debug)]
enum Payload {
    /// No body.
    None,
    /// The proxy's error page of the status.
    ErrorPage,
    /// What an `http-errors` section has for the status; its name.
    Section(Box<[u8]>),
    /// A whole response read from a file.
    Response(Arc<ListedFile>),
    /// A file's bytes.
    File(Arc<ListedFile>),
    /// Text.
    Text(Box<[u8]>),
    /// A log-format string.
    Format(LogFormat),
    /// A log-format string in a file.
    FormatFile(Arc<ListedFile>),
}

impl Payload {
    fn name(&self) -> &'static str {
        match self {
            Payload::None => "",
            Payload::ErrorPage => "default-errorfiles",
            Payload::Response(_) => "errorfile",
            Payload::Section(_) => "errorfiles",
            Payload::File(_) => "file",
            Payload::Text(_) => "string",
            Payload::Format(_) => "lf-string",
            Payload::FormatFile(_) => "lf-file",
        }
    }

    fn is_error_page(&self) -> bool {
        matches!(
            self,
            Payload::ErrorPage | Payload::Response(_) | Payload::Section(_)
        )
    }
}

impl Template {
    /// Parses the options of `return` (`default` 200), `deny` and `tarpit`. With nothing but
    /// `deny_status` the answer is the proxy's error page.
    pub(super) fn parse(line: &mut Line<'_, '_, '_>, default: u16) -> Result<Template, Fault> {
        let denying = line.verb.bytes() != b"return";
        let mut t = Template::parse_with(line, default, denying)?;
        t.look_up_section(line.cx);
        Ok(t)
    }

    fn parse_with(
        line: &mut Line<'_, '_, '_>,
        default: u16,
        denying: bool,
    ) -> Result<Template, Fault> {
        let mut t = Template {
            status: default,
            headers: Vec::new(),
            content_type: None,
            payload: Payload::None,
        };
        // Only the old spelling means the error page of the status.
        let mut plain = denying;
        while !line.at_end() {
            let option = line.peek();
            match option {
                b"status" | b"deny_status" if denying || option == b"status" => {
                    line.take();
                    let missing = "'status' expects <status_code> as argument";
                    let word = line.argument(missing)?.bytes();
                    let status = parse_int(word).unwrap_or(0);
                    t.status = u16::try_from(status)
                        .ok()
                        .filter(|s| (200..=599).contains(s))
                        .ok_or_else(|| format!("Unexpected status code '{status}'"))?;
                    plain &= option == b"deny_status";
                    continue;
                }
                b"content-type" => {
                    line.take();
                    let missing = "'content-type' expects <ctype> as argument";
                    t.content_type = Some(line.argument(missing)?.bytes().into());
                }
                b"hdr" => {
                    line.take();
                    let missing = "'hdr' expects <name> and <value> as arguments";
                    let name = line.argument(missing)?.bytes().to_ascii_lowercase();
                    t.headers.push((name.into(), line.format(missing)?));
                }
                b"default-errorfiles"
                | b"errorfile"
                | b"errorfiles"
                | b"file"
                | b"lf-file"
                | b"string"
                | b"lf-string" => t.payload(line)?,
                _ => break,
            }
            plain = false;
        }
        if plain {
            t.payload = Payload::ErrorPage;
        }
        t.check(line.cx)?;
        Ok(t)
    }

    /// The file of an `http-errors` section in the place of its name; without one the proxy's page.
    fn look_up_section(&mut self, cx: &mut Compile<'_>) {
        if let Payload::Section(name) = &self.payload {
            let found = cx.names.error_file(name, self.status);
            self.payload = match found {
                Some(path) => {
                    let span = cx.span;
                    Payload::Response(cx.list_response(path.as_bytes(), span))
                }
                None => Payload::ErrorPage,
            };
        }
    }

    fn payload(&mut self, line: &mut Line<'_, '_, '_>) -> Result<(), Fault> {
        let option = line.take().map(|w| w.bytes()).unwrap_or_default();
        let shown = bstr::BStr::new(option);
        if !matches!(self.payload, Payload::None) {
            return Err(Fault::Wrong(format!(
                "unexpected '{shown}' argument, '{}' already defined",
                self.payload.name()
            )));
        }
        let expects = |what: &str| format!("'{shown}' expects <{what}> as argument");
        self.payload = match option {
            b"default-errorfiles" => Payload::ErrorPage,
            b"string" => Payload::Text(line.argument(&expects("str"))?.bytes().into()),
            b"lf-string" => Payload::Format(line.body_format(&expects("fmt"))?),
            b"file" => {
                let word = line.argument(&expects("file"))?;
                Payload::File(line.cx.list_file(word.bytes(), word.span))
            }
            b"lf-file" => {
                let word = line.argument(&expects("file"))?;
                Payload::FormatFile(line.cx.list_format(word.bytes(), word.span))
            }
            b"errorfile" => {
                let word = line.argument(&expects("fmt"))?;
                Payload::Response(line.cx.list_response(word.bytes(), word.span))
            }
            _ => {
                let section = line.argument(&expects("name"))?;
                Payload::Section(section.bytes().into())
            }
        };
        Ok(())
    }

    fn check(&self, cx: &mut Compile<'_>) -> Result<(), Fault> {
        let shown = |t: &[u8]| bstr::BStr::new(t).to_string();
        match (&self.payload, &self.content_type) {
            (Payload::ErrorPage, _) if errors::answer(self.status).is_none() => {
                return Err(Fault::Wrong(format!(
                    "status code '{}' not handled by default with 'default-errorfiles' argument.",
                    self.status
                )));
            }
            (Payload::None, Some(kind)) => cx.warning(format!(
                "content-type '{}' ignored by the http reply because neither errorfile nor \
                 payload defined.",
                shown(kind)
            )),
            (p, Some(kind)) if p.is_error_page() => cx.warning(format!(
                "content-type '{}' ignored by the http reply when used with an errorfile.",
                shown(kind)
            )),
            (Payload::File(file), None) => file.require_empty(),
            (Payload::Text(_), None) => {
                return Err(
                    "a content type must be defined when non-empty payload is configured".into(),
                );
            }
            (Payload::Format(_) | Payload::FormatFile(_), None) => {
                return Err("a content type must be defined with a log-format payload".into());
            }
            _ => {}
        }
        if self.payload.is_error_page() && !self.headers.is_empty() {
            cx.warning("hdr parameters ignored by the http reply when used with an errorfile.");
        }
        let body = matches!(
            self.payload,
            Payload::Text(_) | Payload::File(_) | Payload::Format(_) | Payload::FormatFile(_)
        );
        if body && matches!(self.status, 204 | 304) {
            let message = format!("No body expected for {} responses", self.status);
            return Err(Fault::Wrong(message));
        }
        Ok(())
    }

    /// The answer for this transaction.
    pub(super) fn answer(&self, run: &mut Run<'_>) -> Answer {
        match &self.payload {
            Payload::ErrorPage => return Answer::Status(self.status),
            Payload::Response(file) => {
                return Answer::Ready(Reply {
                    status: self.status,
                    head: file.bytes().to_vec(),
                    ..Reply::default()
                });
            }
            _ => {}
        }
        let mut body = Vec::new();
        match &self.payload {
            Payload::File(file) => body.extend_from_slice(file.bytes()),
            Payload::Text(text) => body.extend_from_slice(text),
            Payload::Format(format) => format.render(&run.eval(), &mut body),
            Payload::FormatFile(file) => {
                if let Some(format) = file.format() {
                    format.render(&run.eval(), &mut body);
                }
            }
            _ => {}
        }
        let mut head = Vec::with_capacity(128);
        let reason = reason_phrase(self.status);
        let _ = write!(head, "HTTP/1.1 {} {reason}\r\n", self.status);
        for (name, value) in &self.headers {
            let start = head.len();
            head.extend_from_slice(name);
            head.extend_from_slice(b": ");
            let empty = head.len();
            value.render(&run.eval(), &mut head);
            // A field without a value is left out.
            match head.len() == empty {
                true => head.truncate(start),
                false => head.extend_from_slice(b"\r\n"),
            }
        }
        let _ = write!(head, "content-length: {}\r\n", body.len());
        if let (Some(kind), false) = (&self.content_type, body.is_empty()) {
            head.extend_from_slice(b"content-type: ");
            head.extend_from_slice(kind);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        Answer::Ready(Reply {
            status: self.status,
            head,
            body,
            close: false,
        })
    }
}

/// What `http-error` means for its status.
pub enum ErrorReply {
    /// The page that counts without the line.
    Default,
    /// The page of an `http-errors` section.
    Section(String),
    /// What this action answers.
    Act(super::Action),
}

/// Compiles the words behind `http-error`; the error is HAProxy's.
pub(super) fn error_reply(line: &mut Line<'_, '_, '_>) -> Result<(u16, ErrorReply), Fault> {
    if !line.words.iter().any(|w| w.is("status")) {
        return Err("expects at least a <status> as arguments".into());
    }
    let t = Template::parse_with(line, 0, false)?;
    let status = t.status;
    if let Some(extra) = line.words.first() {
        return Err(Fault::Wrong(format!(
            "unknown keyword '{}'",
            extra.display()
        )));
    }
    if errors::answer(t.status).is_none() {
        let message = format!("status code '{}' not handled", t.status);
        return Err(Fault::Wrong(message));
    }
    let reply = match &t.payload {
        Payload::ErrorPage => ErrorReply::Default,
        Payload::Section(name) => ErrorReply::Section(bstr::BStr::new(&name[..]).to_string()),
        _ => ErrorReply::Act(super::Action {
            name: "http-error",
            act: Arc::new(Return(t)),
        }),
    };
    Ok((status, reply))
}

#[derive(Debug)]
struct Return(Template);

impl Act for Return {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        Flow::Return(self.0.answer(run))
    }
}

pub(super) static KEYWORDS: &[Keyword] = &[Keyword {
    name: "return",
    prefix: false,
    sets: RuleSets::REQUEST.union(RuleSets::RESPONSE),
    compile: |line| Ok(Arc::new(Return(Template::parse(line, 200)?))),
    doc: "Answers at once: status, header fields, and a text, file or error page.",
    examples: &[
        Example {
            line: "http-request return",
            result: "Return HTTP/1.1 200 OK|content-length: 0||",
        },
        Example {
            line: "http-request return status 201 content-type text/plain lf-string %[path]",
            result: "Return HTTP/1.1 201 Created|content-length: 9|content-type: text/plain||/a/b.html",
        },
        Example {
            line: "http-request return status 404 hdr X-A b hdr x-B %[path]",
            result: "Return HTTP/1.1 404 Not Found|x-a: b|x-b: /a/b.html|content-length: 0||",
        },
        Example {
            line: "http-request return hdr x-c %[var(txn.none)] hdr x-d e",
            result: "Return HTTP/1.1 200 OK|x-d: e|content-length: 0||",
        },
        Example {
            line: "http-request return status 200 content-type text/plain string hi hdr X-A b",
            result: "Return HTTP/1.1 200 OK|x-a: b|content-length: 2|content-type: text/plain||hi",
        },
        Example {
            line: "http-request return content-type text/plain lf-string %[var(txn.none)]",
            result: "Return HTTP/1.1 200 OK|content-length: 0||",
        },
        Example {
            line: "http-request return status 403 default-errorfiles",
            result: "Return page 403",
        },
    ],
}];

/// The status that a refusal has where none is given.
pub(super) fn refusal(set: RuleSet) -> u16 {
    match set {
        RuleSet::HttpResponse => 502,
        _ => 403,
    }
}
