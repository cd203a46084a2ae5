//! `compression`

use crate::base::units;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `compression algo|type|direction|offload|minsize-req|minsize-res ...`
pub const COMPRESSION: KeywordHandler =
    KeywordHandler::checked(&["compression"], Sections::ANY_PROXY, lower);

const ALGORITHMS: &[&str] = &["identity", "gzip", "deflate", "raw-deflate"];

fn lower(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    const EXPECTS: &str = "'compression' expects 'algo', 'type', 'direction', 'offload', 'minsize-req' or 'minsize-res'.";
    let Some(word) = args.word(EXPECTS) else {
        return;
    };
    let option = word.display().to_string();
    match option.as_str() {
        "algo" | "algo-req" | "algo-res" => {
            if args.is_empty() {
                args.word("'compression' expects <algorithm>.");
                return;
            }
            let one = option == "algo-req";
            while let Some(word) = args.next_word() {
                if !ALGORITHMS.iter().any(|a| word.is(a)) {
                    let message = format!(
                        "'compression' : '{}' is not a supported algorithm.",
                        word.display()
                    );
                    args.alert("HX0162", word.span, message);
                    return;
                }
                if one {
                    args.rest();
                }
            }
        }
        "type" | "type-req" | "type-res" => {
            args.word("'compression' expects <type>.");
        }
        "offload" => {}
        "direction" => {
            let message = "'compression' expects 'request', 'response', or 'both'.";
            args.keyword(&["request", "response", "both"], message);
        }
        "minsize-req" | "minsize-res" => {
            let message = format!("'{option}' expects an integer argument.");
            if let Some(word) = args.word(&message)
                && let Err(at) = units::size(&word.text)
            {
                let rest = word.text.get(at..).unwrap_or_default();
                let message = format!(
                    "unexpected '{}' after size passed to '{option}'",
                    String::from_utf8_lossy(rest)
                );
                args.alert("HX0204", word.span, message);
            }
        }
        _ => args.alert("HX0162", word.span, EXPECTS),
    }
}
