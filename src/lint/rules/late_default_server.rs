//! `late-default-server`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC017",
    name: "late-default-server",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A `default-server` line stands below servers of its section.",
    why: "It only counts for servers further down; those above do without the checks, TLS or limits that it seems to give to all.",
    example: "server a 10.0.0.1:80\ndefault-server check inter 2s\n",
    instead: "default-server check inter 2s\nserver a 10.0.0.1:80\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.backends() {
        let mut server = None;
        let mut reported = false;
        for line in scope.lines {
            if line.begins(&["server"]) || line.begins(&["server-template"]) {
                server.get_or_insert(line);
            } else if let (true, Some(first), false) =
                (line.begins(&["default-server"]), server, reported)
            {
                // sections that change the settings group by group do so on purpose
                let grouped = scope
                    .lines
                    .iter()
                    .take_while(|l| !std::ptr::eq(*l, first))
                    .any(|l| l.begins(&["default-server"]));
                if !grouped {
                    out.line(line, "servers above this line do not get these settings")
                        .related(first.tail_span(0), "such as this one");
                    reported = true;
                }
            }
        }
    }
}
