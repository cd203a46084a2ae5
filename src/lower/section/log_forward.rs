//! Lines of a `log-forward` section (configuration manual 12.6).

use crate::config::address::Kind;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, bind, log};

const HERE: Sections = Sections::LOG_FORWARD;

/// `bind ADDRESS [options]`, `dgram-bind ADDRESS [options]`
pub const BIND: KeywordHandler = KeywordHandler::checked(&["bind", "dgram-bind"], HERE, listener);
/// `log global`, `log ADDRESS ...`
pub const LOG: KeywordHandler =
    KeywordHandler::checked(&["log"], HERE, |_: &mut Context<'_>, args| {
        log::target::checked(args);
    });

fn listener(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let kind = match args.name(1).as_str() {
        "bind" => Kind::BIND,
        _ => Kind::DGRAM_BIND,
    };
    bind::standing_alone(args, kind, "log-forward");
}
