//! Floor 6: `hapax lint`, rules that find faults in configurations which HAProxy takes.
//!
//! A [`rule::Rule`] is one file of [`rules`] and one line of its registry. It reads a
//! [`model::Model`]: the directives with their places, sections with what their `defaults` say,
//! ACLs, conditions and rules taken apart. Nothing here asks the machine anything.

pub mod allow;
pub mod fix;
pub mod model;
pub mod rule;
pub mod rules;
pub mod select;
pub mod settings;

use crate::config::directive::Document;
use model::Model;
use rule::{Finding, Report};
use select::Selection;

/// Runs the selected rules over a configuration; what inline comments allow is left out, and such
/// comments that allow nothing are findings themselves. In the order of the text.
///
/// `markup`: texts that make a line a template's, besides the usual ones.
pub fn lint(document: &Document, selection: &Selection, markup: &[String]) -> Vec<Finding> {
    let model = Model::new(document, markup);
    let template = model.is_template();
    let mut findings = Vec::new();
    for rule in rules::ALL.iter().filter(|r| selection.has(r)) {
        if template && rules::needs_the_text(rule) {
            continue;
        }
        let mut report = Report {
            rule,
            findings: Vec::new(),
        };
        (rule.check)(&model, &mut report);
        findings.append(&mut report.findings);
    }
    findings.retain(|f| !model.is_markup(f.span));
    allow::apply(document, selection, &mut findings);
    findings.sort_by_key(|f| (f.span, f.rule.code));
    findings.dedup_by(|a, b| a.span == b.span && a.rule.code == b.rule.code);
    findings
}

#[cfg(test)]
mod tests;
