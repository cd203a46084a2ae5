//! `capture cookie`, `capture request|response header`, `declare capture`: slots for values that
//! are kept for the log and for rules.
//!
//! They are lowered with the rules, since `http-request capture` takes slots too, and slots are
//! numbered in the order of the lines.

use crate::config::args::{Args, atol};
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::capture::{CookieSlot, Slot, Slots};
use crate::sample::view::Direction;

/// `capture cookie NAME len N`
pub const COOKIE: KeywordHandler =
    KeywordHandler::rules(&["capture cookie"], Sections::NAMED_PROXY, cookie);
/// `capture request header NAME len N`
pub const REQUEST: KeywordHandler =
    KeywordHandler::rules(&["capture request header"], Sections::NAMED_PROXY, request);
/// `capture response header NAME len N`
pub const RESPONSE: KeywordHandler = KeywordHandler::rules(
    &["capture response header"],
    Sections::NAMED_PROXY,
    response,
);
/// `declare capture request|response len N`
pub const DECLARE: KeywordHandler =
    KeywordHandler::rules(&["declare capture"], Sections::NAMED_PROXY, declare);

fn slots(cx: &mut Context<'_>, change: impl FnOnce(&mut Slots)) {
    if let Some(draft) = cx.draft_mut() {
        change(&mut draft.proxy.captures);
    }
}

/// `NAME len N`; the number is read as C's `atol` reads it.
fn name_and_len(args: &mut Args<'_, '_>, message: &str) -> Option<(Vec<u8>, usize)> {
    let name = args.next_word();
    let len = args.take("len").then(|| args.next_word()).flatten();
    let (Some(name), Some(len)) = (name, len) else {
        args.alert("HX0390", args.missing_at(), message);
        return None;
    };
    let (len, _) = atol(&len.text);
    Some((name.text.to_vec(), usize::try_from(len).unwrap_or(0)))
}

fn cookie(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let ignored = cx.ignored(args, Side::Frontend, "capture");
    let message = "'capture' expects 'cookie' <cookie_name> 'len' <len>.";
    let Some((name, len)) = name_and_len(args, message) else {
        return;
    };
    if ignored {
        return;
    }
    let named = cx.named();
    let most = (cx.global.tune.http_cookielen as usize).max(1);
    if len > most {
        let text = format!("truncating capture length to {most} bytes for {named}.");
        let span = args.line().span;
        let finding = crate::base::diag::Diagnostic::warning("HX0391", span, text);
        args.report(finding.form(crate::base::diag::Form::Plain));
    }
    let len = len.min(most);
    slots(cx, |s| s.cookie = Some(CookieSlot { name, len }));
}

fn header(cx: &mut Context<'_>, args: &mut Args<'_, '_>, direction: Direction) {
    let side = match direction {
        Direction::Request => "request",
        Direction::Response => "response",
    };
    let ignored = cx.ignored(args, Side::Frontend, "capture");
    let message = format!("'capture {side}' expects 'header' <header_name> 'len' <len>.");
    let Some((name, len)) = name_and_len(args, &message) else {
        return;
    };
    args.end(&format!("capture {side}"));
    if ignored {
        return;
    }
    let header = Some(name.to_ascii_lowercase());
    slots(cx, |s| {
        let list = match direction {
            Direction::Request => &mut s.request,
            Direction::Response => &mut s.response,
        };
        list.push(Slot { header, len });
    });
}

fn request(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    header(cx, args, Direction::Request);
}

fn response(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    header(cx, args, Direction::Response);
}

fn declare(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let span = args.line().span;
    if !cx.can(Side::Frontend) {
        args.alert(
            "HX0390",
            span,
            "'declare' only available in frontend or listen section",
        );
        return;
    }
    let direction = if args.take("request") {
        Direction::Request
    } else if args.take("response") {
        Direction::Response
    } else {
        let message = "'declare capture' requires a direction ('request' or 'response')";
        args.alert("HX0390", args.here(), message);
        return;
    };
    if !args.take("len") {
        let message = "'declare capture' requires a capture length ('len')";
        args.alert("HX0390", args.here(), message);
        return;
    }
    let message =
        "'declare capture': 'len' requires a numeric value that represents the capture length";
    let Some(word) = args.word(message) else {
        return;
    };
    let len = match atol(&word.text) {
        (len, used) if used == word.text.len() => len,
        _ => {
            let message = format!(
                "'declare capture': cannot parse the length '{}'.",
                word.display()
            );
            args.alert("HX0390", word.span, message);
            return;
        }
    };
    match usize::try_from(len) {
        Ok(len) if len > 0 => slots(cx, |s| {
            s.declare(direction, len);
        }),
        _ => args.alert("HX0390", word.span, "length must be > 0"),
    }
}
