//! `unescaped-dot-in-host`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::model::matcher::Method;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS019",
    name: "unescaped-dot-in-host",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "A regular expression for a host name has a dot that stands for any character, or no end.",
    why: "`^www.example.com$` is met by `wwwXexample.com`, and without `$` by `www.example.com.evil.net`: names that anybody can register.",
    example: "acl ours hdr_reg(host) -i ^www.example.com$\n",
    instead: "acl ours hdr(host) -i www.example.com\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        let host = (test.expr.is_header("host") && test.expr.base() == "req.hdr")
            || matches!(test.expr.base(), "ssl_fc_sni" | "req.ssl_sni");
        if !host || test.method() != Method::Reg {
            continue;
        }
        for pattern in &test.patterns {
            if bare_dot(&pattern.text) {
                out.word(pattern, "this dot stands for any character")
                    .help(r"write \. for a dot");
            }
        }
    }
}

/// A dot between two letters, neither escaped nor in a class nor repeated.
fn bare_dot(text: &[u8]) -> bool {
    let mut class = false;
    for (at, byte) in text.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|i| text.get(i));
        match byte {
            b'[' if before != Some(&b'\\') => class = true,
            b']' if before != Some(&b'\\') => class = false,
            b'.' if !class => {
                let next = text.get(at + 1);
                let letter = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
                if letter(before) && letter(next) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}
