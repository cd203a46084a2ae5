//! `http-without-httplog`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC033",
    name: "http-without-httplog",
    category: Category::Correctness,
    severity: Severity::Notice,
    default: false,
    what: "An HTTP front end logs in the default format.",
    why: "That line holds neither the request nor its status, its times or its server: nothing can be found out from it when something goes wrong.",
    example: "defaults\n    mode http\n    log global\n",
    instead: "defaults\n    mode http\n    log global\n    option httplog\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    let global = model.global(&["log"]).is_some();
    for scope in model
        .frontends()
        .filter(|s| model.is_http(s) && s.own(&["bind"]).is_some())
    {
        let mut logs = model.chain(scope).flat_map(|s| s.all(&["log"]));
        let target = logs.find(|l| global || !has_word(l, 1, "global"));
        let format = ["httplog", "tcplog", "httpslog"]
            .iter()
            .any(|o| model.option(scope, o).is_some())
            || model.setting(scope, &["log-format"]).is_some()
            || model.setting(scope, &["log-format-sd"]).is_some();
        if target.is_some() && !format {
            out.at(
                scope.head.tail_span(0),
                format!("{} logs neither requests nor statuses", scope.title()),
            )
            .help("option httplog");
        }
    }
}
