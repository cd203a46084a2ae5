//! `haproxy.cfg:7:3: error: message [HX0101]`, which editors understand.

use super::{severity_name, title};
use crate::base::diag::Diagnostic;
use crate::base::span::Sources;

/// One finding on one line, with its line end. Lines and columns count from 1; columns are bytes.
pub fn short(finding: &Diagnostic, sources: &Sources) -> String {
    let place = match finding.span.filter(|span| span.line > 0) {
        Some(span) => format!(
            "{}:{}:{}: ",
            sources.name(span.file),
            span.line,
            span.start.saturating_add(1)
        ),
        None => String::new(),
    };
    let severity = severity_name(finding.severity);
    let message = title(finding);
    format!("{place}{severity}: {message} [{}]\n", finding.code)
}
