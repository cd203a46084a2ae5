//! Which files a configuration is made of.

use crate::base::diag::{Diagnostic, Form, Severity};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// One file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name as messages show it: as given, or `directory/file`.
    pub name: String,
    /// Its bytes.
    pub text: Vec<u8>,
}

/// Reads the files and directories of a command line, in its order.
///
/// Of a directory, the plain files (and links to such) whose name ends in `.cfg` and does not
/// begin with a dot are taken, sorted by bytes. A file named twice is read twice, and a path that
/// is no plain file (`/dev/stdin`, a pipe) is read to its end.
pub fn open<P: AsRef<Path>>(paths: &[P]) -> (Vec<Input>, Vec<Diagnostic>) {
    let mut inputs = Vec::new();
    let mut findings = Vec::new();
    for path in paths {
        let path = path.as_ref();
        match std::fs::metadata(path) {
            Ok(about) if about.is_dir() => directory(path, &mut inputs, &mut findings),
            Ok(_) => file(path, &path.to_string_lossy(), &mut inputs, &mut findings),
            Err(error) => findings.push(cannot_open("file/directory ", path, &error)),
        }
    }
    (inputs, findings)
}

fn directory(path: &Path, inputs: &mut Vec<Input>, findings: &mut Vec<Diagnostic>) {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            findings.push(cannot_open("directory ", path, &error));
            return;
        }
    };
    let mut names: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .filter(|name| is_configuration(name))
        .collect();
    names.sort();
    for name in names {
        let whole = path.join(&name);
        match std::fs::metadata(&whole) {
            Ok(about) if about.is_file() => {
                // HAProxy puts the slash in whether or not the directory's name ends in one.
                let shown = format!("{}/{}", path.to_string_lossy(), name.to_string_lossy());
                file(&whole, &shown, inputs, findings);
            }
            Ok(_) => {}
            Err(error) => findings.push(cannot_open("file ", &whole, &error)),
        }
    }
}

fn is_configuration(name: &OsStr) -> bool {
    let name = name.as_bytes();
    !name.starts_with(b".") && name.ends_with(b".cfg")
}

fn file(path: &Path, shown: &str, inputs: &mut Vec<Input>, findings: &mut Vec<Diagnostic>) {
    match std::fs::read(path) {
        Ok(text) => inputs.push(Input {
            name: shown.to_owned(),
            text,
        }),
        Err(error) => findings.push(cannot_open("file ", path, &error)),
    }
}

fn cannot_open(what: &str, path: &Path, error: &std::io::Error) -> Diagnostic {
    let reason = error
        .raw_os_error()
        .map_or_else(|| error.to_string(), |code| strerror(code).to_owned());
    let message = format!(
        "Cannot open configuration {what}{} : {reason}",
        path.to_string_lossy()
    );
    Diagnostic::new(Severity::Alert, "HX0129", message).form(Form::Config)
}

fn strerror(code: i32) -> &'static str {
    nix::errno::Errno::from_raw(code).desc()
}

#[cfg(test)]
mod tests;
