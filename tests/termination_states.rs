//! Every termination state of the manual's section 8.5 is in a golden of a scenario, or is listed
//! with the reason why it cannot be.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::path::Path;

fn goldens() -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    let mut lines = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "golden") {
            let text = fs::read_to_string(path).unwrap();
            let logged = text.lines().filter(|l| l.contains(" log <"));
            lines.extend(logged.map(str::to_owned));
        }
    }
    lines
}

#[test]
fn every_state_is_shown_or_explained() {
    let lines = goldens();
    let words = || lines.iter().flat_map(|l| l.split(' '));
    let shown = |state: &str, last: bool| {
        words().any(|word| match (word.len(), last) {
            (2, false) => word == state,
            (4, false) => {
                word.starts_with(state) && word.ends_with(|c: char| "-NIRPDU".contains(c))
            }
            (4, true) => word.ends_with(state),
            _ => false,
        })
    };
    let table = include_str!("../fixtures/termination_states.tsv");
    for row in table.lines().filter(|l| !l.starts_with('#')) {
        let [state, letters, place] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row}: not three columns");
        };
        let last = letters == "last";
        match place.strip_prefix("unreachable: ") {
            None => assert!(
                place == "shown" && shown(state, last),
                "{state}: in no golden"
            ),
            Some(why) => assert!(!why.is_empty() && !shown(state, last), "{state}: is shown"),
        }
    }
}
