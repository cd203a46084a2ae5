//! `option http-restrict-req-hdr-names`: what happens to request headers whose names are not
//! letters, digits and hyphens only.

use super::negated;
use crate::config::args::Args;
use crate::ir::proxy::Options;
use crate::lower::{Context, KeywordHandler, Sections};

/// `option http-restrict-req-hdr-names preserve|delete|reject`
pub const RESTRICT: KeywordHandler = KeywordHandler::new(
    &["option http-restrict-req-hdr-names"],
    Sections::ANY_PROXY,
    lower,
);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    const NAME: &str = "http-restrict-req-hdr-names";
    if negated(args, NAME) {
        return;
    }
    let expects = format!("option '{NAME}' expects 'preserve', 'reject' or 'delete' option.");
    let message = match args.peek() {
        None => format!("missing parameter. {expects}"),
        Some(word) => format!("invalid parameter '{}'. {expects}", word.display()),
    };
    if let Some(extra) = args.peek_second() {
        let message = format!(
            "'option' cannot handle unexpected argument '{}'.",
            extra.display()
        );
        args.alert("HX0167", extra.span, message);
        return;
    }
    let Some(choice) = args.keyword(&["preserve", "delete", "reject"], &message) else {
        return;
    };
    cx.set(|s| {
        s.options.set(Options::RESTRICT_HDR_DELETE, choice == 1);
        s.options.set(Options::RESTRICT_HDR_REJECT, choice == 2);
    });
}
