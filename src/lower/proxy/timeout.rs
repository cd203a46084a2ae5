//! `timeout *`, and their three names of files before 2.1 (`contimeout`, `clitimeout`,
//! `srvtimeout`).

use crate::base::diag::Diagnostic;
use crate::base::units::{self, TimeError, TimeUnit};
use crate::config::args::{Args, trailing_time};
use crate::config::directive::Word;
use crate::ir::proxy::Timeouts;
use crate::lower::{Context, KeywordHandler, Sections, Side};

const MS: TimeUnit = TimeUnit::Millisecond;

/// What a name sets and who makes use of it (`None`: both sides).
struct Kind {
    name: &'static str,
    side: Option<Side>,
    field: fn(&mut Timeouts) -> &mut Option<u32>,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "client",
        side: Some(Side::Frontend),
        field: |t| &mut t.client,
    },
    Kind {
        name: "server",
        side: Some(Side::Backend),
        field: |t| &mut t.server,
    },
    Kind {
        name: "connect",
        side: Some(Side::Backend),
        field: |t| &mut t.connect,
    },
    Kind {
        name: "check",
        side: Some(Side::Backend),
        field: |t| &mut t.check,
    },
    Kind {
        name: "queue",
        side: Some(Side::Backend),
        field: |t| &mut t.queue,
    },
    Kind {
        name: "http-keep-alive",
        side: None,
        field: |t| &mut t.http_keep_alive,
    },
    Kind {
        name: "http-request",
        side: None,
        field: |t| &mut t.http_request,
    },
    Kind {
        name: "tunnel",
        side: Some(Side::Backend),
        field: |t| &mut t.tunnel,
    },
    Kind {
        name: "tarpit",
        side: None,
        field: |t| &mut t.tarpit,
    },
    Kind {
        name: "client-fin",
        side: Some(Side::Frontend),
        field: |t| &mut t.client_fin,
    },
    Kind {
        name: "server-fin",
        side: Some(Side::Backend),
        field: |t| &mut t.server_fin,
    },
    Kind {
        name: "client-hs",
        side: Some(Side::Frontend),
        field: |t| &mut t.client_hs,
    },
];

/// `timeout NAME TIME`
pub const TIMEOUT: KeywordHandler = KeywordHandler::new(
    &[
        "timeout client",
        "timeout server",
        "timeout connect",
        "timeout check",
        "timeout queue",
        "timeout http-keep-alive",
        "timeout http-request",
        "timeout tunnel",
        "timeout tarpit",
        "timeout client-fin",
        "timeout server-fin",
        "timeout client-hs",
    ],
    Sections::ANY_PROXY,
    timeout,
);

/// `timeout` with any other word
pub const OTHER: KeywordHandler = KeywordHandler::new(&["timeout"], Sections::ANY_PROXY, other);

/// Names of files before 2.1, with and without `timeout` before them.
pub const OLD: KeywordHandler = KeywordHandler::new(
    &[
        "contimeout",
        "clitimeout",
        "srvtimeout",
        "timeout contimeout",
        "timeout clitimeout",
        "timeout srvtimeout",
    ],
    Sections::ANY_PROXY,
    old,
);

fn timeout(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = args.name(2);
    let known = name.strip_prefix("timeout ").unwrap_or_default();
    if let Some(kind) = KINDS.iter().find(|k| k.name == known) {
        set(cx, args, kind, &name);
    }
}

fn other(_cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let got = args
        .peek()
        .map_or_else(String::new, |w| w.display().to_string());
    let known: Vec<&str> = KINDS.iter().map(|k| k.name).collect();
    let message = format!(
        "'timeout' supports 'client', 'server', 'connect', 'check', 'queue', 'handshake', 'http-keep-alive', 'http-request', 'tunnel', 'tarpit', 'client-fin' and 'server-fin' (got '{got}')"
    );
    args.keyword(&known, &message);
}

fn old(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let at = args.position().saturating_sub(1);
    let Some(word) = args.line().words.get(at) else {
        return;
    };
    let modern = match &word.text[..] {
        b"contimeout" => "connect",
        b"clitimeout" => "client",
        _ => "server",
    };
    let finding = Diagnostic::warning(
        "HX0241",
        word.span,
        format!(
            "the '{}' directive is not supported anymore since HAProxy 2.1. Use 'timeout {modern}'.",
            word.display()
        ),
    )
    .help(format!("it is taken as 'timeout {modern}', which means the same"));
    args.report(finding);
    if let Some(kind) = KINDS.iter().find(|k| k.name == modern) {
        set(cx, args, kind, &format!("timeout {modern}"));
    }
}

fn set(cx: &mut Context<'_>, args: &mut Args<'_, '_>, kind: &Kind, name: &str) {
    let missing = format!("'{name}' expects an integer value (in milliseconds)");
    let Some(word) = args.word(&missing) else {
        return;
    };
    let Some(ms) = args.time_of(word, MS, name) else {
        return;
    };
    if let Some(extra) = args.peek() {
        let message = format!(
            "'{name}' : unexpected extra argument '{}' after value '{}'.",
            extra.display(),
            word.display()
        );
        args.alert("HX0167", extra.span, message);
        return;
    }
    if let Some(side) = kind.side.filter(|side| !cx.can(*side)) {
        let capability = match side {
            Side::Frontend => "frontend",
            Side::Backend => "backend",
        };
        let message = format!(
            "'{name}' will be ignored because {} has no {capability} capability",
            cx.named()
        );
        args.warning("HX0220", args.line().span, message);
    }
    if let Some(finding) = suspicious(word, name, &cx.named(), ms) {
        args.report(finding);
    }
    // 0 means "never" wherever HAProxy takes a timeout.
    cx.set(|s| *(kind.field)(&mut s.timeouts) = Some(ms).filter(|ms| *ms > 0));
}

/// A time under 100 ms written without a unit was probably meant in seconds.
pub fn suspicious(word: &Word, name: &str, place: &str, ms: u32) -> Option<Diagnostic> {
    if !(1..100).contains(&ms) || !word.text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let text = word.display();
    Some(Diagnostic::warning(
        "HX0242",
        word.span,
        format!(
            "'{name} {text}' in {place} is suspiciously small for a value in milliseconds. Please use an explicit unit ('{text}ms') if that was the intent."
        ),
    ))
}

/// A time whose complaint puts the keyword in angle brackets, as some keywords do.
pub fn bracketed(
    args: &mut Args<'_, '_>,
    unit: TimeUnit,
    name: &str,
    missing: &str,
) -> Option<u32> {
    let word = args.word(missing)?;
    match units::time(&word.text, unit) {
        Err(TimeError::Unexpected(at)) => {
            let message = format!(
                "unexpected character '{}' in argument to <{name}>.",
                character(word, at)
            );
            args.alert("HX0203", word.span, message);
            None
        }
        Ok(time) => {
            if let Some(at) = time.trailing {
                args.report(trailing_time(word, at));
            }
            Some(time.value)
        }
        Err(_) => args.time_of(word, unit, name),
    }
}

/// The byte of a word that a [`TimeError`] points at, for messages.
pub fn character(word: &Word, at: usize) -> String {
    word.text
        .get(at)
        .map_or_else(String::new, |b| String::from_utf8_lossy(&[*b]).into_owned())
}

/// Why a word is no time, in few words.
pub fn reason(error: TimeError, word: &Word) -> String {
    match error {
        TimeError::Unexpected(at) => format!("unexpected character '{}'", character(word, at)),
        _ => format!(
            "timer overflow in '{}', maximum value is 2147483647 ms or ~24.8 days",
            word.display()
        ),
    }
}
