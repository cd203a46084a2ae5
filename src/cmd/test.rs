//! `hapax test`: files of requests and of what shall become of them.

use super::route;
use crate::base::diag::Diagnostic;
use crate::base::render::{self, escaped};
use crate::base::span::Sources;
use crate::dryrun::Setup;
use crate::dryrun::suite::{Case, Mismatch, Suite};
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Runs files of requests through configurations and compares what becomes of them, each case on
/// a process of its own (see `hapax route`).
///
/// A file is TOML: `config` names the configuration (else it is the .cfg beside it), each `[[case]]`
/// has a `request`, what is around it, and an `expect`.
///
/// Exit status: 0 all is as it shall be, 1 something is not, 2 a file cannot be read or run.
#[derive(Clone, Debug, clap::Args)]
pub struct Test {
    /// Files of cases (*.toml), and directories of them
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Run only cases whose name holds this text
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// How results are shown
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = ["human", "tap", "junit"])]
    pub format: String,
}

/// One case after its run.
struct Tried {
    suite: String,
    name: String,
    /// Empty: passed.
    mismatches: Vec<Mismatch>,
    /// Why it could not be run.
    error: Option<String>,
}

impl Tried {
    fn passed(&self) -> bool {
        self.mismatches.is_empty() && self.error.is_none()
    }

    /// What is wrong, a line each.
    fn wrongs(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.error.iter().cloned().collect();
        for m in &self.mismatches {
            lines.push(format!(
                "{}: expected {}, found {}",
                m.what, m.expected, m.found
            ));
        }
        lines
    }
}

/// Runs it.
pub fn run(test: &Test) -> ExitCode {
    let paths = match paths(&test.files) {
        Ok(paths) => paths,
        Err(text) => return wrong(&text),
    };
    let mut results = Vec::new();
    for path in &paths {
        let suite = match Suite::read(path) {
            Ok(suite) => suite,
            Err(text) => return wrong(&format!("{}: {}", path.display(), text.trim_end())),
        };
        for case in &suite.cases {
            let meant = test
                .only
                .as_ref()
                .is_none_or(|t| case.name.contains(t.as_str()));
            if meant {
                results.push(one(&suite, case));
            }
        }
    }
    let text = match test.format.as_str() {
        "tap" => tap(&results),
        "junit" => junit(&results),
        _ => human(&results),
    };
    super::print(&text);
    if results.iter().any(|r| r.error.is_some()) {
        return ExitCode::from(2);
    }
    ExitCode::from(u8::from(!results.iter().all(Tried::passed)))
}

fn wrong(text: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::from(2)
}

/// The files, those of directories by name.
pub fn paths(given: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in given {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let is_suite = |p: &PathBuf| p.extension().is_some_and(|e| e == "toml");
        let mut inside: Vec<PathBuf> = entries
            .flatten()
            .map(|e| e.path())
            .filter(is_suite)
            .collect();
        inside.sort();
        found.append(&mut inside);
    }
    match found.is_empty() {
        true => Err("there is no file of cases (*.toml) in there".to_owned()),
        false => Ok(found),
    }
}

fn one(suite: &Suite, case: &Case) -> Tried {
    let mut result = Tried {
        suite: suite.path.display().to_string(),
        name: case.name.clone(),
        mismatches: Vec::new(),
        error: None,
    };
    match outcome(&suite.config, case) {
        Ok((request, outcome)) => result.mismatches = case.mismatches(&request, &outcome),
        Err(text) => result.error = Some(text),
    }
    result
}

fn outcome(
    config: &[impl AsRef<Path>],
    case: &Case,
) -> Result<(crate::dryrun::Request, crate::dryrun::Outcome), String> {
    let setup = route::setup(config, case.files())?;
    answer(&setup, case)
}

/// What a configuration makes of a case.
///
/// # Errors
/// Why it cannot be run.
pub fn answer(
    setup: &Setup,
    case: &Case,
) -> Result<(crate::dryrun::Request, crate::dryrun::Outcome), String> {
    if setup.is_fatal() {
        return Err(refusal(&setup.findings, &setup.sources));
    }
    let running = setup
        .start()
        .map_err(|findings| refusal(&findings, &setup.sources))?;
    case.ask(setup, &running)
}

/// Why a configuration is refused.
fn refusal(findings: &[Diagnostic], sources: &Sources) -> String {
    let first = findings.iter().find(|f| f.fatal);
    let text = first.map_or_else(String::new, |f| render::short(f, sources));
    format!("the configuration is refused: {}", text.trim_end())
}

fn human(results: &[Tried]) -> String {
    let mut out = String::new();
    let mut suite = "";
    for result in results {
        if result.suite != suite {
            suite = &result.suite;
            let _ = writeln!(out, "{suite}");
        }
        let mark = if result.passed() { "ok  " } else { "FAIL" };
        let _ = writeln!(out, "  {mark} {}", result.name);
        if let Some(error) = &result.error {
            let _ = writeln!(out, "       {error}");
        }
        for m in &result.mismatches {
            let _ = writeln!(out, "       {}", m.what);
            let _ = writeln!(out, "         - expected {}", m.expected);
            let _ = writeln!(out, "         + found    {}", m.found);
        }
    }
    let failed = results.iter().filter(|r| !r.passed()).count();
    let _ = writeln!(out, "{} passed, {failed} failed", results.len() - failed);
    out
}

/// Test Anything Protocol, version 14.
fn tap(results: &[Tried]) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", results.len());
    for (n, result) in results.iter().enumerate() {
        let word = if result.passed() { "ok" } else { "not ok" };
        let name = result.name.replace('#', "\\#");
        let _ = writeln!(out, "{word} {} - {name}", n + 1);
        if !result.passed() {
            out.push_str("  ---\n  message: |\n");
            for line in result.wrongs() {
                let _ = writeln!(out, "    {line}");
            }
            out.push_str("  ...\n");
        }
    }
    out
}

fn junit(results: &[Tried]) -> String {
    let failed = results.iter().filter(|r| !r.passed()).count();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{}\" failures=\"{failed}\">\n",
        results.len()
    );
    let mut at = 0;
    while let Some(first) = results.get(at) {
        let same = results
            .iter()
            .skip(at)
            .take_while(|r| r.suite == first.suite);
        let same: Vec<&Tried> = same.collect();
        let failed = same.iter().filter(|r| !r.passed()).count();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\">",
            escaped(&first.suite),
            same.len()
        );
        for result in &same {
            let head = format!(
                "    <testcase classname=\"{}\" name=\"{}\"",
                escaped(&result.suite),
                escaped(&result.name)
            );
            match result.passed() {
                true => {
                    let _ = writeln!(out, "{head}/>");
                }
                false => {
                    let wrongs = result.wrongs();
                    let _ = writeln!(
                        out,
                        "{head}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                        escaped(wrongs.first().map_or("", String::as_str)),
                        escaped(&wrongs.join("\n"))
                    );
                }
            }
        }
        out.push_str("  </testsuite>\n");
        at += same.len();
    }
    out.push_str("</testsuites>\n");
    out
}
