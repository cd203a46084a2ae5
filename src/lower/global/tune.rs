//! `tune.*` settings that hapax executes.

use crate::config::args::{Args, atol};
use crate::ir::bind::Shards;
use crate::ir::global::{IdlePoolShared, MultiQueue};
use crate::lower::{Context, KeywordHandler, Sections};

const GLOBAL: Sections = Sections::GLOBAL;

/// `tune.bufsize SIZE`
pub const BUFSIZE: KeywordHandler = KeywordHandler::new(&["tune.bufsize"], GLOBAL, bufsize);
/// `tune.maxrewrite N`
pub const MAXREWRITE: KeywordHandler =
    KeywordHandler::new(&["tune.maxrewrite"], GLOBAL, maxrewrite);
/// `tune.http.maxhdr N`
pub const HTTP_MAXHDR: KeywordHandler = KeywordHandler::new(&["tune.http.maxhdr"], GLOBAL, maxhdr);
/// `tune.http.cookielen N`
pub const HTTP_COOKIELEN: KeywordHandler =
    KeywordHandler::new(&["tune.http.cookielen"], GLOBAL, cookielen);
/// `tune.http.logurilen N`
pub const HTTP_LOGURILEN: KeywordHandler =
    KeywordHandler::new(&["tune.http.logurilen"], GLOBAL, logurilen);
/// `tune.cli.max-payload-size SIZE`
pub const CLI_MAX_PAYLOAD_SIZE: KeywordHandler =
    KeywordHandler::new(&["tune.cli.max-payload-size"], GLOBAL, max_payload_size);
/// `tune.maxaccept N`
pub const MAXACCEPT: KeywordHandler = KeywordHandler::new(&["tune.maxaccept"], GLOBAL, maxaccept);
/// `tune.maxpollevents N`
pub const MAXPOLLEVENTS: KeywordHandler =
    KeywordHandler::new(&["tune.maxpollevents"], GLOBAL, maxpollevents);
/// `tune.listener.multi-queue on|fair|off`
pub const LISTENER_MULTI_QUEUE: KeywordHandler =
    KeywordHandler::new(&["tune.listener.multi-queue"], GLOBAL, multi_queue);
/// `tune.listener.default-shards by-process|by-thread|by-group`
pub const LISTENER_DEFAULT_SHARDS: KeywordHandler =
    KeywordHandler::new(&["tune.listener.default-shards"], GLOBAL, default_shards);
/// `tune.idle-pool.shared full|on|off`
pub const IDLE_POOL_SHARED: KeywordHandler =
    KeywordHandler::new(&["tune.idle-pool.shared"], GLOBAL, idle_pool_shared);
/// `tune.pool-low-fd-ratio PERCENT`
pub const POOL_LOW_FD_RATIO: KeywordHandler =
    KeywordHandler::new(&["tune.pool-low-fd-ratio"], GLOBAL, pool_low);
/// `tune.pool-high-fd-ratio PERCENT`
pub const POOL_HIGH_FD_RATIO: KeywordHandler =
    KeywordHandler::new(&["tune.pool-high-fd-ratio"], GLOBAL, pool_high);
/// `tune.comp.maxlevel N`
pub const COMP_MAXLEVEL: KeywordHandler =
    KeywordHandler::new(&["tune.comp.maxlevel"], GLOBAL, comp_maxlevel);
/// `tune.stick-counters N`
pub const STICK_COUNTERS: KeywordHandler =
    KeywordHandler::new(&["tune.stick-counters"], GLOBAL, stick_counters);
/// `tune.rcvbuf.client SIZE` and its three siblings
pub const BUFFERS: KeywordHandler = KeywordHandler::new(
    &[
        "tune.rcvbuf.client",
        "tune.rcvbuf.server",
        "tune.sndbuf.client",
        "tune.sndbuf.server",
    ],
    GLOBAL,
    buffers,
);

/// The smallest buffer that still holds a request line and the error answers.
const MIN_BUFSIZE: u32 = 1024;

fn integer(args: &mut Args<'_, '_>, name: &str, dot: &str) -> Option<i64> {
    let value = args.lenient_int(&format!("'{name}' expects an integer argument{dot}"))?;
    args.end(name);
    Some(value)
}

fn bufsize(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let here = args.here();
    let size = args.size("tune.bufsize", "'tune.bufsize' expects an integer argument");
    if let Some(size) = size {
        if size < MIN_BUFSIZE {
            let message = format!(
                "'tune.bufsize' value {size} is too small for any request: {MIN_BUFSIZE} bytes are used."
            );
            args.warning("HX0240", here, message);
        }
        cx.global.tune.bufsize = size.max(MIN_BUFSIZE);
    }
    args.end("tune.bufsize");
}

fn max_payload_size(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    const NAME: &str = "tune.cli.max-payload-size";
    if let Some(size) = args.size(NAME, &format!("'{NAME}' expects an integer argument")) {
        cx.global.tune.cli_max_payload_size = size;
    }
    args.end(NAME);
}

fn maxrewrite(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let here = args.here();
    match integer(args, "tune.maxrewrite", ".").map(u32::try_from) {
        None => {}
        Some(Ok(value)) => cx.global.tune.maxrewrite = value,
        Some(Err(_)) => {
            let message = "'tune.maxrewrite' expects a positive integer argument.";
            args.alert("HX0164", here, message);
        }
    }
}

fn maxhdr(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let here = args.here();
    match integer(args, "tune.http.maxhdr", ".").map(u32::try_from) {
        None => {}
        Some(Ok(value)) if (1..=32767).contains(&value) => cx.global.tune.http_maxhdr = value,
        Some(_) => args.alert(
            "HX0164",
            here,
            "'tune.http.maxhdr' expects a numeric value between 1 and 32767",
        ),
    }
}

fn cookielen(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if let Some(Ok(value)) = integer(args, "tune.http.cookielen", ".").map(u32::try_from) {
        // HAProxy counts the terminating zero byte of its buffer in.
        cx.global.tune.http_cookielen = value;
    }
}

fn logurilen(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if let Some(Ok(value)) = integer(args, "tune.http.logurilen", ".").map(u32::try_from) {
        cx.global.tune.http_logurilen = value;
    }
}

fn stick_counters(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    const NAME: &str = "tune.stick-counters";
    let Some(word) = args.next_word() else {
        return;
    };
    let text = word.display().to_string();
    match text.parse::<i64>() {
        Ok(n @ 0..=100) => cx.global.tune.stick_counters = n as u32,
        Ok(n) => {
            let message =
                format!("{NAME}: the number of stick-counters must be between 1 and 100 (was {n})");
            args.alert("HX0164", word.span, message);
        }
        Err(_) => {
            let message = format!("{NAME}: '{text}' is an invalid number");
            args.alert("HX0165", word.span, message);
        }
    }
    args.end(NAME);
}

fn maxaccept(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if let Some(value) = integer(args, "tune.maxaccept", "") {
        cx.global.tune.maxaccept = u32::try_from(value).ok().filter(|v| *v > 0);
    }
}

fn comp_maxlevel(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let here = args.here();
    const EXPECTS: &str = "'tune.comp.maxlevel' expects a numeric value between 1 and 9";
    let Some(value) = args.lenient_int(EXPECTS) else {
        return;
    };
    match u32::try_from(value).ok().filter(|v| (1..=9).contains(v)) {
        Some(level) => cx.global.tune.comp_maxlevel = level,
        None => args.alert("HX0164", here, EXPECTS),
    }
}

fn maxpollevents(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if let Some(Ok(value)) = integer(args, "tune.maxpollevents", ".").map(u32::try_from)
        && value > 0
    {
        cx.global.tune.maxpollevents = value;
    }
}

/// One of a few words, or HAProxy's complaint that quotes what it got.
fn choice(args: &mut Args<'_, '_>, name: &str, known: &[&str], expects: &str) -> Option<usize> {
    let got = args
        .peek()
        .map_or_else(String::new, |w| w.display().to_string());
    let message = format!("'{name}' expects {expects} but got '{got}'.");
    let index = args.keyword(known, &message)?;
    args.end(name);
    Some(index)
}

fn multi_queue(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = "tune.listener.multi-queue";
    if let Some(index) = choice(
        args,
        name,
        &["on", "fair", "off"],
        "either 'on', 'fair', or 'off'",
    ) {
        cx.global.tune.listener_multi_queue = match index {
            0 => MultiQueue::On,
            1 => MultiQueue::Fair,
            _ => MultiQueue::Off,
        };
    }
}

fn default_shards(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = "tune.listener.default-shards";
    cx.global.tune.listener_default_shards = match choice(
        args,
        name,
        &["by-process", "by-group", "by-thread"],
        "either 'by-process', 'by-group', or 'by-thread'",
    ) {
        Some(0) => Some(Shards::Count(1)),
        Some(1) => Some(Shards::ByGroup),
        Some(_) => Some(Shards::ByThread),
        None => return,
    };
}

fn idle_pool_shared(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = "tune.idle-pool.shared";
    cx.global.tune.idle_pool_shared =
        match choice(args, name, &["full", "on", "off"], "'full', 'on' or 'off'") {
            Some(0) => IdlePoolShared::Full,
            Some(1) => IdlePoolShared::On,
            Some(_) => IdlePoolShared::Off,
            None => return,
        };
}

fn percent(args: &mut Args<'_, '_>, name: &str) -> Option<u32> {
    let message = format!("'{name}' expects an integer argument between 0 and 100.");
    let word = args.word(&message)?;
    let value = u32::try_from(atol(&word.text).0).ok().filter(|v| *v <= 100);
    if value.is_none() {
        args.alert("HX0164", word.span, message);
    }
    args.end(name);
    value
}

fn pool_low(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if let Some(value) = percent(args, "tune.pool-low-fd-ratio") {
        cx.global.tune.pool_low_fd_ratio = value;
    }
}

fn pool_high(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if let Some(value) = percent(args, "tune.pool-high-fd-ratio") {
        cx.global.tune.pool_high_fd_ratio = value;
    }
}

fn buffers(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = args.name(1);
    let Some(size) = args.size(&name, &format!("'{name}' expects an integer argument.")) else {
        return;
    };
    let tune = &mut cx.global.tune;
    let field = match name.as_str() {
        "tune.rcvbuf.client" => &mut tune.rcvbuf_client,
        "tune.rcvbuf.server" => &mut tune.rcvbuf_server,
        "tune.sndbuf.client" => &mut tune.sndbuf_client,
        _ => &mut tune.sndbuf_server,
    };
    *field = Some(size).filter(|s| *s > 0);
    args.end(&name);
}
