//! Runs the examples of the actions on the example transaction.

use super::{Answer, Example, Flow, RuleSet, Run};
use crate::proto::h1::Message;
use crate::sample::testing::{Known, Stream, compile, words};
use crate::sample::vars::{self, Scope};
use crate::sample::view::Direction;
use crate::sample::{AclSet, Places, Scratch};
use bstr::BStr;

/// Splits the rule set off a line.
pub fn rule_set(line: &str) -> (RuleSet, Places, &str) {
    let (back, line) = match line.strip_prefix("backend ") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let sets = [
        (RuleSet::TcpRequestConnection, Places::FE_CONNECTION),
        (RuleSet::TcpRequestSession, Places::FE_SESSION),
        (RuleSet::TcpRequestContent, Places::FE_REQUEST_CONTENT),
        (RuleSet::TcpResponseContent, Places::BE_RESPONSE_CONTENT),
        (RuleSet::HttpRequest, Places::FE_REQUEST),
        (RuleSet::HttpResponse, Places::FE_RESPONSE),
        (RuleSet::HttpAfterResponse, Places::FE_RESPONSE),
    ];
    for (set, places) in sets {
        if let Some(rest) = line.strip_prefix(set.name()) {
            let places = if back { Places::BE_REQUEST } else { places };
            return (set, places, rest.trim_start());
        }
    }
    panic!("{line}: no rule set");
}

/// Compiles a line; the messages of its findings on failure.
pub fn try_compile(line: &str) -> Result<(RuleSet, super::Action), Vec<String>> {
    let (set, places, rest) = rule_set(line);
    let mut cx = compile(&Known);
    cx.places = places;
    let made = super::compile(set, &words(rest), &AclSet::default(), &mut cx);
    let messages = || cx.diags.iter().map(|d| d.message.clone()).collect();
    match made {
        Some((action, _)) => Ok((set, action)),
        None => Err(messages()),
    }
}

fn lines(m: &Message, first: String) -> String {
    let mut out = first;
    for (name, value) in m.headers() {
        out += &format!("|{}: {}", BStr::new(name), BStr::new(value));
    }
    out
}

fn show(answer: &Answer) -> String {
    match answer {
        Answer::Status(status) => format!("page {status}"),
        Answer::Metrics => "metrics".into(),
        Answer::Challenge(None) => "challenge".into(),
        Answer::Challenge(Some(realm)) => format!("challenge {}", bstr::BStr::new(&realm)),
        Answer::Ready(reply) => format!(
            "{}{}",
            BStr::new(&reply.head).to_string().replace("\r\n", "|"),
            BStr::new(&reply.body)
        ),
    }
}

fn run(example: &Example) {
    let line = example.line;
    let (set, action) = match try_compile(line) {
        Ok(made) => made,
        Err(messages) => panic!("{line}: {messages:?}"),
    };
    let mut stream = Stream::example();
    let scratch = Scratch::new();
    let flow = action.run(&mut Run {
        view: &mut stream,
        scratch: &scratch,
        direction: set.direction(),
        strict: true,
        last: true,
    });
    let got = match flow {
        Flow::Deny(a) => format!("Deny {}", show(&a)),
        Flow::Return(a) => format!("Return {}", show(&a)),
        Flow::Redirect(a) => format!("Redirect {}", show(&a)),
        Flow::Tarpit(a) => format!("Tarpit {}", show(&a)),
        Flow::Continue => state(&stream, set, example.result),
        other => format!("{other:?}"),
    };
    assert_eq!(got, super::set_uri::unabridged(example.result), "{line}");
}

/// What is not 0 of a tracked entry.
fn tracked(stream: &Stream, number: u32) -> String {
    let mut out = format!("tracked {number}");
    if let Some(tracked) = stream.counters.get(number) {
        tracked.read(|entry| {
            for (data, count, _) in entry.layout().stored() {
                for index in 0..count {
                    let value = entry.get(data, index).unwrap_or(0);
                    if value != 0 {
                        out += &format!(" {}[{index}]={value}", data.name());
                    }
                }
            }
        });
    }
    out
}

/// The part of the stream that the expected result talks about.
fn state(stream: &Stream, set: RuleSet, expected: &str) -> String {
    if expected.starts_with("txn.known") {
        let Ok((_, id)) = vars::intern(b"txn.known") else {
            return String::new();
        };
        let scratch = Scratch::new();
        let value = stream.txn.with(id, |v| {
            BStr::new(v.borrow(&scratch).text(&scratch)).to_string()
        });
        return match value {
            Some(v) => format!("txn.known={v}"),
            None => "txn.known unset".into(),
        };
    }
    let _ = Scope::Txn;
    if let Some(number) = expected.strip_prefix("tracked ") {
        let number = number.split(' ').next().and_then(|n| n.parse().ok());
        return tracked(stream, number.unwrap_or(0));
    }
    if expected.starts_with("captured") {
        let mut out = String::from("captured");
        stream.captures.each(Direction::Request, |value| {
            out += &format!(" {}", BStr::new(value.unwrap_or(b"-")));
        });
        return out;
    }
    if !stream.effects.is_empty() || expected.is_empty() {
        return stream.effects.join(" ");
    }
    match set.direction() {
        Direction::Request => {
            let Some(r) = stream.request.as_ref() else {
                return String::new();
            };
            lines(
                r,
                format!("{} {}", BStr::new(r.method()), BStr::new(r.target())),
            )
        }
        Direction::Response => {
            let Some(r) = stream.response.as_ref() else {
                return String::new();
            };
            lines(r, format!("{} {}", r.status(), BStr::new(r.reason())))
        }
    }
}

#[test]
fn examples() {
    for keyword in super::all() {
        assert!(!keyword.examples.is_empty(), "{}", keyword.name);
        for example in keyword.examples {
            assert!(example.line.contains(keyword.name), "{}", example.line);
            run(example);
        }
    }
}

#[test]
fn faults() {
    // Recorded from HAProxy 3.4, without what the rule's parser puts in front.
    for (line, want) in [
        ("http-request set-header x", "expects exactly 2 arguments."),
        (
            "http-request set-header x y z",
            "'http-request set-header' expects either 'if' or 'unless' followed by a condition but found 'z'.",
        ),
        (
            "http-request deny when TRUE",
            "'http-request deny' expects either 'if' or 'unless' followed by a condition but found 'when'.",
        ),
        (
            "http-request deny if a",
            "error detected while parsing an 'http-request deny' condition : no such ACL : 'a'.",
        ),
        (
            "http-request deny if { path /",
            "error detected while parsing an 'http-request deny' condition : missing closing '}' in condition.",
        ),
        (
            "http-request deny if { }",
            "error detected while parsing an 'http-request deny' condition : missing fetch method in ACL expression ''.",
        ),
        (
            "http-request deny deny_status",
            "'status' expects <status_code> as argument.",
        ),
        (
            "http-request deny deny_status abc",
            "Unexpected status code '0'.",
        ),
        (
            "http-request deny deny_status 418",
            "status code '418' not handled by default with 'default-errorfiles' argument..",
        ),
        (
            "http-request return status 200 string x",
            "a content type must be defined when non-empty payload is configured.",
        ),
        (
            "http-request return content-type a string x file y",
            "unexpected 'file' argument, 'string' already defined.",
        ),
        (
            "http-request return status 304 content-type a string x",
            "No body expected for 304 responses.",
        ),
        (
            "http-request return hdr x",
            "'hdr' expects <name> and <value> as arguments.",
        ),
        (
            "http-request redirect",
            "redirection type expected ('prefix', 'location', or 'scheme').",
        ),
        (
            "http-request redirect location",
            "missing argument for 'location'.",
        ),
        (
            "http-request redirect location /x code 200",
            "'code': unsupported HTTP code '200' (must be one of 301, 302, 303, 307 or 308).",
        ),
        (
            "http-response redirect prefix /z",
            "response only supports redirect type 'location'.",
        ),
        (
            "http-request del-header x -m foo",
            "-m with unsupported matching method 'foo'.",
        ),
        (
            "http-request set-var(txn.foo path",
            "incomplete argument after action 'set-var(txn.foo'. Expects 'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'.",
        ),
        ("http-request set-var(txn.x)", "missing fetch method."),
        (
            "http-request set-var(txn.x,foo) path",
            "unknown condition \"foo\".",
        ),
        (
            "tcp-request connection set-var(sess.x) path",
            "fetch method 'set-var(sess.x)' extracts information from 'HTTP request headers', none of which is available here",
        ),
        (
            "http-request set-log-level foo",
            "expects exactly 1 argument (log level name or 'silent').",
        ),
        (
            "http-request set-timeout server 5s",
            "'fe' has no backend capability.",
        ),
        (
            "http-response set-status 99",
            "expects an integer status code between 100 and 999.",
        ),
        (
            "http-request set-header x %[res.hdr(x)]",
            "sample fetch <res.hdr> may not be reliably used here because it needs 'HTTP response headers' which is not available here.",
        ),
    ] {
        match try_compile(line) {
            Err(messages) => {
                let (set, _, rest) = rule_set(line);
                let verb = rest.split(' ').next().unwrap_or_default();
                let rule = format!("'{} {verb}'", set.name());
                let whole = want.starts_with("error detected") || want.starts_with(&rule);
                let want = match whole || line.starts_with("tcp") {
                    true => want.to_owned(),
                    false => format!(
                        "error detected in frontend 'fe' while parsing {rule} rule : {want}"
                    ),
                };
                assert_eq!(messages, [want], "{line}");
            }
            Ok(_) => panic!("{line} compiled"),
        }
    }
}

#[test]
fn unknown_actions_name_the_nearest() {
    let messages = try_compile("http-request denyy").unwrap_err();
    let [message] = &messages[..] else {
        panic!("{messages:?}")
    };
    assert!(message.starts_with("'http-request' expects '"), "{message}");
    assert!(
        message.ends_with(", but got 'denyy'. Did you mean 'deny' maybe ?"),
        "{message}"
    );
}
