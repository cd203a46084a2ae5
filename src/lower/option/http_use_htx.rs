//! `option http-use-htx` of 1.9 and 2.0: the only way since 2.1.

use crate::base::diag::Diagnostic;
use crate::config::args::Args;
use crate::config::directive::Prefix;
use crate::lower::{Context, KeywordHandler, Sections};

/// `[no] option http-use-htx`
pub const HTTP_USE_HTX: KeywordHandler =
    KeywordHandler::new(&["option http-use-htx"], Sections::ANY_PROXY, lower);

fn lower(_cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let off = args.line().prefix == Some(Prefix::No);
    let effect = if off {
        "it cannot be switched off"
    } else {
        "it is always on"
    };
    let message = format!(
        "option 'http-use-htx' is not supported any more since HAProxy 2.1: {effect}. Please remove the line."
    );
    args.report(Diagnostic::warning("HX0246", args.line().span, message));
}
