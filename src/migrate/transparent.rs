//! `transparent`, `option transparent`: a server without an address since 3.3.

use super::text::Text;
use super::{Edits, Migration};

pub const MIGRATION: Migration = Migration {
    name: "transparent",
    about: "`option transparent` becomes a server without an address",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (section, at, line) in text.lines_in(&["listen", "backend"]) {
        if !line.is("option transparent") && !line.is("transparent") || line.keyword_at() > 0 {
            continue;
        }
        if text
            .body(&section)
            .any(|(_, l)| l.is("server") || l.is("server-template"))
        {
            continue;
        }
        edits.exact(
            at,
            vec![line.instead(b"server transparent 0.0.0.0")],
            "a server without an address connects to where the client wanted to go",
        );
    }
}
