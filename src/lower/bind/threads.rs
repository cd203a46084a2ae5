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
/// `process SET`, dropped in 2.7: with one process it could only mean all of it
pub const PROCESS: BindOption = BindOption {
    name: "process",
    lower: process,
};

fn thread(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let Some(word) = args.next_word() else {
        return Ok(()); // HAProxy 3.4 takes it as "all".
    };
    let text = word.display().to_string();
    for part in text.split(',') {
        let (group, set) = match part.split_once('/') {
            Some((group, set)) => (Some(number(group, "group", word.span)?), set),
            None => (None, part),
        };
        let set = match set {
            "all" => (1, MAX_THREADS, 1),
            "odd" => (1, MAX_THREADS, 2),
            "even" => (2, MAX_THREADS, 2),
            _ => {
                let (first, last) = set.split_once('-').unwrap_or((set, set));
                (
                    number(first, "first thread", word.span)?,
                    number(last, "last thread", word.span)?,
                    1,
                )
            }
        };
        bind.threads.push(ThreadSet {
            group,
            first: set.0.min(set.1),
            last: set.0.max(set.1),
            step: set.2,
        });
    }
    Ok(())
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

fn process(_bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let Some(word) = args.next_word() else {
        return Ok(());
    };
    let finding = Diagnostic::warning(
        "HX0263",
        word.span,
        format!(
            "'process {}' on 'bind' lines is not supported anymore, please use 'thread' instead. It has no effect: hapax is one process, and all its threads accept.",
            word.display()
        ),
    );
    args.report(finding);
    Ok(())
}
