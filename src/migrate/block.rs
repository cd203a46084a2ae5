//! `block`: `http-request deny` since 1.5.

use super::text::Text;
use super::{Edits, Migration, PROXIES};

pub const MIGRATION: Migration = Migration {
    name: "block",
    about: "`block` becomes `http-request deny`",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (_, at, line) in text.lines_in(PROXIES) {
        if line.is("block") {
            let new = line.with(0..1, b"http-request deny");
            edits.exact(at, vec![new], "`block` is `http-request deny`");
        }
    }
}
