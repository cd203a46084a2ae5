//! `redirect`.

use super::{Act, Answer, Example, Flow, Keyword, Line, Reply, RuleSet, RuleSets, Run};
use crate::proto::h1::reason_phrase;
use crate::sample::LogFormat;
use crate::sample::compile::Fault;
use std::io::Write;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Location,
    Prefix,
    Scheme,
}

#[derive(Debug)]
struct Redirect {
    kind: Kind,
    to: LogFormat,
    code: u16,
    cookie: Option<(LogFormat, bool)>,
    drop_query: bool,
    keep_query: bool,
    append_slash: bool,
    ignore_empty: bool,
}

impl Act for Redirect {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let e = run.eval();
        let mut head = Vec::with_capacity(256);
        let reason = reason_phrase(self.code);
        let _ = write!(head, "HTTP/1.1 {} {reason}\r\n", self.code);
        head.extend_from_slice(b"content-length: 0\r\nlocation: ");
        let start = head.len();
        match self.kind {
            Kind::Location => {
                self.to.render(&e, &mut head);
                if head.len() == start && self.ignore_empty {
                    return Flow::Continue;
                }
                if self.keep_query {
                    let target = e.view.request().map(|r| r.target()).unwrap_or_default();
                    if let Some(at) = memchr::memchr(b'?', target) {
                        let asked = head.get(start..).unwrap_or_default().contains(&b'?');
                        head.push(if asked { b'&' } else { b'?' });
                        head.extend_from_slice(target.get(at + 1..).unwrap_or_default());
                    }
                }
            }
            Kind::Prefix | Kind::Scheme => {
                if self.kind == Kind::Prefix {
                    self.to.render(&e, &mut head);
                    // `/` alone means "no prefix".
                    if head.get(start..) == Some(b"/") {
                        head.truncate(start);
                    }
                } else {
                    self.to.render(&e, &mut head);
                    head.extend_from_slice(b"://");
                    let host = e.view.request().and_then(|r| r.host());
                    head.extend_from_slice(host.unwrap_or_default());
                }
                if let Some(request) = e.view.request() {
                    // `OPTIONS *`
                    if request.path().is_empty() {
                        head.push(b'/');
                    }
                    head.extend_from_slice(match self.drop_query {
                        true => request.path(),
                        false => request.path_and_query(),
                    });
                }
                if self.append_slash && head.last() != Some(&b'/') {
                    head.push(b'/');
                }
            }
        }
        // 301 and 308 may be cached.
        head.extend_from_slice(match self.code {
            301 | 308 => b"\r\n",
            _ => b"\r\ncache-control: no-cache\r\n",
        });
        if let Some((cookie, clear)) = &self.cookie {
            head.extend_from_slice(b"set-cookie: ");
            cookie.render(&e, &mut head);
            head.extend_from_slice(match clear {
                true => b"; path=/; Max-Age=0;\r\n",
                false => b"; path=/;\r\n",
            });
        }
        head.extend_from_slice(b"\r\n");
        Flow::Redirect(Answer::Ready(Reply {
            status: self.code,
            head,
            ..Reply::default()
        }))
    }
}

/// The directive `redirect`: its texts are no log-format strings.
pub(super) fn compile_literal(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    parse(line, false)
}

fn compile(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    parse(line, true)
}

fn parse(line: &mut Line<'_, '_, '_>, formats: bool) -> Result<Arc<dyn Act>, Fault> {
    let text = |line: &mut Line<'_, '_, '_>, missing: &str| match formats {
        true => line.format(missing),
        false => line.argument(missing).map(|w| LogFormat::text(w.bytes())),
    };
    let mut to: Option<(Kind, LogFormat)> = None;
    let mut made = Redirect {
        kind: Kind::Location,
        to: LogFormat::default(),
        code: 302,
        cookie: None,
        drop_query: false,
        keep_query: false,
        append_slash: false,
        ignore_empty: false,
    };
    while !line.at_end() {
        let Some(word) = line.take() else { break };
        let option = word.display().to_string();
        let missing = format!("missing argument for '{option}'");
        match option.as_str() {
            "location" => to = Some((Kind::Location, text(line, &missing)?)),
            "prefix" => to = Some((Kind::Prefix, text(line, &missing)?)),
            "scheme" => to = Some((Kind::Scheme, text(line, &missing)?)),
            "code" => {
                let code = line.argument(&missing)?;
                made.code = code
                    .as_str()
                    .and_then(|c| c.parse().ok())
                    .filter(|c| matches!(c, 301 | 302 | 303 | 307 | 308))
                    .ok_or_else(|| {
                        format!(
                            "'code': unsupported HTTP code '{}' (must be one of 301, 302, 303, \
                             307 or 308)",
                            code.display()
                        )
                    })?;
            }
            "set-cookie" | "clear-cookie" => {
                let text = line.argument(&missing)?.bytes();
                made.cookie = Some((LogFormat::text(text), option == "clear-cookie"));
            }
            "set-cookie-fmt" => made.cookie = Some((text(line, &missing)?, false)),
            "drop-query" => made.drop_query = true,
            "keep-query" => made.keep_query = true,
            "append-slash" => made.append_slash = true,
            "ignore-empty" => made.ignore_empty = true,
            _ => {
                return Err(Fault::Wrong(format!(
                    "expects 'code', 'prefix', 'location', 'scheme', 'set-cookie', \
                     'set-cookie-fmt', 'clear-cookie', 'drop-query', 'keep-query', \
                     'ignore-empty' or 'append-slash' (was '{option}')"
                )));
            }
        }
    }
    let (kind, to) = to.ok_or("redirection type expected ('prefix', 'location', or 'scheme')")?;
    if line.set == RuleSet::HttpResponse && kind != Kind::Location {
        return Err("response only supports redirect type 'location'".into());
    }
    made.kind = kind;
    made.to = to;
    Ok(Arc::new(made))
}

macro_rules! examples {
    ($([$line:literal => $($part:literal),+]),+ $(,)?) => {
        &[$(Example {
            line: concat!("http-request redirect ", $line),
            result: concat!("Redirect HTTP/1.1 ", $($part),+, "||"),
        }),+]
    };
}

pub(super) static KEYWORDS: &[Keyword] = &[Keyword {
    name: "redirect",
    prefix: false,
    sets: RuleSets::REQUEST.union(RuleSets::RESPONSE),
    compile,
    doc: "Answers with a redirection to a location, or to the same target with another prefix or \
          scheme.",
    examples: examples![
        ["location /x" => "302 Found|content-length: 0|location: /x|cache-control: no-cache"],
        ["location http://a%[path] code 301" => "301 Moved Permanently|content-length: 0|location: http://a/a/b.html"],
        ["prefix http://b" => "302 Found|content-length: 0|location: http://b/a/b.html?q=1&r=two&q=3|cache-control: no-cache"],
        ["prefix http://b drop-query append-slash code 303" => "303 See Other|content-length: 0|location: http://b/a/b.html/|cache-control: no-cache"],
        ["prefix / code 307" => "307 Temporary Redirect|content-length: 0|location: /a/b.html?q=1&r=two&q=3|cache-control: no-cache"],
        ["scheme https code 308" => "308 Permanent Redirect|content-length: 0|location: https://www.example.com/a/b.html?q=1&r=two&q=3"],
        ["location /x set-cookie A=1" => "302 Found|content-length: 0|location: /x|cache-control: no-cache|set-cookie: A=1; path=/;"],
        ["location /x clear-cookie A" => "302 Found|content-length: 0|location: /x|cache-control: no-cache|set-cookie: A; path=/; Max-Age=0;"],
        ["location /x set-cookie-fmt A=%[path]" => "302 Found|content-length: 0|location: /x|cache-control: no-cache|set-cookie: A=/a/b.html; path=/;"],
        ["location /x?y keep-query" => "302 Found|content-length: 0|location: /x?y&q=1&r=two&q=3|cache-control: no-cache"],
        ["location %[var(txn.none)]" => "302 Found|content-length: 0|location: |cache-control: no-cache"],
    ],
}];
