//! `clitcpka-cnt`, `clitcpka-idle`, `clitcpka-intvl` and their `srvtcpka` siblings: when idle
//! connections are probed.

use super::timeout::bracketed;
use crate::base::units::TimeUnit;
use crate::config::args::{Args, atol};
use crate::ir::proxy::{Settings, TcpKeepalive};
use crate::lower::{Context, KeywordHandler, Sections};

/// Numbers of probes
pub const COUNT: KeywordHandler = KeywordHandler::new(
    &["clitcpka-cnt", "srvtcpka-cnt"],
    Sections::ANY_PROXY,
    count,
);
/// Times
pub const TIMES: KeywordHandler = KeywordHandler::new(
    &[
        "clitcpka-idle",
        "clitcpka-intvl",
        "srvtcpka-idle",
        "srvtcpka-intvl",
    ],
    Sections::ANY_PROXY,
    time,
);

fn target<'s>(settings: &'s mut Settings, name: &str) -> &'s mut TcpKeepalive {
    if name.starts_with("cli") {
        &mut settings.clitcpka
    } else {
        &mut settings.srvtcpka
    }
}

fn count(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = args.name(1);
    let Some(word) = args.word(&format!("'{name}' expects an integer value")) else {
        return;
    };
    let (value, used) = atol(&word.text);
    let value = u32::try_from(value).unwrap_or_default();
    if used != word.text.len() {
        let message = format!(
            "'{name}' : unexpected character '{}' in integer value '{}'",
            super::timeout::character(word, used),
            word.display()
        );
        args.alert("HX0165", word.span, message);
        return;
    }
    cx.set(|s| target(s, &name).count = Some(value).filter(|v| *v > 0));
}

fn time(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = args.name(1);
    let missing = format!("'{name}' expects an integer value");
    let Some(seconds) = bracketed(args, TimeUnit::Second, &name, &missing) else {
        return;
    };
    let seconds = Some(seconds).filter(|s| *s > 0);
    cx.set(|s| {
        let keepalive = target(s, &name);
        if name.ends_with("idle") {
            keepalive.idle = seconds;
        } else {
            keepalive.interval = seconds;
        }
    });
}
