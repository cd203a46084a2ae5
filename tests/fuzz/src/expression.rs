//! Any text as a sample expression and as a log format.
#![no_main]

use hapax::sample::compile::NoNames;
use hapax::sample::{Compile, Expr, LogFormat, Places};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let mut compile = Compile::new(Places::all(), &NoNames);
    let _ = Expr::parse(text, &mut compile);
    let mut compile = Compile::new(Places::all(), &NoNames);
    let _ = LogFormat::parse(text, &mut compile);
});
