//! `relaxed-parsing`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS016",
    name: "relaxed-parsing",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "Requests that break the rules of HTTP are let through.",
    why: "What the proxy passes over, the server may understand in another way: that is how a second request is smuggled inside a first one, past all rules (CWE-444). The option is meant for the day on which a broken client must be found.",
    example: "option accept-invalid-http-request\n",
    instead: "no option accept-invalid-http-request\n",
    fixes: Fixes::Unsafe("the line is removed: broken requests are answered with 400"),
    check,
};

const OPTIONS: [&str; 2] = [
    "accept-invalid-http-request",
    "accept-unsafe-violations-in-http-request",
];
const GLOBAL: [&str; 2] = [
    "h1-accept-payload-with-any-method",
    "h1-do-not-close-on-insecure-transfer-encoding",
];

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, line) in model.lines().filter(|(_, l)| l.prefix.is_none()) {
        let option = OPTIONS.iter().any(|o| line.begins(&["option", o]));
        let global = GLOBAL.iter().any(|o| line.begins(&[o]));
        let names = line.begins(&["option", "http-restrict-req-hdr-names", "preserve"]);
        if option || global {
            out.line(
                line,
                "requests that break the rules of HTTP reach the servers",
            )
            .fix(vec![crate::lint::rule::Edit::DeleteLine(line.span)]);
        } else if names {
            out.line(line, "header names that CGI programs confuse (X_Real_IP with X-Real-IP) reach the servers")
                .fix(vec![crate::lint::rule::Edit::DeleteLine(line.span)]);
        }
    }
}
