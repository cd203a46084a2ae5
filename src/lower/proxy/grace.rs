//! `grace` of a proxy, in files before 2.5: how long it takes connections after a soft stop began.

use super::timeout::bracketed;
use crate::base::diag::Diagnostic;
use crate::base::units::TimeUnit;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `grace TIME`
pub const GRACE: KeywordHandler = KeywordHandler::new(&["grace"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let span = args.line().span;
    let missing = "'grace' expects <time> as argument.";
    let Some(ms) = bracketed(args, TimeUnit::Millisecond, "grace", missing) else {
        return;
    };
    cx.set(|s| s.grace = Some(ms));
    let finding = Diagnostic::warning(
        "HX0399",
        span,
        "'grace' of a proxy is not supported anymore since HAProxy 2.5; it is executed as in 2.4. The modern form is 'grace' in the global section.",
    )
    .refused_since(2, 5);
    args.report(finding);
}
