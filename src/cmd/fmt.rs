//! `hapax fmt`: the canonical layout.

use super::lint;
use crate::fmt::{self, Style};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Brings configurations into the canonical layout: indentation, one blank between words, one
/// blank line between sections. Comments, quotes and the order of lines stay.
///
/// Exit status: 0 done, 1 with --check or --diff: a file is not in that layout, 2 the command
/// line is wrong or a file cannot be read or written.
#[derive(Clone, Debug, clap::Args)]
pub struct Fmt {
    /// Files, and directories whose *.cfg are meant; `-` is the standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Name the files whose layout is another, and change nothing
    #[arg(long)]
    pub check: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub diff: bool,
    /// Blanks before a line of a section; 0 stands for a tab
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(0..=16))]
    pub indent: Option<u8>,
    /// The settings file; `none` for none
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Runs it.
pub fn run(wanted: &Fmt) -> ExitCode {
    match format_all(wanted) {
        Ok(changed) => ExitCode::from(u8::from(changed && (wanted.check || wanted.diff))),
        Err(text) => {
            let _ = std::io::stderr().write_all(text.as_bytes());
            ExitCode::from(2)
        }
    }
}

/// Whether any file was or would be changed.
fn format_all(wanted: &Fmt) -> Result<bool, String> {
    let settings = lint::settings(wanted.config.as_deref())?;
    let indent = wanted.indent.map(usize::from).or(settings.indent);
    let style = indent.map_or_else(Style::default, |indent| Style { indent });
    let mut changed = false;
    for path in files(&wanted.files)? {
        let stdin = path == Path::new("-");
        let name = if stdin {
            "<stdin>".to_owned()
        } else {
            path.to_string_lossy().into_owned()
        };
        if settings.excludes(&name) {
            continue;
        }
        let fault = |e: std::io::Error| format!("hapax: {name}: {e}\n");
        let mut text = Vec::new();
        match stdin {
            true => std::io::stdin()
                .lock()
                .read_to_end(&mut text)
                .map(drop)
                .map_err(fault)?,
            false => text = std::fs::read(&path).map_err(fault)?,
        }
        let new = fmt::format(&text, style);
        if !fmt::says_the_same(&text, &new) {
            return Err(format!(
                "hapax: {name}: its layout cannot be changed without changing its words\n"
            ));
        }
        let differs = new != text;
        changed |= differs;
        if wanted.diff {
            super::print(&lint::diff(&name, &text, &new));
        } else if wanted.check {
            if differs {
                super::print(&format!("{name}\n"));
            }
        } else if stdin {
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(&new).and_then(|()| out.flush());
        } else if differs {
            std::fs::write(&path, &new).map_err(fault)?;
        }
    }
    Ok(changed)
}

/// The files named, and those of directories named.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut out = Vec::new();
    for path in paths {
        if !path.is_dir() {
            out.push(path.clone());
            continue;
        }
        let entries =
            std::fs::read_dir(path).map_err(|e| format!("hapax: {}: {e}\n", path.display()))?;
        let mut inside: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        inside.retain(|p| p.is_file() && p.extension().is_some_and(|e| e == "cfg"));
        inside.sort();
        out.append(&mut inside);
    }
    Ok(out)
}
