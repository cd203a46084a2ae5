//! `redefined-acl`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC048",
    name: "redefined-acl",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "An ACL has the name of a predefined one, or of a word of conditions.",
    why: "`TRUE`, `LOCALHOST`, `METH_GET` and the like are known to every reader; one that means something else in this section misleads, and an ACL called `or` cannot be asked at all.",
    example: "acl LOCALHOST src 10.0.0.0/8\n",
    instead: "acl from_office src 10.0.0.0/8\n",
    fixes: Fixes::None,
    check,
};

const PREDEFINED: [&str; 22] = [
    "FALSE",
    "TRUE",
    "HTTP",
    "HTTP_1.0",
    "HTTP_1.1",
    "HTTP_2.0",
    "HTTP_3.0",
    "HTTP_CONTENT",
    "HTTP_URL_ABS",
    "HTTP_URL_SLASH",
    "HTTP_URL_STAR",
    "LOCALHOST",
    "METH_CONNECT",
    "METH_DELETE",
    "METH_GET",
    "METH_HEAD",
    "METH_OPTIONS",
    "METH_POST",
    "METH_PUT",
    "METH_TRACE",
    "RDP_COOKIE",
    "WAIT_END",
];

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in &model.scopes {
        for acl in &scope.acls {
            if PREDEFINED.iter().any(|n| acl.name.is(n)) {
                out.word(
                    acl.name,
                    format!(
                        "`{}` is predefined and means something else to every reader",
                        acl.name.display()
                    ),
                );
            }
        }
    }
}
