//! Lines of a `mailers` section (configuration manual 12.3).

use crate::config::address::Kind;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, bad_character};

/// `mailer NAME ADDRESS:PORT`
pub const MAILER: KeywordHandler = KeywordHandler::checked(&["mailer"], Sections::MAILERS, mailer);

fn mailer(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    const MISSING: &str = "'mailer' expects <name> and <addr>[:<port>] as arguments.";
    let Some(name) = args.word(MISSING) else {
        return;
    };
    if let Some(bad) = bad_character(&name.text) {
        let message = format!(
            "character '{bad}' is not permitted in server name '{}'.",
            name.display()
        );
        args.alert("HX0210", name.span, message);
        return;
    }
    let prefix = format!("'mailer {}' : ", name.display());
    args.address(Kind::MAILER, &prefix, MISSING);
}
