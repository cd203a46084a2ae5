//! `host-without-port`

use crate::base::diag::Severity;
use crate::lint::model::matcher::Method;
use crate::lint::model::{Kind, Model, port};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC040",
    name: "host-without-port",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: false,
    what: "A front end on an unusual port compares the Host header with a name without a port.",
    why: "Clients write the port into the header unless it is the scheme's own: `shop.example:8080` is not `shop.example`, so the test never holds for them. Where another program maps the port, nothing is wrong.",
    example: "bind :8080\nacl shop hdr(host) -i shop.example\n",
    instead: "bind :8080\nacl shop req.hdr(host),host_only -i shop.example\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.frontends().filter(|s| s.kind == Kind::Frontend) {
        let addresses: Vec<&[u8]> = scope
            .all(&["bind"])
            .filter_map(|l| l.word(1))
            .map(|w| w.bytes())
            .collect();
        let ports: Option<Vec<u16>> = addresses.iter().map(|a| port(a)).collect();
        let Some(ports) = ports.filter(|p| !p.is_empty()) else {
            continue;
        };
        // behind another proxy or a container's mapping the outer port counts
        let mapped = scope
            .all(&["bind"])
            .any(|l| crate::lint::model::has_word(l, 2, "accept-proxy"));
        let usual = |p: &u16| matches!(p, 80 | 443 | 0 | 8080 | 8443 | 8000);
        if mapped || ports.iter().any(usual) {
            continue;
        }
        for (owner, test) in model.tests() {
            if owner.index != scope.index
                || !test.expr.is_header("host")
                || !test.expr.converters.is_empty()
            {
                continue;
            }
            let exact = matches!(test.method(), Method::Str | Method::End);
            let bare = test.patterns.iter().all(|p| !p.text.contains(&b':'));
            if exact && bare && !test.patterns.is_empty() {
                let number = ports.first().copied().unwrap_or_default();
                out.word(
                    test.word,
                    format!("clients of port {number} write it into the header"),
                )
                .help("req.hdr(host),host_only -i NAME");
            }
        }
    }
}
