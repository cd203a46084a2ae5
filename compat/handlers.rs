//! Does a scenario miss a keyword whose handler is switched off?
//!
//! A debug build of hapax skips the handler of the keyword that `HAPAX_TEST_WITHOUT` names. For
//! every executed keyword the scenarios whose configuration holds it are played without it: at
//! least one of them has to fail.

use crate::golden::Golden;
use crate::process::Binary;
use crate::scenario::Scenario;
use crate::{Job, run_all};
use std::process::{Command, Stdio};

/// Keywords that hapax executes, as its own list gives them.
fn executed(hapax: &Binary) -> Vec<String> {
    let out = Command::new(&hapax.path)
        .args(["keywords", "--executed"])
        .stdin(Stdio::null())
        .output();
    let Ok(out) = out else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    text.lines()
        .map(|line| {
            line.split('\t')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
        .filter(|keyword| !keyword.is_empty())
        .collect()
}

/// The configuration holds the words of the keyword in this order on one line.
fn uses(config: &str, keyword: &str) -> bool {
    let wanted: Vec<&str> = keyword.split_whitespace().collect();
    config.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.windows(wanted.len()).any(|w| w == wanted)
    })
}

/// Plays and counts (keywords that some scenario misses, keywords that none does).
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
    let (mut missed, mut unnoticed) = (0, 0);
    for keyword in keywords {
        if !names.is_empty() && !names.iter().any(|n| keyword.contains(n.as_str())) {
            continue;
        }
        let jobs: Vec<Job> = found
            .iter()
            .zip(goldens)
            .filter(|(scenario, _)| uses(&scenario.config, &keyword))
            .map(|(scenario, golden)| Job {
                scenario,
                golden,
                binary: hapax,
                threads: Some(1),
                without: Some(keyword.clone()),
            })
            .collect();
        let noticed = jobs.chunks(4).any(|some| {
            run_all(some, true)
                .iter()
                .any(|verdict| !verdict.faults.is_empty())
        });
        if noticed {
            missed += 1;
        } else {
            unnoticed += 1;
            println!("no scenario of {} misses: {keyword}", jobs.len());
        }
    }
    (missed, unnoticed)
}
