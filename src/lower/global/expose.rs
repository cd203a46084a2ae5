//! `expose-deprecated-directives`: consent to words that HAProxy warns about.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `expose-deprecated-directives`
pub const DEPRECATED: KeywordHandler = KeywordHandler::new(
    &["expose-deprecated-directives"],
    Sections::GLOBAL,
    deprecated,
);

fn deprecated(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    cx.quiet_deprecated = true;
    args.end("expose-deprecated-directives");
}
