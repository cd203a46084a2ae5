//! `option redispatch`, and `redispatch` alone of files before 2.1.

use crate::base::diag::Diagnostic;
use crate::config::args::{Args, atol};
use crate::config::directive::Prefix;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `[no] option redispatch [INTERVAL]`
pub const OPTION_REDISPATCH: KeywordHandler =
    KeywordHandler::new(&["option redispatch"], Sections::ANY_PROXY, lower);
/// `redispatch`, dropped in 2.1
pub const REDISPATCH: KeywordHandler =
    KeywordHandler::new(&["redispatch", "redisp"], Sections::ANY_PROXY, old);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "redispatch") {
        return;
    }
    let interval = match args.next_word() {
        Some(word) => i32::try_from(atol(&word.text).0).unwrap_or(-1),
        None => -1,
    };
    // HAProxy passes over whatever follows
    args.rest();
    let on = args.line().prefix.is_none();
    let off = args.line().prefix == Some(Prefix::No) || interval == 0;
    cx.set(|s| s.redispatch = (on && !off).then_some(interval));
}

fn old(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = args.name(1);
    let finding = Diagnostic::warning(
        "HX0249",
        args.line().span,
        format!(
            "keyword '{name}' directive is not supported anymore since HAProxy 2.1. Use 'option redispatch'."
        ),
    )
    .help("it is taken as 'option redispatch', which means the same");
    args.report(finding);
    if !cx.ignored(args, Side::Backend, &name) {
        cx.set(|s| s.redispatch = Some(-1));
    }
    args.end(&name);
}
