//! Every column of the statistics has a scenario in which HAProxy shows something in it, or stands
//! in `fixtures/stats/columns_elsewhere.tsv` with the reason why it has none.

#![allow(clippy::unwrap_used, reason = "test code")]

use hapax::grammar::stat_fields;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The columns of which a golden shows something, as the step `columns` of scenarios writes it:
/// `WHO NAME VALUE, NAME VALUE`.
fn shown() -> BTreeSet<&'static str> {
    let names: BTreeSet<&'static str> = stat_fields().iter().map(|f| f.name).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    let mut shown = BTreeSet::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "golden") {
            continue;
        }
        let text = std::fs::read(&path).unwrap();
        for line in String::from_utf8_lossy(&text).lines() {
            let Some((_, cells)) = line.split_once(' ') else {
                continue;
            };
            let cells: Vec<_> = cells.split(", ").collect();
            let pairs = cells.iter().filter_map(|cell| {
                let (name, value) = cell.split_once(' ')?;
                Some((*names.get(name)?, value.trim()))
            });
            if cells.len() > 1 {
                let something = |v: &str| !matches!(v, "" | "0" | "-1" | "?");
                shown.extend(pairs.filter(|(_, v)| something(v)).map(|(name, _)| name));
            }
        }
    }
    shown
}

#[test]
fn every_column_is_shown_by_a_scenario() {
    let table = include_str!("../fixtures/stats/columns_elsewhere.tsv");
    let excused: BTreeMap<&str, &str> = table
        .lines()
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split_once('\t'))
        .collect();
    let shown = shown();
    let mut faults = Vec::new();
    for field in stat_fields() {
        match (shown.contains(field.name), excused.get(field.name)) {
            (true, Some(_)) => faults.push(format!("{}: has a scenario, strike it", field.name)),
            (false, None) => faults.push(format!("{}: no scenario shows it", field.name)),
            (false, Some(why)) if why.trim().is_empty() => {
                faults.push(format!("{}: no reason given", field.name));
            }
            _ => {}
        }
    }
    let known = |name: &&&str| !stat_fields().iter().any(|f| f.name == **name);
    faults.extend(
        excused
            .keys()
            .filter(known)
            .map(|name| format!("{name}: no such column")),
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
