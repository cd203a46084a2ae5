//! `dispatch`: a server since 3.3.

use super::text::{Text, join};
use super::{Edits, Migration, Outcome};

pub const MIGRATION: Migration = Migration {
    name: "dispatch",
    about: "`dispatch` becomes a server",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (section, at, line) in text.lines_in(&["listen", "backend"]) {
        if !line.is("dispatch") {
            continue;
        }
        let servers = text
            .body(&section)
            .any(|(_, l)| l.is("server") || l.is("server-template"));
        let balanced = text.setting(&section, "balance").is_some();
        match (servers, balanced) {
            (false, _) => {
                let server = join(&[b"server dispatch", line.raw_from(1)]);
                edits.exact(at, vec![line.instead(&server)], "a server takes its place");
            }
            (true, true) => edits.drop(
                text,
                at,
                Outcome::Exact,
                "`balance` chooses among the servers: `dispatch` was not used",
            ),
            (true, false) => edits.cannot(
                at,
                "requests without a cookie went there, others to the server that it names: 3.4 \
                 still takes it, with a warning",
            ),
        }
    }
}
