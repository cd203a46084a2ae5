//! `option abortonclose`: forget requests whose client has gone. On in HTTP back ends unless
//! `no` says otherwise (configuration manual 3.4).

use crate::config::args::Args;
use crate::config::directive::Prefix;
use crate::ir::proxy::Options;
use crate::lower::{Context, KeywordHandler, Sections};

/// `[no] option abortonclose`
pub const ABORTONCLOSE: KeywordHandler =
    KeywordHandler::new(&["option abortonclose"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    args.end("option abortonclose");
    let prefix = args.line().prefix;
    cx.set(|s| {
        s.options.set(Options::ABORTONCLOSE, prefix.is_none());
        s.no_options
            .set(Options::ABORTONCLOSE, prefix == Some(Prefix::No));
    });
}
