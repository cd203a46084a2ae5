//! `http-err-codes`, `http-fail-codes` (configuration manual 3.1).

use crate::config::args::Args;
use crate::ir::global::StatusSet;
use crate::lower::{KeywordHandler, Sections};

/// `http-err-codes [+-]RANGE[,...] ...`
pub const ERRORS: KeywordHandler =
    KeywordHandler::new(&["http-err-codes"], Sections::GLOBAL, |cx, args| {
        let codes = cx.global.http_codes.errors;
        cx.global.http_codes.errors = lower(args, "http-err-codes", codes);
    });
/// `http-fail-codes [+-]RANGE[,...] ...`
pub const FAILURES: KeywordHandler =
    KeywordHandler::new(&["http-fail-codes"], Sections::GLOBAL, |cx, args| {
        let codes = cx.global.http_codes.failures;
        cx.global.http_codes.failures = lower(args, "http-fail-codes", codes);
    });

/// The codes that a line leaves of those before it.
fn lower(args: &mut Args<'_, '_>, name: &str, mut codes: StatusSet) -> StatusSet {
    if args.is_empty() {
        let message = format!("Missing status codes range for '{name}'.");
        args.alert("HX0160", args.missing_at(), message);
    }
    while let Some(word) = args.next_word() {
        let text = word.display().to_string();
        if let Err(at) = ranges(text.as_bytes(), &mut codes) {
            let place = match at {
                Some(at) => format!(
                    " at position {at}. Ranges must be in the form [+-]{{low[-{{high}}]}}[,...]."
                ),
                None => ".".to_owned(),
            };
            let message = format!("Invalid status codes range '{text}' in '{name}'{place}");
            args.alert("HX0165", word.span, message);
            break;
        }
    }
    codes
}

/// `+300-499,-400`; the error is the place of what does not belong, or `None` for a range that is
/// none.
fn ranges(text: &[u8], codes: &mut StatusSet) -> Result<(), Option<usize>> {
    let mut at = 0usize;
    let number = |at: &mut usize| {
        let digits = text.get(*at..).unwrap_or_default();
        let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        let digits = std::str::from_utf8(digits.get(..length).unwrap_or_default());
        let value = digits.ok().and_then(|d| d.parse::<u32>().ok());
        *at += length;
        value.ok_or(Some(*at))
    };
    // one sign is meant for all ranges of a word
    let sign = text.first().copied().filter(|b| b"+-".contains(b));
    at += usize::from(sign.is_some());
    if sign.is_none() {
        *codes = StatusSet::default();
    }
    loop {
        let low = number(&mut at)?;
        let mut high = low;
        if text.get(at) == Some(&b'-') {
            at += 1;
            high = number(&mut at)?;
        }
        if low > high || low < 100 || high > 599 {
            return Err(None);
        }
        for code in low..=high {
            codes.set(code as u16, sign != Some(b'-'));
        }
        match text.get(at) {
            None => return Ok(()),
            Some(b',') => at += 1,
            Some(_) => return Err(Some(at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_added_and_taken_away() {
        let mut codes = StatusSet::default();
        ranges(b"220", &mut codes).unwrap();
        ranges(b"+300-499", &mut codes).unwrap();
        ranges(b"-300-399,598", &mut codes).unwrap();
        ranges(b"+598,599", &mut codes).unwrap();
        let kept: Vec<u16> = (100..600).filter(|c| codes.has(*c)).collect();
        assert_eq!(kept.len(), 103);
        assert!(codes.has(220) && codes.has(400) && codes.has(599) && !codes.has(300));
        // recorded from HAProxy 3.4
        for (text, at) in [
            ("abc", Some(0)),
            ("600", None),
            ("-400-", Some(5)),
            ("500-400", None),
            ("+", Some(1)),
        ] {
            assert_eq!(ranges(text.as_bytes(), &mut codes), Err(at), "{text}");
        }
    }
}
