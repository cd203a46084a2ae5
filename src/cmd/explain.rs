//! `hapax explain`: what a code of a finding, a lint rule or a word of the language means.

use super::keywords;
use crate::grammar::{self, Life, LineOption};
use crate::sample::{conv, fetch};
use std::fmt::Write as _;
use std::process::ExitCode;

/// Explains a rule of `lint`, a code that `check` shows, or a keyword, option, action, fetch, converter or section.
#[derive(Clone, Debug, clap::Args)]
pub struct Explain {
    /// A rule (unused-acl), a code (HX0107) or a name of one or more words (option httplog)
    #[arg(required = true, value_name = "WORD")]
    pub words: Vec<String>,
}

/// Runs it. Status 0: explained; 1: unknown.
pub fn run(explain: &Explain) -> ExitCode {
    let name = explain.words.join(" ");
    if let Some(rule) = crate::lint::rules::find(&name) {
        super::print(&super::rules::explain(rule));
        return ExitCode::SUCCESS;
    }
    match text(&name) {
        Some(text) => {
            super::print(&text);
            ExitCode::SUCCESS
        }
        None => {
            let rules = crate::lint::rules::ALL.iter().map(|r| r.name);
            let names: Vec<&str> = grammar::entries().map(|e| e.name).chain(rules).collect();
            let hint = grammar::nearest(name.as_bytes(), names)
                .map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
            eprintln!("hapax: '{name}' is no code and no name that HAProxy knows{hint}");
            ExitCode::FAILURE
        }
    }
}

/// What is known about a code or name.
fn text(name: &str) -> Option<String> {
    let code = name.to_ascii_uppercase();
    if let Some(code) = grammar::diagnostic(&code) {
        return Some(format!("{}: {}\n\n{}\n", code.code, code.title, code.about));
    }
    let mut out = String::new();
    if let Some(section) = grammar::sections().iter().find(|s| s.name == name) {
        let _ = writeln!(out, "section {name}\n  {}", section.about);
        let life = Life {
            since: section.since,
            removed: section.removed,
            ..Life::default()
        };
        age(&mut out, &life);
    }
    for keyword in grammar::keyword_anywhere(name.as_bytes()) {
        let _ = writeln!(out, "keyword {name} {}", keyword.syntax);
        let named = match keyword.named_defaults_only {
            true => " (of defaults, only with a name)",
            false => "",
        };
        let _ = writeln!(out, "  stands in {}{named}", keyword.sections.join(", "));
        age(&mut out, &keyword.life);
        inert(&mut out, keyword.inert);
    }
    line_option(&mut out, "bind", grammar::bind_option(name.as_bytes()));
    line_option(&mut out, "server", grammar::server_option(name.as_bytes()));
    let mut sets: Vec<(&str, &grammar::Action)> = Vec::new();
    for action in grammar::actions().iter().filter(|a| a.name == name) {
        sets.push((action.ruleset, action));
    }
    if let Some((_, first)) = sets.first() {
        let _ = writeln!(out, "action {name} {}", first.syntax);
        let names: Vec<&str> = sets.iter().map(|(set, _)| *set).collect();
        let _ = writeln!(out, "  stands in rules of {}", names.join(", "));
        age(&mut out, &first.life);
        if let Some(doc) = crate::action::all().find(|a| a.name == name) {
            let _ = writeln!(out, "  {}", doc.doc);
            for example in doc.examples.iter().take(2) {
                let _ = writeln!(out, "  example: {}", example.line);
            }
        }
    }
    if let Some(row) = grammar::fetch(name.as_bytes()) {
        let _ = writeln!(out, "fetch {name}({}) gives {}", row.args, row.yields);
        age(&mut out, &row.life);
        if let Some(doc) = fetch::find(name.as_bytes()) {
            let _ = writeln!(out, "  {}", doc.doc);
            examples(&mut out, doc.examples);
        }
    }
    if let Some(row) = grammar::converter(name.as_bytes()) {
        let (args, from, to) = (row.args, row.takes, row.yields);
        let _ = writeln!(out, "converter {name}({args}) makes {to} of {from}");
        age(&mut out, &row.life);
        if let Some(doc) = conv::find(name.as_bytes()) {
            let _ = writeln!(out, "  {}", doc.doc);
            examples(&mut out, doc.examples);
        }
    }
    if let Some(acl) = grammar::acl(name.as_bytes()) {
        let _ = writeln!(
            out,
            "ACL keyword {name}: the fetch {} matched with -m {}",
            acl.fetch, acl.method
        );
        age(&mut out, &acl.life);
    }
    if out.is_empty() {
        return None;
    }
    let executed = keywords::executed();
    let done = executed.iter().any(|(_, known)| known == name);
    let said = match done {
        true => "hapax executes it.",
        false => "hapax reads and checks it; 'hapax keywords --status' says what becomes of it.",
    };
    let _ = writeln!(out, "{said}");
    Some(out)
}

fn line_option(out: &mut String, line: &str, option: Option<&LineOption>) {
    let Some(option) = option else {
        return;
    };
    let _ = writeln!(
        out,
        "option of {line} lines: {} {}",
        option.name, option.syntax
    );
    if option.needs_ssl {
        let _ = writeln!(out, "  means something only beside 'ssl'");
    }
    age(out, &option.life);
    inert(out, option.inert);
}

fn inert(out: &mut String, reason: Option<&str>) {
    if let Some(reason) = reason {
        let _ = writeln!(out, "  has no effect in hapax: {reason}");
    }
}

fn age(out: &mut String, life: &Life) {
    let mut parts = Vec::new();
    parts.extend(life.since.map(|v| format!("since HAProxy {v}")));
    parts.extend(life.deprecated.map(|v| format!("deprecated since {v}")));
    parts.extend(life.removed.map(|v| format!("dropped in {v}")));
    if !parts.is_empty() {
        let _ = writeln!(out, "  {}", parts.join(", "));
    }
    if let Some(replacement) = life.replacement {
        let _ = writeln!(out, "  write instead: {replacement}");
    }
}

fn examples(out: &mut String, list: &[fetch::Example]) {
    for example in list.iter().take(2) {
        let value = example.value.unwrap_or("nothing");
        let _ = writeln!(out, "  example: {} gives {value}", example.expr);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_and_name_is_explained() {
        for code in grammar::diagnostics() {
            assert!(text(code.code).is_some(), "{code:?}");
        }
        let told = |class| {
            use grammar::Class::*;
            matches!(
                class,
                Section | Keyword | BindOption | ServerOption | Action | Fetch | Converter | Acl
            )
        };
        for entry in grammar::entries().filter(|e| told(e.class)) {
            assert!(text(entry.name).is_some(), "{entry:?}");
        }
        assert_eq!(text("no such word"), None);
    }

    #[test]
    fn an_old_word_names_its_replacement() {
        let text = text("contimeout").unwrap_or_default();
        assert!(text.contains("dropped in 2.1"), "{text}");
        assert!(text.contains("write instead: timeout connect"), "{text}");
    }
}
