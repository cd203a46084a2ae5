//! `reqrep`, `reqirep`, `rsprep`, `rspirep`, `cliexp`, `srvexp`: `replace-header`,
//! `replace-pathq` and their like since 1.5 and 2.2.

use super::condition;
use super::line_search::{self, Header, Request, Search};
use super::text::{Line, NOTHING, Text, join, log_format, quoted};
use super::{Edits, Migration, Outcome, PROXIES};

pub const MIGRATION: Migration = Migration {
    name: "reqrep",
    about: "`reqrep`, `rsprep` and their caseless kin become rules that replace what they were about",
    find,
};

/// Rules in the place of a line, or why there are none.
type Found = Result<(Vec<Vec<u8>>, Outcome, String), &'static str>;

fn find(text: &Text, edits: &mut Edits) {
    for (_, at, line) in text.lines_in(PROXIES) {
        let (side, caseless) = match line.word(0) {
            b"reqrep" | b"cliexp" => ("req", false),
            b"reqirep" => ("req", true),
            b"rsprep" | b"srvexp" => ("res", false),
            b"rspirep" => ("res", true),
            _ => continue,
        };
        match rules(line, side, caseless) {
            Ok((rules, outcome, why)) => {
                let lines = rules.iter().enumerate().map(|(n, rule)| match n {
                    0 => line.instead(rule),
                    _ => line.below(rule),
                });
                edits.replace(at, lines.collect(), outcome, why);
            }
            Err(why) => edits.cannot(at, why),
        }
    }
}

fn rules(line: &Line, side: &str, caseless: bool) -> Found {
    let text = |n: usize| line.words.get(n).and_then(|w| w.as_str());
    let (Some(regex), Some(by)) = (text(1), text(2)) else {
        return Err("it has no regex and replacement");
    };
    let search = match side {
        "req" => line_search::request(regex),
        _ => line_search::response(regex),
    };
    match search {
        Search::Header(found) => header(line, side, caseless, &found, by),
        Search::Request(found) => request(line, caseless, &found, by),
        Search::Status => Err(
            "a status line is not rewritten as text any more: `http-response set-status` sets it",
        ),
        Search::Prefix(_) | Search::Unknown => Err(
            "it is not clear which header or which part of the request line this regex is about: \
             use `replace-header`, `replace-path` or `replace-uri`",
        ),
    }
}

fn set_of(side: &str) -> &'static str {
    match side {
        "req" => "http-request",
        _ => "http-response",
    }
}

/// A header line.
fn header(line: &Line, side: &str, caseless: bool, found: &Header, by: &str) -> Found {
    let set = set_of(side);
    let grouped = usize::from(found.grouped);
    // The new line's name: the old one in a group, or written out.
    let (name, value) = match by.strip_prefix("\\1").filter(|_| found.grouped) {
        Some(rest) => (found.name.clone(), rest.strip_prefix(':').unwrap_or(rest)),
        None => match by.split_once(':') {
            Some((name, value)) if !name.contains('\\') => (name.trim().to_owned(), value),
            _ => return Err("the replacement is not a header line with a name of its own"),
        },
    };
    let value = value.trim_start();
    if value.contains(['\n', '\r']) {
        return Err("one line becomes several: use `add-header` for the further ones");
    }
    let Some(format) = line_search::format(value, grouped) else {
        return Err("the replacement uses the part of the line that held the name");
    };
    let format = match format.is_empty() {
        true => NOTHING.as_bytes().to_vec(),
        false => quoted(format.as_bytes()),
    };
    let same = name.eq_ignore_ascii_case(&found.name);
    if !same {
        return renamed(line, side, found, &name, value);
    }
    let regex = match found.value.is_empty() {
        true => ".*".to_owned(),
        false => line_search::caseless(&found.value, caseless),
    };
    let rule = join(&[
        set.as_bytes(),
        b"replace-header",
        found.name.as_bytes(),
        &quoted(regex.as_bytes()),
        &format,
        condition::of(line, 3),
    ]);
    let why = format!(
        "the regex was about the header `{}`: `replace-header` replaces its value",
        found.name
    );
    Ok((vec![rule], Outcome::Exact, why))
}

/// A header line that gets another name.
fn renamed(line: &Line, side: &str, found: &Header, name: &str, value: &str) -> Found {
    let group = format!("\\{}", 1 + usize::from(found.grouped));
    let whole = matches!(
        found.value.as_str(),
        "" | "^(.*)" | "^(.*)$" | "^(.+)" | "^(.+)$"
    );
    if !whole || value.trim() != group {
        return Err(
            "the line gets another name and value at once: set the new header with \
             `set-header NEW %[hdr(OLD),regsub(...)]` and delete the old one",
        );
    }
    let set = set_of(side);
    let term = format!("{{ {side}.fhdr({}) -m found }}", found.name);
    let Some(only) = condition::and(line, 3, term.as_bytes()) else {
        return Err("its condition cannot be joined with the regex in one line");
    };
    let add = format!("{set} add-header {name} %[{side}.fhdr({})]", found.name);
    let delete = format!("{set} del-header {}", found.name);
    let rules = vec![
        join(&[add.as_bytes(), &only]),
        join(&[delete.as_bytes(), condition::of(line, 3)]),
    ];
    let why = "the header gets another name: it is added under the new one and deleted under the \
               old one; of several lines the last one counts";
    Ok((rules, Outcome::Review, why.to_owned()))
}

/// The request line.
fn request(line: &Line, caseless: bool, found: &Request, by: &str) -> Found {
    // `\0` and further lines: headers to add.
    if let Some(more) = by
        .strip_prefix("\\0\n")
        .or_else(|| by.strip_prefix("\\0\r\n"))
    {
        return added(line, caseless, found, more);
    }
    let shift = usize::from(found.grouped);
    let (method, rest) = by
        .split_once(' ')
        .ok_or("the replacement is no request line")?;
    let mut rules = Vec::new();
    let terms = match found.methods.as_slice() {
        [] => String::new(),
        methods => format!("{{ method {} }}", methods.join(" ")),
    };
    let kept = method == "\\1" && found.grouped;
    let literal = found.methods.len() == 1 && found.methods.first().is_some_and(|m| m == method);
    let Some(condition) = condition::and(line, 3, terms.as_bytes()) else {
        return Err("its condition cannot be joined with the method in one line");
    };
    // The version stays what it was.
    let end = rest.rfind(' ').unwrap_or(rest.len());
    let (uri, version) = rest.split_at(end);
    let version = version.trim_start();
    let group = version.strip_prefix('\\').is_some();
    if !version.is_empty() && !version.starts_with("HTTP") && !group {
        return Err("the replacement is no request line");
    }
    let Some(format) = line_search::format(uri, shift) else {
        return Err("the replacement uses a part of the line that is none of the URI");
    };
    let beyond = (found.groups + 1..10).any(|n| format.contains(&format!("\\{n}")));
    if beyond {
        return Err("the replacement uses a part of the line that is none of the URI");
    }
    let action: &[u8] = match found.uri.contains("://") {
        true => b"replace-uri",
        false => b"replace-pathq",
    };
    let regex = line_search::caseless(&found.uri, caseless);
    rules.push(join(&[
        b"http-request",
        action,
        &quoted(regex.as_bytes()),
        &quoted(format.as_bytes()),
        &condition,
    ]));
    if !kept && !literal {
        if method.contains('\\') {
            return Err("the replacement builds a method from parts");
        }
        let all = line_search::terms(found, caseless);
        let Some(condition) = condition::and(line, 3, all.as_bytes()) else {
            return Err("its condition cannot be joined with the regex in one line");
        };
        let set = format!("http-request set-method {method}");
        rules.insert(0, join(&[set.as_bytes(), &condition]));
        if !found.methods.is_empty() {
            return Err(
                "method and URI are rewritten at once: use `set-method` and `replace-pathq`",
            );
        }
    }
    let why = match action {
        b"replace-uri" => "the regex was about the URI: `replace-uri` replaces it",
        _ => {
            "the regex was about path and query: `replace-pathq` replaces them (in an absolute URI \
             too)"
        }
    };
    Ok((rules, Outcome::Exact, why.to_owned()))
}

/// Headers that a replacement of the request line added.
fn added(line: &Line, caseless: bool, found: &Request, more: &str) -> Found {
    let terms = line_search::terms(found, caseless);
    let Some(condition) = condition::and(line, 3, terms.as_bytes()) else {
        return Err("its condition cannot be joined with the regex in one line");
    };
    let mut rules = Vec::new();
    for header in more.lines().filter(|l| !l.is_empty()) {
        let (name, value) = header
            .split_once(':')
            .filter(|(_, value)| !value.contains('\\'))
            .ok_or("what the replacement adds is no plain header line")?;
        rules.push(join(&[
            b"http-request add-header",
            &quoted(name.trim().as_bytes()),
            &log_format(value.trim()),
            &condition,
        ]));
    }
    let why = "the replacement added header lines: `add-header` does, under a condition on the URL";
    Ok((rules, Outcome::Exact, why.to_owned()))
}
