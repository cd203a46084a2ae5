//! Whatever words a file is made of, it is judged: no panic, no endless loop, and each finding
//! can be shown.

use super::{Options, lower};
use crate::base::render::HaProxy;
use crate::config::condition::Facts;
use crate::config::environment::Environment;
use crate::config::read::{Input, read};
use crate::grammar::{self, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Words that arguments are made of: those of the language, and some that are wrong anywhere.
fn word() -> impl Strategy<Value = String> {
    let names: Vec<&'static str> = grammar::entries().map(|e| e.name).collect();
    let others = [
        "if",
        "unless",
        "{",
        "}",
        "!",
        "or",
        "a",
        "b",
        "127.0.0.1:80",
        ":1",
        "/x",
        "10s",
        "64k",
        "-1",
        "0",
        "99999999999",
        "%[src]",
        "%[",
        "txn.x",
        "src,lower",
        "(",
        "(x)",
        "-m",
        "-f",
        "--",
        "TRUE",
        "s1",
        "s",
        "é",
        "*",
        "1-3",
        "http",
        "L7OK",
        "00",
        "x(",
    ];
    prop_oneof![
        2 => proptest::sample::select(names).prop_map(str::to_owned),
        3 => proptest::sample::select(others.to_vec()).prop_map(str::to_owned),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let names: Vec<&'static str> = grammar::keywords().iter().map(|k| k.name).collect();
    let keyword = proptest::sample::select(names);
    (keyword, vec(word(), 0..7)).prop_map(|(name, words)| format!(" {name} {}\n", words.join(" ")))
}

fn section() -> impl Strategy<Value = String> {
    let names: Vec<&'static str> = grammar::sections().iter().map(|s| s.name).collect();
    let head = (proptest::sample::select(names), vec(word(), 0..3));
    (head, vec(line(), 0..6)).prop_map(|((name, words), lines)| {
        format!("{name} {}\n{}", words.join(" "), lines.concat())
    })
}

fn config() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(34),
        failure_persistence: None,
        cases: std::env::var("PROPTEST_CASES")
            .ok()
            .and_then(|n| n.parse().ok())
            .unwrap_or(128),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_configuration_is_judged(sections in vec(section(), 1..5), old in any::<bool>()) {
        let mut text = sections.concat();
        // Names of hosts would be asked of this machine.
        text.retain(|c| c != '$');
        let input = Input { name: "t.cfg".to_owned(), text: text.clone().into_bytes() };
        let facts = Facts { version: "3.4.0".to_owned(), ..Facts::default() };
        let (document, _) = read(vec![input], &mut Environment::default(), &facts);
        let options = Options {
            language: old.then_some(Version { major: 1, minor: 8 }),
            ..Options::default()
        };
        let (_, findings) = lower(&document, &options);
        let mut haproxy = HaProxy::new(1, "3.4.0", "haproxy");
        haproxy.diag = true;
        for finding in &findings {
            prop_assert!(haproxy.render(finding, &document.sources).ends_with('\n'));
        }
        // Printing what was read reads the same.
        let mut printed = Vec::new();
        for section in &document.sections {
            for line in std::iter::once(&section.head).chain(&section.lines) {
                printed.extend_from_slice(&crate::config::print::directive(line));
                printed.push(b'\n');
            }
        }
        let input = Input { name: "t.cfg".to_owned(), text: printed };
        let (again, _) = read(vec![input], &mut Environment::default(), &facts);
        let words = |d: &crate::config::directive::Document| -> Vec<Vec<bstr::BString>> {
            let lines = d.sections.iter().flat_map(|s| std::iter::once(&s.head).chain(&s.lines));
            lines.map(|l| l.words.iter().map(|w| w.text.clone()).collect()).collect()
        };
        prop_assert_eq!(words(&document), words(&again));
    }
}
