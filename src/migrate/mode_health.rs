//! `mode health`: a rule that answers since 2.5.

use super::text::Text;
use super::{Edits, Migration, PROXIES_AND_DEFAULTS};

pub const MIGRATION: Migration = Migration {
    name: "mode-health",
    about: "`mode health` becomes a rule that answers every request",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (section, at, line) in text.lines_in(PROXIES_AND_DEFAULTS) {
        if !line.is("mode health") {
            continue;
        }
        if text.kind(&section) == b"defaults" {
            edits.cannot(at, "write `mode http` and `http-request return status 200` into the sections that use these defaults");
            continue;
        }
        edits.review(
            at,
            vec![
                line.with(1..2, b"http"),
                line.below(b"http-request return status 200"),
            ],
            "`mode health` is a rule: it answers HTTP requests with 200; without `option httpchk` \
             it sent `OK` to everyone who connected",
        );
    }
}
