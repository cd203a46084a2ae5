//! `compression`

use crate::base::diag::Diagnostic;
use crate::base::units;
use crate::config::args::Args;
use crate::ir::compression::{Coded, Coding, Compression, Directions};
use crate::lower::{Context, KeywordHandler, Sections};

/// `compression algo|type|direction|offload|minsize-req|minsize-res ...`
pub const COMPRESSION: KeywordHandler = KeywordHandler::new(
    &[
        "compression algo",
        "compression algo-req",
        "compression algo-res",
        "compression type",
        "compression type-req",
        "compression type-res",
        "compression direction",
        "compression minsize-req",
        "compression minsize-res",
        "compression offload",
    ],
    Sections::ANY_PROXY,
    lower,
);
/// Any other word behind `compression`.
pub const UNKNOWN: KeywordHandler =
    KeywordHandler::checked(&["compression"], Sections::ANY_PROXY, unknown);

/// What the section says, to be changed.
pub(super) fn change(cx: &mut Context<'_>, with: impl FnOnce(&mut Compression)) {
    cx.set(|s| with(s.compression.get_or_insert_default()));
}

fn unknown(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    const EXPECTS: &str = "'compression' expects 'algo', 'type', 'direction', 'offload', 'minsize-req' or 'minsize-res'.";
    if let Some(word) = args.word(EXPECTS) {
        args.alert("HX0162", word.span, EXPECTS);
    }
}

/// The direction that an option is about.
fn side<'c>(all: &'c mut Compression, option: &str) -> &'c mut Coded {
    match option.ends_with("-req") {
        true => &mut all.requests,
        false => &mut all.responses,
    }
}

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let option = args.line().words.get(1);
    let option = option.map_or_else(String::new, |w| w.display().to_string());
    match option.as_str() {
        "algo" | "algo-req" | "algo-res" => codings(cx, args, &option),
        "type" | "type-req" | "type-res" => {
            if args.word("'compression' expects <type>.").is_none() {
                return;
            }
            let named = args.line().words.iter().skip(2);
            let types: Vec<Vec<u8>> = named.map(|w| w.bytes().to_vec()).collect();
            change(cx, |c| side(c, &option).types.extend(types));
            args.rest();
        }
        "offload" if cx.in_defaults() => {
            let text = "'compression' : 'offload' ignored in 'defaults' section.";
            let finding = Diagnostic::warning("HX0220", args.line().span, text);
            args.report(finding);
        }
        "offload" => change(cx, |c| c.offload = true),
        "direction" => {
            let message = "'compression' expects 'request', 'response', or 'both'.";
            if let Some(at) = args.keyword(&["request", "response", "both"], message) {
                let said = Directions {
                    requests: at != 1,
                    responses: at != 0,
                };
                change(cx, |c| c.direction = Some(said));
            }
        }
        _ => {
            let message = format!("'{option}' expects an integer argument.");
            let Some(word) = args.word(&message) else {
                return;
            };
            match units::size(&word.text) {
                Ok(size) => change(cx, |c| side(c, &option).min_size = u64::from(size)),
                Err(at) => {
                    let rest = word.text.get(at..).unwrap_or_default();
                    let message = format!(
                        "unexpected '{}' after size passed to '{option}'",
                        String::from_utf8_lossy(rest)
                    );
                    args.alert("HX0204", word.span, message);
                }
            }
        }
    }
}

fn codings(cx: &mut Context<'_>, args: &mut Args<'_, '_>, option: &str) {
    if args.is_empty() {
        let message = match option {
            "algo-req" => "'compression' : '' is not a supported algorithm.",
            _ => "'compression' expects <algorithm>.",
        };
        args.word(message);
        return;
    }
    let one = option == "algo-req";
    while let Some(word) = args.next_word() {
        let Some(coding) = Coding::named(word.bytes()) else {
            let message = format!(
                "'compression' : '{}' is not a supported algorithm.",
                word.display()
            );
            args.alert("HX0162", word.span, message);
            return;
        };
        change(cx, |c| side(c, option).codings.insert(0, coding));
        if one {
            args.rest();
        }
    }
}
