//! `expect`: what an answer is compared with.

use super::outcome::{self, Outcome};
use super::probe::{Go, Probe};
use crate::balance::Operational;
use crate::ir::check::{Act, CheckStatus, Expect, HeaderPattern, Matcher, Pattern, Reader};
use crate::proto::h1::Message;
use crate::proto::probe::{Reading, ldap, mysql, spop};
use crate::sample::pattern::hex;
use crate::sample::value::{Sample, loose_int};
use std::fmt::Write;

/// What a look at the answer brought.
enum Look {
    /// It is there.
    Found,
    /// A protocol's reader is content; what the server said.
    Read(Option<Vec<u8>>),
    /// It is not, and may yet come.
    NotYet,
    /// It is not and cannot come any more.
    Missing,
    /// Judged by a protocol of its own.
    Ended(Outcome),
}

impl Probe<'_> {
    /// Waits for an answer and judges it; the status when it is as expected.
    pub(super) async fn expect(&mut self, at: usize, expect: &Expect) -> Go<CheckStatus> {
        // a time-out is told of the first of several expectations in a row, as HAProxy does
        let list = &self.steps.list;
        let alike = |i: &usize| matches!(list.get(*i).map(|s| &s.act), Some(Act::Expect(_)));
        let first = (0..=at).rev().take_while(alike).last().unwrap_or(at);
        let late = match list.get(first).map(|s| &s.act) {
            Some(Act::Expect(e)) => e.timeout,
            _ => expect.timeout,
        };
        loop {
            if self.off_duty() {
                return Err(Outcome::of(CheckStatus::L7OkConditional));
            }
            if self.any() || self.eof {
                match self.look(expect) {
                    Look::Ended(outcome) => return Err(outcome),
                    Look::NotYet => {}
                    Look::Read(text) => {
                        if let Some(text) = text {
                            self.info = outcome::line(&text);
                        }
                        return Ok(expect.ok);
                    }
                    found => {
                        let is_there = matches!(found, Look::Found);
                        if is_there == expect.inverse {
                            return Err(self.wrong(at, expect));
                        }
                        self.right(at, expect);
                        return Ok(expect.ok);
                    }
                }
            }
            self.receive(first, late).await?;
        }
    }

    /// `disable-on-404`: the server asks not to be chosen any more.
    fn off_duty(&self) -> bool {
        self.steps.disable_on_404
            && self.code == 404
            && self.state.operational() != Operational::Stopped
    }

    /// What is said about the right answer, if nothing more is looked at.
    fn right(&mut self, at: usize, expect: &Expect) {
        if at + 1 < self.steps.list.len() {
            return;
        }
        if let Some(format) = &expect.on_success {
            self.info = outcome::line(&self.render(format));
        }
        self.read_code(expect);
    }

    fn read_code(&mut self, expect: &Expect) {
        if let Some(expr) = &expect.code {
            let code = self.eval(|e| match expr.eval(e) {
                Some(Sample::Int(n)) => n,
                Some(other) => loose_int(other.text(e.scratch)),
                None => 0,
            });
            self.code = u16::try_from(code).unwrap_or(0);
        }
    }

    /// What is said about the wrong answer.
    fn wrong(&mut self, at: usize, expect: &Expect) -> Outcome {
        let mut info = match &expect.on_error {
            Some(format) => outcome::line(&self.render(format)),
            None => self.complaint(at, expect),
        };
        if let Some(comment) = self.comment(at).filter(|_| expect.on_error.is_none()) {
            let _ = write!(info, " comment: {comment}");
        }
        self.read_code(expect);
        Outcome::told(expect.error, info)
    }

    fn complaint(&self, at: usize, expect: &Expect) -> String {
        let number = self.steps.list.get(at).map_or(0, |s| s.number);
        let http = self.steps.http;
        match &expect.pattern {
            Pattern::Status(_) | Pattern::StatusRegex(_) | Pattern::Header(_) => {
                let reason = self.response.as_ref().map_or(&b""[..], |m| m.reason());
                if !reason.is_empty() {
                    return outcome::line(reason);
                }
            }
            _ if http && expect.inverse => return "HTTP check matched unwanted content".into(),
            _ if http && self.body.is_empty() => {
                return "HTTP content check could not find a response body".into();
            }
            _ if http => return "HTTP content check did not match".into(),
            _ => {}
        }
        if !http && !self.any() {
            return format!("TCPCHK got an empty response at step {number}");
        }
        if !http && !self.steps.told {
            // the ready-made checks have nothing to say of their own patterns
            return String::new();
        }
        let verb = match expect.inverse {
            true => "matched unwanted",
            false => "did not match",
        };
        let what = outcome::content(&expect.pattern);
        format!("TCPCHK {verb} {what} at step {number}")
    }

    fn look(&self, expect: &Expect) -> Look {
        if self.steps.http {
            return self.look_at_message(expect);
        }
        let data = &self.received;
        let least = usize::try_from(expect.min_recv).unwrap_or(0);
        let last = self.eof || self.full();
        if data.len() < least && !last {
            return Look::NotYet;
        }
        let last = last || least > 0;
        if data.is_empty() {
            return Look::Missing;
        }
        let found = match &expect.pattern {
            Pattern::BinaryRegex(regex) => regex.is_match(hexadecimal(data).as_bytes()),
            Pattern::Custom(None) => true,
            Pattern::Custom(Some(reader)) => return self.read(*reader),
            pattern => match self.contains(pattern, data) {
                Ok(found) => found,
                Err(ended) => return Look::Ended(ended),
            },
        };
        match found {
            true => Look::Found,
            false if last => Look::Missing,
            false => Look::NotYet,
        }
    }

    /// Whether bytes have a pattern in them.
    fn contains(&self, pattern: &Pattern, data: &[u8]) -> Result<bool, Outcome> {
        let fault = |text: &str| Err(Outcome::told(CheckStatus::L7Response, text.into()));
        let within = |wanted: &[u8]| memchr::memmem::find(data, wanted).is_some();
        Ok(match pattern {
            Pattern::String(text) | Pattern::Binary(text, _) => within(text),
            Pattern::Regex(regex) => regex.is_match(data),
            Pattern::StringFormat(format) => match self.render(format) {
                text if text.is_empty() => {
                    return fault("log-format string evaluated to an empty string");
                }
                text => within(&text),
            },
            Pattern::BinaryFormat(format) => match hex(&self.render(format)) {
                Ok(bytes) => within(&bytes),
                Err(_) => {
                    return fault(
                        "Failed to parse hexastring resulting of eval of a log-format string",
                    );
                }
            },
            _ => false,
        })
    }

    fn look_at_message(&self, expect: &Expect) -> Look {
        let Some(message) = self.response.as_deref().filter(|m| m.is_parsed()) else {
            return Look::NotYet;
        };
        let status = message.status();
        let found = match &expect.pattern {
            Pattern::Status(ranges) => ranges.iter().any(|(a, b)| (*a..=*b).contains(&status)),
            Pattern::StatusRegex(regex) => regex.is_match(status.to_string().as_bytes()),
            Pattern::Header(header) => self.has_header(message, header),
            pattern => {
                let last = self.body_ended || self.full();
                if self.body.is_empty() {
                    return if last {
                        self.no_body(expect)
                    } else {
                        Look::NotYet
                    };
                }
                return match self.contains(pattern, &self.body) {
                    Ok(true) => Look::Found,
                    Ok(false) if last => Look::Missing,
                    Ok(false) => Look::NotYet,
                    Err(ended) => Look::Ended(ended),
                };
            }
        };
        match found {
            true => Look::Found,
            false => Look::Missing,
        }
    }

    /// Nothing to look at is wrong, whatever was looked for.
    fn no_body(&self, expect: &Expect) -> Look {
        match expect.inverse {
            false => Look::Missing,
            true => Look::Found,
        }
    }

    fn has_header(&self, message: &Message, wanted: &HeaderPattern) -> bool {
        message.headers().any(|(name, value)| {
            let name = name.to_ascii_lowercase();
            self.is_like(&wanted.name, &name, true)
                && wanted.value.as_ref().is_none_or(|matcher| {
                    if wanted.full {
                        return self.is_like(matcher, value, false);
                    }
                    let mut values = value.split(|b| *b == b',');
                    values.any(|v| self.is_like(matcher, v.trim_ascii(), false))
                })
        })
    }

    /// Whether a text is as a matcher wants it; `lower`: case does not count, the text is in
    /// lower case.
    fn is_like(&self, matcher: &Matcher, text: &[u8], lower: bool) -> bool {
        type Compare = fn(&[u8], &[u8]) -> bool;
        let (format, compare): (_, Compare) = match matcher {
            Matcher::Regex(regex) => return regex.is_match(text),
            Matcher::Exact(format) => (format, |text, wanted| text == wanted),
            Matcher::Begin(format) => (format, |text, wanted| text.starts_with(wanted)),
            Matcher::End(format) => (format, |text, wanted| text.ends_with(wanted)),
            Matcher::Sub(format) => (format, |text, wanted| {
                memchr::memmem::find(text, wanted).is_some()
            }),
        };
        let mut wanted = self.render(format);
        if lower {
            wanted.make_ascii_lowercase();
        }
        compare(text, &wanted)
    }

    /// Reads the answer as a protocol's.
    fn read(&self, reader: Reader) -> Look {
        let data = &self.received;
        let reading = match reader {
            Reader::MysqlGreeting => mysql::greeting(data),
            Reader::MysqlLogin => mysql::login(data),
            Reader::Ldap => ldap::bind_response(data),
            Reader::Spop => spop::hello(data),
        };
        match reading {
            Reading::More if self.eof || self.full() => {
                let text = match reader {
                    Reader::Spop => "invalid frame received",
                    _ => "",
                };
                Look::Ended(Outcome::told(CheckStatus::L7Response, text.into()))
            }
            Reading::More => Look::NotYet,
            Reading::Passed(text) => Look::Read(text),
            Reading::Refused(code, text) => Look::Ended(Outcome {
                status: CheckStatus::L7Status,
                code: Some(code),
                info: outcome::line(&text),
            }),
            Reading::Foreign(text) => {
                Look::Ended(Outcome::told(CheckStatus::L7Response, text.into()))
            }
        }
    }
}

/// Bytes as hexadecimal digits in upper case.
fn hexadecimal(data: &[u8]) -> String {
    let mut text = String::with_capacity(data.len() * 2);
    for byte in data {
        let _ = write!(text, "{byte:02X}");
    }
    text
}
