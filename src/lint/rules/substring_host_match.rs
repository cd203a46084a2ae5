//! `substring-host-match`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::model::matcher::Method;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS017",
    name: "substring-host-match",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "A host name is looked for anywhere in the Host header, or at its end without a dot in front.",
    why: "`hdr_end(host) example.com` is met by `evil-example.com`, `hdr_sub(host)` even by `example.com.evil.net`: a stranger's name gets the rights and the routes of yours.",
    example: "acl ours hdr_end(host) -i example.com\n",
    instead: "acl ours hdr(host) -i example.com\nacl ours hdr_end(host) -i .example.com\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        let host = (test.expr.is_header("host") && test.expr.base() == "req.hdr")
            || matches!(
                test.expr.base(),
                "ssl_fc_sni" | "req.ssl_sni" | "req_ssl_sni"
            );
        if !host {
            continue;
        }
        for pattern in &test.patterns {
            let name = &pattern.text;
            // a whole name of a registered domain: letters, a dot, letters
            let dotted = name.contains(&b'.') && !name.starts_with(b".") && !name.ends_with(b".");
            match test.method() {
                Method::End if dotted => {
                    out.word(pattern, format!("evil-{} ends so too", name))
                        .help("put a dot in front, and test the name itself beside it");
                }
                Method::Sub if dotted => {
                    out.word(pattern, format!("{}.evil.example holds this too", name))
                        .help("use hdr(host), or hdr_end(host) with a dot in front");
                }
                _ => {}
            }
        }
    }
}
