//! `small-timeout`

use crate::base::diag::Severity;
use crate::lint::model::{Model, milliseconds};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC011",
    name: "small-timeout",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A timeout of less than 100 without a unit: it counts milliseconds.",
    why: "`timeout client 50` cuts clients off after a twentieth of a second; seconds were meant.",
    example: "timeout client 50\n",
    instead: "timeout client 50s\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, line) in model.lines() {
        let old = ["clitimeout", "srvtimeout", "contimeout"]
            .iter()
            .any(|n| line.begins(&[n]));
        let at = match line.begins(&["timeout"]) {
            true => 2,
            false if old => 1,
            false => continue,
        };
        let Some(word) = line.word(at) else {
            continue;
        };
        let bare = word.text.iter().all(u8::is_ascii_digit);
        let small = milliseconds(word).is_some_and(|ms| ms > 0 && ms < 100);
        if bare && small && !model.has_variable(word) {
            out.word(word, format!("this is {} milliseconds", word.display()))
                .help("write the unit: s, m, h, or ms if that is meant");
        }
    }
}
