//! `repeated-match-method`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC019",
    name: "repeated-match-method",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A test names two ways of matching; only the last one counts.",
    why: "`path_beg -m end` looks for endings. Whoever reads the line sees a beginning.",
    example: "acl img path_beg -m end .png\n",
    instead: "acl img path_end .png\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        let said: Vec<_> = test.flags.iter().filter(|(f, _)| f.is("-m")).collect();
        let suffix = test.expr.fetch.rsplit_once('_').map(|(_, s)| s);
        let named =
            suffix.filter(|s| ["beg", "end", "sub", "dir", "dom", "reg", "len"].contains(s));
        let Some((flag, value)) = said.last() else {
            continue;
        };
        let value = value.map(|w| w.display().to_string()).unwrap_or_default();
        if said.len() > 1 {
            out.word(flag, format!("only the last -m counts: `{value}`"));
        } else if let Some(named) = named.filter(|n| {
            *n != value
                && value != "found"
                && test.expr.converters.is_empty()
                && crate::grammar::acl(test.expr.fetch.as_bytes()).is_some()
        }) {
            out.word(
                flag,
                format!("`-m {value}` replaces the `{named}` of {}", test.expr.fetch),
            );
        }
    }
}
