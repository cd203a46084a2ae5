//! `grace`, `close-spread-time`: how the process takes leave of its clients.

use crate::base::units::TimeUnit;
use crate::config::args::Args;
use crate::ir::global::Spread;
use crate::lower::proxy::timeout::bracketed;
use crate::lower::{Context, KeywordHandler, Sections};

/// `grace TIME`
pub const GRACE: KeywordHandler = KeywordHandler::new(&["grace"], Sections::GLOBAL, grace);
/// `close-spread-time TIME|infinite`
pub const CLOSE_SPREAD_TIME: KeywordHandler =
    KeywordHandler::new(&["close-spread-time"], Sections::GLOBAL, spread);

fn grace(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let missing = "'grace' expects <time> as argument.";
    if let Some(ms) = bracketed(args, TimeUnit::Millisecond, "grace", missing) {
        cx.global.grace = Some(ms);
    }
}

fn spread(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if args.take("infinite") {
        cx.global.close_spread = Spread::Infinite;
        return;
    }
    let missing = "'close-spread-time' expects <time> as argument.";
    let name = "close-spread-time";
    match bracketed(args, TimeUnit::Millisecond, name, missing) {
        Some(0) => cx.global.close_spread = Spread::None,
        Some(ms) => cx.global.close_spread = Spread::Over(ms),
        None => {}
    }
}
