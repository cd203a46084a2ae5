//! `hapax rules`: what `hapax lint` looks for.

use crate::base::diag::Severity;
use crate::base::render::json_string;
use crate::lint::rule::{Fixes, Rule};
use crate::lint::rules;
use crate::lint::select::matches;
use std::process::ExitCode;

/// Lists the rules of `hapax lint`; `hapax explain RULE` says more about one.
#[derive(Clone, Debug, clap::Args)]
pub struct Rules {
    /// Only these: names, codes, categories, globs
    #[arg(value_name = "RULE")]
    pub select: Vec<String>,
    /// How they are shown
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json", "markdown"])]
    pub format: String,
}

/// Runs it. Status 1: no rule is meant.
pub fn run(wanted: &Rules) -> ExitCode {
    let list: Vec<&Rule> = sorted()
        .into_iter()
        .filter(|r| wanted.select.is_empty() || wanted.select.iter().any(|w| matches(w, r)))
        .collect();
    let text = match wanted.format.as_str() {
        "json" => json(&list),
        "markdown" => markdown(&list),
        _ => list.iter().map(|r| line(r)).collect(),
    };
    super::print(&text);
    ExitCode::from(u8::from(list.is_empty()))
}

/// All rules by code.
fn sorted() -> Vec<&'static Rule> {
    let mut list = rules::ALL.to_vec();
    list.sort_by_key(|r| r.code);
    list
}

fn fix(rule: &Rule) -> &'static str {
    match rule.fixes {
        Fixes::None => "",
        Fixes::Safe(_) => "safe",
        Fixes::Unsafe(_) => "unsafe",
    }
}

fn line(rule: &Rule) -> String {
    let default = if rule.default { ' ' } else { '-' };
    format!(
        "{} {default} {:7}{:36}{}\n",
        rule.code,
        fix(rule),
        rule.name,
        rule.what
    )
}

fn severity(rule: &Rule) -> &'static str {
    match rule.severity {
        Severity::Alert => "error",
        Severity::Warning => "warning",
        Severity::Notice | Severity::Diag => "notice",
    }
}

fn json(list: &[&Rule]) -> String {
    let items: Vec<String> = list
        .iter()
        .map(|r| {
            format!(
                "{{\"code\":\"{}\",\"name\":\"{}\",\"category\":\"{}\",\"severity\":\"{}\",\"default\":{},\"fix\":\"{}\",\"what\":{},\"why\":{},\"example\":{},\"instead\":{}}}",
                r.code,
                r.name,
                r.category.name(),
                severity(r),
                r.default,
                fix(r),
                json_string(r.what),
                json_string(r.why),
                json_string(r.example),
                json_string(r.instead)
            )
        })
        .collect();
    format!("[{}]\n", items.join(",\n"))
}

/// The table of all rules, as a page.
fn markdown(list: &[&Rule]) -> String {
    let mut out = String::from("| code | rule | finds | on | fix |\n|---|---|---|---|---|\n");
    for r in list {
        let on = if r.default { "yes" } else { "" };
        out.push_str(&format!(
            "| {} | `{}` | {} | {on} | {} |\n",
            r.code,
            r.name,
            r.what,
            fix(r)
        ));
    }
    out
}

/// All about a rule, for `hapax explain`.
pub(super) fn explain(rule: &Rule) -> String {
    let indented = |text: &str| -> String { text.lines().map(|l| format!("    {l}\n")).collect() };
    let on = match rule.default {
        true => "on by default",
        false => "off unless selected",
    };
    let fix = match rule.fixes {
        Fixes::None => "A person must decide how to mend it.".to_owned(),
        Fixes::Safe(what) => format!("`hapax lint --fix` mends it: {what}."),
        Fixes::Unsafe(what) => format!("`hapax lint --fix --unsafe` mends it: {what}."),
    };
    let report = rules::report(rule).map_or_else(String::new, |at| format!("\nSeen in {at}\n"));
    format!(
        "{} ({}): {}, {}, {on}\n\n{}\n\n{}\n\nExample\n\n{}\nWrite instead\n\n{}\n{fix}\nTo keep a finding: # hapax: allow({}) REASON\n{report}",
        rule.name,
        rule.code,
        rule.category.name(),
        severity(rule),
        rule.what,
        rule.why,
        indented(rule.example),
        indented(rule.instead),
        rule.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `hapax rules --format markdown > src/lint/RULES.md` writes it anew.
    #[test]
    fn the_table_of_rules_is_up_to_date() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lint/RULES.md");
        let text = markdown(&sorted());
        if std::env::var_os("UPDATE_RULES").is_some() {
            let _ = std::fs::write(page, &text);
        }
        let written = std::fs::read_to_string(page).unwrap_or_default();
        assert_eq!(
            written, text,
            "UPDATE_RULES=1 cargo test --lib cmd::rules writes it anew"
        );
    }

    #[test]
    fn every_rule_is_explained() {
        for rule in sorted() {
            let text = explain(rule);
            assert!(
                text.contains(rule.name) && text.contains("Write instead"),
                "{text}"
            );
        }
    }
}
