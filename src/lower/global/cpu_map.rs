//! `cpu-map`: which thread runs on which CPUs.

use crate::config::args::Args;
use crate::config::directive::Word;
use crate::ir::global::CpuMap;
use crate::lower::{Context, KeywordHandler, Sections};
use std::str::FromStr;

/// `cpu-map [auto:]THREADS CPUS...`
pub const CPU_MAP: KeywordHandler = KeywordHandler::new(&["cpu-map"], Sections::GLOBAL, lower);

/// Threads of one group, and of all where no group is named.
const GROUP: u32 = 64;

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    const MISSING: &str = "cpu-map expects a thread group number  ('all', 'odd', 'even', a number from 1 to 64 or a range),  followed by a list of CPU ranges with numbers from 0 to 63.";
    let Some(word) = args.word(MISSING) else {
        return;
    };
    if args.is_empty() {
        args.alert("HX0160", args.missing_at(), MISSING);
        return;
    }
    let text = word.display().to_string();
    let (auto, set) = match text.strip_prefix("auto:") {
        Some(rest) => (true, rest),
        None => (false, text.as_str()),
    };
    let threads = match threads(set) {
        Ok(threads) => threads,
        Err(reason) => {
            let message = format!("cpu-map : {reason}");
            args.alert("HX0232", word.span, message);
            return;
        }
    };
    let mut cpus = Vec::new();
    for word in args.rest() {
        match cpu_set(word) {
            Some(mut list) => cpus.append(&mut list),
            None => {
                let message = format!("cpu-map : '{}' is not a CPU range.", word.display());
                args.alert("HX0233", word.span, message);
                return;
            }
        }
    }
    // Bound from the lowest to the highest, in whatever order the line has them.
    cpus.sort_unstable();
    cpus.dedup();
    if auto && !set.contains('/') {
        // Groups instead of threads: each takes one CPU for all its threads.
        let groups: Vec<u32> = threads.iter().step_by(GROUP as usize).copied().collect();
        if groups.len() == cpus.len() {
            for (first, cpu) in groups.into_iter().zip(cpus) {
                cx.global.cpu_map.push(CpuMap {
                    threads: (first..first + GROUP).collect(),
                    cpus: vec![cpu],
                    auto: false,
                });
            }
            return;
        }
    }
    if auto && threads.len() != cpus.len() {
        args.alert(
            "HX0234",
            word.span,
            "cpu-map : TGROUP/THREAD range and CPU sets must have the same size to be automatically bound",
        );
        return;
    }
    cx.global.cpu_map.push(CpuMap {
        threads,
        cpus,
        auto,
    });
}

/// `GROUPS[/THREADS]` to thread numbers through all groups. Without `/` the numbers are groups:
/// all their threads are meant.
fn threads(set: &str) -> Result<Vec<u32>, String> {
    let (groups, inner) = match set.split_once('/') {
        Some((groups, inner)) => (groups, inner),
        None => (set, "all"),
    };
    let mut list = Vec::new();
    for group in numbers(groups)? {
        for thread in numbers(inner)? {
            list.push((group - 1) * GROUP + thread);
        }
    }
    Ok(list)
}

/// `A`, `A-B` or `A-`, which goes up to `most`.
fn range(text: &str, most: u32) -> (Option<u32>, Option<u32>) {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let last = match last {
        "" => Some(most),
        last => u32::from_str(last).ok(),
    };
    (u32::from_str(first).ok(), last)
}

fn numbers(set: &str) -> Result<Vec<u32>, String> {
    match set {
        "all" => return Ok((1..=GROUP).collect()),
        "odd" => return Ok((1..=GROUP).step_by(2).collect()),
        "even" => return Ok((2..=GROUP).step_by(2).collect()),
        _ => {}
    }
    let (first, last) = range(set, GROUP);
    let (Some(first), Some(last)) = (first, last) else {
        return Err(format!("'{set}' is not a valid number/range."));
    };
    let (first, last) = (first.min(last), first.max(last));
    if first == 0 || last > GROUP {
        return Err(format!(
            "'{set}' is not a valid number/range. It supports numbers from 1 to {GROUP}."
        ));
    }
    Ok((first..=last).collect())
}

/// `0-3,6` and so on.
fn cpu_set(word: &Word) -> Option<Vec<u32>> {
    let mut list = Vec::new();
    for part in word.as_str()?.split(',') {
        let (first, last) = range(part, 63);
        let (first, last) = (first?, last?);
        let (first, last) = (first.min(last), first.max(last));
        if last >= 4096 {
            return None;
        }
        list.extend(first..=last);
    }
    Some(list)
}
