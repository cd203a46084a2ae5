//! `inconsistent-timeouts`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC046",
    name: "inconsistent-timeouts",
    category: Category::Correctness,
    severity: Severity::Notice,
    default: true,
    what: "Two times contradict: a tunnel that lives shorter than a plain connection, or a connection attempt that may take longer than the answer.",
    why: "`timeout tunnel` replaces client and server timeouts, so a short one cuts WebSockets sooner than if it were not there. A `timeout connect` above `timeout server` makes visitors wait for a dead server longer than for a slow one.",
    example: "timeout server 1m\ntimeout tunnel 10s\n",
    instead: "timeout server 1m\ntimeout tunnel 1h\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    let mut seen = Vec::new();
    for scope in model.proxies() {
        let time = |name| model.timeout(scope, name);
        if let (Some((tunnel, line)), Some((server, other))) = (time("tunnel"), time("server"))
            && tunnel < server
            && tunnel > 0
            && !seen.contains(&line.span)
        {
            seen.push(line.span);
            out.line(
                line,
                "a tunnel lives shorter than a connection that waits for an answer",
            )
            .related(other.tail_span(0), "timeout server");
        }
        if let (Some((connect, line)), Some((server, other))) = (time("connect"), time("server"))
            && connect > server
            && server > 0
            && !seen.contains(&line.span)
        {
            seen.push(line.span);
            out.line(
                line,
                "an attempt to connect may take longer than the answer",
            )
            .related(other.tail_span(0), "timeout server");
        }
    }
}
