//! Every rule on its fixtures: `bad*.cfg` must give a finding on each line that says `# finding`
//! and on no other, `good*.cfg` none.

use super::rule::{Category, Finding, Fixes, Rule};
use super::select::Selection;
use super::{fix, lint, rules};
use crate::base::diag::Diagnostic;
use crate::config::condition::Facts;
use crate::config::directive::Document;
use crate::config::environment::Environment;
use crate::config::read::{self, Input};
use crate::lower;
use proptest::prelude::*;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lint")
}

fn document(name: &str, text: &[u8]) -> (Document, Vec<Diagnostic>) {
    let mut env = Environment::default();
    for name in ["ALICE_PASSWORD", "TOKEN"] {
        env.set(name, "x");
    }
    let facts = Facts {
        version: "3.4.0".to_owned(),
        ..Facts::default()
    };
    let input = Input {
        name: name.to_owned(),
        text: text.to_vec(),
    };
    let (document, mut findings) = read::read(vec![input], &mut env, &facts);
    findings.extend(lower::lower(&document, &lower::Options::default()).1);
    findings.retain(|f| f.fatal);
    (document, findings)
}

/// What a rule finds while all others run too.
fn found_by(rule: &Rule, document: &Document) -> Vec<Finding> {
    let selection = Selection {
        select: vec!["all".to_owned()],
        ..Selection::default()
    };
    let mut found = lint(document, &selection, &[]);
    found.retain(|f| f.rule.code == rule.code);
    found
}

fn files(rule: &Rule, kind: &str) -> Vec<(String, Vec<u8>)> {
    let dir = fixtures().join(rule.name);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(kind) && name.ends_with(".cfg") {
            let text = std::fs::read(entry.path()).unwrap_or_default();
            found.push((format!("{}/{name}", rule.name), text));
        }
    }
    found
}

fn lines(findings: &[Finding]) -> Vec<u32> {
    let mut lines: Vec<u32> = findings.iter().map(|f| f.span.line).collect();
    lines.dedup();
    lines
}

#[test]
fn rules_find_what_they_should_and_nothing_else() {
    let mut faults = Vec::new();
    for rule in rules::ALL {
        let (bad, good) = (files(rule, "bad"), files(rule, "good"));
        if bad.is_empty() || good.is_empty() {
            faults.push(format!("{}: fixtures are missing", rule.name));
        }
        for (name, text) in bad.iter().chain(&good) {
            let (document, alerts) = document(name, text);
            for alert in &alerts {
                if alert.code != "HX0107" {
                    faults.push(format!(
                        "{name}: {:?} {}",
                        alert.span.map(|s| s.line),
                        alert.message
                    ));
                }
            }
            let wanted: Vec<u32> = (1..)
                .zip(text.split(|b| *b == b'\n'))
                .filter(|(_, l)| memchr::memmem::find(l, b"# finding").is_some())
                .map(|(n, _)| n)
                .collect();
            let found = found_by(rule, &document);
            if lines(&found) != wanted {
                faults.push(format!(
                    "{name}: finds lines {:?}, should {wanted:?}",
                    lines(&found)
                ));
            }
            if name.contains("/bad") && wanted.is_empty() {
                faults.push(format!("{name}: no line says `# finding`"));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn fixes_mend_what_they_say() {
    let mut faults = Vec::new();
    for rule in rules::ALL {
        let mut fixed_any = false;
        for (name, text) in files(rule, "bad") {
            let mut text = text;
            let mut left = usize::MAX;
            for _ in 0..5 {
                let (document, _) = document(&name, &text);
                let found = found_by(rule, &document);
                left = found.iter().filter(|f| f.fix.is_some()).count();
                let fixed = fix::apply(&document.sources, &found, true);
                let Some(first) = fixed.into_iter().next() else {
                    break;
                };
                fixed_any = true;
                text = first.text;
            }
            if left > 0 {
                faults.push(format!("{name}: {left} fixes do not mend"));
            }
            let (_, alerts) = document(&name, &text);
            for alert in alerts {
                faults.push(format!(
                    "{name} after its fixes: {:?} {}",
                    alert.span.map(|s| s.line),
                    alert.message
                ));
            }
        }
        if fixed_any == matches!(rule.fixes, Fixes::None) {
            faults.push(format!(
                "{}: says {:?}, fixes made: {fixed_any}",
                rule.name, rule.fixes
            ));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn names_and_codes_are_right() {
    let mut seen = HashSet::new();
    for rule in rules::ALL {
        assert!(
            seen.insert(rule.code) && seen.insert(rule.name),
            "{} {} twice",
            rule.code,
            rule.name
        );
        assert!(
            rule.code.starts_with(rule.category.prefix()),
            "{}",
            rule.code
        );
        let kebab = rule
            .name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(kebab, "{}", rule.name);
        for text in [rule.what, rule.why, rule.example, rule.instead] {
            assert!(text.len() > 5, "{}: documentation is missing", rule.name);
        }
    }
    for category in Category::ALL {
        assert!(rules::ALL.iter().any(|r| r.category == category));
    }
}

#[test]
fn fixture_directories_belong_to_rules() {
    for entry in std::fs::read_dir(fixtures())
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(rules::find(&name).is_some(), "no rule is called {name}");
    }
}

/// The edits of a fix meet at the end of a line that has no comment.
#[test]
fn edits_may_lie_side_by_side() {
    let mended = |rule: &str, text: &str| {
        let (document, _) = document("t.cfg", text.as_bytes());
        let found = rules::find(rule)
            .map(|r| found_by(r, &document))
            .unwrap_or_default();
        let fixed = fix::apply(&document.sources, &found, false);
        fixed
            .first()
            .map(|f| String::from_utf8_lossy(&f.text).into_owned())
            .unwrap_or_default()
    };
    assert_eq!(
        mended("address-on-head", "listen a :80\n  mode http\n"),
        "listen a\n  bind :80\n  mode http\n"
    );
    assert_eq!(
        mended(
            "headers-in-httpchk",
            "backend a\n  option httpchk GET / HTTP/1.1\\r\\nHost:\\ b\n"
        ),
        "backend a\n  option httpchk\n  http-check send meth GET uri / ver HTTP/1.1 hdr Host b\n"
    );
}

#[test]
fn reports_are_of_rules() {
    for rule in rules::ALL {
        assert!(rules::report(rule).is_none_or(|at| at.starts_with("https://")));
    }
    let known = rules::ALL
        .iter()
        .filter(|r| rules::report(r).is_some())
        .count();
    assert_eq!(known, rules::REPORTS.len());
    for name in rules::NEED_THE_TEXT {
        assert!(rules::find(name).is_some(), "{name}");
    }
}

/// The words of a template are not known: neither what is missing nor what stands twice is found.
#[test]
fn templates_are_left_in_peace() {
    let text = b"frontend www\n    bind :80\n{% if x %}\n    bind :80\n{% endif %}\n    acl a path_beg {{ path }}\n    acl b path_beg @@P@@\n    acl c path_beg x\n    default_backend __NAME__\n";
    let (document, _) = document("t.cfg", text);
    let all = Selection::default();
    let names = |markup: &[String]| -> Vec<&str> {
        lint(&document, &all, markup)
            .iter()
            .map(|f| f.rule.name)
            .collect()
    };
    assert_eq!(names(&[]), ["path-without-slash", "path-without-slash"]);
    assert_eq!(names(&["@@".to_owned()]), ["path-without-slash"]);
}

/// Lines of all fixtures, and pieces that no file should hold.
fn lines_of_fixtures() -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for rule in rules::ALL {
        for (_, text) in files(rule, "") {
            lines.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned));
        }
    }
    let odd = [
        "acl",
        "acl a",
        "acl a path",
        "acl a path -m",
        "acl a path -f",
        "acl a {",
        "use_backend",
        "use_backend x if",
        "use_backend x if {",
        "use_backend x if { }",
        "use_backend x if !",
        "use_backend x if or",
        "http-request",
        "http-request deny if a || ! {",
        "http-request redirect location %[",
        "http-request set-path %[path,regsub(",
        "http-request replace-path ^/ab?",
        "stats auth",
        "stats socket",
        "bind",
        "server",
        "server a",
        "listen",
        "listen a b c d",
        "defaults x from",
        "defaults from x",
        "timeout",
        "timeout client",
        "cookie",
        "stick-table",
        "stick-table store",
        "http-request track-sc0",
        "acl b path_reg (a+){2,}",
        "acl b path_reg ([",
        "option",
        "option httpchk GET / HTTP/1.1\\r\\nHost",
        "# hapax: allow(",
        "# hapax: allow()",
        "# hapax: allow(a,,b) x",
        "# hapax:",
        ".if",
        ".endif",
        "\u{feff}global",
        "\\",
        "'",
        "\"",
        "acl c sc_get_gpc0(",
        "acl c sc0_ gt 1",
        "acl c sc_http_req_rate(,) gt 1",
        "é ü",
        "{{ x }}",
    ];
    lines.extend(odd.iter().map(|l| (*l).to_owned()));
    lines
}

proptest! {
    /// Whatever lines stand together, rules and fixes come to an end without a panic.
    #[test]
    fn any_lines_can_be_linted(picks in prop::collection::vec(any::<prop::sample::Index>(), 1..60)) {
        static LINES: LazyLock<Vec<String>> = LazyLock::new(lines_of_fixtures);
        let text: Vec<&str> = picks.iter().map(|p| p.get(&LINES).as_str()).collect();
        let all = Selection { select: vec!["all".to_owned()], ..Selection::default() };
        let mut text = text.join("\n").into_bytes();
        for _ in 0..4 {
            let (document, _) = document("t.cfg", &text);
            let found = lint(&document, &all, &[]);
            for finding in &found {
                prop_assert!(finding.span.start <= finding.span.end);
                let _ = finding.diagnostic();
            }
            match fix::apply(&document.sources, &found, true).into_iter().next() {
                Some(fixed) => text = fixed.text,
                None => break,
            }
        }
    }
}

#[test]
fn words_select_rules() {
    let has = |select: &[&str], ignore: &[&str], name: &str| {
        let list = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        let selection = Selection {
            select: list(select),
            ignore: list(ignore),
            extend: Vec::new(),
        };
        rules::find(name).is_some_and(|r| selection.has(r))
    };
    assert!(has(&[], &[], "unused-acl"));
    assert!(has(&["correctness"], &[], "unused-acl"));
    assert!(has(&["HC"], &[], "unused-acl") && has(&["HC00*"], &[], "unused-acl"));
    assert!(has(&["unused-*"], &[], "unused-acl"));
    assert!(!has(&["security"], &[], "unused-acl"));
    assert!(!has(&["all"], &["unused-*"], "unused-acl"));
    assert!(has(&["unused-acl"], &["correctness"], "unused-acl"));
    assert!(!has(&[], &["HC007"], "unused-acl"));
    let odd = Selection {
        ignore: vec!["unusd-acl".to_owned()],
        ..Selection::default()
    };
    assert_eq!(odd.unknown(), ["unusd-acl"]);
}
