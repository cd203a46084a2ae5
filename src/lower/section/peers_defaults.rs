//! What the lines of a `peers` section have in common: `default-bind`, `default-server`, `log`
//! (configuration manual 11.2).

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, bind, log, server};

const HERE: Sections = Sections::PEERS;

/// `default-bind [options]`
pub const BIND: KeywordHandler = KeywordHandler::checked(&["default-bind"], HERE, default_bind);
/// `default-server [options]`
pub const SERVER: KeywordHandler =
    KeywordHandler::checked(&["default-server"], HERE, default_server);
/// `log global`, `log ADDRESS ...`
pub const LOG: KeywordHandler =
    KeywordHandler::checked(&["log"], HERE, |_, args| log::target::checked(args));

fn default_bind(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    bind::defaults_alone(args, "peers");
}

fn default_server(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    server::defaults_alone(args);
}
