//! `source`: the address that connections to servers come from.

use crate::config::address::{self, Kind};
use crate::config::args::Args;
use crate::lower::check::pending_note;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `source ADDRESS[:PORT] [usesrc ...] [interface NAME]`
pub const SOURCE: KeywordHandler = KeywordHandler::new(&["source"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "source") {
        return;
    }
    let missing =
        "'source' expects <addr>[:<port>], and optionally 'usesrc' <addr>, and 'interface' <name>.";
    let Some(word) = args.word(missing) else {
        return;
    };
    let source = match address::parse(word, Kind::SOURCE) {
        Ok(source) => source,
        Err(mut finding) => {
            finding
                .message
                .insert_str(0, &format!("'source {}' : ", word.display()));
            args.report(*finding);
            return;
        }
    };
    while let Some(word) = args.next_word() {
        if word.is("usesrc") {
            args.next_word();
            args.report(pending_note(
                word.span,
                "'usesrc' (transparent connections)",
                5,
            ));
        } else if word.is("interface") {
            let missing = "'interface' : missing interface name.";
            if let Some(name) = args.word(missing) {
                let name = name.display().to_string();
                cx.set(|s| s.source_interface = Some(name));
            }
        } else {
            let message = format!(
                "'source' only supports optional keywords '{}' and '{}'.",
                "interface", "usesrc"
            );
            args.alert("HX0162", word.span, message);
            return;
        }
    }
    cx.set(|s| s.source = Some(source));
}
