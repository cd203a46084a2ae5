//! `filter` (configuration manual 9): which filters there are, and what they name.

use crate::base::diag::Diagnostic;
use crate::config::args::Args;
use crate::grammar;
use crate::lower::{Context, KeywordHandler, Sections, section};

/// `filter NAME [arguments]`
pub const FILTER: KeywordHandler =
    KeywordHandler::checked(&["filter"], Sections::NAMED_PROXY, lower);
/// The filters of `compression`.
pub const COMPRESSION: KeywordHandler = KeywordHandler::new(
    &["filter compression", "filter comp-req", "filter comp-res"],
    Sections::NAMED_PROXY,
    compression,
);

/// Filters of libraries that are no part of HAProxy: a build without them refuses the file.
const ADDED: &[&str] = &["opentracing", "ot"];

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let named = cx.named();
    let Some(word) = args.peek() else {
        let message = format!("missing argument for 'filter' in {named}.");
        args.alert("HX0160", args.missing_at(), message);
        return;
    };
    let name = word.display().to_string();
    let known = grammar::filters().iter().map(|f| f.name);
    if ADDED.contains(&name.as_str()) || !known.clone().any(|k| k == name) {
        let message = format!("'filter' : unknown keyword '{name}'. Registered keywords :");
        let mut finding = Diagnostic::alert("HX0286", word.span, message);
        for known in known.clone().filter(|k| !ADDED.contains(k)) {
            let family = match known {
                "bwlim-in" | "bwlim-out" => "BWLIM",
                "comp-req" | "comp-res" | "compression" => "COMP",
                "fcgi-app" => "FCGI",
                other => &other.to_ascii_uppercase(),
            };
            finding = finding.excerpt(format!("    [{family}] {known}"));
        }
        if let Some(near) = grammar::nearest(&word.text, known) {
            finding = finding.help(format!("did you mean '{near}'?"));
        }
        args.report(finding);
        return;
    }
    args.next_word();
    match name.as_str() {
        "cache" => reference(cx, args, "cache"),
        "fcgi-app" => reference(cx, args, "fcgi-app"),
        "spoe" => spoe(args),
        "bwlim-in" | "bwlim-out" if args.is_empty() => {
            let message = format!("'filter' : '{name}' : a name is expected as first argument ");
            args.alert("HX0160", args.missing_at(), message);
        }
        _ => {}
    }
    args.rest();
}

fn compression(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = args.line().words.get(1);
    let name = name.map_or_else(String::new, |w| w.display().to_string());
    if let Some(extra) = args.peek() {
        let message = format!("'filter {name}' : unknown keyword '{}'.", extra.display());
        args.alert("HX0167", extra.span, message);
        args.rest();
        return;
    }
    let named = cx.named();
    let proxy = named.split_once(' ').map_or("", |(_, name)| name);
    let mut again = false;
    super::compression::change(cx, |c| {
        let halves = c.filters.get_or_insert_default();
        // each half has one filter at most; `compression` is both
        (again, halves.requests, halves.responses, c.filter) = match name.as_str() {
            "comp-req" => (
                halves.requests || c.filter,
                true,
                halves.responses,
                c.filter,
            ),
            "comp-res" => (
                halves.responses || c.filter,
                halves.requests,
                true,
                c.filter,
            ),
            _ => (
                c.filter || halves.requests || halves.responses,
                halves.requests,
                halves.responses,
                true,
            ),
        };
    });
    if again {
        let message = format!("'filter' : {proxy}: Proxy supports only one {name} filter\n");
        args.alert("HX0230", args.line().span, message);
    }
}

fn reference(cx: &mut Context<'_>, args: &mut Args<'_, '_>, kind: &str) {
    let message = format!("'filter' : {kind} : expects a <name> argument");
    let Some(word) = args.word(&message) else {
        return;
    };
    match kind {
        "cache" => section::want_cache(cx, word),
        _ => section::want_fcgi_app(cx, word),
    }
}

fn spoe(args: &mut Args<'_, '_>) {
    let mut file = false;
    while let Some(word) = args.next_word() {
        match &word.text[..] {
            b"engine" => {
                if args.next_word().is_none() {
                    let message = "'filter' : 'spoe' : engine name is missing";
                    args.alert("HX0160", args.missing_at(), message);
                    return;
                }
            }
            b"config" => file = args.next_word().is_some(),
            _ => {
                let message = format!("'filter' : 'spoe' : unknown keyword '{}'.", word.display());
                args.alert("HX0162", word.span, message);
                return;
            }
        }
    }
    if !file {
        let message = "'filter' : 'spoe' : missing config file";
        args.alert("HX0160", args.missing_at(), message);
    }
}
