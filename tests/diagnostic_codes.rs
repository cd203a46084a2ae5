//! Every code that the program gives stands in `grammar/diagnostics.tsv`.
#![allow(clippy::unwrap_used)]

use std::path::Path;

fn sources(dir: &Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn every_code_has_a_row() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let code = regex::Regex::new(r#""(HX\d{4})""#).unwrap();
    let mut missing = Vec::new();
    let mut found = 0;
    for file in files {
        // Tests of the renderers and of the table make codes up.
        if file.ends_with("render/tests.rs") || file.ends_with("grammar/diagnostic.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for hit in code.captures_iter(&text) {
            found += 1;
            if hapax::grammar::diagnostic(&hit[1]).is_none() {
                missing.push(format!("{} in {}", &hit[1], file.display()));
            }
        }
    }
    missing.sort();
    missing.dedup();
    assert!(found > 0);
    assert!(
        missing.is_empty(),
        "add a row to grammar/diagnostics.tsv for each of these:\n{}",
        missing.join("\n")
    );
}
