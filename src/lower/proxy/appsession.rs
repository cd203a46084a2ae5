//! `appsession` of files before 1.6: stickiness by the application's own session cookie.

use super::timeout::reason;
use crate::base::diag::Diagnostic;
use crate::base::units::{self, TimeUnit};
use crate::config::args::{Args, atol};
use crate::ir::persist::{AppSession, AppSessionMode};
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `appsession NAME len L timeout T [request-learn] [prefix] [mode M]`
pub const APPSESSION: KeywordHandler =
    KeywordHandler::new(&["appsession"], Sections::ANY_PROXY, lower);

/// What HAProxy 1.5 took when a line did not say.
const DEFAULT_LEN: u32 = 32;
const DEFAULT_TIMEOUT: u32 = 3_600_000;

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.in_defaults() {
        args.alert(
            "HX0285",
            args.line().span,
            "'appsession' not allowed in 'defaults' section.",
        );
        return;
    }
    if cx.ignored(args, Side::Backend, "appsession") {
        return;
    }
    let line = args.line().span;
    let Some(name) =
        args.word("'appsession' expects 'cookie_name' 'len' and 'timeout' as arguments.")
    else {
        return;
    };
    let mut said = AppSession {
        name: name.text.to_vec(),
        len: DEFAULT_LEN,
        timeout: DEFAULT_TIMEOUT,
        request_learn: false,
        prefix: false,
        mode: AppSessionMode::PathParameters,
        span: line,
    };
    while let Some(word) = args.next_word() {
        match &word.text[..] {
            b"len" => {
                let Some(value) = args.word("'appsession' : 'len' expects a number of bytes.")
                else {
                    return;
                };
                match u32::try_from(atol(&value.text).0).ok().filter(|v| *v > 0) {
                    Some(value) => said.len = value,
                    None => {
                        args.alert(
                            "HX0296",
                            value.span,
                            "'appsession' : 'len' expects a number of bytes.",
                        );
                        return;
                    }
                }
            }
            b"timeout" => {
                let Some(value) = args.word("'appsession' : 'timeout' expects a time.") else {
                    return;
                };
                match units::time(&value.text, TimeUnit::Millisecond) {
                    Ok(time) => said.timeout = time.value,
                    Err(error) => {
                        let message =
                            format!("'appsession' : {} in 'timeout'.", reason(error, value));
                        args.alert("HX0203", value.span, message);
                        return;
                    }
                }
            }
            b"request-learn" => said.request_learn = true,
            b"prefix" => said.prefix = true,
            b"mode" => {
                let message = "unknown mode; 'appsession' expects 'query-string' or 'path-parameters' behind 'mode'";
                match args.keyword(&["path-parameters", "query-string"], message) {
                    Some(0) => said.mode = AppSessionMode::PathParameters,
                    Some(_) => said.mode = AppSessionMode::QueryString,
                    None => return,
                }
            }
            _ => {
                let message = format!(
                    "'appsession' : unknown word '{}'; it takes 'len', 'timeout', 'request-learn', 'prefix' and 'mode'.",
                    word.display()
                );
                args.alert("HX0162", word.span, message);
                return;
            }
        }
    }
    let name = name.display();
    let finding = Diagnostic::warning(
        "HX0297",
        line,
        "'appsession' is not supported anymore since HAProxy 1.6; it is executed as in 1.5, where it takes precedence over the cookie of a 'cookie' line (in 1.4 that cookie won). The modern form is a stick table: 'stick store-response' and 'stick match' on the cookie.",
    )
    .help(format!(
        "replace it by: stick-table type string len {} size 1m expire {}s / stick store-response res.cook({name}) / stick match req.cook({name})",
        said.len,
        said.timeout.div_ceil(1000)
    ));
    args.report(finding);
    cx.set(|s| s.appsession = Some(said));
}
