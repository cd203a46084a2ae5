//! `http-reuse`: whose requests may use an idle server connection.

use crate::config::args::Args;
use crate::ir::proxy::HttpReuse;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `http-reuse never|safe|aggressive|always`
pub const HTTP_REUSE: KeywordHandler =
    KeywordHandler::new(&["http-reuse"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "http-reuse") {
        return;
    }
    let message = "'http-reuse' only supports 'never', 'safe', 'aggressive', 'always'.";
    let reuse = match args.keyword(&["never", "safe", "aggressive", "always"], message) {
        Some(0) => HttpReuse::Never,
        Some(1) => HttpReuse::Safe,
        Some(2) => HttpReuse::Aggressive,
        Some(_) => HttpReuse::Always,
        None => return,
    };
    args.end("http-reuse");
    cx.set(|s| s.http_reuse = reuse);
}
