//! `replace-header` (whole values) and `replace-value` (members of comma-separated values).

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run};
use crate::proto::h1::Message;
use crate::sample::LogFormat;
use crate::sample::compile::Fault;
use crate::sample::regex::{Regex, expand};
use crate::sample::view::{Direction, StreamView};
use std::sync::Arc;

#[derive(Debug)]
struct Replace {
    name: Box<[u8]>,
    regex: Regex,
    by: LogFormat,
    members: bool,
}

impl Act for Replace {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let direction = run.direction;
        let mut new = run.scratch.take_text();
        let done = run.with_text(&self.by, |view, template| {
            let mut at = 0;
            while let Some(index) = next_field(view, direction, &self.name, &mut at) {
                let Some(message) = super::message_of(view, direction) else {
                    break;
                };
                let changed = match message.fields().get(index) {
                    Some(field) => self.rewrite(message.value(field), template, &mut new),
                    None => false,
                };
                if changed {
                    if !message.has_room_for(new.len()) {
                        return false;
                    }
                    message.replace_value(index, &new);
                }
            }
            true
        });
        run.scratch.give_text(new);
        run.written(done)
    }
}

/// The index of the next field of a name.
fn next_field(
    view: &dyn StreamView,
    direction: Direction,
    name: &[u8],
    at: &mut usize,
) -> Option<usize> {
    let message: &Message = match direction {
        Direction::Request => view.request()?,
        Direction::Response => view.response()?,
    };
    let found = message
        .fields()
        .iter()
        .skip(*at)
        .position(|f| message.name(f).eq_ignore_ascii_case(name))?;
    let index = *at + found;
    *at = index + 1;
    Some(index)
}

impl Replace {
    /// Writes the new value; false if nothing of the old one matches. What matches is replaced as
    /// a whole, not only the part that the regex covers.
    fn rewrite(&self, value: &[u8], template: &[u8], new: &mut Vec<u8>) -> bool {
        new.clear();
        if !self.members {
            return match self.regex.captures_at(value, 0) {
                Some(caps) => {
                    expand(template, &caps, new);
                    true
                }
                None => false,
            };
        }
        let mut changed = false;
        let mut quoted = false;
        let members = value.split(|b| {
            quoted ^= *b == b'"';
            *b == b',' && !quoted
        });
        for (i, member) in members.enumerate() {
            if i > 0 {
                new.push(b',');
            }
            match self.regex.captures_at(member.trim_ascii(), 0) {
                // The blanks around it go as well.
                Some(caps) => {
                    expand(template, &caps, new);
                    changed = true;
                }
                None => new.extend_from_slice(member),
            }
        }
        changed
    }
}

fn compile(line: &mut Line<'_, '_, '_>, members: bool) -> Result<Arc<dyn Act>, Fault> {
    let missing = "expects exactly 3 arguments";
    if line.words.len() < 3 {
        return Err(missing.into());
    }
    let name = line.argument(missing)?.bytes().into();
    let regex = Regex::new(line.argument(missing)?.bytes(), false)?;
    let by = line.format(missing)?;
    Ok(Arc::new(Replace {
        name,
        regex,
        by,
        members,
    }))
}

pub(super) static KEYWORDS: &[Keyword] = &[
    Keyword {
        name: "replace-header",
        prefix: false,
        sets: RuleSets::HTTP,
        compile: |line| compile(line, false),
        doc: "Replaces the values of a field that match a regex.",
        examples: &[
            Example {
                line: "http-request replace-header Cookie '(.*); (.*)' '\\2; \\1'",
                result: "GET /a/b.html?q=1&r=two&q=3|host: www.example.com|user-agent: curl/8|cookie: b=2; a=1",
            },
            Example {
                line: "http-request replace-header Cookie b= %[path]",
                result: "GET /a/b.html?q=1&r=two&q=3|host: www.example.com|user-agent: curl/8|cookie: /a/b.html",
            },
        ],
    },
    Keyword {
        name: "replace-value",
        prefix: false,
        sets: RuleSets::HTTP,
        compile: |line| compile(line, true),
        doc: "Replaces the members of a field's comma-separated values that match a regex.",
        examples: &[Example {
            line: "http-response replace-value Set-Cookie sid none",
            result: "200 OK|server: origin|set-cookie: none|content-length: 2",
        }],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members() {
        // Recorded from HAProxy 3.4.
        for (value, regex, by, want) in [
            ("a, b", "a", "z", Some("z, b")),
            ("a, b", "b", "z", Some("a,z")),
            ("a , b ,c", "b", "z", Some("a ,z,c")),
            ("a;x, b", "(.)", "<\\1>", Some("<a>,<b>")),
            ("\"x,y\", b", "(.*)", "<\\1>", Some("<\"x,y\">,<b>")),
            ("a, b", "x", "z", None),
            ("a, b", "\\s", "_", None),
        ] {
            let replace = Replace {
                name: Box::default(),
                regex: Regex::new(regex.as_bytes(), false).unwrap(),
                by: LogFormat::default(),
                members: true,
            };
            let mut new = Vec::new();
            let changed = replace.rewrite(value.as_bytes(), by.as_bytes(), &mut new);
            assert_eq!(changed, want.is_some());
            if let Some(want) = want {
                assert_eq!(bstr::BStr::new(&new), want);
            }
        }
    }
}
