//! `case-sensitive-host`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::model::matcher::Method;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS018",
    name: "case-sensitive-host",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "A host name is compared with case.",
    why: "Host names know no case (RFC 9110, 4.2.3): `Admin.Example.com` is the same site, but not the same text. A rule that denies or asks for a password is passed by writing one letter big.",
    example: "http-request deny if { hdr(host) admin.example.com }\n",
    instead: "http-request deny if { hdr(host) -i admin.example.com }\n",
    fixes: Fixes::Unsafe("`-i` is added, so that the test holds whatever the case"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        let text = matches!(
            test.method(),
            Method::Str | Method::Beg | Method::End | Method::Sub | Method::Dom | Method::Reg
        );
        let host = test.expr.is_header("host") && test.expr.base() == "req.hdr";
        let files = test.has_file();
        if !host || !text || test.ignores_case() || (test.patterns.is_empty() && !files) {
            continue;
        }
        let letters = files
            || test.patterns.iter().any(|p| {
                let inline = p.text.starts_with(b"(?i)");
                !inline && p.text.iter().any(u8::is_ascii_alphabetic)
            });
        if letters
            && test
                .expr
                .converters
                .iter()
                .all(|(c, _)| !c.starts_with("map"))
        {
            let mut at = test.word.span;
            at.start = at.end;
            let finding = out.word(test.word, "host names know no case, but this test does");
            finding.help("add -i");
            finding.fix(vec![crate::lint::rule::Edit::Replace(at, b" -i".to_vec())]);
        }
    }
}
