use super::*;
use crate::base::span::FileId;
use crate::config::environment::Environment;
use crate::config::lex::{self, Place};

fn line(text: &str) -> Directive {
    let place = Place {
        file: FileId(0),
        name: "t.cfg",
        line: 1,
        section: b"",
    };
    let words = lex::line(text.as_bytes(), place, &Environment::default()).unwrap();
    Directive {
        prefix: None,
        span: Span::default(),
        words,
    }
}

/// Runs a handler on a line and gives what it made and what it said.
fn run<T>(text: &str, handler: impl FnOnce(&mut Args<'_, '_>) -> T) -> (T, Vec<Diagnostic>) {
    let line = line(text);
    let mut out = Vec::new();
    let made = handler(&mut Args::new(&line, &mut out));
    (made, out)
}

fn messages(out: &[Diagnostic]) -> Vec<&str> {
    out.iter().map(|d| d.message.as_str()).collect()
}

#[test]
fn words_in_order() {
    let (made, out) = run("kw a b c d", |args| {
        assert_eq!(args.position(), 1);
        assert!(!args.take("b"));
        assert!(args.take("a"));
        assert!(args.peek_second().is_some_and(|w| w.is("c")));
        let next = args.next_word().map(|w| w.text.to_string());
        (next, args.rest_joined(), args.is_empty())
    });
    assert_eq!(made, (Some("b".to_owned()), b"c d".to_vec(), true));
    assert!(out.is_empty());
}

#[test]
fn what_is_left_is_reported_once() {
    let ((), out) = run("maxconn 4 5 6", |args| {
        args.next_word();
        args.end("maxconn");
        args.end("maxconn");
    });
    assert_eq!(
        messages(&out),
        ["'maxconn' cannot handle unexpected argument '5'."]
    );
    assert_eq!(out[0].span.map(|s| (s.start, s.end)), Some((10, 11)));
}

#[test]
fn a_missing_word_is_marked_behind_the_last() {
    let (made, out) = run("default_backend", |args| {
        args.word("'default_backend' expects a backend name.")
            .is_some()
    });
    assert!(!made);
    assert_eq!(
        messages(&out),
        ["'default_backend' expects a backend name."]
    );
    assert_eq!(out[0].span.map(|s| s.start), Some(15));
}

#[test]
fn keywords_suggest_the_nearest() {
    let known = ["never", "safe", "aggressive", "always"];
    let ask = |text| {
        run(text, |args| {
            args.keyword(&known, "'http-reuse' only supports ...")
        })
    };
    assert_eq!(ask("http-reuse always").0, Some(3));
    let (made, out) = ask("http-reuse alway");
    assert_eq!(made, None);
    assert_eq!(out[0].help, ["did you mean 'always'?"]);
    let (made, out) = ask("http-reuse");
    assert_eq!((made, out.len()), (None, 1));
}

/// Texts of 3.4.0.
#[test]
fn numbers() {
    let int = |text| run(text, |args| args.int(1..=1024, "nbthread"));
    assert_eq!(int("nbthread 4").0, Some(4));
    assert_eq!(
        messages(&int("nbthread 0").1),
        ["'nbthread' value must be between 1 and 1024 (was 0)"]
    );
    assert_eq!(
        messages(&int("nbthread 5k").1),
        ["cannot parse 'nbthread' value '5k', an integer is expected."]
    );
    assert_eq!(
        messages(&int("nbthread").1),
        ["'nbthread' expects an integer argument."]
    );
    let lenient = |text| run(text, |args| args.lenient_int("missing"));
    assert_eq!(lenient("maxconn 4").0, Some(4));
    let (made, out) = lenient("maxconn x");
    assert_eq!(made, Some(0));
    assert_eq!(out[0].severity, Severity::Notice);
    assert_eq!(lenient("maxconn -12y").0, Some(-12));
    assert_eq!(lenient("maxconn 99999999999999999999").0, Some(i64::MAX));
}

/// Texts of 3.4.0.
#[test]
fn times_and_sizes() {
    let time = |text| {
        run(text, |args| {
            args.time(
                TimeUnit::Millisecond,
                "timeout server",
                "'timeout server' expects an integer value (in milliseconds)",
            )
        })
    };
    assert_eq!(time("t 5s").0, Some(5000));
    let (made, out) = time("t 25d");
    assert_eq!(made, None);
    assert_eq!(
        messages(&out),
        [
            "timer overflow in argument '25d' to 'timeout server' (maximum value is 2147483647 ms or ~24.8 days)"
        ]
    );
    let (_, out) = time("t 1.5s");
    assert_eq!(
        messages(&out),
        ["unexpected character '.' in 'timeout server'"]
    );
    assert_eq!(out[0].span.map(|s| (s.start, s.end)), Some((3, 4)));
    let (made, out) = time("t 5sx");
    assert_eq!(made, Some(5000));
    assert_eq!(out[0].severity, Severity::Warning);
    assert_eq!(out[0].form, Form::Config);
    assert!(
        out[0]
            .message
            .starts_with("unexpected character 'x' after the timer value '5sx', only (us=")
    );
    let (_, out) = time("t");
    assert_eq!(out.len(), 1);
    let size = |text| run(text, |args| args.size("tune.bufsize", "missing"));
    assert_eq!(size("t 16k").0, Some(16_384));
    for (text, rest) in [
        ("t 16ko", "o"),
        ("t 4g", "g"),
        ("t 99999999999", "99"),
        ("t -1", "-1"),
    ] {
        let said = format!("unexpected '{rest}' after size passed to 'tune.bufsize'");
        assert_eq!(messages(&size(text).1), [said], "{text}");
    }
}

#[test]
fn addresses() {
    let (made, out) = run("bind 1.2.3.4:x", |args| {
        args.address(Kind::BIND, "'bind' : ", "missing")
    });
    assert!(made.is_none());
    assert_eq!(
        messages(&out),
        ["'bind' : invalid character 'x' in port number 'x' in '1.2.3.4:x'"]
    );
    let (made, out) = run("bind :80,:81", |args| {
        args.addresses(Kind::BIND, "'bind' : ", "missing")
    });
    assert_eq!((made.len(), out.len()), (2, 0));
}
