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

const SECTIONS: &[(&str, Sections)] = Sections::NAMES;
/// The first five of them: what is counted as pending.
const PROXIES: usize = 5;

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
        for (word, _) in SECTIONS.iter().take(PROXIES) {
            if !keyword.allowed_in(word) || keyword.inert.is_some() {
                continue;
            }
            if !executes(word, keyword.name) {
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

/// The fields of a `{:#?}` of a struct, each with its text.
fn fields(debug: &str) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for line in debug.lines().skip(1) {
        let Some(inner) = line.strip_prefix("    ") else {
            continue;
        };
        match list.last_mut() {
            Some(last) if inner.starts_with([' ', '}', ']', ')']) => {
                last.push('\n');
                last.push_str(inner);
            }
            _ => list.push(inner.to_owned()),
        }
    }
    list
}

/// Spans as `@line`.
fn places(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("Span { ") {
        out.push_str(before);
        let (inner, after) = after.split_once('}').unwrap_or((after, ""));
        let line = inner.split("line: ").nth(1).unwrap_or_default();
        out.push('@');
        out.push_str(line.split(',').next().unwrap_or_default());
        rest = after;
    }
    out + rest
}

/// Lists of bytes that are text as text.
fn readable(text: &str, numbers: bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[ ") {
        out.push_str(before);
        let (inner, tail) = after.split_once(']').unwrap_or((after, ""));
        let bytes: Option<Vec<u8>> = inner
            .split(',')
            .map(str::trim)
            .filter(|w| !w.is_empty())
            .map(|w| w.parse().ok())
            .collect();
        match bytes.filter(|b| !numbers && b.iter().all(|b| (10..127).contains(b))) {
            Some(bytes) => {
                out.push_str(&format!("{:?}", String::from_utf8_lossy(&bytes)));
                rest = tail;
            }
            None => {
                out.push_str("[ ");
                rest = after;
            }
        }
    }
    out + rest
}

/// What a value says beyond its default, one field per line; places are left out.
fn beyond<T: std::fmt::Debug>(value: &T, default: &T) -> String {
    let usual = fields(&format!("{default:#?}"));
    let mut text = String::new();
    for field in fields(&format!("{value:#?}")) {
        if usual.contains(&field) || field.starts_with("span:") {
            continue;
        }
        let flat: Vec<&str> = field.lines().map(str::trim).collect();
        let flat = readable(&places(&flat.join(" ")), field.starts_with("cpu_map"));
        text.push_str("  ");
        text.push_str(&flat);
        text.push('\n');
    }
    text
}

fn shown(config: &ir::Config, document: &Document, diags: &[Diagnostic]) -> String {
    let mut text = String::from("global\n");
    text.push_str(&beyond(&config.global, &ir::Global::default()));
    for proxy in &config.proxies {
        let sides = match (proxy.frontend, proxy.backend) {
            (true, true) => "listen",
            (true, false) => "frontend",
            _ => "backend",
        };
        let off = if proxy.disabled { ", disabled" } else { "" };
        text.push_str(&format!(
            "{sides} {} (id {}{off})\n",
            proxy.name, proxy.uuid
        ));
        text.push_str(&beyond(&proxy.settings, &Default::default()));
        for bind in &proxy.binds {
            let plain = ir::Bind::new(Vec::new(), bind.span);
            text.push_str(&format!(" bind\n{}", beyond(bind, &plain)));
        }
        for server in &proxy.servers {
            let plain = ir::Server::new(String::new(), server.address.clone(), server.span);
            text.push_str(&format!(" server\n{}", beyond(&**server, &plain)));
            text.push_str(&format!(
                "  at: {:?}:{}",
                server.address.host, server.address.port
            ));
            if let Some(offset) = server.address.port_offset {
                text.push_str(&format!(" offset {offset}"));
            }
            text.push('\n');
        }
        for line in &proxy.use_backends {
            let when = line.condition.as_ref().map_or("always", |_| "on condition");
            text.push_str(&format!(" use_backend {:?} {when}\n", line.target));
        }
        let rules = &proxy.rules;
        for (set, list) in [
            ("tcp-request connection", &rules.tcp_request_connection),
            ("tcp-request session", &rules.tcp_request_session),
            ("tcp-request content", &rules.tcp_request_content),
            ("tcp-response content", &rules.tcp_response_content),
            ("http-request", &rules.http_request),
            ("redirect", &proxy.redirects),
            ("http-response", &rules.http_response),
            ("http-after-response", &rules.http_after_response),
        ] {
            for rule in list {
                let when = rule.condition.as_ref().map_or("always", |_| "on condition");
                text.push_str(&format!(" {set} {} {when}\n", rule.action.name));
            }
        }
        for rule in proxy.line_rules.iter().flat_map(|lines| &lines.request) {
            text.push_str(&format!(" line rule {:?}\n", rule.action.deed));
        }
        for rule in &proxy.persist_rules {
            text.push_str(&format!(" persist rule, force: {}\n", rule.force));
        }
    }
    text.push_str("findings\n");
    for d in diags {
        let place = d.span.map_or_else(String::new, |s| {
            format!("{}:{} ", document.sources.name(s.file), s.line)
        });
        let fatal = if d.fatal { ", fatal" } else { "" };
        text.push_str(&format!(
            " {:?} {} {place}({:?}{fatal}) {}\n",
            d.severity, d.code, d.form, d.message
        ));
    }
    text
}

/// Every `fixtures/ir/*.cfg` against the snapshot beside it.
#[test]
fn configurations_become_this() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ir");
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "cfg"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let (document, config, diags) = lowered(&text);
        insta::with_settings!({
            snapshot_path => dir,
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            insta::assert_snapshot!(name, shown(&config, &document, &diags));
        });
    }
}

#[test]
fn the_zope_configuration_has_two_warnings() {
    let text = include_str!("../../fixtures/ir/zope.cfg");
    let found = complaints(text);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("nbproc") && found[0].contains("nbthread 1"));
    assert!(found[1].contains("appsession") && found[1].contains("in 1.4"));
}

/// No text, however broken, stops the walk.
#[test]
fn nonsense_is_only_reported() {
    for tail in [
        "",
        " x",
        " 1 2 3",
        " -1",
        " if",
        " unless TRUE",
        " %[",
        " 99999999999d x",
    ] {
        for section in ["global", "defaults", "listen a", "frontend a", "backend a"] {
            let mut text = format!("global\nfrontend\n{section}\n");
            for keyword in grammar::keywords() {
                text.push_str(&format!(" {}{tail}\n", keyword.name));
            }
            let (_, _, diags) = lowered(&text);
            assert!(!diags.is_empty());
        }
    }
}

#[test]
fn rules_of_defaults_serve_one_kind_of_section() {
    let rules = "defaults d\n mode tcp\n tcp-response content accept\n";
    for (heir, words) in [
        (
            "defaults from d\n mode tcp\n",
            "a defaults section cannot inherit from a defaults section defining TCP/HTTP rules",
        ),
        (
            "listen l from d\n bind 127.0.0.1:8080\n",
            "a listen section cannot inherit from a defaults section defining TCP/HTTP rules.",
        ),
        (
            "frontend f from d\n bind 127.0.0.1:8080\nbackend b from d\n",
            "frontends and backends cannot inherit from the same defaults section",
        ),
    ] {
        let found = complaints(&format!("{rules}{heir}"));
        assert!(found.iter().any(|c| c.contains(words)), "{heir}: {found:?}");
    }
}
