//! `hapax check`: every fault of a configuration at once, for people.

use super::load::{self, Names};
use crate::base::diag::{self, Severity};
use crate::base::render::{self, Human};
use crate::base::span::Sources;
use crate::config::read;
use crate::engine::Hub;
use crate::lower;
use crate::plan::{AbsentFiles, Files, RealFiles};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Checks a configuration and shows every fault with its place and its remedy.
#[derive(Clone, Debug, clap::Args)]
pub struct Check {
    /// Files and directories that make up the configuration, in order
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Ask nothing of this machine: neither files that lines name, nor hosts, users and groups
    #[arg(long)]
    pub offline: bool,
    /// Show hints about doubtful statements too
    #[arg(long)]
    pub hints: bool,
}

/// Runs it. Status 0: runs; 1: refused; 2: no file.
pub fn run(check: &Check) -> ExitCode {
    let mut out = std::io::stderr().lock();
    let mut human = Human::new(render::colour(std::io::stderr().is_terminal()));
    human.diag = check.hints;
    let (inputs, findings) = read::open(&check.files);
    if !findings.is_empty() || inputs.is_empty() {
        for finding in &findings {
            let _ = out.write_all(human.render(finding, &Sources::default()).as_bytes());
        }
        if findings.is_empty() {
            let _ = writeln!(out, "there is no configuration file (*.cfg) in there");
        }
        return ExitCode::from(2);
    }
    let mut env = load::environment(None, &inputs);
    let files: &dyn Files = match check.offline {
        true => &AbsentFiles,
        false => &RealFiles,
    };
    let hub = Hub::new();
    let wake: Arc<dyn crate::balance::queue::Wake> = hub.clone();
    let options = lower::Options::default();
    let facts = load::facts(true);
    let loaded = load::load(
        inputs,
        &mut env,
        &facts,
        &options,
        files,
        &wake,
        Names::MustResolve,
    );
    for finding in &loaded.findings {
        let text = human.render(finding, &loaded.document.sources);
        let _ = out.write_all(text.as_bytes());
    }
    let shown = |f: &&diag::Diagnostic| f.severity != Severity::Diag || check.hints;
    let counted: Vec<_> = loaded.findings.iter().filter(shown).cloned().collect();
    let summary = render::summary(&counted);
    let verdict = match (loaded.is_fatal(), summary.is_empty()) {
        (true, _) => format!("refused: {summary}"),
        (false, true) => "valid".to_string(),
        (false, false) => format!("valid, with {summary}"),
    };
    let _ = writeln!(out, "{verdict}");
    ExitCode::from(u8::from(loaded.is_fatal()))
}
