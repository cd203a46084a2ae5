//! The last line needs its LF since 2.3: without one the file may have been cut off.

use super::text::Text;
use super::{Edits, Migration};

pub const MIGRATION: Migration = Migration {
    name: "final-newline",
    about: "ends the last line with a line feed",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    if !text.terminated {
        edits.terminate("the last line needs its line feed, or the file counts as cut off");
    }
}
