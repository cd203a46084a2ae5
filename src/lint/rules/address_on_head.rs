//! `address-on-head`

use crate::base::diag::Severity;
use crate::lint::model::{Kind, Model};
use crate::lint::rule::Edit;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HD004",
    name: "address-on-head",
    category: Category::Deprecation,
    severity: Severity::Warning,
    default: true,
    what: "An address stands behind the name of a section.",
    why: "HAProxy refuses `listen NAME ADDRESS` since 1.6; a `bind` line says the same.",
    example: "listen www 0.0.0.0:80\n",
    instead: "listen www\n    bind 0.0.0.0:80\n",
    fixes: Fixes::Safe("a `bind` line takes the address"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.frontends() {
        let Some(word) = scope.head.word(2).filter(|w| !w.is("from")) else {
            continue;
        };
        let Some(name) = scope.head.word(1).filter(|_| scope.kind != Kind::Other) else {
            continue;
        };
        let finding = out.word(word, "HAProxy refuses an address behind the name since 1.6");
        if scope.head.words.len() == 3 && model.is_plain(word) {
            let mut gone = word.span;
            gone.start = name.span.end;
            let line = [&b"bind "[..], word.bytes()].concat();
            finding.fix(vec![
                Edit::Replace(gone, Vec::new()),
                Edit::InsertAfter(scope.head.span, line),
            ]);
        }
    }
}
