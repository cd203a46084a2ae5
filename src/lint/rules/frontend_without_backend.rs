//! `frontend-without-backend`

use crate::base::diag::Severity;
use crate::lint::model::{Kind, Model};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC038",
    name: "frontend-without-backend",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A front end leads nowhere, or requests that meet none of its conditions do.",
    why: "Such requests get a 503 (a closed connection in TCP mode), which looks as if servers were down.",
    example: "frontend www\n    bind :80\n    use_backend api if { path_beg /api }\n",
    instead: "frontend www\n    bind :80\n    use_backend api if { path_beg /api }\n    http-request return status 404 unless { path_beg /api }\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model
        .scopes
        .iter()
        .filter(|s| s.kind == Kind::Frontend && !model.is_piece())
    {
        let default = model.setting(scope, &["default_backend"]).is_some();
        let always = scope.statements.iter().any(|s| {
            let answers = s.is_final() || s.action_name() == b"use-service";
            let routes = s.set == "use_backend";
            // rules that let pass do not answer
            (answers || routes)
                && !matches!(s.action_name(), b"allow" | b"accept")
                && (!s.is_conditional()
                    || routes && s.args.first().is_some_and(|w| w.text.contains(&b'%')))
        });
        let routed = scope.set("use_backend").next().is_some();
        let other = scope.lines.iter().any(|l| {
            l.begins(&["stats"])
                || l.begins(&["monitor-uri"])
                || l.begins(&["filter"])
                || model.is_markup(l.span)
        }) || scope.statements.iter().any(|s| {
            matches!(s.action_name(), b"return" | b"redirect" | b"use-service")
                || s.set == "redirect"
                || s.action.starts_with(b"lua.")
        });
        // conditional routes without a default are often meant: only what leads nowhere at all
        if !default && !always && !routed && !other && matches!(model.mode(scope), b"http" | b"tcp")
        {
            out.at(
                scope.head.tail_span(0),
                format!("{} leads to no back end", scope.title()),
            )
            .help("default_backend NAME");
        }
    }
}
