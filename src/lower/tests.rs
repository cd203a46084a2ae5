//! The registries against the grammar's tables, and whole configurations against snapshots.

use super::*;
use crate::base::diag::Severity;
use crate::config::condition::Facts;
use crate::config::environment::Environment;
use crate::config::read::{Input, read};
use crate::grammar::{self, Part};
use std::collections::BTreeMap;

/// The IR and findings of a text.
fn lowered(text: &str) -> (Document, ir::Config, Vec<Diagnostic>) {
    let input = Input {
        name: "t.cfg".to_owned(),
        text: text.as_bytes().to_vec(),
    };
    let facts = Facts::default();
    let (document, mut diags) = read(vec![input], &mut Environment::default(), &facts);
    let (config, more) = lower(&document, &Options::default());
    diags.extend(more);
    (document, config, diags)
}

/// Findings of at least `[WARNING]`, message only.
fn complaints(text: &str) -> Vec<String> {
    let (_, _, diags) = lowered(text);
    diags
        .into_iter()
        .filter(|d| d.severity >= Severity::Warning)
        .map(|d| d.message)
        .collect()
}

const SECTIONS: &[(&str, Sections)] = &[
    ("global", Sections::GLOBAL),
    ("defaults", Sections::DEFAULTS),
    ("frontend", Sections::FRONTEND),
    ("listen", Sections::LISTEN),
    ("backend", Sections::BACKEND),
];

/// Whether a handler takes lines that begin with this name in that section. Some handlers take
/// whole families (`http-request`): their first word counts.
fn is_executed(section: Sections, name: &str) -> bool {
    KEYWORDS
        .iter()
        .flat_map(|family| family.iter())
        .filter(|h| h.sections.intersects(section))
        .flat_map(|h| h.names.iter())
        .any(|n| *n == name || name.strip_prefix(n).is_some_and(|r| r.starts_with(' ')))
}

/// What is neither executed nor inert, by part.
fn pending() -> BTreeMap<String, Vec<String>> {
    let mut left: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |part: Part, text: String| {
        let list = left.entry(part.to_string()).or_default();
        if !list.contains(&text) {
            list.push(text);
        }
    };
    for keyword in grammar::keywords() {
        for (word, section) in SECTIONS {
            if !keyword.allowed_in(word) || keyword.inert.is_some() {
                continue;
            }
            if !is_executed(*section, keyword.name) {
                add(keyword.part, keyword.name.to_owned());
            }
        }
    }
    for option in grammar::bind_options() {
        if option.inert.is_none() && !bind::executed().any(|n| n == option.name) {
            add(option.part, format!("bind {}", option.name));
        }
    }
    for option in grammar::server_options() {
        if option.inert.is_none() && !server::executed().any(|n| n == option.name) {
            add(option.part, format!("server {}", option.name));
        }
    }
    left
}

#[test]
fn every_executed_keyword_is_in_the_grammar() {
    for family in KEYWORDS {
        for handler in *family {
            for name in handler.names {
                let known = SECTIONS.iter().any(|(word, section)| {
                    handler.sections.intersects(*section)
                        && grammar::keywords_in(word)
                            .any(|k| k.name == *name || k.name.starts_with(&format!("{name} ")))
                });
                assert!(known, "'{name}' is not in grammar/keywords.tsv");
            }
        }
    }
    for name in bind::executed() {
        assert!(
            grammar::bind_option(name.as_bytes()).is_some(),
            "bind {name}"
        );
    }
    for name in server::executed() {
        assert!(
            grammar::server_option(name.as_bytes()).is_some(),
            "server {name}"
        );
    }
}

#[test]
fn the_first_part_leaves_nothing_pending() {
    let left = pending();
    for (part, names) in &left {
        println!("{part}: {} pending: {}", names.len(), names.join(", "));
    }
    assert_eq!(left.get("part 1"), None);
}
