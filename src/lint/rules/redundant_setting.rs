//! `redundant-setting`

use crate::base::diag::Severity;
use crate::config::print;
use crate::lint::model::Model;
use crate::lint::rule::Edit;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HY009",
    name: "redundant-setting",
    category: Category::Style,
    severity: Severity::Notice,
    default: false,
    what: "A section repeats what its `defaults` say already.",
    why: "Whoever changes the one in `defaults` changes it everywhere but here.",
    example: "defaults\n    mode http\nfrontend www\n    mode http\n",
    instead: "defaults\n    mode http\nfrontend www\n",
    fixes: Fixes::Safe("the line is removed"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.proxies() {
        for line in scope.lines.iter().filter(|l| l.prefix.is_none()) {
            let names: Vec<&str> = match () {
                () if line.begins(&["mode"])
                    || line.begins(&["balance"])
                    || line.begins(&["retries"]) =>
                {
                    vec![line.keyword().as_str().unwrap_or_default()]
                }
                () if line.begins(&["timeout"]) => vec![
                    "timeout",
                    line.word(1).and_then(|w| w.as_str()).unwrap_or_default(),
                ],
                () => continue,
            };
            let once = scope.all(&names).count() == 1;
            let above = model.chain(scope).skip(1).find_map(|s| s.own(&names));
            if let Some(above) =
                above.filter(|a| once && print::directive(a) == print::directive(line))
            {
                out.line(line, "the defaults say the same")
                    .related(above.tail_span(0), "there")
                    .fix(vec![Edit::DeleteLine(line.span)]);
            }
        }
    }
}
