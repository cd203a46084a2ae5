//! `removed-keyword`

use crate::base::diag::Severity;
use crate::config::directive::Word;
use crate::grammar::{self, Life, Lookup, Version};
use crate::lint::model::Model;
use crate::lint::rule::{Category, Edit, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HD001",
    name: "removed-keyword",
    category: Category::Deprecation,
    severity: Severity::Warning,
    default: true,
    what: "A keyword that HAProxy 3.4 refuses; hapax executes many of them as they last worked.",
    why: "The file cannot be used with a current HAProxy. The finding names the version that dropped the word and what replaces it; `hapax migrate` rewrites whole files.",
    example: "contimeout 5000\nclitimeout 50000\nredispatch\n",
    instead: "timeout connect 5000\ntimeout client 50000\noption redispatch\n",
    fixes: Fixes::Safe("words that have an exact modern name are exchanged"),
    check,
};

/// Old first words and what stands in their place, the rest of the line unchanged.
const RENAMED: &[(&str, &str)] = &[
    ("contimeout", "timeout connect"),
    ("clitimeout", "timeout client"),
    ("srvtimeout", "timeout server"),
    ("redispatch", "option redispatch"),
    ("redisp", "option redispatch"),
    ("block", "http-request deny"),
];

fn check(model: &Model<'_>, out: &mut Report) {
    for (scope, line) in model.lines() {
        let section = scope.head.keyword().as_str().unwrap_or_default();
        let words = line.words.iter().map(Word::bytes);
        let Lookup::Here { keyword, words } = grammar::look_up(section, words) else {
            continue;
        };
        let Some(removed) = keyword.life.removed.filter(|v| *v <= Version::CURRENT) else {
            continue;
        };
        let name = line.words.get(..words).unwrap_or_default();
        let (Some(first), Some(last)) = (name.first(), name.last()) else {
            continue;
        };
        let span = first.span.to(last.span);
        let finding = out.at(
            span,
            format!("HAProxy {removed} dropped '{}'", keyword.name),
        );
        instead(finding, &keyword.life);
        let renamed = RENAMED.iter().find(|(old, _)| *old == keyword.name);
        if let Some((_, new)) = renamed.filter(|_| line.prefix.is_none()) {
            let last = line.words.last().map_or(span, |w| w.span);
            let mut edits = vec![Edit::Replace(span, new.as_bytes().to_vec())];
            // the old words took no argument
            if keyword.name.starts_with("redisp") && last.end > span.end {
                edits = Vec::new();
            }
            // all `block` lines run before all `http-request` lines
            let below = |s: &crate::lint::model::statement::Statement<'_>| {
                s.set == "http-request" && s.line.span < line.span
            };
            if keyword.name == "block" && scope.statements.iter().any(below) {
                edits = Vec::new();
            }
            if !edits.is_empty() {
                finding.fix(edits);
            }
        }
    }
}

fn instead(finding: &mut crate::lint::rule::Finding, life: &Life) {
    if let Some(replacement) = life.replacement {
        finding.help(format!("write instead: {replacement}"));
    }
}
