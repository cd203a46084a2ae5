//! Floor 11: the command line.
//!
//! Called as `haproxy`, or with a first argument that begins with `-`, the program takes HAProxy's
//! own options ([`haproxy`]); otherwise its own subcommands.

pub mod haproxy;
pub mod load;
pub mod serve;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

/// Runs the program with its arguments, name first.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let mut words = args.into_iter();
    let program = words.next().unwrap_or_else(|| OsString::from("hapax"));
    let words: Vec<OsString> = words.collect();
    if speaks_haproxy(&program, &words) {
        return haproxy::main(&program, &words);
    }
    ExitCode::SUCCESS
}

/// Whether HAProxy's own command line is meant.
fn speaks_haproxy(program: &OsStr, words: &[OsString]) -> bool {
    let name = Path::new(program).file_name().unwrap_or_default();
    let first = words.first().map(|w| w.as_bytes()).unwrap_or_default();
    name.as_bytes().starts_with(b"haproxy")
        || (first.starts_with(b"-") && !matches!(first, b"--help" | b"--version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_or_a_dash_means_haproxy() {
        let words = |line: &str| {
            line.split_whitespace()
                .map(OsString::from)
                .collect::<Vec<_>>()
        };
        let table = [
            ("haproxy", "", true),
            ("/usr/sbin/haproxy-3.4", "check a", true),
            ("/x/haproxy/hapax", "check a", false),
            ("hapax", "", false),
            ("hapax", "-f a", true),
            ("hapax", "-v", true),
            ("hapax", "--help", false),
            ("hapax", "check -x", false),
        ];
        for (name, line, expected) in table {
            assert_eq!(
                speaks_haproxy(OsStr::new(name), &words(line)),
                expected,
                "{name} {line}"
            );
        }
    }
}
