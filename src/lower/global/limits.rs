//! `ulimit-n`, `fd-hard-limit`, `strict-limits`: how many descriptors the process may open.

use crate::config::args::Args;
use crate::config::directive::Prefix;
use crate::lower::{Context, KeywordHandler, Sections};

/// `ulimit-n N`
pub const ULIMIT_N: KeywordHandler = KeywordHandler::new(&["ulimit-n"], Sections::GLOBAL, ulimit_n);
/// `fd-hard-limit N`
pub const FD_HARD_LIMIT: KeywordHandler =
    KeywordHandler::new(&["fd-hard-limit"], Sections::GLOBAL, fd_hard_limit);
/// `strict-limits`
pub const STRICT_LIMITS: KeywordHandler =
    KeywordHandler::new(&["strict-limits"], Sections::GLOBAL, strict_limits);

fn ulimit_n(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if let Some(value) = args.lenient_int("'ulimit-n' expects an integer argument.") {
        cx.global.ulimit_n = u32::try_from(value).ok().filter(|v| *v > 0);
    }
    args.end("ulimit-n");
}

fn fd_hard_limit(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if let Some(value) = args.lenient_int("'fd-hard-limit' expects an integer argument.") {
        cx.global.fd_hard_limit = u32::try_from(value).ok().filter(|v| *v > 0);
    }
    args.end("fd-hard-limit");
}

fn strict_limits(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    cx.global.strict_limits = Some(args.line().prefix != Some(Prefix::No));
    args.end("strict-limits");
}
