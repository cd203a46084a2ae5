//! `spread-checks`, `max-spread-checks`: health checks not all at once.

use crate::base::diag::{Diagnostic, Form};
use crate::base::units::TimeUnit;
use crate::config::args::{Args, atol};
use crate::lower::{Context, KeywordHandler, Sections};

/// `spread-checks PERCENT`
pub const SPREAD_CHECKS: KeywordHandler =
    KeywordHandler::new(&["spread-checks"], Sections::GLOBAL, spread);
/// `max-spread-checks TIME`
pub const MAX_SPREAD_CHECKS: KeywordHandler =
    KeywordHandler::new(&["max-spread-checks"], Sections::GLOBAL, max_spread);

fn spread(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let here = args.here();
    let tight = |text| Diagnostic::alert("HX0164", here, text).form(Form::Tight);
    let Some(word) = args.next_word() else {
        args.report(tight(
            "'spread-checks' expects an integer argument (0..50).",
        ));
        return;
    };
    match i32::try_from(atol(&word.text).0) {
        Ok(value) if (0..=50).contains(&value) => cx.global.spread_checks = value,
        _ => args.report(tight(
            "'spread-checks' needs a positive value in range 0..50.",
        )),
    }
    args.end("spread-checks");
}

fn max_spread(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let missing = "'max-spread-checks' expects an integer argument (>= 0).";
    if let Some(ms) = args.time(TimeUnit::Millisecond, "max-spread-checks", missing) {
        cx.global.max_spread_checks = Some(ms);
    }
    args.end("max-spread-checks");
}
