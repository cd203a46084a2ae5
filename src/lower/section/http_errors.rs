//! `errorfile` of an `http-errors` section (configuration manual 12.4).

use crate::config::args::{Args, atol};
use crate::lower::{Context, KeywordHandler, Sections};
use crate::proto::h1::errors::STATUSES;

/// `errorfile CODE FILE`
pub const ERRORFILE: KeywordHandler =
    KeywordHandler::new(&["errorfile"], Sections::HTTP_ERRORS, errorfile);

fn errorfile(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let missing = "errorfile: expects <status_code> and <file> as arguments.";
    let (Some(status), Some(file)) = (args.next_word(), args.next_word()) else {
        args.alert("HX0160", args.missing_at(), missing);
        return;
    };
    let code = atol(&status.text).0;
    let Some(code) = u16::try_from(code).ok().filter(|c| STATUSES.contains(c)) else {
        let message = format!("errorfile: status code '{code}' not handled.");
        args.alert("HX0298", status.span, message);
        return;
    };
    if let Some(section) = cx.http_errors.last_mut() {
        let path = file.display().to_string();
        section.files.insert(code, (path, file.span));
    }
}
