//! Rules run in an order of their own, whatever the order of their lines: HAProxy warns about
//! lines that stand behind others but run before them.

use super::context::Context;
use crate::base::diag::Diagnostic;
use crate::config::directive::Directive;

/// Kinds of request rules in the order in which they run.
const REQUEST: &[&str] = &[
    "tcp-request connection",
    "tcp-request session",
    "tcp-request content",
    "monitor fail",
    "http-request",
    "redirect",
    "use_backend",
    "use-server",
];

/// The same for response rules.
const RESPONSE: &[&str] = &["tcp-response content", "http-response"];

/// Where the two lists begin in the section's set of kinds seen.
const FIRST_RESPONSE: usize = 16;

/// Notes the kind of a line, and warns if a line that runs later stands above it.
pub fn check(cx: &mut Context<'_>, line: &Directive) {
    let kind = |list: &[&str]| {
        list.iter()
            .position(|name| super::keyword::words_of(name, &line.words).is_some())
    };
    let (list, at, first) = match (kind(REQUEST), kind(RESPONSE)) {
        (Some(at), _) => (REQUEST, at, 0),
        (_, Some(at)) => (RESPONSE, at, FIRST_RESPONSE),
        _ => return,
    };
    let Some(draft) = cx.draft_mut() else {
        return;
    };
    let seen = draft.kinds_seen;
    draft.kinds_seen |= 1 << (first + at);
    let Some(name) = list.get(at) else {
        return;
    };
    // A switching rule chooses the back end, use-server acts in it: no order between them.
    if *name == "use_backend" {
        return;
    }
    let later = (at + 1..list.len()).find(|later| seen & (1 << (first + later)) != 0);
    let Some(later) = later.and_then(|l| list.get(l)) else {
        return;
    };
    let article = if later.starts_with('h') { "an" } else { "a" };
    let message = format!(
        "a '{name}' rule placed after {article} '{later}' rule will still be processed before."
    );
    cx.diags
        .push(Diagnostic::warning("HX0324", line.span, message));
}
