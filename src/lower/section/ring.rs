//! Lines of a `ring` section (configuration manual 12.5). Most are checked by the grammar's tables.

use crate::config::args::Args;
use crate::lower::server;
use crate::lower::{Context, KeywordHandler, Sections};

/// `server NAME ADDRESS [options]`
pub const SERVER: KeywordHandler = KeywordHandler::checked(&["server"], Sections::RING, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let ring = super::own_name(cx);
    server::standing_alone(args, &ring);
}
