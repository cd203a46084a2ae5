//! Keywords that have another name today.

use super::text::Text;
use super::{Edits, Migration, Outcome, PROXIES_AND_DEFAULTS};

pub const MIGRATION: Migration = Migration {
    name: "renamed-keyword",
    about: "writes the name that a keyword has today",
    find,
};

/// Where, what it was, what it is, why.
const NAMES: &[(&[&str], &str, &str, &str)] = &[
    (
        PROXIES_AND_DEFAULTS,
        "contimeout",
        "timeout connect",
        "its name since 1.4",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "clitimeout",
        "timeout client",
        "its name since 1.4",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "srvtimeout",
        "timeout server",
        "its name since 1.4",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "timeout contimeout",
        "timeout connect",
        "its name since 1.4",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "timeout clitimeout",
        "timeout client",
        "its name since 1.4",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "timeout srvtimeout",
        "timeout server",
        "its name since 1.4",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "redispatch",
        "option redispatch",
        "an option since 1.4",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "redisp",
        "option redispatch",
        "an option since 1.4",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "option forceclose",
        "option httpclose",
        "option httpclose closes both sides since 2.0",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "option independant-streams",
        "option independent-streams",
        "the spelling since 1.5",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "option tcpsplice",
        "option splice-auto",
        "the kernel's own splicing took its place in 1.4",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "option accept-invalid-http-request",
        "option accept-unsafe-violations-in-http-request",
        "its name since 3.1",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "option accept-invalid-http-response",
        "option accept-unsafe-violations-in-http-response",
        "its name since 3.1",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "hash-type avalanche",
        "hash-type map-based sdbm avalanche",
        "the three parts are named since 1.6",
    ),
    (
        &["global"],
        "nosepoll",
        "noepoll",
        "one poller took the place of both in 1.5",
    ),
    (
        &["global"],
        "no-quic",
        "tune.quic.listen off",
        "its name since 3.3",
    ),
];

fn find(text: &Text, edits: &mut Edits) {
    for (sections, old, new, why) in NAMES {
        let words = old.split(' ').count();
        for (_, at, line) in text.lines_in(sections) {
            if !line.is(old) {
                continue;
            }
            let from = line.keyword_at();
            let changed = line.with(from..from + words, new.as_bytes());
            let why = format!("`{old}` is `{new}`: {why}");
            edits.replace(at, vec![changed], Outcome::Exact, why);
        }
    }
}
