//! `monitor-net` of files before 2.2: probes from a network get an answer and nothing more.

use crate::base::diag::Diagnostic;
use crate::config::args::Args;
use crate::lower::option::network;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `monitor-net ADDRESS[/MASK]`
pub const MONITOR_NET: KeywordHandler =
    KeywordHandler::new(&["monitor-net"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Frontend, "monitor-net") {
        return;
    }
    const EXPECTS: &str = "'monitor-net' expects address[/mask].";
    let Some(word) = args.word(EXPECTS) else {
        return;
    };
    let Some(net) = word.as_str().and_then(network) else {
        args.alert("HX0247", word.span, EXPECTS);
        return;
    };
    let text = word.display();
    let finding = Diagnostic::warning(
        "HX0320",
        args.line().span,
        format!(
            "'monitor-net' doesn't exist anymore. Please use 'http-request return status 200 if {{ src {text} }}' instead. It is executed as before 2.2: the answer is 'HTTP/1.0 200 OK', the request is not read."
        ),
    );
    args.report(finding);
    args.end("monitor-net");
    cx.set(|s| s.monitor_net = Some(net));
}
