//! `time-without-unit`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::Edit;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HY007",
    name: "time-without-unit",
    category: Category::Style,
    severity: Severity::Notice,
    default: false,
    what: "A timeout is written without its unit.",
    why: "It counts milliseconds, which not every reader knows.",
    example: "timeout client 50000\n",
    instead: "timeout client 50s\n",
    fixes: Fixes::Safe("the unit is written, whole seconds as `s`"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, line) in model.lines().filter(|(_, l)| l.begins(&["timeout"])) {
        let Some(word) = line.word(2) else {
            continue;
        };
        let value = word.as_str().and_then(|t| t.parse::<u64>().ok());
        let Some(value) = value.filter(|v| *v > 0 && model.is_plain(word)) else {
            continue;
        };
        let text = match value % 1000 {
            0 => format!("{}s", value / 1000),
            _ => format!("{value}ms"),
        };
        out.word(word, format!("this means {text}"))
            .fix(vec![Edit::Replace(word.span, text.into_bytes())]);
    }
}
