//! `http-send-name-header Host`: refused since 3.2, which lets no server's name be the host.

use super::text::{Text, join};
use super::{Edits, Migration, PROXIES_AND_DEFAULTS};

pub const MIGRATION: Migration = Migration {
    name: "send-name-header",
    about: "`http-send-name-header Host` becomes a rule where one server can be meant",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (section, at, line) in text.lines_in(PROXIES_AND_DEFAULTS) {
        if !line.is("http-send-name-header") || !line.word(1).eq_ignore_ascii_case(b"host") {
            continue;
        }
        let mut servers = text.body(&section).filter(|(_, l)| l.is("server"));
        let templates = text.body(&section).any(|(_, l)| l.is("server-template"));
        match (servers.next(), servers.next(), templates) {
            (Some((_, server)), None, false) => {
                let rule = join(&[b"http-request set-header Host", server.raw_word(1)]);
                edits.review(
                    at,
                    vec![line.instead(&rule)],
                    "the only server's name is set as the host by a rule, before the server is \
                     chosen",
                );
            }
            _ => edits.cannot(
                at,
                "no rule runs once the server is chosen: give each server a back end of its own \
                 with `http-request set-header Host NAME`, or send its name in another header",
            ),
        }
    }
}
