//! `use-backend-chain`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::model::matcher::Method;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HP003",
    name: "use-backend-chain",
    category: Category::Performance,
    severity: Severity::Notice,
    default: true,
    what: "Ten or more `use_backend` lines ask for one host name each.",
    why: "Each request walks down the list. A map finds the back end in one step, and can be changed while the proxy runs.",
    example: "use_backend a if { hdr(host) -i a.example }\nuse_backend b if { hdr(host) -i b.example }\n",
    instead: "use_backend %[req.hdr(host),lower,map(/etc/haproxy/hosts.map,default)]\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.frontends() {
        let simple: Vec<_> = scope
            .set("use_backend")
            .filter(|s| {
                s.condition.as_ref().is_some_and(|c| {
                    let mut terms = c.terms();
                    let matchers = c.matchers(scope);
                    let one = terms.next().is_some_and(|t| !t.negated)
                        && terms.next().is_none()
                        && !c.is_unless();
                    one && !matchers.is_empty()
                        && matchers.iter().all(|m| {
                            m.expr.is_header("host") && m.method() == Method::Str && !m.has_file()
                        })
                })
            })
            .collect();
        if let (Some(first), true) = (simple.first(), simple.len() >= 10) {
            out.line(
                first.line,
                format!(
                    "{} lines of this kind: a map would find the back end in one step",
                    simple.len()
                ),
            )
            .help("use_backend %[req.hdr(host),lower,map(FILE,DEFAULT)]");
        }
    }
}
