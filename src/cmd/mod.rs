//! Floor 11: the command line.
//!
//! Called as `haproxy`, or with a first argument that begins with `-`, the program takes HAProxy's
//! own options ([`haproxy`]); otherwise its own subcommands.

pub mod check;
pub mod demo;
pub mod explain;
pub mod fmt;
pub mod haproxy;
pub mod keywords;
pub mod lint;
pub mod load;
pub mod migrate;
pub mod packaging;
mod report;
pub mod route;
pub mod rules;
pub mod serve;
pub mod test;

use crate::base::version;
use clap::Parser;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

/// Runs the program with its arguments, name first.
pub fn main(args: Vec<OsString>) -> ExitCode {
    // the allocator asks for huge pages, of which small tasks and sessions touch a little each:
    // an idle connection then costs 1,260 bytes instead of 550. Where the kernel refuses, nothing
    // is lost but memory.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let mut words = args.into_iter();
    let program = words.next().unwrap_or_else(|| OsString::from("hapax"));
    let words: Vec<OsString> = words.collect();
    if speaks_haproxy(&program, &words) {
        return haproxy::main(&program, &words);
    }
    let line = std::iter::once(OsString::from("hapax")).chain(words);
    match Hapax::try_parse_from(line) {
        Ok(hapax) => match hapax.command {
            Subcommand::Check(check) => check::run(&check),
            Subcommand::Demo(demo) => demo::run(&program, &demo),
            Subcommand::Explain(explain) => explain::run(&explain),
            Subcommand::Fmt(fmt) => fmt::run(&fmt),
            Subcommand::Keywords(keywords) => keywords::run(&keywords),
            Subcommand::Migrate(migrate) => migrate::run(&migrate),
            Subcommand::Lint(lint) => lint::run(&lint),
            Subcommand::Rules(rules) => rules::run(&rules),
            Subcommand::Completions(wanted) => packaging::completions(&wanted),
            Subcommand::Man(wanted) => packaging::man(&wanted),
            Subcommand::Route(route) => route::run(&route),
            Subcommand::Test(test) => test::run(&test),
        },
        Err(error) => {
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

/// Runs HAProxy configurations. With HAProxy's own options (hapax -f haproxy.cfg), or called
/// haproxy, it takes HAProxy's command line.
#[derive(Debug, clap::Parser)]
#[command(name = "hapax", version = version::FULL)]
struct Hapax {
    #[command(subcommand)]
    command: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    Check(check::Check),
    Demo(demo::Demo),
    Explain(explain::Explain),
    Fmt(fmt::Fmt),
    Keywords(keywords::Keywords),
    Migrate(migrate::Migrate),
    Lint(lint::Lint),
    Rules(rules::Rules),
    Completions(packaging::Completions),
    Man(packaging::Man),
    Route(route::Route),
    Test(test::Test),
}

/// Whether HAProxy's own command line is meant.
fn speaks_haproxy(program: &OsStr, words: &[OsString]) -> bool {
    let name = Path::new(program).file_name().unwrap_or_default();
    let first = words.first().map(|w| w.as_bytes()).unwrap_or_default();
    name.as_bytes().starts_with(b"haproxy")
        || (first.starts_with(b"-") && !matches!(first, b"--help" | b"--version"))
}

/// Writes to the standard output. Whoever closed the pipe does not want the rest.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
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
