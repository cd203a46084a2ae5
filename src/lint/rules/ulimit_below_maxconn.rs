//! `ulimit-below-maxconn`

use crate::base::diag::Severity;
use crate::lint::model::{Model, number};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC047",
    name: "ulimit-below-maxconn",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "`ulimit-n` allows fewer file descriptors than `maxconn` connections need.",
    why: "Each connection needs two descriptors, one on each side, and listeners and checks need some too. The limit is reached before maxconn: connections then fail instead of waiting. Without `ulimit-n` the number is computed.",
    example: "global\n    maxconn 20000\n    ulimit-n 20000\n",
    instead: "global\n    maxconn 20000\n",
    fixes: Fixes::Unsafe("`ulimit-n` is removed, so that it is computed"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    let (Some(maxconn), Some(ulimit)) = (model.global(&["maxconn"]), model.global(&["ulimit-n"]))
    else {
        return;
    };
    let value = |line: &crate::config::directive::Directive| line.word(1).and_then(number);
    if let (Some(connections), Some(descriptors)) = (value(maxconn), value(ulimit))
        && descriptors < connections.saturating_mul(2)
    {
        out.line(
            ulimit,
            format!(
                "{connections} connections need more than {} descriptors",
                connections.saturating_mul(2)
            ),
        )
        .related(maxconn.tail_span(0), "the connections")
        .fix(vec![crate::lint::rule::Edit::DeleteLine(ulimit.span)]);
    }
}
