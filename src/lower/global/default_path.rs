//! `default-path`: from where relative file names count.

use crate::config::args::Args;
use crate::ir::global::DefaultPath;
use crate::lower::{Context, KeywordHandler, Sections};

/// `default-path current|config|parent|origin DIR`
pub const DEFAULT_PATH: KeywordHandler =
    KeywordHandler::new(&["default-path"], Sections::GLOBAL, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let here = args.here();
    let text = args
        .next_word()
        .map_or_else(String::new, |w| w.display().to_string());
    cx.global.default_path = match text.as_str() {
        "current" => DefaultPath::Current,
        "config" => DefaultPath::Config,
        "parent" => DefaultPath::Parent,
        "origin" => {
            let missing = "'default-path origin' expects a directory as an argument.";
            match args.text(missing) {
                Some(dir) => DefaultPath::Origin(dir.to_owned()),
                None => return,
            }
        }
        _ => {
            let fault = if text.is_empty() {
                "missing"
            } else {
                "unsupported"
            };
            let message = format!(
                "{fault} default-path mode '{text}' for 'default-path', supported modes include 'current', 'config', 'parent', and 'origin'."
            );
            args.alert("HX0162", here, message);
            return;
        }
    };
}
