//! `reqdeny`, `reqallow`, `reqpass`, `reqtarpit`, `rspdeny` and their caseless kin: rules with
//! conditions.

use super::condition;
use super::line_search::{self, Search};
use super::text::{Text, join, quoted};
use super::{Edits, Migration, Outcome, PROXIES};

pub const MIGRATION: Migration = Migration {
    name: "reqdeny",
    about: "`reqdeny`, `reqtarpit`, `reqallow`, `rspdeny` become rules with conditions",
    find,
};

/// The rule in its place, the side of its samples, whether it ignores case.
fn rule(word: &[u8]) -> Option<(&'static str, &'static str, bool)> {
    Some(match word {
        b"reqdeny" => ("http-request deny", "req", false),
        b"reqideny" => ("http-request deny", "req", true),
        b"reqallow" => ("http-request allow", "req", false),
        b"reqiallow" => ("http-request allow", "req", true),
        b"reqtarpit" => ("http-request tarpit", "req", false),
        b"reqitarpit" => ("http-request tarpit", "req", true),
        b"rspdeny" => ("http-response deny", "res", false),
        b"rspideny" => ("http-response deny", "res", true),
        _ => return None,
    })
}

fn find(text: &Text, edits: &mut Edits) {
    for (_, at, line) in text.lines_in(PROXIES) {
        if matches!(line.word(0), b"reqpass" | b"reqipass") {
            edits.drop(text, at, Outcome::Exact, "`reqpass` did nothing");
            continue;
        }
        let Some((rule, side, caseless)) = rule(line.word(0)) else {
            continue;
        };
        let regex = line
            .words
            .get(1)
            .and_then(|w| w.as_str())
            .unwrap_or_default();
        let Some((ways, mut outcome)) = terms(regex, side, caseless) else {
            edits.cannot(
                at,
                "it is not clear which part of the message this regex is about: write a condition \
                 on `url`, `method` or a header",
            );
            continue;
        };
        let mut lines = Vec::new();
        for terms in &ways {
            let Some(condition) = condition::and(line, 2, terms.as_bytes()) else {
                continue;
            };
            let rule = join(&[rule.as_bytes(), &condition]);
            lines.push(match lines.is_empty() {
                true => line.instead(&rule),
                false => line.below(&rule),
            });
        }
        if lines.len() < ways.len() {
            edits.cannot(
                at,
                "its condition cannot be joined with the regex in one line",
            );
            continue;
        }
        let mut why = "the regex is a condition on the part of the message that it was about";
        if rule.ends_with("allow") {
            outcome = Outcome::Review;
            why = "`http-request allow` ends the rules; the old one only kept later ones from \
                   refusing";
        } else if outcome == Outcome::Review {
            why = "the regex was tried on the request line and on every header line: it is tried \
                   on the URL and on all headers, whose names are in lower case there";
        }
        edits.replace(at, lines, outcome, why);
    }
}

/// The conditions, one of which has to hold.
pub fn terms(regex: &str, side: &str, caseless: bool) -> Option<(Vec<String>, Outcome)> {
    let search = match side {
        "req" => line_search::request(regex),
        _ => line_search::response(regex),
    };
    Some(match search {
        Search::Request(found) => {
            let terms = line_search::terms(&found, caseless);
            (vec![terms], Outcome::Exact)
        }
        Search::Header(found) => {
            let term = line_search::header_term(side, &found, caseless);
            (vec![term], Outcome::Exact)
        }
        Search::Prefix(name) if name.chars().all(|c| c.is_ascii_uppercase()) && side == "req" => {
            // `^GET` is a method, which the blank behind it would show
            let terms = format!("{{ method {name} }}");
            (vec![terms], Outcome::Exact)
        }
        Search::Unknown if !regex.starts_with('^') && !regex.contains([' ', '$', ':']) => {
            let regex = String::from_utf8_lossy(&quoted(regex.as_bytes())).into_owned();
            let headers = format!("{{ {side}.hdrs -m reg -i {regex} }}");
            let flag = if caseless { " -i" } else { "" };
            let ways = match side {
                "req" => vec![format!("{{ url -m reg{flag} {regex} }}"), headers],
                _ => vec![headers],
            };
            (ways, Outcome::Review)
        }
        _ => return None,
    })
}
