//! `server-template PREFIX NUMBER|RANGE ADDRESS [options]`: servers that differ by their number.

use super::{add, address, allowed, check_transport, options, report};
use crate::config::address::Kind;
use crate::config::args::Args;
use crate::ir::server::InitAddr;
use crate::lower::{Context, KeywordHandler, Sections};
use std::ops::RangeInclusive;

/// `server-template`
pub const SERVER_TEMPLATE: KeywordHandler =
    KeywordHandler::new(&["server-template"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let line = args.line().span;
    if cx.in_defaults() {
        let text = "'server-template' not allowed in 'defaults' section.".to_owned();
        report(args, "HX0270", line, text);
        return;
    }
    if !allowed(cx, args, "server-template") {
        return;
    }
    let Some(draft) = cx.draft() else {
        return;
    };
    const MISSING: &str =
        "'server-template' expects <prefix> <nb | range> <addr>[:<port>] as arguments.";
    let (Some(prefix), Some(numbers), Some(_)) = (args.next_word(), args.next_word(), args.peek())
    else {
        let here = args.missing_at();
        report(args, "HX0160", here, MISSING.to_owned());
        return;
    };
    if let Some(bad) = crate::lower::bad_character(&prefix.text) {
        let text = format!(
            "character '{bad}' is not permitted in server-template prefix '{}'.",
            prefix.display()
        );
        report(args, "HX0210", prefix.span, text);
        return;
    }
    let Some(range) = numbers.as_str().and_then(range) else {
        let text = format!(
            "Wrong server-template number or range arg '{}'.",
            numbers.display()
        );
        report(args, "HX0164", numbers.span, text);
        return;
    };
    let place = format!("'server {}/(null)' : ", draft.proxy.name);
    let proxy = draft.proxy.name.clone();
    let mut made = draft.default_server.clone();
    let Some(address) = address(args, Kind::SERVER, &place) else {
        return;
    };
    made.server.address = address;
    made.server.span = line;
    made.place.clone_from(&place);
    check_transport(cx, &mut made, args);
    if !options(&mut made, args, &place, false) {
        made.server.init_addr = vec![InitAddr::None];
    }
    let first = made.server.id;
    for (number, step) in range.zip(0u32..) {
        let mut one = made.clone();
        one.server.name = format!("{}{number}", prefix.display());
        // A number of its own counts on from the one that the line gives.
        one.server.id = match first {
            0 => 0,
            first => first.saturating_add(step),
        };
        let place = format!("'server {proxy}/{}' : ", one.server.name);
        one.place.clone_from(&place);
        add(cx, args, one, &place);
    }
}

/// `5` is `1-5`.
fn range(text: &str) -> Option<RangeInclusive<u32>> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|n| *n > 0);
    let range = match text.split_once('-') {
        Some((low, high)) => number(low)?..=number(high)?,
        None => 1..=number(text)?,
    };
    (!range.is_empty()).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn ranges() {
        assert_eq!(range("3"), Some(1..=3));
        assert_eq!(range("2-4"), Some(2..=4));
        for bad in ["0", "x", "3-1", "0-1", "", "-2"] {
            assert_eq!(range(bad), None, "{bad}");
        }
    }
}
