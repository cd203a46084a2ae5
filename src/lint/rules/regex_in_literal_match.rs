//! `regex-in-literal-match`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::model::matcher::Method;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC009",
    name: "regex-in-literal-match",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A pattern that is compared letter by letter looks like a regular expression or a wildcard.",
    why: "`path_beg ^/api` looks for a path that begins with a circumflex, `hdr(host) *.example.com` for a host of that very name: neither ever comes.",
    example: "acl api path_beg ^/api/.*\nacl sub hdr(host) -i *.example.com\n",
    instead: "acl api path_beg /api/\nacl sub hdr_end(host) -i .example.com\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        let base = test.expr.base();
        let text = base == "path"
            || base == "url"
            || base == "base"
            || test.expr.is_header("host")
            || base.ends_with("ssl_sni")
            || base == "ssl_fc_sni";
        let literal = matches!(
            test.method(),
            Method::Str | Method::Beg | Method::End | Method::Sub | Method::Dir | Method::Dom
        );
        if !text || !literal {
            continue;
        }
        for pattern in &test.patterns {
            let bytes = pattern.bytes();
            let wild =
                (base != "path" && base != "url" && base != "base" && bytes.starts_with(b"*."))
                    || bytes.ends_with(b"/*");
            let regex = bytes.starts_with(b"^")
                || (bytes.ends_with(b"$") && bytes.len() > 1)
                || [&b".*"[..], b"\\.", b"(?", b".+", b"[0-9]", b"[a-z"]
                    .iter()
                    .any(|p| memchr::memmem::find(bytes, p).is_some());
            if regex || wild {
                let what = if regex {
                    "a regular expression"
                } else {
                    "a wildcard"
                };
                out.word(
                    pattern,
                    format!("this looks like {what}, but is compared letter by letter"),
                )
                .help("use -m reg, or -m beg, -m end with the plain text");
            }
        }
    }
}
