//! Lines that 3.4 refuses and needs no more, or that only the command line can say today.

use super::text::Text;
use super::{Edits, Migration, Outcome, PROXIES_AND_DEFAULTS};
use Outcome::{Exact, Review};

pub const MIGRATION: Migration = Migration {
    name: "dropped-keyword",
    about: "takes away lines that have no meaning any more",
    find,
};

/// Where, the keyword, how sure, why.
const GONE: &[(&[&str], &str, Outcome, &str)] = &[
    (
        &["global"],
        "debug",
        Review,
        "debugging output is asked for by `-d` on the command line",
    ),
    (
        &["global"],
        "tune.chksize",
        Exact,
        "checks use `tune.bufsize` since 2.5",
    ),
    (
        &["global"],
        "stats bind-process",
        Exact,
        "there is one process; `thread` on the `stats socket` line chooses threads",
    ),
    (
        &["global"],
        "master-worker",
        Review,
        "deprecated since 3.3: start with `-W`, or `-Ws` under systemd",
    ),
    (
        &["global"],
        "wurfl-engine-mode",
        Exact,
        "without effect since 2.0",
    ),
    (
        &["global"],
        "wurfl-useragent-priority",
        Exact,
        "without effect since 2.0",
    ),
    (
        &["global"],
        "tune.quic.frontend.conn-tx-buffers.limit",
        Exact,
        "the window alone counts since 3.1",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "option http-use-htx",
        Exact,
        "there is no other way to treat HTTP since 2.1",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "option http-tunnel",
        Review,
        "every request is looked at since 2.1; what follows the first one was not before",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "bind-process",
        Review,
        "there is one process; `thread` on bind lines ties a listener to threads",
    ),
    (
        PROXIES_AND_DEFAULTS,
        "grace",
        Review,
        "a proxy stops at once; `grace` and `hard-stop-after` in global hold the whole process",
    ),
    (
        &["resolvers"],
        "resolution_pool_size",
        Exact,
        "the pool grows by itself since 1.8",
    ),
];

fn find(text: &Text, edits: &mut Edits) {
    for (sections, keyword, outcome, why) in GONE {
        for (_, at, line) in text.lines_in(sections) {
            if line.is(keyword) {
                edits.drop(text, at, *outcome, format!("`{keyword}` goes: {why}"));
            }
        }
    }
}
