//! `hapax lint`: faults in configurations that HAProxy takes without a word.

use super::check;
use super::load;
use super::report::{self, Suite};
use crate::base::diag::{Diagnostic, Severity};
use crate::base::render::{self, Human};
use crate::base::span::Source;
use crate::config::directive::Document;
use crate::config::environment::Environment;
use crate::config::read::{self, Input};
use crate::lint::model::Model;
use crate::lint::rule::{Finding, Rule};
use crate::lint::select::Selection;
use crate::lint::settings::Settings;
use crate::lint::{fix, rules};
use crate::lower;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Finds faults in configurations that HAProxy takes: rules that never run, tests that never
/// match, holes in the defence, outdated words.
///
/// Asks nothing of this machine: no certificate, map, user or host that the files name need
/// exist. Settings come from `hapax.toml` in the current directory or above it. A comment
/// `# hapax: allow(rule-name) reason` keeps a finding.
///
/// Exit status: 0 nothing was found, 1 there are findings, 2 the command line is wrong or a file
/// cannot be read.
#[derive(Clone, Debug, clap::Args)]
pub struct Lint {
    /// Files and directories, each a configuration of its own; `-` is the standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// All FILEs together are one configuration
    #[arg(long)]
    pub together: bool,
    /// Only these rules: names, codes, categories, globs, `all`
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub select: Vec<String>,
    /// These rules besides the default ones
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub extend_select: Vec<String>,
    /// Not these rules
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Write fixes that change no behaviour into the files
    #[arg(long)]
    pub fix: bool,
    /// With --fix or --diff: fixes that change the behaviour too
    #[arg(long)]
    pub r#unsafe: bool,
    /// Show what --fix would change, and change nothing
    #[arg(long)]
    pub diff: bool,
    /// How findings are shown
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = ["human", "short", "json", "sarif", "github", "gitlab", "junit", "rdjson"])]
    pub format: String,
    /// The least severity that gives status 1
    #[arg(long, value_name = "SEVERITY", default_value = "notice", value_parser = ["error", "warning", "notice"])]
    pub fail_on: String,
    /// Status 0 whatever is found
    #[arg(long)]
    pub exit_zero: bool,
    /// The settings file; `none` for none
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Show how many findings each rule has, and nothing else
    #[arg(long)]
    pub statistics: bool,
}

/// One configuration after linting.
struct Linted {
    name: String,
    document: Document,
    /// Faults for which the file cannot be used at all.
    faults: Vec<Diagnostic>,
    findings: Vec<Finding>,
}

/// Runs it.
pub fn run(lint: &Lint) -> ExitCode {
    match lint_all(lint) {
        Ok(code) => code,
        Err(text) => {
            let _ = std::io::stderr().write_all(text.as_bytes());
            ExitCode::from(2)
        }
    }
}

fn lint_all(lint: &Lint) -> Result<ExitCode, String> {
    let settings = settings(lint.config.as_deref())?;
    let mut selection = settings.selection.clone();
    if !lint.select.is_empty() {
        selection.select.clone_from(&lint.select);
        selection.extend.clear();
    }
    selection.extend.extend(lint.extend_select.iter().cloned());
    selection.ignore.extend(lint.ignore.iter().cloned());
    let per_file = settings
        .per_file
        .iter()
        .flat_map(|(_, list)| list.iter().cloned());
    let mut said = selection.clone();
    said.ignore.extend(per_file);
    if let Some(word) = said.unknown().first() {
        let names = rules::ALL.iter().map(|r| r.name);
        let hint = crate::grammar::nearest(word.as_bytes(), names)
            .map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
        return Err(format!(
            "hapax: '{word}' is no rule, code or category{hint}\n"
        ));
    }
    let mut all = Vec::new();
    for inputs in configurations(lint)? {
        let name = inputs.first().map(|i| i.name.clone()).unwrap_or_default();
        if settings.excludes(&name) {
            continue;
        }
        let mut selection = selection.clone();
        selection.ignore.extend(settings.ignored_in(&name));
        let mut linted = one(name, inputs, &selection, &settings.markup);
        if lint.fix || lint.diff {
            mend(lint, &mut linted, &selection, &settings.markup)?;
        }
        all.push(linted);
    }
    if lint.diff {
        return Ok(ExitCode::from(u8::from(
            !lint.exit_zero
                && all
                    .iter()
                    .any(|l| l.findings.iter().any(|f| f.fix.is_some())),
        )));
    }
    Ok(show(lint, &all))
}

/// The settings file that counts: the one named, or the nearest above the current directory.
pub(super) fn settings(named: Option<&Path>) -> Result<Settings, String> {
    let path = match named {
        Some(path) if path == Path::new("none") => return Ok(Settings::default()),
        Some(path) => path.to_path_buf(),
        None => {
            let here = std::env::current_dir().unwrap_or_default();
            let mut places = here.ancestors().map(|d| d.join("hapax.toml"));
            match places.find(|p| p.is_file()) {
                Some(path) => path,
                None => return Ok(Settings::default()),
            }
        }
    };
    let text =
        std::fs::read_to_string(&path).map_err(|e| format!("hapax: {}: {e}\n", path.display()))?;
    Settings::parse(&text).map_err(|e| format!("hapax: {}: {}\n", path.display(), e.trim_end()))
}

/// The files of each configuration: a directory is one, and so is each file.
fn configurations(lint: &Lint) -> Result<Vec<Vec<Input>>, String> {
    let sets: Vec<&[PathBuf]> = match lint.together {
        true => vec![lint.files.as_slice()],
        false => lint.files.chunks(1).collect(),
    };
    let mut out = Vec::new();
    for set in sets {
        let (inputs, findings) = check::open(set);
        if let Some(finding) = findings.first() {
            return Err(format!("hapax: {}\n", finding.message));
        }
        if !inputs.is_empty() {
            out.push(inputs);
        }
    }
    Ok(out)
}

/// The variables that a configuration may name and this process does not have get a value, so
/// that no word vanishes.
fn environment(inputs: &[Input]) -> (Environment, Vec<Vec<u8>>) {
    let mut env = load::environment(None, inputs);
    let mut made = Vec::new();
    for input in inputs {
        for at in memchr::memchr_iter(b'$', &input.text) {
            let rest = input.text.get(at + 1..).unwrap_or_default();
            let rest = rest.strip_prefix(b"{").unwrap_or(rest);
            let length = rest
                .iter()
                .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
                .count();
            let name = rest.get(..length).unwrap_or_default();
            let defaulted = rest.get(length) == Some(&b'-');
            if length > 0 && !defaulted && env.get(name).is_none() {
                env.set(name, "1");
                made.push(name.to_vec());
            }
        }
    }
    (env, made)
}

fn one(name: String, inputs: Vec<Input>, selection: &Selection, markup: &[String]) -> Linted {
    let (mut env, made) = environment(&inputs);
    let (document, mut faults) = read::read(inputs, &mut env, &load::facts(true));
    faults.extend(lower::lower(&document, &lower::Options::default()).1);
    // what newer versions dropped is the business of rules
    let model = Model::new(&document, markup);
    faults.retain(|f| f.fatal && !lower::language::is_own(f) && !is_guessed(f, &model, &made));
    let findings = crate::lint::lint(&document, selection, markup);
    // the rule says the same, with a fix
    let unterminated = findings
        .iter()
        .any(|f| f.rule.name == "missing-final-newline");
    faults.retain(|f| !(unterminated && f.code == "HX0107"));
    Linted {
        name,
        document,
        faults,
        findings,
    }
}

/// Whether a fault may be none: its line has a variable that was given some value, the file is a
/// template, or it is a piece of a configuration that names what another file has.
fn is_guessed(fault: &Diagnostic, model: &Model<'_>, made: &[Vec<u8>]) -> bool {
    if model.is_template() || (fault.code == UNKNOWN_BACKEND && model.is_piece()) {
        return true;
    }
    let source = fault.span.and_then(|s| model.document.sources.file(s.file));
    let line = fault.span.and_then(|s| source.and_then(|f| f.line(s.line)));
    let line = line.unwrap_or_default();
    made.iter()
        .any(|name| memchr::memmem::find(line, name).is_some())
}

/// The code of a back end that is not there.
const UNKNOWN_BACKEND: &str = "HX0301";

/// Applies fixes until none is left, and writes or shows the outcome.
fn mend(
    lint: &Lint,
    linted: &mut Linted,
    selection: &Selection,
    markup: &[String],
) -> Result<(), String> {
    let before: Vec<Source> = linted
        .document
        .sources
        .iter()
        .map(|(_, s)| s.clone())
        .collect();
    let found = std::mem::take(&mut linted.findings);
    let mut current = one_of(linted, found);
    let mut count = 0;
    // a fix may uncover another; each round applies all that do not touch each other
    for _ in 0..10 {
        let fixed = fix::apply(&current.document.sources, &current.findings, lint.r#unsafe);
        if fixed.is_empty() {
            break;
        }
        let mut inputs: Vec<Input> = current
            .document
            .sources
            .iter()
            .map(|(_, s)| Input {
                name: s.name.clone(),
                text: s.text.clone(),
            })
            .collect();
        for file in &fixed {
            count += file.count;
            if let Some(input) = inputs.get_mut(file.file.0 as usize) {
                input.text.clone_from(&file.text);
            }
        }
        let next = one(current.name.clone(), inputs, selection, markup);
        if next.faults.len() > current.faults.len() {
            return Err(format!(
                "hapax: {}: a fix would make the file unusable, nothing was written\n",
                current.name
            ));
        }
        current = next;
    }
    for ((_, after), before) in current.document.sources.iter().zip(&before) {
        if after.text == before.text {
            continue;
        }
        if lint.diff {
            super::print(&diff(&before.name, &before.text, &after.text));
        } else if before.name == "<stdin>" {
            super::print(&String::from_utf8_lossy(&after.text));
        } else {
            std::fs::write(&before.name, &after.text)
                .map_err(|e| format!("hapax: {}: {e}\n", before.name))?;
        }
    }
    if lint.diff {
        // the status speaks of what would be changed
        linted.findings = Vec::new();
        if count > 0 {
            linted.findings = one(
                linted.name.clone(),
                before_inputs(&before),
                selection,
                markup,
            )
            .findings;
        }
        return Ok(());
    }
    if count > 0 {
        let plural = if count == 1 { "" } else { "s" };
        eprintln!("{}: {count} finding{plural} mended", current.name);
    }
    *linted = current;
    Ok(())
}

fn before_inputs(before: &[Source]) -> Vec<Input> {
    let inputs = before.iter();
    inputs
        .map(|s| Input {
            name: s.name.clone(),
            text: s.text.clone(),
        })
        .collect()
}

fn one_of(linted: &mut Linted, findings: Vec<Finding>) -> Linted {
    Linted {
        name: linted.name.clone(),
        document: std::mem::take(&mut linted.document),
        faults: std::mem::take(&mut linted.faults),
        findings,
    }
}

/// A unified diff of two texts.
pub(super) fn diff(name: &str, before: &[u8], after: &[u8]) -> String {
    let (before, after) = (
        String::from_utf8_lossy(before),
        String::from_utf8_lossy(after),
    );
    let diff = similar::TextDiff::from_lines(&*before, &*after);
    let mut diff = diff.unified_diff();
    diff.context_radius(3).header(name, name).to_string()
}

fn show(lint: &Lint, all: &[Linted]) -> ExitCode {
    let diagnostics: Vec<Vec<Diagnostic>> = all
        .iter()
        .map(|l| {
            let faults = l.faults.iter().cloned();
            faults
                .chain(l.findings.iter().map(Finding::diagnostic))
                .collect()
        })
        .collect();
    if lint.statistics {
        statistics(all);
    } else {
        let suites: Vec<Suite<'_>> = all
            .iter()
            .zip(&diagnostics)
            .map(|(l, findings)| Suite {
                name: &l.name,
                sources: &l.document.sources,
                findings,
            })
            .collect();
        match report::text(&lint.format, "hapax lint", &suites) {
            Some(text) => super::print(&text),
            None => human(all, &diagnostics),
        }
    }
    let least = match lint.fail_on.as_str() {
        "error" => Severity::Alert,
        "warning" => Severity::Warning,
        _ => Severity::Diag,
    };
    let failed = diagnostics.iter().flatten().any(|f| f.severity >= least);
    ExitCode::from(u8::from(failed && !lint.exit_zero))
}

fn human(all: &[Linted], diagnostics: &[Vec<Diagnostic>]) {
    let mut human = Human::new(render::colour(std::io::stdout().is_terminal()));
    human.diag = true;
    for (linted, findings) in all.iter().zip(diagnostics) {
        super::print(&human.render_all(findings, &linted.document.sources));
    }
    let flat: Vec<Diagnostic> = diagnostics.iter().flatten().cloned().collect();
    let fixable = |safe: bool| {
        let findings = all.iter().flat_map(|l| &l.findings);
        findings
            .filter(|f| f.fix.as_ref().is_some_and(|x| x.safe == safe))
            .count()
    };
    let mut summary = render::summary(&flat);
    if summary.is_empty() {
        summary = "nothing found".to_owned();
    }
    let (safe, not) = (fixable(true), fixable(false));
    if safe > 0 {
        summary.push_str(&format!("; {safe} can be mended with --fix"));
    }
    if not > 0 {
        summary.push_str(&format!("; {not} with --fix --unsafe"));
    }
    super::print(&format!("{summary}\n"));
}

fn statistics(all: &[Linted]) {
    let mut counts: Vec<(&'static Rule, usize, usize)> = Vec::new();
    for rule in rules::ALL {
        let in_file = |l: &Linted| {
            l.findings
                .iter()
                .filter(|f| f.rule.code == rule.code)
                .count()
        };
        let per_file: Vec<usize> = all.iter().map(in_file).collect();
        let files = per_file.iter().filter(|n| **n > 0).count();
        let sum = per_file.iter().sum();
        if sum > 0 {
            counts.push((rule, sum, files));
        }
    }
    counts.sort_by_key(|(_, n, _)| std::cmp::Reverse(*n));
    let lines = counts.iter().map(|(rule, n, files)| {
        format!(
            "{n:6} findings in {files:4} files  {} {} ({})\n",
            rule.code,
            rule.name,
            rule.category.name()
        )
    });
    let faults: usize = all.iter().map(|l| l.faults.len()).sum();
    let mut text: String = lines.collect();
    if faults > 0 {
        text.push_str(&format!("{faults:6} faults for which a file is refused\n"));
    }
    super::print(&text);
}
