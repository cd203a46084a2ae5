//! `hapax check`: every fault of a configuration at once, for people, editors and build services.

use super::load::{self, Loaded, Names};
use super::report::{self, Suite};
use crate::base::diag::{self, Diagnostic, Severity};
use crate::base::render::{self, HaProxy, Human};
use crate::base::span::Sources;
use crate::base::version;
use crate::config::condition::Facts;
use crate::config::read::{self, Input};
use crate::engine::Hub;
use crate::grammar::Version;
use crate::lower::{self, language};
use crate::plan::{AbsentFiles, Files, RealFiles};
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Checks a configuration and shows every fault with its place and its remedy.
///
/// Exit status: 0 nothing is wrong, 1 the configuration is refused, 2 the command line is wrong
/// or a file cannot be read.
#[derive(Clone, Debug, clap::Args)]
pub struct Check {
    /// Files and directories that make up the configuration, in order; `-` is the standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Each FILE is a configuration of its own
    #[arg(long)]
    pub each: bool,
    /// Ask nothing of this machine: neither files that lines name, nor hosts, users and groups
    /// (also the case where the standard input is read)
    #[arg(long)]
    pub offline: bool,
    /// Say what HAProxy of that version (1.3 to 3.4) would say, and nothing about hapax itself
    #[arg(long = "for", value_name = "VERSION", value_parser = version_of)]
    pub version: Option<Version>,
    /// With --for: as a build without that library (tls, lua, zlib)
    #[arg(long, requires = "version", value_name = "LIBRARY", value_delimiter = ',', value_parser = ["tls", "lua", "zlib"])]
    pub without: Vec<String>,
    /// How findings are shown
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = FORMATS)]
    pub format: String,
    /// What else than errors gives status 1 (`warnings`)
    #[arg(long, value_name = "WHAT", value_parser = ["warnings"])]
    pub deny: Option<String>,
    /// Show hints about doubtful statements too
    #[arg(long)]
    pub hints: bool,
}

const FORMATS: [&str; 9] = [
    "human", "short", "json", "sarif", "github", "gitlab", "junit", "rdjson", "haproxy",
];

fn version_of(text: &str) -> Result<Version, String> {
    let oldest = Version { major: 1, minor: 3 };
    Version::parse(text)
        .filter(|v| (oldest..=Version::CURRENT).contains(v))
        .ok_or_else(|| {
            format!(
                "a version from {oldest} to {} is expected",
                Version::CURRENT
            )
        })
}

/// One configuration after its check.
struct Checked {
    /// How the report calls it.
    name: String,
    sources: Sources,
    findings: Vec<Diagnostic>,
    refused: bool,
}

/// Runs it. Status 0: nothing is wrong; 1: refused; 2: no file.
pub fn run(check: &Check) -> ExitCode {
    let sets: Vec<Vec<PathBuf>> = match check.each {
        true => check.files.iter().map(|f| vec![f.clone()]).collect(),
        false => vec![check.files.clone()],
    };
    let mut all = Vec::new();
    for set in &sets {
        match one(check, set) {
            Ok(checked) => all.push(checked),
            Err(text) => {
                let _ = std::io::stderr().write_all(text.as_bytes());
                return ExitCode::from(2);
            }
        }
    }
    show(check, &all);
    let refused = all.iter().any(|c| {
        let warned = c.findings.iter().any(|f| f.severity == Severity::Warning);
        c.refused || (check.deny.is_some() && warned)
    });
    ExitCode::from(u8::from(refused))
}

/// The files of a configuration; the standard input is one of them if so named.
pub(super) fn open(set: &[PathBuf]) -> (Vec<Input>, Vec<Diagnostic>) {
    let mut inputs = Vec::new();
    let mut findings = Vec::new();
    for path in set {
        if path == Path::new("-") {
            let mut text = Vec::new();
            let _ = std::io::stdin().lock().read_to_end(&mut text);
            let name = "<stdin>".to_owned();
            inputs.push(Input { name, text });
            continue;
        }
        let (mut more, mut faults) = read::open(&[path]);
        inputs.append(&mut more);
        findings.append(&mut faults);
    }
    (inputs, findings)
}

fn one(check: &Check, set: &[PathBuf]) -> Result<Checked, String> {
    let (inputs, findings) = open(set);
    if !findings.is_empty() || inputs.is_empty() {
        let human = Human::new(render::colour(std::io::stderr().is_terminal()));
        let texts = findings
            .iter()
            .map(|f| human.render(f, &Sources::default()));
        return Err(match findings.is_empty() {
            true => "there is no configuration file (*.cfg) in there\n".to_owned(),
            false => texts.collect(),
        });
    }
    let name = inputs.first().map(|i| i.name.clone()).unwrap_or_default();
    let mut env = load::environment(None, &inputs);
    let stdin = set.iter().any(|p| p == Path::new("-"));
    let files: &dyn Files = match check.offline || stdin {
        true => &AbsentFiles,
        false => &RealFiles,
    };
    let hub = Hub::new();
    let wake: Arc<dyn crate::balance::queue::Wake> = hub.clone();
    let options = lower::Options {
        language: check.version,
        without: check.without.clone(),
        dynamic: false,
        ..lower::Options::default()
    };
    let facts = Facts {
        language: check.version,
        ..load::facts(true)
    };
    let Loaded {
        document,
        plan,
        mut findings,
        ..
    } = load::load(
        inputs,
        &mut env,
        &facts,
        &options,
        files,
        &wake,
        Names::MustResolve,
    );
    let refused = match check.version {
        // What hapax itself cannot run yet does not count here.
        Some(version) => {
            language::judge(&mut findings, version);
            diag::is_fatal(&findings)
        }
        None => plan.is_none() || diag::is_fatal(&findings),
    };
    findings.retain(|f| f.severity != Severity::Diag || check.hints);
    Ok(Checked {
        name,
        sources: document.sources,
        findings,
        refused,
    })
}

fn show(check: &Check, all: &[Checked]) {
    let suites: Vec<Suite<'_>> = all
        .iter()
        .map(|c| Suite {
            name: &c.name,
            sources: &c.sources,
            findings: &c.findings,
        })
        .collect();
    match check.format.as_str() {
        "haproxy" => {
            let program = std::env::current_exe().unwrap_or_default();
            let program = program.to_string_lossy().into_owned();
            let mut out = HaProxy::new(std::process::id(), version::FULL, program);
            out.diag = check.hints;
            let pairs = all
                .iter()
                .flat_map(|c| c.findings.iter().map(|f| (f, &c.sources)));
            let text: String = pairs.map(|(f, s)| out.render(f, s)).collect();
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
        format => match report::text(format, "hapax check", &suites) {
            Some(text) => super::print(&text),
            None => human(check, all),
        },
    }
}

fn human(check: &Check, all: &[Checked]) {
    let mut out = std::io::stderr().lock();
    let mut human = Human::new(render::colour(std::io::stderr().is_terminal()));
    human.diag = check.hints;
    for checked in all {
        for finding in &checked.findings {
            let text = human.render(finding, &checked.sources);
            let _ = out.write_all(text.as_bytes());
        }
        let summary = render::summary(&checked.findings);
        let verdict = match (checked.refused, summary.is_empty()) {
            (true, _) => format!("refused: {summary}"),
            (false, true) => "valid".to_string(),
            (false, false) => format!("valid, with {summary}"),
        };
        let name = match all.len() {
            1 => String::new(),
            _ => format!("{}: ", checked.name),
        };
        let _ = writeln!(out, "{name}{verdict}");
    }
}
