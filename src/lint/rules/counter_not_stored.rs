//! `counter-not-stored`

use crate::base::diag::Severity;
use crate::config::directive::Directive;
use crate::lint::model::matcher::Expr;
use crate::lint::model::{Kind, Model, Scope, option_word, value_of};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC030",
    name: "counter-not-stored",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A condition reads a counter that the table it tracks in does not store.",
    why: "The answer is always 0, so a limit built on it never strikes.",
    example: "stick-table type ip size 1m expire 10m store conn_cur\nhttp-request track-sc0 src\nhttp-request deny if { sc0_http_req_rate gt 100 }\n",
    instead: "stick-table type ip size 1m expire 10m store conn_cur,http_req_rate(10s)\n",
    fixes: Fixes::None,
    check,
};

/// Counters by the end of the fetch's name, and what a table must store for them.
const COUNTERS: &[(&str, &[&str])] = &[
    ("http_req_rate", &["http_req_rate"]),
    ("http_req_cnt", &["http_req_cnt"]),
    ("http_err_rate", &["http_err_rate"]),
    ("http_err_cnt", &["http_err_cnt"]),
    ("http_fail_rate", &["http_fail_rate"]),
    ("http_fail_cnt", &["http_fail_cnt"]),
    ("conn_rate", &["conn_rate"]),
    ("conn_cnt", &["conn_cnt"]),
    ("conn_cur", &["conn_cur"]),
    ("sess_rate", &["sess_rate"]),
    ("sess_cnt", &["sess_cnt"]),
    ("bytes_in_rate", &["bytes_in_rate"]),
    ("bytes_out_rate", &["bytes_out_rate"]),
    ("gpc0_rate", &["gpc0_rate", "gpc_rate"]),
    ("gpc1_rate", &["gpc1_rate", "gpc_rate"]),
    ("get_gpc0", &["gpc0", "gpc", "gpc0_rate", "gpc_rate"]),
    ("get_gpc1", &["gpc1", "gpc", "gpc1_rate", "gpc_rate"]),
    ("get_gpt0", &["gpt0", "gpt"]),
];

/// `sc0_...`, `sc_...(0)` or `src_...`: which slot it reads (`None`: the table of `src_` itself),
/// the table named, and what must be stored.
fn wanted<'d>(expr: &Expr<'d>) -> Option<(Option<u8>, Option<&'d str>, &'static [&'static str])> {
    let fetch = expr.fetch;
    let args: Vec<&str> = expr
        .args
        .map_or_else(Vec::new, |a| a.split(',').map(str::trim).collect());
    let (slot, name, table) = if let Some(rest) = fetch.strip_prefix("sc_") {
        (
            Some(args.first()?.parse().ok()?),
            rest,
            args.get(1).copied(),
        )
    } else if let Some(rest) = fetch.strip_prefix("sc") {
        let (number, name) = rest.split_once('_')?;
        (Some(number.parse().ok()?), name, args.first().copied())
    } else {
        (None, fetch.strip_prefix("src_")?, args.first().copied())
    };
    let (_, stores) = COUNTERS.iter().find(|(n, _)| *n == name)?;
    Some((slot, table.filter(|t| !t.is_empty()), stores))
}

fn check(model: &Model<'_>, out: &mut Report) {
    for (scope, test) in model.tests() {
        let Some((slot, named, stores)) = wanted(&test.expr) else {
            continue;
        };
        let table = match (named, slot) {
            (Some(name), _) => table_of(model, name.as_bytes()),
            (None, None) => scope.own(&["stick-table"]),
            (None, Some(slot)) => tracked(model, scope, slot),
        };
        let Some(table) = table else {
            continue;
        };
        let stored: Vec<&str> = table
            .words
            .iter()
            .enumerate()
            .filter(|(_, w)| w.is("store"))
            .filter_map(|(at, _)| table.word(at + 1)?.as_str())
            .flat_map(|s| s.split(','))
            .collect();
        let has = |what: &str| stored.iter().any(|s| s.split('(').next() == Some(what));
        let unreadable = option_word(table, 1, "store").is_some() && stored.is_empty();
        if !stores.iter().any(|s| has(s)) && !unreadable {
            let wanted = stores.first().copied().unwrap_or_default();
            out.word(
                test.word,
                format!("the table does not store {wanted}, so this is always 0"),
            )
            .related(table.tail_span(0), "the table")
            .help(format!(
                "store {wanted}{}",
                if wanted.ends_with("rate") {
                    "(10s)"
                } else {
                    ""
                }
            ));
        }
    }
}

fn table_of<'d>(model: &Model<'d>, name: &[u8]) -> Option<&'d Directive> {
    let scope = model.proxies().find(|s| s.name == name)?;
    scope.own(&["stick-table"])
}

/// The table in which a slot is tracked, if all rules that track it name the same.
fn tracked<'d>(model: &Model<'d>, scope: &Scope<'d>, slot: u8) -> Option<&'d Directive> {
    let action = format!("track-sc{slot}");
    let mut found: Option<&'d Directive> = None;
    let fronts = model.frontends_of(scope);
    let mut seen = Vec::new();
    for other in fronts
        .into_iter()
        .chain([scope])
        .chain(model.scopes.iter().filter(|s| s.kind == Kind::Defaults))
    {
        if seen.contains(&other.index) {
            continue;
        }
        seen.push(other.index);
        for statement in other
            .statements
            .iter()
            .filter(|s| s.action == action.as_bytes())
        {
            let named = value_of(statement.line, 2, "table");
            let table = match named {
                Some(name) => table_of(model, name.bytes()),
                None => other.own(&["stick-table"]),
            }?;
            if found.is_some_and(|f| !std::ptr::eq(f, table)) {
                return None;
            }
            found = Some(table);
        }
    }
    found
}
