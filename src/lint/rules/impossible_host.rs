//! `impossible-host`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::model::matcher::Method;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC022",
    name: "impossible-host",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A Host header is compared with something that no Host header is.",
    why: "The header holds a name and perhaps a port: never a scheme or a path.",
    example: "acl shop hdr(host) -i https://shop.example.com/\n",
    instead: "acl shop hdr(host) -i shop.example.com\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        let text = matches!(
            test.method(),
            Method::Str | Method::Beg | Method::End | Method::Sub | Method::Dom | Method::Dir
        );
        let plain = test
            .expr
            .converters
            .iter()
            .all(|(c, _)| matches!(*c, "lower" | "upper" | "host_only"));
        if !test.expr.is_header("host") || !text || !plain || test.expr.base() != "req.hdr" {
            continue;
        }
        for pattern in test.patterns.iter().filter(|p| p.text.contains(&b'/')) {
            out.word(
                pattern,
                "a Host header holds neither a scheme nor a path, so this never holds",
            )
            .help("test the name alone, and the path with `path` or both with `base`");
        }
    }
}
