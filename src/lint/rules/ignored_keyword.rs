//! `ignored-keyword`

use crate::base::diag::Severity;
use crate::config::directive::Word;
use crate::grammar::{self, Elsewhere, Lookup};
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC027",
    name: "ignored-keyword",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A keyword stands in a section of a kind for which it means nothing.",
    why: "HAProxy ignores it with a warning at most: a `maxconn` in a `backend` limits nothing.",
    example: "backend app\n    maxconn 1000\n",
    instead: "backend app\n    server a 10.0.0.1:80 maxconn 1000\n",
    fixes: Fixes::Unsafe("the line is removed"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.proxies() {
        let section = scope.head.keyword().as_str().unwrap_or_default();
        for line in scope.lines {
            let words = line.words.iter().map(Word::bytes);
            let Lookup::Elsewhere { keywords, words } = grammar::look_up(section, words) else {
                continue;
            };
            let ignored = keywords
                .iter()
                .find(|k| k.elsewhere_in(section) == Some(Elsewhere::Ignored));
            let (Some(keyword), Some(name)) = (ignored, line.words.get(..words)) else {
                continue;
            };
            let (Some(first), Some(last)) = (name.first(), name.last()) else {
                continue;
            };
            let places: Vec<&str> = keyword
                .sections
                .iter()
                .copied()
                .filter(|s| *s != "listen")
                .collect();
            out.at(
                first.span.to(last.span),
                format!("`{}` means nothing in a {section}", keyword.name),
            )
            .help(format!("it belongs in: {}", places.join(", ")))
            .fix(vec![crate::lint::rule::Edit::DeleteLine(line.span)]);
        }
    }
}
