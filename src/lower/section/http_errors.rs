//! `errorfile` of an `http-errors` section (configuration manual 3.8).

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `errorfile CODE FILE`
pub const ERRORFILE: KeywordHandler =
    KeywordHandler::checked(&["errorfile"], Sections::HTTP_ERRORS, errorfile);

fn errorfile(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let missing = "errorfile: expects <status_code> and <file> as arguments.";
    if args.peek().is_none() || args.peek_second().is_none() {
        args.alert("HX0160", args.missing_at(), missing);
    }
}
