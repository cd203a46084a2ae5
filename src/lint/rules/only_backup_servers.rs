//! `only-backup-servers`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC034",
    name: "only-backup-servers",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "All servers of a back end are backups.",
    why: "Only the first backup that is up is used (all of them with `option allbackups`), so traffic is not balanced; there is nothing to back up.",
    example: "server a 10.0.0.1:80 check backup\nserver b 10.0.0.2:80 check backup\n",
    instead: "server a 10.0.0.1:80 check\nserver b 10.0.0.2:80 check backup\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.backends() {
        let servers: Vec<_> = scope.servers().collect();
        let all = servers.iter().all(|l| has_word(l, 3, "backup"));
        if let Some(first) = servers
            .first()
            .filter(|_| all && model.option(scope, "allbackups").is_none())
        {
            out.line(first, format!("{} has only backup servers", scope.title()));
        }
    }
}
