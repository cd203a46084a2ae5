//! `source`: the address that connections to servers come from.

use crate::config::address::{self, Kind};
use crate::config::args::Args;
use crate::lower::usesrc::usesrc;
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
    let (mut used, mut interface) = (None, None);
    while let Some(word) = args.next_word() {
        if word.is("usesrc") {
            let missing = "'usesrc' expects <addr>[:<port>], 'client', or 'clientip' as argument.";
            match usesrc(args, missing) {
                Ok(found) => used = Some(found),
                Err(fault) => {
                    args.report(fault.alert());
                    return;
                }
            }
        } else if word.is("interface") {
            let missing = "'interface' : missing interface name.";
            if let Some(name) = args.word(missing) {
                let name = name.display().to_string();
                interface = Some(name);
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
    cx.set(|s| {
        s.source = Some(source);
        s.source_usesrc = used;
        s.source_interface = interface;
    });
}
