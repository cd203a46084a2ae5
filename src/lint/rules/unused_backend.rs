//! `unused-backend`

use crate::base::diag::Severity;
use crate::lint::model::{Kind, Model};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC008",
    name: "unused-backend",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "No front end leads to a back end.",
    why: "Its servers are checked and never used. Mostly a `use_backend` was forgotten or leads to a neighbour.",
    example: "frontend www\n    default_backend app\nbackend app\nbackend api\n",
    instead: "frontend www\n    use_backend api if { path_beg /api }\n    default_backend app\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    // back ends alone are a piece of a configuration
    if model.frontends().next().is_none() || model.is_piece() || model.has_conditionals() {
        return;
    }
    // what scripts and agents name, nobody sees here
    let scripts = model
        .lines()
        .any(|(_, l)| l.keyword().text.starts_with(b"lua-load"));
    let agents = model.lines().any(|(_, l)| l.begins(&["filter", "spoe"]));
    for scope in model.scopes.iter().filter(|s| s.kind == Kind::Backend) {
        let agent = agents && !model.is_http(scope);
        if scope.servers().next().is_none() || scope.name.is_empty() || scripts || agent {
            continue;
        }
        let name = scope.name;
        let dynamic = model.frontends().any(|f| model.routes(f).dynamic);
        // tables, tracked checks, maps, Lua, `nbsrv(NAME)`: any word that holds the name
        let named = model.lines().any(|(other, line)| {
            let heads = other.index == scope.index;
            !heads
                && line
                    .words
                    .iter()
                    .skip(1)
                    .any(|w| memchr::memmem::find(w.bytes(), name).is_some())
        });
        let markup = model.lines().any(|(_, l)| {
            (l.begins(&["use_backend"]) || l.begins(&["default_backend"]))
                && model.is_markup(l.span)
        });
        if !dynamic && !named && !markup {
            out.at(
                scope.head.tail_span(0),
                format!("nothing leads to {}", scope.title()),
            );
        }
    }
}
