//! `reqdel`, `reqidel`, `rspdel`, `rspidel`: `del-header` since 1.5.

use super::condition;
use super::line_search::{self, Search};
use super::text::{NOTHING, Text, join, quoted};
use super::{Edits, Migration, Outcome, PROXIES};

pub const MIGRATION: Migration = Migration {
    name: "reqdel",
    about: "`reqdel`, `rspdel` and their caseless kin become `del-header`",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (_, at, line) in text.lines_in(PROXIES) {
        let (rules, caseless) = match line.word(0) {
            b"reqdel" => ("http-request", false),
            b"reqidel" => ("http-request", true),
            b"rspdel" => ("http-response", false),
            b"rspidel" => ("http-response", true),
            _ => continue,
        };
        let regex = line.words.get(1).and_then(|w| w.as_str());
        let search = match rules {
            "http-request" => line_search::request(regex.unwrap_or_default()),
            _ => line_search::response(regex.unwrap_or_default()),
        };
        let condition = condition::of(line, 2);
        let (rule, outcome, why) = match search {
            Search::Header(found) if found.value.is_empty() => (
                format!("{rules} del-header {}", found.name),
                Outcome::Exact,
                "a header is deleted by its name".to_owned(),
            ),
            Search::Header(found) => {
                let value = line_search::caseless(&found.value, caseless);
                // The whole value goes: the regex has to match, no more.
                let value = quoted(value.as_bytes());
                (
                    format!(
                        "{rules} replace-header {} {} {NOTHING}",
                        found.name,
                        String::from_utf8_lossy(&value)
                    ),
                    Outcome::Review,
                    format!(
                        "only lines of `{}` with that value were deleted: they are emptied, and \
                         the empty line stays",
                        found.name
                    ),
                )
            }
            Search::Prefix(name) => (
                format!("{rules} del-header {name} -m beg"),
                Outcome::Exact,
                "headers are deleted by the beginning of their names".to_owned(),
            ),
            Search::Request(_) | Search::Status => {
                edits.drop(text, at, Outcome::Exact, "a start line was never deleted");
                continue;
            }
            Search::Unknown => {
                edits.cannot(
                    at,
                    "it is not clear which headers this regex is about: name them with \
                     `del-header NAME`",
                );
                continue;
            }
        };
        let rule = join(&[rule.as_bytes(), condition]);
        edits.replace(at, vec![line.instead(&rule)], outcome, why);
    }
}
