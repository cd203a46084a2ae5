//! Does a scenario miss a keyword whose handler is switched off?
//!
//! A debug build of hapax skips the handler that `HAPAX_TEST_WITHOUT=TABLE:NAME` names. For every
//! executed keyword the scenarios whose configuration holds it are played without it: at least one
//! of them has to fail. Only scenarios that pass with all handlers can say anything.

use crate::golden::Golden;
use crate::process::Binary;
use crate::scenario::Scenario;
use crate::{Job, root, run_all};
use std::process::{Command, Stdio};

/// Tables of keywords whose handlers can be switched off.
const TABLES: [&str; 3] = ["keyword", "bind", "server"];

/// Keywords that hapax executes: (table, name).
fn executed(hapax: &Binary) -> Vec<(String, String)> {
    let out = Command::new(&hapax.path)
        .args(["keywords", "--executed"])
        .stdin(Stdio::null())
        .output();
    let Ok(out) = out else {
        return Vec::new();
    };
    String::from_utf8_lossy(&out.stdout)
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter(|(_, table)| TABLES.contains(table))
        .map(|(name, table)| (table.to_owned(), name.to_owned()))
        .collect()
}

/// The configuration holds the words of the keyword in this order on one line.
fn uses(config: &str, keyword: &str) -> bool {
    let wanted: Vec<&str> = keyword.split_whitespace().collect();
    config.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let same = |(word, wanted): (&&str, &&str)| {
            // `set-proxy-v2-tlv-fmt(0xE1)`
            word.strip_prefix(*wanted)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
        };
        words
            .windows(wanted.len())
            .any(|w| w.iter().zip(&wanted).all(same))
    })
}

/// Keywords whose effect no scenario can show: `compat/covered.tsv` names the test that misses
/// them, as arguments of `cargo test`.
fn covered() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("compat/covered.tsv")).unwrap_or_default();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .map(|(keyword, test)| (keyword.to_owned(), test.to_owned()))
        .collect()
}

/// Whether a test passes, with a handler switched off or with all of them.
fn passes(test: &str, without: Option<&str>) -> bool {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command
        .arg("test")
        .args(test.split_whitespace())
        .current_dir(root())
        .env("INSTA_UPDATE", "no")
        .stdin(Stdio::null());
    if let Some(keyword) = without {
        command.env("HAPAX_TEST_WITHOUT", keyword);
    }
    command.output().is_ok_and(|out| out.status.success())
}

/// The test that `covered` names, if it passes with the handler and fails without.
fn noticing_test(covered: &[(String, String)], keyword: &str) -> Option<String> {
    let (_, test) = covered.iter().find(|(k, _)| k == keyword)?;
    (passes(test, None) && !passes(test, Some(keyword))).then(|| test.clone())
}

/// Plays and counts (keywords that a test misses, keywords that none does).
pub fn report(
    found: &[Scenario],
    goldens: &[Golden],
    hapax: &Binary,
    names: &[String],
) -> (usize, usize) {
    let keywords = executed(hapax);
    if keywords.is_empty() {
        println!(
            "`{} keywords --executed` lists nothing",
            hapax.path.display()
        );
        return (0, 1);
    }
    let job = |scenario, golden, without| Job {
        scenario,
        golden,
        binary: hapax,
        threads: Some(1),
        without,
    };
    let all: Vec<Job> = found
        .iter()
        .zip(goldens)
        .map(|(s, g)| job(s, g, None))
        .collect();
    let passing: Vec<bool> = run_all(&all, true)
        .iter()
        .map(|v| v.faults.is_empty())
        .collect();
    println!(
        "{} of {} scenarios pass with all handlers",
        passing.iter().filter(|p| **p).count(),
        all.len()
    );
    let covered = covered();
    let (mut missed, mut unnoticed) = (0, 0);
    for (table, name) in keywords {
        let keyword = format!("{table}:{name}");
        if !names.is_empty() && !names.iter().any(|n| keyword.contains(n.as_str())) {
            continue;
        }
        let last = name.rsplit(' ').next().unwrap_or_default();
        let mut jobs: Vec<Job> = all
            .iter()
            .zip(&passing)
            .filter(|(job, passes)| **passes && uses(&job.scenario.config, &name))
            .map(|(some, _)| job(some.scenario, some.golden, Some(keyword.clone())))
            .collect();
        // Those that bear its name, then those with the shortest configurations, fail first.
        jobs.sort_by_key(|job| (!job.scenario.name.contains(last), job.scenario.config.len()));
        let noticing = jobs.chunks(4).find_map(|some| {
            let verdicts = run_all(some, true);
            some.iter()
                .zip(verdicts)
                .find(|(job, verdict)| {
                    !verdict.faults.is_empty() && !job.run(0, true).faults.is_empty()
                })
                .map(|(job, _)| job.scenario.name.clone())
        });
        match noticing.or_else(|| noticing_test(&covered, &keyword)) {
            Some(place) => {
                missed += 1;
                println!("{keyword}\t{place}");
            }
            None => {
                unnoticed += 1;
                println!("{keyword}\tNO TEST ({} scenarios hold it)", jobs.len());
            }
        }
    }
    (missed, unnoticed)
}
