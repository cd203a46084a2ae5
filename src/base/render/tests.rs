use super::*;
use crate::base::diag::Form;
use crate::base::span::Span;
use crate::base::span::{FileId, Sources};

fn sources() -> Sources {
    let mut sources = Sources::default();
    sources.add(
        "t.cfg",
        &b"global\n  node \"foo\n  b\xffr \"\xc3\xa9\" x\r\n"[..],
    );
    sources
}

fn span(line: u32, start: u32, end: u32) -> Span {
    Span {
        file: FileId(0),
        line,
        start,
        end,
    }
}

fn quote() -> Diagnostic {
    Diagnostic::alert("HX0101", span(2, 7, 8), "unmatched quote at position 8:")
        .form(Form::Tight)
        .expected("never closed")
        .excerpt("  node \"foo")
        .excerpt("       ^")
        .help("close it")
}

/// Lines as HAProxy 3.4.0 printed them, but for the help line.
#[test]
fn haproxys_form() {
    let mut haproxy = HaProxy::new(4711, "3.4.0", "/usr/sbin/haproxy");
    let notice = Diagnostic::notice("HX0126", span(1, 0, 1), "'x'.").form(Form::Tight);
    let shown = haproxy.render(&notice, &sources());
    assert_eq!(
        shown,
        "[NOTICE]   (4711) : config : parsing [t.cfg:1]: 'x'.\n"
    );
    let shown = haproxy.render(&quote(), &sources());
    assert_eq!(
        shown,
        "[NOTICE]   (4711) : haproxy version is 3.4.0\n\
         [NOTICE]   (4711) : path to executable is /usr/sbin/haproxy\n\
         [ALERT]    (4711) : config : parsing [t.cfg:2]: unmatched quote at position 8:\n\
         \x20 node \"foo\n       ^\n   | close it\n"
    );
    let all = [
        (
            Form::Parsing,
            Severity::Warning,
            "[WARNING]  (4711) : config : parsing [t.cfg:2] : m\n",
        ),
        (
            Form::Bracket,
            Severity::Alert,
            "[ALERT]    (4711) : config : [t.cfg:2] : m\n",
        ),
        (
            Form::PlainBracket,
            Severity::Alert,
            "[ALERT]    (4711) : [t.cfg:2] : m\n",
        ),
        (
            Form::Config,
            Severity::Warning,
            "[WARNING]  (4711) : config : m\n",
        ),
        (Form::Plain, Severity::Alert, "[ALERT]    (4711) : m\n"),
        (Form::Plain, Severity::Diag, ""),
    ];
    for (form, severity, expected) in all {
        let finding = Diagnostic::new(severity, "", "m")
            .at(span(2, 0, 1))
            .form(form);
        assert_eq!(haproxy.render(&finding, &sources()), expected);
    }
    haproxy.diag = true;
    let shown = haproxy.message(Severity::Diag, "m\nmore\n");
    assert_eq!(shown, "[DIAG]     (4711) : m\n   | more\n");
    let escape = haproxy.message(Severity::Notice, "\u{1b}[31mred");
    assert_eq!(escape, "[NOTICE]   (4711) : ?[31mred\n");
}

#[test]
fn short_form() {
    assert_eq!(
        short(&quote(), &sources()),
        "t.cfg:2:8: error: unmatched quote at position 8 [HX0101]\n"
    );
    let nowhere = Diagnostic::new(Severity::Warning, "HX0001", "m");
    assert_eq!(short(&nowhere, &sources()), "warning: m [HX0001]\n");
}

#[test]
fn human_form() {
    let human = Human::new(false);
    let shown = human.render(&quote(), &sources());
    assert_eq!(
        shown,
        "error[HX0101]: unmatched quote at position 8\n \
         --> t.cfg:2:8\n  |\n2 |   node \"foo\n  |        ^ never closed\n  |\n  = help: close it\n\n"
    );
    // Bytes that are no text neither fail nor shift the mark.
    let odd = Diagnostic::warning("HX0001", span(3, 6, 10), "m");
    let shown = human.render(&odd, &sources());
    assert!(
        shown.contains("3 |   b?r \"é\" x\n  |       ^^^\n"),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'));
    assert!(
        Human::new(true)
            .render(&quote(), &sources())
            .contains('\u{1b}')
    );
}

#[test]
fn human_form_survives_any_place() {
    let human = Human::new(false);
    for (line, start, end) in [(0, 0, 0), (2, 99, 3), (2, 11, 12), (9, 0, 1), (4, 0, 0)] {
        let finding = Diagnostic::alert("HX0001", span(line, start, end), "m");
        assert!(human.render(&finding, &sources()).contains("m"));
    }
    let mut long = Sources::default();
    long.add("l", vec![b'x'; 1 << 20]);
    let finding = Diagnostic::alert("HX0001", span(1, 1 << 19, (1 << 19) + 4), "m");
    assert!(human.render(&finding, &long).len() < 2000);
}

#[test]
fn counted() {
    let list = [
        quote(),
        quote(),
        Diagnostic::new(Severity::Warning, "", "m"),
    ];
    assert_eq!(summary(&list), "2 errors, 1 warning");
    assert_eq!(summary(&[]), "");
}
