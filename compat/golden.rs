//! Goldens: transcripts recorded from a real HAProxy, which the first line names.

use crate::process::Binary;
use crate::scenario::Scenario;
use crate::{Job, root, run_all};
use std::fs;
use std::path::PathBuf;

/// A recorded transcript.
pub struct Golden {
    pub version: String,
    pub lines: Vec<String>,
}

fn path(scenario: &Scenario) -> PathBuf {
    root()
        .join("fixtures/scenarios")
        .join(format!("{}.golden", scenario.name))
}

impl Golden {
    /// Reads it; a missing file is an empty transcript of the version that the scenario wants.
    pub fn load(scenario: &Scenario) -> Golden {
        let text = fs::read_to_string(path(scenario)).unwrap_or_default();
        let mut lines = text.lines();
        let version = lines
            .next()
            .and_then(|first| first.strip_prefix("# HAProxy "))
            .unwrap_or(&scenario.golden)
            .to_owned();
        Golden {
            version,
            lines: lines.map(str::to_owned).collect(),
        }
    }

    /// The first difference with some lines around it; empty when the transcripts agree.
    pub fn differences(&self, lines: &[String]) -> Vec<String> {
        if self.lines.is_empty() {
            return vec!["no golden: record it with --rerecord".to_owned()];
        }
        if self.lines == lines {
            return Vec::new();
        }
        let same = self
            .lines
            .iter()
            .zip(lines)
            .take_while(|(a, b)| a == b)
            .count();
        let mut out = Vec::new();
        for line in &self.lines[same.saturating_sub(6)..same] {
            out.push(format!("    {line}"));
        }
        for line in self.lines.iter().skip(same).take(4) {
            out.push(format!("  - {line}"));
        }
        if self.lines.len() == same {
            out.push("  - (the end)".to_owned());
        }
        for line in lines.iter().skip(same).take(4) {
            out.push(format!("  + {line}"));
        }
        if lines.len() == same {
            out.push("  + (the end)".to_owned());
        }
        out
    }
}

/// Writes goldens anew from the versions that the scenarios name. Counts (written or unchanged,
/// not possible). Each is played twice: what differs between two plays is no golden.
pub fn rerecord(found: &[Scenario], oracles: &[Binary]) -> (usize, usize) {
    let goldens: Vec<Golden> = found.iter().map(Golden::load).collect();
    let mut jobs = Vec::new();
    for (scenario, golden) in found.iter().zip(&goldens) {
        if let Some(binary) = oracles.iter().find(|b| b.version == scenario.golden) {
            jobs.push(Job {
                scenario,
                golden,
                binary,
                threads: Some(1),
                without: None,
            });
        } else {
            println!(
                "{}: needs HAProxy {} (HAPROXY_ORACLE)",
                scenario.name, scenario.golden
            );
        }
    }
    let (mut done, mut failed) = (0, found.len() - jobs.len());
    let first = run_all(&jobs, false);
    let second = run_all(&jobs, false);
    for ((job, one), two) in jobs.iter().zip(&first).zip(&second) {
        let name = &job.scenario.name;
        let unstable = one.lines.iter().zip(&two.lines).find(|(a, b)| a != b);
        if one.lines.is_empty() || one.lines != two.lines {
            failed += 1;
            println!("{name}: not stable: {unstable:?}");
            println!(
                "    {:?}\n    {:?}\n{}",
                one.lines.last(),
                two.lines.last(),
                one.faults.join("\n")
            );
            continue;
        }
        if let Some(why) = says_nothing(job.scenario, &one.lines) {
            failed += 1;
            println!("{name}: {why}");
            continue;
        }
        done += 1;
        if one.lines != job.golden.lines || job.golden.version != job.binary.version {
            let text = format!(
                "# HAProxy {}\n{}\n",
                job.binary.version,
                one.lines.join("\n")
            );
            match fs::write(path(job.scenario), text) {
                Ok(()) => println!("{name}: written"),
                Err(e) => println!("{name}: {e}"),
            }
        }
    }
    (done, failed)
}

/// Why a transcript is no golden: any program that refuses all or answers nothing would give it.
fn says_nothing(scenario: &Scenario, lines: &[String]) -> Option<String> {
    if let [only] = lines
        && only.starts_with("proxy exit")
        && !scenario.refused
    {
        return Some(format!("{only}: its configuration is refused"));
    }
    let vain = |line: &&String| line.starts_with("until ") && line.ends_with(": never");
    lines.iter().find(vain).cloned()
}
