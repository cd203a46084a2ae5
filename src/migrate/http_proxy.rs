//! `option http_proxy`: rules that set the destination since 2.5.

use super::text::Text;
use super::{Edits, Migration, PROXIES_AND_DEFAULTS};

pub const MIGRATION: Migration = Migration {
    name: "http-proxy",
    about: "`option http_proxy` becomes rules that set the destination",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (section, at, line) in text.lines_in(PROXIES_AND_DEFAULTS) {
        if !line.is("option http_proxy") {
            continue;
        }
        if line.keyword_at() > 0 {
            edits.drop(
                text,
                at,
                super::Outcome::Exact,
                "there is no such option to switch off",
            );
            continue;
        }
        if !matches!(text.kind(&section), b"listen" | b"backend") {
            edits.cannot(
                at,
                "write `http-request set-dst url_ip` and `set-dst-port url_port`, and a server \
                 with the address 0.0.0.0:0, into the back ends",
            );
            continue;
        }
        let mut lines = vec![
            line.instead(b"http-request set-dst url_ip"),
            line.below(b"http-request set-dst-port url_port"),
            line.below(b"http-request set-uri %[pathq]"),
        ];
        if !text.body(&section).any(|(_, l)| l.is("server")) {
            lines.push(line.below(b"server http-proxy 0.0.0.0:0"));
        }
        edits.review(
            at,
            lines,
            "the address in the URI is the destination of a server without an address; as before, \
             names are not resolved (`http-request do-resolve` can)",
        );
    }
}
