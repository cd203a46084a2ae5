//! The house's rules, checked on the source text: floors, file sizes, names, forbidden calls.
//!
//! Every fault is reported at once as `file:line: what`, so that one run shows all of them.

use std::fs;
use std::path::{Path, PathBuf};

/// Floors of the top-level modules, lowest first. A module may use those with a smaller number.
const FLOORS: &[(&str, u8)] = &[
    ("base", 0),
    ("proto", 1),
    ("grammar", 1),
    ("table", 1),
    ("config", 2),
    ("sample", 3),
    ("ir", 3),
    ("action", 4),
    ("balance", 4),
    ("stick", 4),
    ("lower", 5),
    ("lint", 6),
    ("fmt", 6),
    ("lsp", 6),
    ("migrate", 6),
    ("plan", 7),
    ("rules", 8),
    ("engine", 9),
    ("control", 10),
    ("dryrun", 10),
    ("cmd", 11),
];

/// Uses that the numbers alone would refuse, each with its reason: (file prefix, module, why).
const ALLOWED_USES: &[(&str, &str, &str)] = &[
    (
        "src/ir/",
        "sample",
        "a condition of the IR holds compiled ACLs and log formats",
    ),
    (
        "src/ir/rule.rs",
        "action",
        "a rule of the IR holds its compiled action",
    ),
    (
        "src/stick/",
        "balance",
        "stickiness asks the back end's servers whether they can be used",
    ),
];

/// Start-up invariants that may use `expect`: (file, text of the line, why).
const ALLOWED_EXPECT: &[(&str, &str, &str)] = &[];

const MAX_LINES: usize = 800;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `dir` whose name ends in one of `endings`, sorted, as (path from root, text).
fn files(dir: &str, endings: &[&str]) -> Vec<(String, String)> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(dir) else {
            return;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(dir), &mut found);
    found.sort();
    found
        .into_iter()
        .filter(|path| endings.iter().any(|e| path.to_string_lossy().ends_with(e)))
        .filter_map(|path| {
            let name = path
                .strip_prefix(root())
                .ok()?
                .to_string_lossy()
                .into_owned();
            Some((
                name,
                String::from_utf8_lossy(&fs::read(&path).ok()?).into_owned(),
            ))
        })
        .collect()
}

/// Blanks comments and the insides of strings and character literals; lines stay where they are.
fn code_only(text: &str) -> String {
    let b = text.as_bytes();
    let mut out = Vec::with_capacity(b.len());
    let blank = |out: &mut Vec<u8>, part: &[u8]| {
        out.extend(part.iter().map(|&c| if c == b'\n' { b'\n' } else { b' ' }));
    };
    let mut i = 0;
    while i < b.len() {
        let rest = &b[i..];
        if rest.starts_with(b"//") {
            let end = rest.iter().position(|&c| c == b'\n').unwrap_or(rest.len());
            blank(&mut out, &rest[..end]);
            i += end;
        } else if rest.starts_with(b"/*") {
            let (mut depth, mut n) = (1, 2);
            while n < rest.len() && depth > 0 {
                if rest[n..].starts_with(b"/*") {
                    depth += 1;
                    n += 2;
                } else if rest[n..].starts_with(b"*/") {
                    depth -= 1;
                    n += 2;
                } else {
                    n += 1;
                }
            }
            blank(&mut out, &rest[..n]);
            i += n;
        } else if let Some(n) = raw_string(b, i).or_else(|| plain_literal(rest)) {
            blank(&mut out, &rest[..n]);
            i += n;
        } else {
            out.push(b[i]);
            i += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Length of a raw string that begins at `i` (`r"..."`, `br#"..."#`).
fn raw_string(b: &[u8], i: usize) -> Option<usize> {
    if i > 0 && (b[i - 1].is_ascii_alphanumeric() || b[i - 1] == b'_') {
        return None;
    }
    let mut n = i + usize::from(b[i] == b'b');
    if b.get(n) != Some(&b'r') {
        return None;
    }
    n += 1;
    let hashes = b[n..].iter().take_while(|&&c| c == b'#').count();
    n += hashes;
    if b.get(n) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let body = &b[n + 1..];
    let end = body.windows(close.len()).position(|w| w == close)?;
    Some(n + 1 + end + close.len() - i)
}

/// Length of a `"..."` or `'.'` literal; a lifetime is no literal.
fn plain_literal(rest: &[u8]) -> Option<usize> {
    let quote = *rest.first()?;
    match quote {
        b'"' => {}
        b'\'' => {
            let escaped = rest.get(1) == Some(&b'\\');
            let wide = rest.get(1).is_some_and(|c| *c >= 0x80);
            if !escaped && !wide && rest.get(2) != Some(&b'\'') {
                return None;
            }
        }
        _ => return None,
    }
    let mut n = 1;
    while n < rest.len() {
        match rest[n] {
            b'\\' => n += 2,
            c if c == quote => return Some(n + 1),
            _ => n += 1,
        }
    }
    Some(rest.len())
}

/// Blanks every item under `#[cfg(test)]`, by its braces (or to its semicolon).
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    let mut from = 0;
    while let Some(at) = out[from..].find("#[cfg(test)]").map(|n| n + from) {
        let mut depth = 0usize;
        let mut end = out.len();
        for (n, c) in out[at..].char_indices() {
            match c {
                '{' => depth += 1,
                '}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        end = at + n + 1;
                        break;
                    }
                }
                ';' if depth == 0 => {
                    end = at + n + 1;
                    break;
                }
                _ => {}
            }
        }
        let blank: String = out[at..end]
            .chars()
            .map(|c| if c == '\n' { '\n' } else { ' ' })
            .collect();
        out.replace_range(at..end, &blank);
        from = at + 1;
    }
    out
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

fn identifier(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    &text[..end]
}

/// The first names of `{a, b::{c, d}, e}`.
fn first_names(group: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut fresh = false;
    for (n, c) in group.char_indices() {
        match c {
            '{' => {
                depth += 1;
                fresh = depth == 1;
            }
            '}' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            ',' => fresh = depth == 1,
            c if c.is_whitespace() => {}
            _ if fresh => {
                names.push(identifier(&group[n..]));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

/// Top-level modules that the code names through `crate::` or enough `super::`, with the line.
fn used_modules<'a>(file: &str, code: &'a str) -> Vec<(usize, &'a str)> {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
    let depth = inner.split('/').filter(|part| *part != "mod").count();
    let to_root = "super::".repeat(depth);
    let mut used = Vec::new();
    for path in ["crate::", to_root.as_str()] {
        let mut from = 0;
        while let Some(at) = code[from..].find(path).map(|n| n + from) {
            from = at + path.len();
            let before = code[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || before == '_' || before == ':' {
                continue;
            }
            let rest = code[from..].trim_start();
            let line = line_of(code, at);
            if rest.starts_with('{') {
                used.extend(first_names(rest).into_iter().map(|name| (line, name)));
            } else {
                used.push((line, identifier(rest)));
            }
        }
    }
    used
}

fn floor(module: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == module)
        .map(|(_, floor)| *floor)
}

/// Faults of one file against the floors.
fn upward_uses(file: &str, code: &str) -> Vec<String> {
    let inner = file.trim_start_matches("src/");
    let own = inner
        .split('/')
        .next()
        .unwrap_or(inner)
        .trim_end_matches(".rs");
    if own == "lib" || own == "main" {
        return Vec::new();
    }
    let Some(own_floor) = floor(own) else {
        return vec![format!("{file}:1: module `{own}` stands on no floor")];
    };
    let mut faults = Vec::new();
    for (line, module) in used_modules(file, code) {
        let Some(other) = floor(module) else {
            continue; // a macro or an item of the crate's root
        };
        let allowed = ALLOWED_USES
            .iter()
            .any(|(f, m, _)| file.starts_with(f) && *m == module);
        if module != own && other >= own_floor && !allowed {
            faults.push(format!(
                "{file}:{line}: `{own}` (floor {own_floor}) uses `{module}` (floor {other})"
            ));
        }
    }
    faults
}

/// Lines of `code` that contain `needle` as a whole (no identifier character before it).
fn lines_with(code: &str, needle: &str) -> Vec<usize> {
    code.match_indices(needle)
        .filter(|(at, _)| {
            let whole = needle.starts_with(|c: char| c.is_alphanumeric());
            let before = code[..*at].chars().next_back().unwrap_or(' ');
            !whole || !(before.is_alphanumeric() || before == '_')
        })
        .map(|(at, _)| line_of(code, at))
        .collect()
}

/// Calls and names that the data path and the rest of `src` must not contain.
fn forbidden_in_source(file: &str, text: &str) -> Vec<String> {
    let code = without_tests(&code_only(text));
    let mut faults = Vec::new();
    let mut report = |line: usize, what: &str| faults.push(format!("{file}:{line}: {what}"));
    for call in ["todo!(", "unimplemented!("] {
        for line in lines_with(&code, call) {
            report(line, call);
        }
    }
    for (at, call) in code
        .match_indices(".unwrap()")
        .chain(code.match_indices(".expect("))
    {
        let line = line_of(&code, at);
        let own_method = call == ".expect(" && code[..at].ends_with("self");
        let source = text.lines().nth(line - 1).unwrap_or("").trim();
        let allowed = ALLOWED_EXPECT
            .iter()
            .any(|(f, l, _)| *f == file && source.contains(l));
        if !own_method && !allowed {
            report(line, call);
        }
    }
    for line in lines_with(&code, "fn get_") {
        report(
            line,
            "a getter is named after what it returns, without `get_`",
        );
    }
    if file != "src/base/clock.rs" {
        for call in ["Instant::now", "SystemTime::now"] {
            for line in lines_with(&code, call) {
                report(line, "only base::clock reads the clock");
            }
        }
    }
    for statement in code.split(';') {
        let Some(at) = statement.find("std::sync::") else {
            continue;
        };
        let words = statement[at..].split(|c: char| !c.is_alphanumeric() && c != '_');
        if words.take(20).any(|w| w == "Mutex" || w == "RwLock") {
            let offset = statement.as_ptr() as usize - code.as_ptr() as usize + at;
            report(
                line_of(&code, offset),
                "parking_lot has the locks of this house",
            );
        }
    }
    if file != "src/base/sys.rs" {
        for line in lines_with(&code, "allow(unsafe_code)") {
            report(line, "unsafe code lives in src/base/sys.rs");
        }
    }
    faults
}

fn assert_none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn modules_use_only_lower_floors() {
    assert_none(
        files("src", &[".rs"])
            .iter()
            .flat_map(|(file, text)| upward_uses(file, &code_only(text)))
            .collect(),
    );
}

#[test]
fn every_module_of_the_library_stands_on_a_floor() {
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let code = code_only(&text);
    let modules: Vec<&str> = code
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("pub ").strip_prefix("mod "))
        .map(identifier)
        .collect();
    assert!(modules.contains(&"base"), "src/lib.rs declares its modules");
    let unranked: Vec<_> = modules.iter().filter(|m| floor(m).is_none()).collect();
    assert!(unranked.is_empty(), "no floor for {unranked:?}");
}

#[test]
fn no_file_is_too_long() {
    let mut faults = Vec::new();
    for dir in ["src", "tests", "compat"] {
        for (file, text) in files(dir, &[".rs"]) {
            let lines = text.lines().count();
            if lines > MAX_LINES {
                faults.push(format!("{file}:{lines}: more than {MAX_LINES} lines"));
            }
        }
    }
    assert_none(faults);
}

#[test]
fn no_file_is_a_junk_drawer() {
    let mut faults = Vec::new();
    for dir in ["src", "tests", "compat"] {
        for (file, _) in files(dir, &[".rs"]) {
            let junk = file.trim_end_matches(".rs").split('/').any(|part| {
                ["utils", "util", "helpers", "helper", "common", "misc"].contains(&part)
            });
            if junk {
                faults.push(format!("{file}:1: name it after what it holds"));
            }
        }
    }
    assert_none(faults);
}

/// Files of modules that are declared behind `#[cfg(test)]`.
fn test_modules(file: &str, text: &str) -> Vec<String> {
    let dir = match file.strip_suffix("/mod.rs") {
        Some(dir) => dir.to_owned(),
        None => file.trim_end_matches(".rs").to_owned(),
    };
    text.split("#[cfg(test)]")
        .skip(1)
        .filter_map(|rest| {
            let declared = rest.trim_start().trim_start_matches("pub ");
            let declared = declared
                .trim_start_matches("pub(crate) ")
                .strip_prefix("mod ")?;
            let name = identifier(declared);
            let at_end = declared.get(name.len()..)?.starts_with(';');
            at_end.then(|| format!("{dir}/{name}.rs"))
        })
        .collect()
}

#[test]
fn source_has_no_forbidden_calls() {
    let all = files("src", &[".rs"]);
    let tests_only: Vec<String> = all
        .iter()
        .flat_map(|(file, text)| test_modules(file, text))
        .collect();
    assert_none(
        all.iter()
            .filter(|(file, _)| !tests_only.contains(file))
            .flat_map(|(file, text)| forbidden_in_source(file, text))
            .collect(),
    );
}

#[test]
fn nothing_is_left_to_do_and_no_foreign_path_is_named() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME")];
    let places = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/home/", "runner"),
    ];
    let mut faults = Vec::new();
    let mut check = |file: &str, text: &str| {
        for (n, line) in text.lines().enumerate() {
            for mark in marks {
                if file.ends_with(".rs") && !lines_with(line, mark).is_empty() {
                    faults.push(format!("{file}:{}: {mark}", n + 1));
                }
            }
            for place in places {
                if line.contains(place) {
                    faults.push(format!("{file}:{}: names {place}", n + 1));
                }
            }
        }
    };
    let endings = [
        ".rs", ".toml", ".md", ".tsv", ".cfg", ".scn", ".golden", ".txt", ".py", ".snap", "run",
    ];
    for dir in [
        "src", "tests", "compat", "grammar", "fixtures", ".ci", ".cargo",
    ] {
        for (file, text) in files(dir, &endings) {
            check(&file, &text);
        }
    }
    for file in ["Cargo.toml", "README.md", ".clippy.toml", ".rustfmt.toml"] {
        if let Ok(text) = fs::read_to_string(root().join(file)) {
            check(file, &text);
        }
    }
    assert_none(faults);
}

#[test]
fn the_scanner_sees_what_it_should() {
    let upward =
        "use crate::{base::span::Span, engine::{self, x}, ir};\nfn f() { super::super::plan::g() }";
    assert_eq!(
        upward_uses("src/config/lex.rs", upward),
        [
            "src/config/lex.rs:1: `config` (floor 2) uses `engine` (floor 9)",
            "src/config/lex.rs:1: `config` (floor 2) uses `ir` (floor 3)",
            "src/config/lex.rs:2: `config` (floor 2) uses `plan` (floor 7)",
        ]
    );
    assert!(
        upward_uses(
            "src/engine/mod.rs",
            "use crate::plan::Plan; use super::rules::R;"
        )
        .is_empty()
    );
    assert_eq!(upward_uses("src/nowhere/a.rs", "").len(), 1);

    let quiet = "// x.unwrap()\nlet a = \"todo!()\"; let r = r#\"a \" .expect(\"#; let c = '\"'; let l: &'a u8;\n#[cfg(test)]\nmod tests { fn f() { x.unwrap(); } }\n";
    assert!(forbidden_in_source("src/a.rs", quiet).is_empty());
    let loud = "x.unwrap();\ny.expect(\"\");\nfn get_it() {}\nInstant::now();\nuse std::sync::{Arc, Mutex};\n#![allow(unsafe_code)]\ntodo!()";
    assert_eq!(forbidden_in_source("src/a.rs", loud).len(), 7);
}
