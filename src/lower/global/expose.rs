//! `expose-deprecated-directives`, `expose-experimental-directives`: consent to words that
//! HAProxy warns about or hides.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `expose-deprecated-directives`
pub const DEPRECATED: KeywordHandler = KeywordHandler::new(
    &["expose-deprecated-directives"],
    Sections::GLOBAL,
    deprecated,
);
/// `expose-experimental-directives`
pub const EXPERIMENTAL: KeywordHandler = KeywordHandler::new(
    &["expose-experimental-directives"],
    Sections::GLOBAL,
    experimental,
);

fn deprecated(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    cx.quiet_deprecated = true;
    args.end("expose-deprecated-directives");
}

/// hapax hides nothing, so there is nothing to consent to.
fn experimental(_cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    args.end("expose-experimental-directives");
}
