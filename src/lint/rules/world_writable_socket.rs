//! `world-writable-socket`

use crate::base::diag::Severity;
use crate::lint::model::{Model, value_of};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS009",
    name: "world-writable-socket",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "Every user of the machine may write to the runtime API's socket.",
    why: "Whoever may write to it may disable servers, change maps and ACLs and, at level admin, read and replace certificates.",
    example: "stats socket /run/haproxy.sock mode 666 level admin\n",
    instead: "stats socket /run/haproxy.sock mode 660 group haproxy level admin\n",
    fixes: Fixes::Unsafe("others lose their rights to the socket"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for line in model.globals().flat_map(|s| s.all(&["stats", "socket"])) {
        let Some(word) = value_of(line, 3, "mode") else {
            continue;
        };
        let Some(mode) = word.as_str().and_then(|t| u32::from_str_radix(t, 8).ok()) else {
            continue;
        };
        if mode & 0o002 != 0 {
            let finding = out.word(
                word,
                format!("mode {} lets every user of the machine in", word.display()),
            );
            if model.is_plain(word) {
                finding.fix(vec![crate::lint::rule::Edit::Replace(
                    word.span,
                    format!("{:03o}", mode & 0o770).into_bytes(),
                )]);
            }
        }
    }
}
