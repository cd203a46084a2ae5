//! The part behind the last colon.

use super::{Kind, fault};
use crate::base::diag::Diagnostic;
use crate::base::span::Span;

/// What stood behind the colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Ports {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) offset: Option<i32>,
}

/// Splits at the last colon, unless a `]` stands behind it; the port is empty without one.
pub(super) fn split(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().rposition(|b| matches!(b, b':' | b']')) {
        Some(at) if text.get(at) == Some(&b':') => (
            text.get(..at).unwrap_or_default(),
            text.get(at + 1..).unwrap_or_default(),
        ),
        _ => (text, b""),
    }
}

pub(super) fn read(
    text: &[u8],
    said: &str,
    span: Span,
    kind: Kind,
) -> Result<Ports, Box<Diagnostic>> {
    let shown = String::from_utf8_lossy(text);
    let wrong = |code, message: String| Err(fault(code, span, message));
    let stray = |text: &[u8]| {
        let stray = text.iter().position(|b| !b.is_ascii_digit());
        let stray = stray.and_then(|at| text.get(at..=at)).unwrap_or_default();
        let (stray, shown) = (
            String::from_utf8_lossy(stray),
            String::from_utf8_lossy(text),
        );
        let message = format!("invalid character '{stray}' in port number '{shown}' in '{said}'");
        fault("HX0185", span, message)
    };
    let number = |text: &[u8]| -> Result<u16, Box<Diagnostic>> {
        let shown = String::from_utf8_lossy(text);
        if !text.iter().all(u8::is_ascii_digit) {
            return Err(stray(text));
        }
        let parsed: Option<u16> = shown.parse().ok();
        match parsed.filter(|port| *port > 0 || !kind.port_required) {
            Some(port) => Ok(port),
            None => Err(fault("HX0186", span, format!("invalid port '{shown}'"))),
        }
    };
    match text {
        [] if kind.port_required => {
            let message = format!("missing port specification in '{said}'");
            let mut finding = fault("HX0187", span, message);
            finding.expected = Some("a port is missing: ADDRESS:PORT".to_owned());
            Err(finding)
        }
        [] => Ok(Ports {
            offset: kind.offset.then_some(0),
            ..Ports::default()
        }),
        _ if !kind.port => wrong("HX0188", format!("port not permitted here in '{said}'")),
        [sign @ (b'+' | b'-'), digits @ ..] => {
            if !kind.offset {
                let message = format!("port offset not permitted here in '{said}'");
                return wrong("HX0188", message);
            }
            let value = i32::from(number(digits)?);
            Ok(Ports {
                offset: Some(if *sign == b'-' { -value } else { value }),
                ..Ports::default()
            })
        }
        [first, ..] if !first.is_ascii_digit() => Err(stray(text)),
        _ => match memchr::memchr(b'-', text) {
            Some(_) if !kind.range => {
                let message = format!("port range not permitted here in '{said}'");
                wrong("HX0188", message)
            }
            Some(at) => {
                let (first, last) = text.split_at(at);
                let last = last.get(1..).unwrap_or_default();
                if !last.iter().all(u8::is_ascii_digit) {
                    return Err(stray(last));
                }
                let (first, last) = (number(first)?, number(last)?);
                if first > last {
                    return wrong("HX0189", format!("invalid port range '{shown}'"));
                }
                Ok(Ports {
                    first,
                    last,
                    offset: (kind.offset && last == 0).then_some(0),
                })
            }
            None => {
                let first = number(text)?;
                Ok(Ports {
                    first,
                    last: first,
                    // Port 0 means none.
                    offset: (kind.offset && first == 0).then_some(0),
                })
            }
        },
    }
}
