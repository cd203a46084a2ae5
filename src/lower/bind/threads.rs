//! `thread`, `shards`, and `process` of files before 2.7.

use super::{BindOption, Fault, argument};
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::config::args::{Args, atol};
use crate::ir::Bind;
use crate::ir::bind::{Shards, ThreadSet};
use crate::lower::global::{MAX_GROUPS, MAX_THREADS};

/// The most threads of one group.
const GROUP_THREADS: u32 = 64;

/// `thread [GROUP/]SET[,...]`
pub const THREAD: BindOption = BindOption {
    name: "thread",
    lower: thread,
};
/// `shards by-thread|by-group|N`
pub const SHARDS: BindOption = BindOption {
    name: "shards",
    lower: shards,
};
/// `process SET[/THREADS]`, dropped in 2.7: with `nbproc` several threads are its processes
pub const PROCESS: BindOption = BindOption {
    name: "process",
    lower: process,
};

fn thread(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let Some(word) = args.next_word() else {
        return Ok(()); // HAProxy 3.4 takes it as "all".
    };
    for part in word.display().to_string().split(',') {
        if part.is_empty() {
            continue;
        }
        let set = set(part, word.span)?;
        if let Some(before) = bind.threads.first()
            && before.group.is_some() != set.group.is_some()
        {
            let (kind, other) = match set.group {
                Some(_) => ("group-relative", "absolute"),
                None => ("absolute", "group-relative"),
            };
            return Err(Fault {
                text: format!(
                    "{kind} thread specification '{part}' is not permitted after a {other} thread range."
                ),
                span: word.span,
            });
        }
        bind.threads.push(set);
    }
    Ok(())
}

/// `[GROUP/]all|odd|even|[N][-[M]]`
pub fn set(text: &str, span: Span) -> Result<ThreadSet, Fault> {
    let fault = |text: String| Fault { text, span };
    let (group, set, max) = match text.split_once('/') {
        Some((group, set)) => {
            let number = number(group, MAX_GROUPS).ok_or_else(|| {
                fault(format!(
                    "invalid thread group number '{group}', permitted range is 1..{MAX_GROUPS} in '{text}'."
                ))
            })?;
            (Some(number), set, GROUP_THREADS)
        }
        None => (None, text, MAX_THREADS),
    };
    let (first, last, step) = match set {
        "all" => (1, max, 1),
        "odd" => (1, max, 2),
        "even" => (2, max, 2),
        _ => {
            let (first, last) = set.split_once('-').unwrap_or((set, set));
            let first = match first {
                "" if set.starts_with('-') => 1,
                _ => number(first, max).ok_or_else(|| {
                    fault(format!(
                        "invalid first thread number '{first}', permitted range is 1..{max}, or 'all', 'odd', 'even'."
                    ))
                })?,
            };
            let last = match last {
                "" => max,
                _ => number(last, max).ok_or_else(|| {
                    fault(format!(
                        "invalid last thread number '{last}', permitted range is 1..{max}."
                    ))
                })?,
            };
            (first, last, 1)
        }
    };
    Ok(ThreadSet {
        group,
        first: first.min(last),
        last: first.max(last),
        step,
    })
}

fn number(text: &str, max: u32) -> Option<u32> {
    text.parse().ok().filter(|n| (1..=max).contains(n))
}

fn shards(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "shards", "missing value")?;
    bind.shards = Some(if word.is("by-thread") {
        Shards::ByThread
    } else if word.is("by-group") {
        Shards::ByGroup
    } else {
        let value = atol(&word.text).0;
        match u32::try_from(value) {
            Ok(value) if (1..=MAX_THREADS).contains(&value) => Shards::Count(value),
            _ => {
                let text = format!(
                    "invalid value {value}, allowed range is 1..{MAX_THREADS} or 'by-thread'"
                );
                return Err(Fault::about("shards", word.span, text));
            }
        }
    });
    Ok(())
}

fn process(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let Some(word) = args.next_word() else {
        return Ok(());
    };
    let text = word.display().to_string();
    let (processes, threads) = match text.split_once('/') {
        Some((processes, threads)) => (processes, Some(threads)),
        None => (text.as_str(), None),
    };
    bind.processes.push(set(processes, word.span)?);
    let mut modern = "with 'nbproc' its numbers are those of threads".to_owned();
    if let Some(threads) = threads {
        bind.threads.push(set(threads, word.span)?);
        modern = format!("it is taken as 'thread {threads}'");
    }
    let finding = Diagnostic::warning(
        "HX0263",
        word.span,
        format!(
            "'process {text}' on 'bind' lines is not supported anymore, please use 'thread' instead: {modern}."
        ),
    );
    args.report(finding);
    Ok(())
}
