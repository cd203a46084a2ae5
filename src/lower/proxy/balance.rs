//! `balance`

use crate::config::args::Args;
use crate::ir::proxy::Balance;
use crate::lower::check::pending_note;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `balance ALGORITHM [arguments]`
pub const BALANCE: KeywordHandler = KeywordHandler::new(&["balance"], Sections::ANY_PROXY, lower);

/// Algorithms of HAProxy 3.4 that do not run here yet. Names that end in `(` take an argument in
/// parentheses.
const PENDING: &[&str] = &[
    "static-rr",
    "first",
    "source",
    "uri",
    "url_param",
    "hash",
    "hdr(",
    "rdp-cookie",
    "random",
    "log-hash",
    "sticky",
];

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "balance") {
        return;
    }
    let Some(word) = args.next_word() else {
        cx.set(|s| s.balance = Balance::RoundRobin);
        return;
    };
    let text = word.display().to_string();
    let rest = args.rest();
    let known = crate::balance::algorithm(&text).is_some();
    let balance = match text.as_str() {
        "roundrobin" => Balance::RoundRobin,
        "leastconn" => Balance::LeastConn,
        _ if known => Balance::Pending(text),
        _ if PENDING.iter().any(|name| {
            text == *name
                || text
                    .strip_prefix(name)
                    .is_some_and(|r| name.ends_with('(') || r.starts_with('('))
        }) =>
        {
            let what = format!("'balance {text}' (servers are chosen by 'roundrobin' instead)");
            args.report(pending_note(word.span, &what, 5));
            let words: Vec<String> = std::iter::once(text)
                .chain(rest.iter().map(|w| w.display().to_string()))
                .collect();
            Balance::Pending(words.join(" "))
        }
        _ => {
            args.alert("HX0292", word.span, "balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', 'url_param', 'hash', 'hdr(name)', 'rdp-cookie(name)', 'log-hash' and 'sticky' options.");
            return;
        }
    };
    cx.set(|s| s.balance = balance);
}
