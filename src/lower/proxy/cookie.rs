//! `cookie`: persistence by a cookie of the proxy's own, or by the application's.

use super::timeout::character;
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;
use crate::base::units::{self, TimeError, TimeUnit};
use crate::config::args::Args;
use crate::ir::persist::{Cookie, CookieMode};
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `cookie NAME [insert|rewrite|prefix] [options]`
pub const COOKIE: KeywordHandler = KeywordHandler::new(&["cookie"], Sections::ANY_PROXY, lower);

fn tight(args: &mut Args<'_, '_>, span: Span, message: String) {
    args.report(Diagnostic::alert("HX0293", span, message).form(Form::Tight));
}

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "cookie") {
        return;
    }
    let Some(name) = args.word("'cookie' expects <cookie_name> as argument.") else {
        return;
    };
    let line = args.line().span;
    let mut cookie = Cookie::new(name.text.to_vec(), line);
    let mut modes = 0;
    while let Some(word) = args.next_word() {
        match &word.text[..] {
            b"rewrite" => {
                cookie.mode = CookieMode::Rewrite;
                modes += 1;
            }
            b"insert" => {
                cookie.mode = CookieMode::Insert;
                modes += 1;
            }
            b"prefix" => {
                cookie.mode = CookieMode::Prefix;
                modes += 1;
            }
            b"indirect" => cookie.indirect = true,
            b"nocache" => cookie.nocache = true,
            b"postonly" => cookie.postonly = true,
            b"preserve" => cookie.preserve = true,
            b"httponly" => cookie.httponly = true,
            b"secure" => cookie.secure = true,
            b"dynamic" => cookie.dynamic = true,
            b"domain" => {
                let here = args.missing_at();
                let Some(domain) = args.next_word() else {
                    tight(
                        args,
                        here,
                        "'domain' expects <domain> as argument.".to_owned(),
                    );
                    return;
                };
                let text = domain.display().to_string();
                if !text.contains('.') {
                    let finding = Diagnostic::warning(
                        "HX0294",
                        domain.span,
                        format!("domain '{text}' contains no embedded dot, this configuration may not work properly (see RFC6265#5.2.3)."),
                    )
                    .form(Form::Tight);
                    args.report(finding);
                }
                cookie.domains.push(text);
            }
            b"maxidle" => match seconds(args, "maxidle", "<idletime>") {
                Some(value) => cookie.maxidle = value,
                None => return,
            },
            b"maxlife" => match seconds(args, "maxlife", "<lifetime>") {
                Some(value) => cookie.maxlife = value,
                None => return,
            },
            b"attr" => {
                let here = args.missing_at();
                let Some(value) = args.next_word() else {
                    tight(args, here, "'attr' expects <value> as argument.".to_owned());
                    return;
                };
                let bad = |b: &&u8| b.is_ascii_control() || **b == b';';
                if let Some(bad) = value.text.iter().find(bad) {
                    let message =
                        format!("character '%x{bad:02X}' is not permitted in attribute value.");
                    tight(args, value.span, message);
                    return;
                }
                cookie.attrs.push(value.text.to_vec());
            }
            _ => {
                args.alert("HX0162", word.span, "'cookie' supports 'rewrite', 'insert', 'prefix', 'indirect', 'nocache', 'postonly', 'domain', 'maxidle', 'dynamic', 'maxlife' and 'attr' options.");
                return;
            }
        }
    }
    let clash = if modes > 1 {
        Some("cookie 'rewrite', 'insert' and 'prefix' modes are incompatible.")
    } else if cookie.mode == CookieMode::Rewrite && cookie.indirect {
        Some("cookie 'rewrite' and 'indirect' modes are incompatible.")
    } else if cookie.preserve && cookie.mode != CookieMode::Insert && !cookie.indirect {
        Some("cookie 'preserve' requires at least 'insert' or 'indirect'.")
    } else {
        None
    };
    if let Some(message) = clash {
        args.alert("HX0295", line, message);
        return;
    }
    cx.set(|s| s.cookie = Some(cookie));
}

/// `maxidle`, `maxlife`: seconds; the inner `None` is 0, "no limit".
fn seconds(args: &mut Args<'_, '_>, name: &str, what: &str) -> Option<Option<u32>> {
    let here = args.missing_at();
    let Some(word) = args.next_word() else {
        let message = format!("'{name}' expects {what} in seconds as argument.");
        tight(args, here, message);
        return None;
    };
    let message = match units::time(&word.text, TimeUnit::Second) {
        Ok(time) => return Some(Some(time.value).filter(|s| *s > 0)),
        Err(TimeError::Overflow) => format!(
            "timer overflow in argument <{}> to <{name}>, maximum value is 2147483647 s (~68 years).",
            word.display()
        ),
        Err(TimeError::Unexpected(at)) => format!(
            "unexpected character '{}' in argument to <{name}>.",
            character(word, at)
        ),
    };
    tight(args, word.span, message);
    None
}
