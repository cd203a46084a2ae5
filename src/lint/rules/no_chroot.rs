//! `no-chroot`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS012",
    name: "no-chroot",
    category: Category::Security,
    severity: Severity::Notice,
    default: false,
    what: "The process is not shut into a directory, or keeps the user that started it.",
    why: "Once it runs it needs no file. `chroot` and `user` leave nothing to find for whoever breaks in. In a container both are mostly done from outside.",
    example: "global\n    daemon\n",
    instead: "global\n    daemon\n    chroot /var/lib/haproxy\n    user haproxy\n    group haproxy\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    let Some(first) = model.globals().next() else {
        return;
    };
    let has = |names: &[&str]| names.iter().any(|n| model.global(&[n]).is_some());
    if !has(&["chroot"]) {
        out.at(first.head.tail_span(0), "there is no `chroot`");
    } else if !has(&["user", "uid"]) {
        out.at(first.head.tail_span(0), "there is no `user`");
    }
}
