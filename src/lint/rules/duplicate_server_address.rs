//! `duplicate-server-address`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word, option_word, value_of};
use crate::lint::rule::{Category, Fixes, Report, Rule};
use std::collections::HashMap;

pub(super) static RULE: Rule = Rule {
    code: "HC003",
    name: "duplicate-server-address",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "Two servers of one back end have the same address and port.",
    why: "Mostly a copy whose address was not changed: one machine gets twice the load and the other none. Checks of both fall together.",
    example: "server web1 10.0.0.1:80 check\nserver web2 10.0.0.1:80 check\n",
    instead: "server web1 10.0.0.1:80 check\nserver web2 10.0.0.2:80 check\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.backends() {
        let mut seen = HashMap::new();
        for line in scope.servers().filter(|l| l.begins(&["server"])) {
            let Some(address) = line.word(2) else {
                continue;
            };
            let way = ["source", "socks4", "usesrc", "sni"]
                .map(|o| value_of(line, 3, o).map(|w| w.bytes()));
            // a second way to the same machine, and slots filled at run time
            let other = [
                "backup",
                "disabled",
                "send-proxy",
                "send-proxy-v2",
                "ssl",
                "source",
                "track",
                "sni",
                "socks4",
                "namespace",
            ]
            .map(|o| option_word(line, 3, o).is_some());
            let empty = [
                &b"0.0.0.0"[..],
                b"*",
                b":",
                b"unix@",
                b"abns@",
                b"/",
                b"fd@",
            ];
            if has_word(line, 3, "disabled")
                || model.has_variable(address)
                || empty.iter().any(|e| address.text.starts_with(e))
            {
                continue;
            }
            if let Some(first) = seen.insert((address.bytes(), other, way), address.span) {
                out.word(
                    address,
                    format!("{} is the address of another server too", address.display()),
                )
                .related(first, "the other one");
            }
        }
    }
}
