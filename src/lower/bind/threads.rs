//! `thread`, `shards`, and `process` of files before 2.7.

use super::{BindOption, Fault, argument};
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::config::args::{Args, atol};
use crate::ir::Bind;
use crate::ir::bind::{Shards, ThreadSet};
use crate::lower::global::MAX_THREADS;

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
        bind.threads.push(set(part, word.span)?);
    }
    Ok(())
}

/// `[GROUP/]all|odd|even|N[-M]`
pub fn set(text: &str, span: Span) -> Result<ThreadSet, Fault> {
    let (group, set) = match text.split_once('/') {
        Some((group, set)) => (Some(number(group, "group", span)?), set),
        None => (None, text),
    };
    let (first, last, step) = match set {
        "all" => (1, MAX_THREADS, 1),
        "odd" => (1, MAX_THREADS, 2),
        "even" => (2, MAX_THREADS, 2),
        _ => {
            let (first, last) = set.split_once('-').unwrap_or((set, set));
            let first = number(first, "first thread", span)?;
            (first, number(last, "last thread", span)?, 1)
        }
    };
    Ok(ThreadSet {
        group,
        first: first.min(last),
        last: first.max(last),
        step,
    })
}

fn number(text: &str, what: &str, span: Span) -> Result<u32, Fault> {
    match text.parse() {
        Ok(value) if (1..=MAX_THREADS).contains(&value) => Ok(value),
        _ => Err(Fault {
            text: format!(
                "invalid {what} number '{text}', permitted range is 1..{MAX_THREADS}, or 'all', 'odd', 'even'."
            ),
            span,
        }),
    }
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
