//! Floor 11: the command line.

pub mod haproxy;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with its arguments, name first.
pub fn main(_args: Vec<OsString>) -> ExitCode {
    ExitCode::SUCCESS
}
