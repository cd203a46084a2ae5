//! `compat/differences.tsv`: known differences from the goldens, each with its reason.

use crate::{Job, Verdict, root};
use std::fs;

/// One line of the table.
pub struct Difference {
    scenario: String,
    /// `hapax`, or the beginning of a HAProxy version.
    version: String,
    reason: String,
}

impl Difference {
    /// It speaks of this scenario on this program.
    pub fn covers(&self, scenario: &str, version: &str) -> bool {
        self.scenario == scenario && version.starts_with(&self.version)
    }
}

/// Reads the table: scenario, version, reason, separated by tabs; `#` begins a comment.
pub fn load() -> Vec<Difference> {
    let text = fs::read_to_string(root().join("compat/differences.tsv")).unwrap_or_default();
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            Difference {
                scenario: fields.next().unwrap_or_default(),
                version: fields.next().unwrap_or_default(),
                reason: fields.next().unwrap_or_default(),
            }
        })
        .collect()
}

/// Entries without a reason, without a scenario, or whose scenarios all agree by now.
pub fn stale(known: &[Difference], jobs: &[Job], verdicts: &[Verdict]) -> Vec<String> {
    let mut out = Vec::new();
    for entry in known {
        let name = format!("{} on {}", entry.scenario, entry.version);
        if entry.reason.trim().is_empty() {
            out.push(format!("{name}: no reason given"));
        }
        let path = root()
            .join("fixtures/scenarios")
            .join(format!("{}.scn", entry.scenario));
        if !path.exists() {
            out.push(format!("{name}: there is no such scenario"));
        }
        let mut played = jobs
            .iter()
            .zip(verdicts)
            .filter(|(job, _)| entry.covers(&job.scenario.name, &job.binary.version))
            .peekable();
        if played.peek().is_some() && played.all(|(_, verdict)| verdict.faults.is_empty()) {
            out.push(format!("{name}: there is no difference any more"));
        }
    }
    out
}
