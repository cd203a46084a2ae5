//! Findings of several configurations in the formats that programs read.

use crate::base::diag::Diagnostic;
use crate::base::render;
use crate::base::span::Sources;
use crate::base::version;
use crate::grammar;
use crate::lint::rules;

/// One configuration and what was found about it.
pub(super) struct Suite<'a> {
    /// How the report calls it.
    pub name: &'a str,
    /// Its files.
    pub sources: &'a Sources,
    /// What was found.
    pub findings: &'a [Diagnostic],
}

/// What a code means, in a few words.
fn title(code: &str) -> Option<String> {
    let rule = rules::find(code).map(|r| format!("{}: {}", r.name, r.what));
    rule.or_else(|| grammar::diagnostic(code).map(|d| d.title.to_owned()))
}

/// All of it in a format by its name; `None` for formats that are for people.
pub(super) fn text(format: &str, run: &str, suites: &[Suite<'_>]) -> Option<String> {
    let pairs: Vec<(&Diagnostic, &Sources)> = suites
        .iter()
        .flat_map(|c| c.findings.iter().map(|f| (f, c.sources)))
        .collect();
    Some(match format {
        "json" => render::json(&pairs),
        "sarif" => render::sarif(&pairs, version::FULL, title),
        "gitlab" => render::gitlab(&pairs),
        "rdjson" => render::rdjson(&pairs),
        "github" => pairs.iter().map(|(f, s)| render::github(f, s)).collect(),
        "short" => pairs.iter().map(|(f, s)| render::short(f, s)).collect(),
        "junit" => {
            let suites: Vec<render::Suite<'_>> = suites
                .iter()
                .map(|c| (c.name, c.findings.iter().map(|f| (f, c.sources)).collect()))
                .collect();
            render::junit(run, &suites)
        }
        _ => return None,
    })
}
