//! `mixed-indentation`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HY005",
    name: "mixed-indentation",
    category: Category::Style,
    severity: Severity::Notice,
    default: false,
    what: "A section indents some lines with tabs and others with blanks.",
    why: "It looks different in every editor. `hapax fmt` makes it one.",
    example: "listen www\n\tbind :80\n    server a 10.0.0.1:80\n",
    instead: "listen www\n    bind :80\n    server a 10.0.0.1:80\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in &model.scopes {
        let first = |line: &crate::config::directive::Directive| {
            let source = model.document.sources.file(line.span.file)?;
            source.line(line.span.line)?.first().copied()
        };
        let mut used = scope
            .lines
            .iter()
            .filter_map(|l| Some((l, first(l).filter(|b| matches!(b, b' ' | b'\t'))?)));
        let Some((_, usual)) = used.next() else {
            continue;
        };
        if let Some((line, _)) = used.find(|(_, b)| *b != usual) {
            out.line(
                line,
                "this line is indented in another way than those above it",
            )
            .help("hapax fmt");
        }
    }
}
