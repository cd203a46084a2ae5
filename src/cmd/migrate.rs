//! `hapax migrate`: rewrites the configuration of an older HAProxy for 3.4.

use crate::config::read::Input;
use crate::dryrun::suite::Suite;
use crate::dryrun::{self, message};
use crate::grammar::Version;
use crate::migrate::{self, Change, Migrated, Outcome};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Rewrites lines that HAProxy 3.4 refuses or warns about, keeping comments and layout.
///
/// The new file goes to the standard output, what was done and why to the standard error.
///
/// Exit status: 0 every outdated line was rewritten, 1 some have no equivalent (or the answers
/// differ, with --prove), 2 the command line is wrong or a file cannot be read.
#[derive(Clone, Debug, clap::Args)]
pub struct Migrate {
    /// Configuration files; `-` is the standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The version to write for
    #[arg(long = "to", value_name = "VERSION", default_value = "3.4", value_parser = ["3.4"])]
    pub version: String,
    /// Write the new text into the files
    #[arg(long, conflicts_with = "diff")]
    pub write: bool,
    /// Show the changes as a unified diff instead of the new text
    #[arg(long)]
    pub diff: bool,
    /// Send the requests of these files (see `hapax test`) through the old and the new text, and
    /// compare what becomes of them
    #[arg(long, value_name = "CASES")]
    pub prove: Vec<PathBuf>,
    /// Say nothing about what was done
    #[arg(long, short)]
    pub quiet: bool,
}

/// Runs it.
pub fn run(migrate: &Migrate) -> ExitCode {
    let mut status = 0;
    for path in &migrate.files {
        match one(migrate, path) {
            Ok(complete) => status = status.max(u8::from(!complete)),
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "{}: {error}", path.display());
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::from(status)
}

/// One file; whether all of it could be rewritten.
fn one(migrate: &Migrate, path: &Path) -> std::io::Result<bool> {
    let stdin = path == Path::new("-");
    let mut old = Vec::new();
    match stdin {
        true => std::io::stdin().lock().read_to_end(&mut old).map(drop)?,
        false => old = std::fs::read(path)?,
    }
    let done = migrate::migrate(&old);
    let name = match stdin {
        true => "<stdin>".to_owned(),
        false => path.display().to_string(),
    };
    if !migrate.quiet {
        explain(&name, &done);
    }
    let mut proven = true;
    if !migrate.prove.is_empty() {
        let text = prove(&migrate.prove, &name, &old, &done.text).map_err(std::io::Error::other)?;
        proven = text.differences == 0;
        let _ = std::io::stderr().write_all(text.told.as_bytes());
    }
    let bytes = match migrate.diff {
        true => diff(&name, &old, &done),
        false => done.text.clone(),
    };
    if migrate.write && !stdin {
        if done.text != old {
            std::fs::write(path, &done.text)?;
        }
    } else {
        let mut out = std::io::stdout().lock();
        // Whoever closed the pipe does not want the rest.
        let _ = out.write_all(&bytes).and_then(|()| out.flush());
    }
    Ok(!done.incomplete() && proven)
}

/// What came of a proof.
struct Proof {
    differences: usize,
    /// For people.
    told: String,
}

/// Sends the requests of cases through both texts. What counts is which server gets what, and what
/// the client gets; in which order headers stand does not.
fn prove(cases: &[PathBuf], name: &str, old: &[u8], new: &[u8]) -> Result<Proof, String> {
    let mut proof = Proof {
        differences: 0,
        told: String::new(),
    };
    let mut same = 0;
    for path in super::test::paths(cases)? {
        let suite = Suite::read(&path)?;
        for case in &suite.cases {
            let become_of = |text: &[u8]| {
                let mut file = Input {
                    name: name.to_owned(),
                    text: text.to_vec(),
                };
                if !file.text.ends_with(b"\n") {
                    // refused since 2.3 for this alone; what it did before is what counts
                    file.text.push(b'\n');
                }
                let setup = super::route::prepared(vec![file], case.files());
                super::test::answer(&setup, case).map(|(_, outcome)| facts(&outcome))
            };
            let within = |e: String| format!("{}: {}: {e}", path.display(), case.name);
            let before = become_of(old).map_err(within)?;
            let after = become_of(new).map_err(within)?;
            if before == after {
                same += 1;
                continue;
            }
            proof.differences += 1;
            proof
                .told
                .push_str(&format!("{name}: differs: {}\n", case.name));
            let gone = before.iter().filter(|f| !after.contains(f));
            let come = after.iter().filter(|f| !before.contains(f));
            for (sign, fact) in gone.map(|f| ('-', f)).chain(come.map(|f| ('+', f))) {
                proof.told.push_str(&format!("  {sign} {fact}\n"));
            }
        }
    }
    proof.told.push_str(&format!(
        "{name}: {same} requests as before, {} otherwise\n",
        proof.differences
    ));
    Ok(proof)
}

/// What counts of an outcome, a line each.
fn facts(outcome: &dryrun::Outcome) -> Vec<String> {
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    let mut facts = Vec::new();
    facts.extend(outcome.address.iter().map(|a| format!("server at {a}")));
    let sides = [
        ("request", outcome.to_server.as_deref().unwrap_or_default()),
        ("response", &outcome.to_client[..]),
    ];
    for (side, message) in sides {
        facts.push(format!("{side}: {}", text(message::first_line(message))));
        let mut headers: Vec<String> = message::headers(message)
            .map(|(n, v)| format!("{side}: {}: {}", text(n).to_lowercase(), text(v)))
            .collect();
        headers.sort();
        facts.append(&mut headers);
        facts.push(format!("{side} body: {}", text(message::body(message))));
    }
    facts
}

/// Says what was done, line by line.
fn explain(name: &str, done: &Migrated) {
    let mut text = String::new();
    for change in &done.changes {
        text.push_str(&told(name, change));
    }
    let count = |outcome| done.changes.iter().filter(|c| c.outcome == outcome).count();
    let (exact, review, cannot) = (
        count(Outcome::Exact),
        count(Outcome::Review),
        count(Outcome::Cannot),
    );
    if exact + review + cannot == 0 {
        text.push_str(&format!(
            "{name}: nothing is outdated for {}\n",
            Version::CURRENT
        ));
    } else {
        text.push_str(&format!(
            "{name}: {} changed, {review} of them to look at, {cannot} cannot be migrated\n",
            exact + review
        ));
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn told(name: &str, change: &Change) -> String {
    let kind = match change.outcome {
        Outcome::Exact => "changed",
        Outcome::Review => "look at",
        Outcome::Cannot => "cannot migrate",
    };
    format!(
        "{name}:{}: {kind} [{}] {}\n",
        change.line, change.migration, change.why
    )
}

/// How many lines around a change a diff shows.
const CONTEXT: usize = 3;

/// A unified diff of the file.
fn diff(name: &str, old: &[u8], done: &Migrated) -> Vec<u8> {
    let lines = |text: &[u8]| -> Vec<Vec<u8>> {
        text.split_inclusive(|b| *b == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let (old, new) = (lines(old), lines(&done.text));
    let steps = steps(&old, &new);
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(first) = (at..steps.len()).find(|n| steps.get(*n).is_some_and(Step::changes)) {
        let from = first.saturating_sub(CONTEXT).max(at);
        // A hunk goes on as long as the gap to the next change is small.
        let mut last = first;
        while let Some(next) = (last + 1..(last + 2 + 2 * CONTEXT).min(steps.len()))
            .find(|n| steps.get(*n).is_some_and(Step::changes))
        {
            last = next;
        }
        let to = (last + 1 + CONTEXT).min(steps.len());
        if out.is_empty() {
            out.extend(format!("--- {name}\n+++ {name}\n").into_bytes());
        }
        let hunk = steps.get(from..to).unwrap_or_default();
        let before = steps.get(..from).unwrap_or_default();
        let count =
            |list: &[Step], test: fn(&Step) -> bool| list.iter().filter(|s| test(s)).count();
        let is_old: fn(&Step) -> bool = |s| !matches!(s, Step::Add(_));
        let is_new: fn(&Step) -> bool = |s| !matches!(s, Step::Remove(_));
        let start = |list, test| {
            let n = count(hunk, test);
            count(list, test) + usize::from(n > 0)
        };
        out.extend(
            format!(
                "@@ -{},{} +{},{} @@\n",
                start(before, is_old),
                count(hunk, is_old),
                start(before, is_new),
                count(hunk, is_new)
            )
            .into_bytes(),
        );
        for step in hunk {
            let (sign, text) = match step {
                Step::Keep(n) => (b' ', old.get(*n)),
                Step::Remove(n) => (b'-', old.get(*n)),
                Step::Add(n) => (b'+', new.get(*n)),
            };
            let text = text.map(Vec::as_slice).unwrap_or_default();
            out.push(sign);
            out.extend_from_slice(text);
            if !text.ends_with(b"\n") {
                out.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        }
        at = to;
    }
    out
}

/// A line of a diff, by its index.
enum Step {
    /// In both (index in the old text).
    Keep(usize),
    Remove(usize),
    Add(usize),
}

impl Step {
    fn changes(&self) -> bool {
        !matches!(self, Step::Keep(_))
    }
}

/// The steps from one text to the other, by the longest common subsequence of the lines between
/// their common beginning and end.
fn steps(old: &[Vec<u8>], new: &[Vec<u8>]) -> Vec<Step> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev());
    let tail = tail.take_while(|(a, b)| a == b).count().min(rest);
    let middle_old = old.get(head..old.len() - tail).unwrap_or_default();
    let middle_new = new.get(head..new.len() - tail).unwrap_or_default();
    // common[i][j]: the length for what follows i and j.
    let width = middle_new.len() + 1;
    let mut common = vec![0u32; (middle_old.len() + 1) * width];
    let at = |i: usize, j: usize| i * width + j;
    let read = |common: &[u32], i, j| common.get(at(i, j)).copied().unwrap_or(0);
    for (i, a) in middle_old.iter().enumerate().rev() {
        for (j, b) in middle_new.iter().enumerate().rev() {
            let best = match a == b {
                true => read(&common, i + 1, j + 1) + 1,
                false => read(&common, i + 1, j).max(read(&common, i, j + 1)),
            };
            if let Some(cell) = common.get_mut(at(i, j)) {
                *cell = best;
            }
        }
    }
    let mut steps: Vec<Step> = (0..head).map(Step::Keep).collect();
    let (mut i, mut j) = (0, 0);
    while i < middle_old.len() || j < middle_new.len() {
        let same = middle_old.get(i).is_some() && middle_old.get(i) == middle_new.get(j);
        if same {
            steps.push(Step::Keep(head + i));
            i += 1;
            j += 1;
        } else if i < middle_old.len()
            && (j >= middle_new.len() || read(&common, i + 1, j) >= read(&common, i, j + 1))
        {
            steps.push(Step::Remove(head + i));
            i += 1;
        } else {
            steps.push(Step::Add(head + j));
            j += 1;
        }
    }
    steps.extend((old.len() - tail..old.len()).map(Step::Keep));
    steps
}
