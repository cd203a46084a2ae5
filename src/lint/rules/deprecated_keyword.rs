//! `deprecated-keyword`

use crate::base::diag::Severity;
use crate::config::directive::Word;
use crate::grammar::{self, Lookup, Version};
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HD002",
    name: "deprecated-keyword",
    category: Category::Deprecation,
    severity: Severity::Notice,
    default: true,
    what: "A keyword or option that HAProxy 3.4 still takes and calls deprecated.",
    why: "A coming version will refuse it.",
    example: "option accept-invalid-http-response\n",
    instead: "option accept-unsafe-violations-in-http-response\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (scope, line) in model.lines() {
        let section = scope.head.keyword().as_str().unwrap_or_default();
        let words = line.words.iter().map(Word::bytes);
        let Lookup::Here { keyword, words } = grammar::look_up(section, words) else {
            continue;
        };
        let gone = keyword.life.removed.is_some_and(|v| v <= Version::CURRENT);
        let Some(since) = keyword.life.deprecated.filter(|_| !gone) else {
            continue;
        };
        let name = line.words.get(..words).unwrap_or_default();
        let (Some(first), Some(last)) = (name.first(), name.last()) else {
            continue;
        };
        let finding = out.at(
            first.span.to(last.span),
            format!("`{}` is deprecated since HAProxy {since}", keyword.name),
        );
        if let Some(replacement) = keyword.life.replacement {
            finding.help(format!("write instead: {replacement}"));
        }
    }
}
