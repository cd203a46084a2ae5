//! `unused-acl`

use crate::base::diag::Severity;
use crate::lint::model::condition::Test;
use crate::lint::model::{Kind, Model, Scope};
use crate::lint::rule::{Category, Edit, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC007",
    name: "unused-acl",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "An ACL is defined and no condition of its section uses it.",
    why: "An ACL does nothing by itself. One that was meant to deny or to route and is used nowhere does not; often its name is misspelt where it should be used, or the rule stands in another section, which cannot see it.",
    example: "acl from_office src 10.0.0.0/8\nhttp-request deny if { path_beg /admin }\n",
    instead: "acl from_office src 10.0.0.0/8\nhttp-request deny if { path_beg /admin } !from_office\n",
    fixes: Fixes::Unsafe("the line is removed"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    let whole = !model.has_conditionals();
    for scope in model.scopes.iter().filter(|s| s.is_proxy() && whole) {
        for acl in &scope.acls {
            if !uses(model, scope, acl.name.bytes()) {
                let name = acl.name.display();
                let finding = out.word(
                    acl.name,
                    format!("no condition of {} uses '{name}'", scope.title()),
                );
                let elsewhere = model.proxies().find(|s| {
                    s.index != scope.index
                        && s.acl(acl.name.bytes()).next().is_none()
                        && uses(model, s, acl.name.bytes())
                });
                if let Some(other) = elsewhere {
                    finding.help(format!(
                        "{} uses that name, but sees only its own ACLs",
                        other.title()
                    ));
                }
                finding.fix(vec![Edit::DeleteLine(acl.line.span)]);
            }
        }
    }
}

/// Whether anything in a section asks an ACL, or may.
fn uses(model: &Model<'_>, scope: &Scope<'_>, name: &[u8]) -> bool {
    let asked = scope
        .statements
        .iter()
        .filter_map(|s| s.condition.as_ref())
        .any(|c| {
            c.terms()
                .any(|t| matches!(&t.test, Test::Named(n) if *n == name))
        });
    // the acl() fetch, lines of kinds not taken apart, lines with markup
    let said = |line: &crate::config::directive::Directive| {
        let call = line.words.iter().any(|w| {
            let acl_fetch = memchr::memmem::find(w.bytes(), b"acl(").is_some();
            acl_fetch && memchr::memmem::find(w.bytes(), name).is_some()
        });
        let conditional =
            !line.begins(&["acl"]) && line.words.iter().any(|w| w.is("if") || w.is("unless"));
        let named = conditional
            && line
                .words
                .iter()
                .any(|w| w.text.strip_prefix(b"!").unwrap_or(w.bytes()) == name);
        call || named
    };
    asked
        || scope.kind == Kind::Defaults
        || scope
            .lines
            .iter()
            .any(|l| said(l) || model.is_markup(l.span))
}
