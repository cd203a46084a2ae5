//! Maps and lists of patterns, seen and edited while running (management guide 9.3, `show map`,
//! `add acl`, `prepare map`, ...).

use super::{Call, Command, Flow, shown};
use crate::ir::bind::CliLevel;
use crate::sample::pattern::Method;
use crate::sample::reference::{Reference, Refused, Values};
use bstr::{BStr, ByteSlice};
use std::fmt::Write;
use std::sync::Arc;

/// Which kind of list a command is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Acl,
    Map,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Acl => "ACL",
            Kind::Map => "map",
        }
    }
    fn word(self) -> &'static str {
        match self {
            Kind::Acl => "acl",
            Kind::Map => "map",
        }
    }
}

/// `show acl`
pub const SHOW_ACL: Command = Command::new(
    &["show", "acl"],
    "show acl [@<ver>] <acl>",
    "lists the lists of patterns, or what is in one",
    CliLevel::Admin,
    |call| show(call, Kind::Acl),
);
/// `show map`
pub const SHOW_MAP: Command = Command::new(
    &["show", "map"],
    "show map [@<ver>] [map]",
    "lists the maps, or what is in one",
    CliLevel::Admin,
    |call| show(call, Kind::Map),
);
/// `get acl`
pub const GET_ACL: Command = Command::new(
    &["get", "acl"],
    "get acl <acl> <value>",
    "shows which pattern a value matches",
    CliLevel::Admin,
    |call| get(call, Kind::Acl),
);
/// `get map`
pub const GET_MAP: Command = Command::new(
    &["get", "map"],
    "get map <map> <value>",
    "shows what a map makes of a value",
    CliLevel::Admin,
    |call| get(call, Kind::Map),
);
/// `add acl`
pub const ADD_ACL: Command = Command::new(
    &["add", "acl"],
    "add acl [@<ver>] <acl> <pattern>",
    "adds a pattern to a list",
    CliLevel::Admin,
    |call| add(call, Kind::Acl),
);
/// `add map`
pub const ADD_MAP: Command = Command::new(
    &["add", "map"],
    "add map [@<ver>] <map> <key> <val>",
    "adds a line to a map, or the lines of a payload",
    CliLevel::Admin,
    |call| add(call, Kind::Map),
);
/// `set map`
pub const SET_MAP: Command = Command::new(
    &["set", "map"],
    "set map <map> [<key>|#<ref>] <value>",
    "gives a key of a map another value",
    CliLevel::Admin,
    set,
);
/// `del acl`
pub const DEL_ACL: Command = Command::new(
    &["del", "acl"],
    "del acl <acl> [<key>|#<ref>]",
    "removes a pattern from a list",
    CliLevel::Admin,
    |call| delete(call, Kind::Acl),
);
/// `del map`
pub const DEL_MAP: Command = Command::new(
    &["del", "map"],
    "del map <map> [<key>|#<ref>]",
    "removes a key from a map",
    CliLevel::Admin,
    |call| delete(call, Kind::Map),
);
/// `clear acl`
pub const CLEAR_ACL: Command = Command::new(
    &["clear", "acl"],
    "clear acl [@<ver>] <acl>",
    "removes all patterns of a list",
    CliLevel::Admin,
    |call| clear(call, Kind::Acl),
);
/// `clear map`
pub const CLEAR_MAP: Command = Command::new(
    &["clear", "map"],
    "clear map [@<ver>] <map>",
    "removes everything from a map",
    CliLevel::Admin,
    |call| clear(call, Kind::Map),
);
/// `prepare acl`
pub const PREPARE_ACL: Command = Command::new(
    &["prepare", "acl"],
    "prepare acl <acl>",
    "begins a new version of a list",
    CliLevel::Admin,
    |call| prepare(call, Kind::Acl),
);
/// `prepare map`
pub const PREPARE_MAP: Command = Command::new(
    &["prepare", "map"],
    "prepare map <map>",
    "begins a new version of a map",
    CliLevel::Admin,
    |call| prepare(call, Kind::Map),
);
/// `commit acl`
pub const COMMIT_ACL: Command = Command::new(
    &["commit", "acl"],
    "commit acl @<ver> <acl>",
    "puts a new version of a list in the place of the one in use",
    CliLevel::Admin,
    |call| commit(call, Kind::Acl),
);
/// `commit map`
pub const COMMIT_MAP: Command = Command::new(
    &["commit", "map"],
    "commit map @<ver> <map>",
    "puts a new version of a map in the place of the one in use",
    CliLevel::Admin,
    |call| commit(call, Kind::Map),
);

/// What lines are called by in `#<ref>`: HAProxy shows where they lie in memory.
const BASE: u64 = 0x7d00_0000_0000;

/// The number of a line that a word names.
fn line_number(word: &[u8]) -> Option<u32> {
    let digits = word.strip_prefix(b"#0x")?.to_str().ok()?;
    let number = u64::from_str_radix(digits, 16).ok()?;
    // a number that no line can have is one that no line has
    let line = number.checked_sub(BASE).map(|n| n >> 8);
    Some(line.and_then(|n| u32::try_from(n).ok()).unwrap_or(u32::MAX))
}

/// Takes a leading `@<version>` off the arguments.
fn version(call: &mut Call<'_>) -> Option<u32> {
    let digits = call.args.first()?.strip_prefix(b"@")?;
    call.args = call.args.get(1..).unwrap_or_default();
    let digits = digits.to_str().unwrap_or_default();
    Some(digits.parse().unwrap_or(u32::MAX))
}

/// The list that a word names by number or file.
fn find(call: &Call<'_>, word: &[u8], kind: Kind) -> Option<Arc<Reference>> {
    let lists = &call.world.plan().lists;
    let id = word
        .strip_prefix(b"#")
        .and_then(|digits| digits.to_str().ok()?.parse::<u32>().ok());
    let mut fitting = lists
        .iter()
        .map(|(list, _)| list)
        .filter(|list| kind == Kind::Acl || list.is_map);
    let found = match id {
        Some(id) => fitting.find(|list| list.id() == id),
        None => fitting.find(|list| !word.is_empty() && list.name.as_bytes() == word),
    };
    found.cloned()
}

fn unknown(call: &mut Call<'_>, kind: Kind) -> Flow {
    let text = format!(
        "Unknown {} identifier. Please use #<id> or <file>.",
        kind.name()
    );
    call.error(&text)
}

fn show(call: &mut Call<'_>, kind: Kind) -> Flow {
    let version = version(call);
    if call.arg(0).is_empty() && version.is_none() {
        call.line("# id (file) description");
        for (list, text) in &call.world.plan().lists {
            if list.is_map != (kind == Kind::Map) {
                continue;
            }
            let (now, next) = list.versions();
            call.line(&format!(
                "{} ({}) {text}. curr_ver={now} next_ver={next} entry_cnt={}",
                list.id(),
                list.name,
                list.len()
            ));
        }
        return Flow::More;
    }
    let Some(list) = find(call, call.arg(0), kind) else {
        return unknown(call, kind);
    };
    for (line, entry) in list.entries(version) {
        let name = format!("{:#x} ", BASE + (u64::from(line) << 8));
        call.out.extend_from_slice(name.as_bytes());
        call.out.extend_from_slice(&entry.key);
        if let Some(value) = entry.value.filter(|_| kind == Kind::Map) {
            call.out.push(b' ');
            call.out.extend_from_slice(&value);
        }
        call.out.push(b'\n');
    }
    Flow::More
}

fn get(call: &mut Call<'_>, kind: Kind) -> Flow {
    if call.arg(0).is_empty() || call.arg(1).is_empty() {
        let text = format!("Missing {} identifier and/or key.", kind.name());
        return call.error(&text);
    }
    let Some(list) = find(call, call.arg(0), kind) else {
        return unknown(call, kind);
    };
    for found in list.look_up(call.arg(1)) {
        let method = found.reading.method;
        let case = match found.reading.ignore_case {
            true => "insensitive",
            false => "sensitive",
        };
        let mut text = format!("type={}, case={case}", method.name());
        let (yes, no) = match kind {
            Kind::Map => ("found=yes", "found=no"),
            Kind::Acl => ("match=yes", "match=no"),
        };
        match found.entry {
            None => {
                let _ = write!(text, ", {no}");
            }
            Some(entry) => {
                let index = match method {
                    Method::Str | Method::Beg | Method::Ip => "tree",
                    _ => "list",
                };
                let key = BStr::new(&*entry.key);
                let _ = write!(text, ", {yes}, idx={index}");
                let _ = match kind {
                    Kind::Acl => write!(text, ", pattern=\"{key}\""),
                    Kind::Map => write!(
                        text,
                        ", key=\"{key}\", value=\"{}\", type=\"{}\"",
                        BStr::new(entry.value.as_deref().unwrap_or_default()),
                        match found.reading.values {
                            Values::Text => "str",
                            Values::Int => "sint",
                            Values::Ip => "ip",
                        }
                    ),
                };
            }
        }
        call.line(&text);
    }
    Flow::More
}

fn add(call: &mut Call<'_>, kind: Kind) -> Flow {
    let version = version(call);
    let payload = call.payload;
    let enough = match kind {
        Kind::Acl => payload.is_none() && !call.arg(1).is_empty(),
        Kind::Map => !call.arg(0).is_empty() && (payload.is_some() || !call.arg(2).is_empty()),
    };
    if !enough {
        return call.error(match kind {
            Kind::Acl => "'add acl' expects two parameters: ACL identifier and pattern.",
            Kind::Map => {
                "'add map' expects three parameters (map identifier, key and value) or one \
                 parameter (map identifier) and a payload"
            }
        });
    }
    let Some(list) = find(call, call.arg(0), kind) else {
        return unknown(call, kind);
    };
    if version.is_some_and(|v| v > list.versions().1) {
        let text = format!(
            "Version number in the future, please use 'prepare {}' before.",
            kind.word()
        );
        return call.error(&text);
    }
    let one = |key: &[u8], value: Option<&[u8]>| match version {
        None => list.add(key, value),
        Some(version) => list.add_to(version, key, value),
    };
    let added = match (kind, payload) {
        (Kind::Acl, _) => one(call.arg(1), None),
        (Kind::Map, None) => one(call.arg(1), Some(call.arg(2))),
        (Kind::Map, Some(payload)) => {
            let mut result = Ok(());
            for line in payload.lines().filter(|l| !l.is_empty()) {
                let end = line.find_byteset(b" \t").unwrap_or(line.len());
                let (key, rest) = line.split_at(end);
                let value = rest.trim_start_with(|c| c == ' ' || c == '\t');
                if value.is_empty() {
                    let text = format!("Missing value for key '{}'.", shown(key));
                    return call.error(&text);
                }
                result = one(key, Some(value));
                if result.is_err() {
                    break;
                }
            }
            result
        }
    };
    match added {
        // a version that is no longer waiting is nobody's business
        Ok(()) | Err(Refused::Version) => Flow::More,
        Err(Refused::Unknown) => call.error("entry not found."),
        Err(Refused::Wrong(text)) => call.error(&format!("{text}.")),
    }
}

fn set(call: &mut Call<'_>) -> Flow {
    if call.arg(2).is_empty() {
        return call.error("'set map' expects three parameters: map identifier, key and value.");
    }
    let Some(list) = find(call, call.arg(0), Kind::Map) else {
        return unknown(call, Kind::Map);
    };
    let (key, value) = (call.arg(1), call.arg(2));
    let (done, missing) = match line_number(key) {
        Some(line) => (list.set_line(line, value), "key or pattern not found."),
        None => (list.set(key, value), "entry not found."),
    };
    match done {
        Ok(()) => Flow::More,
        Err(Refused::Unknown | Refused::Version) => call.error(missing),
        Err(Refused::Wrong(text)) => call.error(&format!("{text}.")),
    }
}

fn delete(call: &mut Call<'_>, kind: Kind) -> Flow {
    if call.arg(1).is_empty() {
        let text = format!(
            "This command expects two parameters: {} identifier and key.",
            kind.name()
        );
        return call.error(&text);
    }
    let Some(list) = find(call, call.arg(0), kind) else {
        // HAProxy calls both so here
        return unknown(call, Kind::Map);
    };
    let known = match line_number(call.arg(1)) {
        Some(line) => list.delete_line(line),
        None => list.delete(call.arg(1)),
    };
    match known {
        true => Flow::More,
        false => call.error("Key not found."),
    }
}

fn clear(call: &mut Call<'_>, kind: Kind) -> Flow {
    let version = version(call);
    if call.arg(0).is_empty() {
        let text = format!("Missing {} identifier.", kind.name());
        return call.error(&text);
    }
    let Some(list) = find(call, call.arg(0), kind) else {
        return unknown(call, kind);
    };
    list.clear(version);
    Flow::More
}

fn prepare(call: &mut Call<'_>, kind: Kind) -> Flow {
    let Some(list) = find(call, call.arg(0), kind) else {
        return unknown(call, kind);
    };
    let text = format!("New version created: {}", list.prepare());
    call.info(&text)
}

fn commit(call: &mut Call<'_>, kind: Kind) -> Flow {
    let Some(version) = version(call) else {
        return call.error("Missing version number.");
    };
    let Some(list) = find(call, call.arg(0), kind) else {
        return unknown(call, kind);
    };
    match list.commit(version) {
        Ok(()) => Flow::More,
        Err(_) => call.error("Version number out of range."),
    }
}
