//! `option tcpka`: `clitcpka` and `srvtcpka` at once, where the section has the side for it.

use super::negated;
use crate::config::args::Args;
use crate::ir::proxy::Options;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `option tcpka`
pub const TCPKA: KeywordHandler =
    KeywordHandler::new(&["option tcpka"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if negated(args, "tcpka") {
        return;
    }
    args.end("option tcpka");
    let (front, back) = (cx.can(Side::Frontend), cx.can(Side::Backend));
    cx.set(|s| {
        if front {
            s.options.insert(Options::CLITCPKA);
        }
        if back {
            s.options.insert(Options::SRVTCPKA);
        }
    });
}
