//! `set-method`, `set-path`, `set-pathq`, `set-query`, `set-uri`, `replace-path`, `replace-pathq`,
//! `replace-uri`: the request line.

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run};
use crate::proto::h1::Message;
use crate::sample::LogFormat;
use crate::sample::compile::Fault;
use crate::sample::regex::{Regex, expand};
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
enum Part {
    Method,
    Path,
    PathAndQuery,
    Query,
    Uri,
}

impl Part {
    fn set(self, request: &mut Message, text: &[u8], buffer: &mut Vec<u8>) {
        match self {
            Part::Method => request.set_method(text),
            // Where there is no path, the whole target gives way.
            Part::Path | Part::PathAndQuery if request.path().is_empty() => {
                request.set_target(text);
            }
            Part::Path => request.set_path(text),
            Part::PathAndQuery => request.set_path_and_query(text),
            Part::Query => {
                // An empty query leaves the `?`, as in HAProxy.
                buffer.clear();
                buffer.extend_from_slice(request.path());
                buffer.push(b'?');
                buffer.extend_from_slice(text);
                request.set_path_and_query(buffer);
            }
            Part::Uri => request.set_uri(text),
        }
    }

    fn text(self, request: &Message) -> &[u8] {
        match self {
            Part::Method => request.method(),
            Part::Path => request.path(),
            Part::PathAndQuery => request.path_and_query(),
            Part::Query => request.query(),
            Part::Uri => request.target(),
        }
    }
}

#[derive(Debug)]
struct Set {
    part: Part,
    value: LogFormat,
}

impl Act for Set {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let mut buffer = run.scratch.take_text();
        let done = run.with_text(&self.value, |view, text| {
            let Some(request) = view.request_mut() else {
                return true;
            };
            let room = request.has_room_for(text.len());
            if room {
                self.part.set(request, text, &mut buffer);
            }
            room
        });
        run.scratch.give_text(buffer);
        run.written(done)
    }
}

#[derive(Debug)]
struct Replace {
    part: Part,
    regex: Regex,
    by: LogFormat,
}

impl Act for Replace {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let mut buffer = run.scratch.take_text();
        let mut new = run.scratch.take_text();
        let done = run.with_text(&self.by, |view, template| {
            if let Some(request) = view.request_mut()
                && let Some(caps) = self.regex.captures_at(self.part.text(request), 0)
            {
                expand(template, &caps, &mut new);
                if !request.has_room_for(new.len()) {
                    return false;
                }
                self.part.set(request, &new, &mut buffer);
            }
            true
        });
        run.scratch.give_text(buffer);
        run.scratch.give_text(new);
        run.written(done)
    }
}

fn set(line: &mut Line<'_, '_, '_>, part: Part) -> Result<Arc<dyn Act>, Fault> {
    let missing = "expects exactly 1 argument <format>";
    let value = line.format(missing)?;
    if !line.at_end() {
        return Err(missing.into());
    }
    Ok(Arc::new(Set { part, value }))
}

fn replace(line: &mut Line<'_, '_, '_>, part: Part) -> Result<Arc<dyn Act>, Fault> {
    let missing = "expects exactly 2 arguments <match-regex> and <replace-format>";
    if line.words.len() < 2 {
        return Err(missing.into());
    }
    let regex = Regex::new(line.argument(missing)?.bytes(), false)
        .map_err(|m| format!("failed to parse the regex : {m}"))?;
    let by = line.format(missing)?;
    Ok(Arc::new(Replace { part, regex, by }))
}

#[cfg(test)]
const REST: &str = "|host: www.example.com|user-agent: curl/8|cookie: a=1; b=2";

macro_rules! keyword {
    ($name:literal, $run:ident, $part:ident, $doc:literal, $([$line:literal => $result:literal]),+) => {
        Keyword {
            name: $name,
            prefix: false,
            sets: RuleSets::REQUEST,
            compile: |line| $run(line, Part::$part),
            doc: $doc,
            examples: &[$(Example { line: $line, result: $result }),+],
        }
    };
}

pub(super) static KEYWORDS: &[Keyword] = &[
    keyword!("set-method", set, Method, "Replaces the method.",
        ["http-request set-method PUT" => "PUT /a/b.html?q=1&r=two&q=3|..."]),
    keyword!("set-path", set, Path, "Replaces the path; the query string stays.",
        ["http-request set-path /x%[path]" => "GET /x/a/b.html?q=1&r=two&q=3|..."]),
    keyword!("set-pathq", set, PathAndQuery, "Replaces path and query string.",
        ["http-request set-pathq /x?y" => "GET /x?y|..."]),
    keyword!("set-query", set, Query, "Replaces the query string.",
        ["http-request set-query z=1" => "GET /a/b.html?z=1|..."],
        ["http-request set-query %[var(txn.none)]" => "GET /a/b.html?|..."]),
    keyword!("set-uri", set, Uri, "Replaces the target; Host follows an authority in it.",
        ["http-request set-uri /n" => "GET /n|..."],
        ["http-request set-uri http://h/b?c" => "GET http://h/b?c|host: h|user-agent: curl/8|cookie: a=1; b=2"]),
    keyword!("replace-path", replace, Path, "Replaces the path if it matches a regex.",
        ["http-request replace-path '(.*)/b(.*)' '\\1/c\\2'" => "GET /a/c.html?q=1&r=two&q=3|..."],
        ["http-request replace-path ^/x /y" => "GET /a/b.html?q=1&r=two&q=3|..."]),
    keyword!("replace-pathq", replace, PathAndQuery,
        "Replaces path and query string if they match a regex.",
        ["http-request replace-pathq '([^?]*)(\\?(.*))?' '\\1/foo\\2'" => "GET /a/b.html/foo?q=1&r=two&q=3|..."]),
    keyword!("replace-uri", replace, Uri, "Replaces the target if it matches a regex.",
        ["http-request replace-uri '(.*)' '/z\\1'" => "GET /z/a/b.html?q=1&r=two&q=3|..."]),
];

/// What `...` stands for in the examples above.
#[cfg(test)]
pub(super) fn unabridged(result: &str) -> String {
    result.replace("|...", REST)
}
