//! The README says what is executed as `hapax keywords --executed` says it, and its commands exist.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

const BEGIN: &str = "<!-- executed -->\n";
const END: &str = "<!-- /executed -->";

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The table as it has to stand in the README.
fn table() -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_hapax"))
        .args(["keywords", "--executed"])
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines() {
        let (name, kind) = line.split_once('\t').unwrap();
        kinds.entry(kind).or_default().push(name);
    }
    let mut out = String::from("| kind | executed |\n|---|---|\n");
    for (kind, title) in [
        ("section", "sections"),
        ("keyword", "keywords"),
        ("bind", "options of `bind`"),
        ("server", "options of `server`"),
        ("balance", "`balance`"),
        ("action", "actions of rules"),
        ("fetch", "fetches"),
        ("converter", "converters"),
        ("filter", "filters"),
        ("log alias", "log aliases"),
        ("command", "runtime commands"),
    ] {
        if let Some(names) = kinds.remove(kind) {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            out.push_str(&format!("| {title} | {} |\n", names.join(", ")));
        }
    }
    assert!(kinds.is_empty(), "kinds without a line: {kinds:?}");
    out
}

#[test]
fn the_readme_lists_what_is_executed() {
    let text = readme();
    let begin = text.find(BEGIN).unwrap() + BEGIN.len();
    let end = text.find(END).unwrap();
    let table = table();
    if std::env::var_os("UPDATE_README").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        fs::write(path, format!("{}{table}{}", &text[..begin], &text[end..])).unwrap();
        return;
    }
    assert!(
        text[begin..end] == table,
        "README.md is behind `hapax keywords --executed`: UPDATE_README=1 cargo test --test readme"
    );
}

/// Both lists of the same command tell the same, kind by kind.
#[test]
fn the_status_of_every_name_agrees_with_what_is_executed() {
    let run = |option| {
        let out = Command::new(env!("CARGO_BIN_EXE_hapax"))
            .args(["keywords", option])
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let (listed, status) = (run("--executed"), run("--status"));
    let mut done = std::collections::BTreeSet::new();
    for line in status.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        if cells[3] == "executed" {
            done.insert((cells[1], cells[0]));
        }
    }
    for line in listed.lines() {
        let (name, kind) = line.split_once('\t').unwrap();
        // algorithms are arguments; some keywords stand for the family that they begin
        let family = format!("{name} ");
        let of_family = |(n, k): &(&str, &str)| *k == kind && n.starts_with(&family);
        let known = done.contains(&(name, kind)) || done.iter().any(of_family);
        assert!(known || kind == "balance", "{kind} {name}");
    }
}

#[test]
fn files_that_the_readme_names_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = readme();
    for link in text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
    {
        assert!(
            link.starts_with("http") || root.join(link).exists(),
            "{link}"
        );
    }
    for part in text.split("](").next().unwrap_or_default().split('`') {
        if part.starts_with("fixtures/") || part.starts_with("compat/") {
            let path = part.split([' ', '*']).next().unwrap_or_default();
            assert!(root.join(path).exists(), "{part}");
        }
    }
}
