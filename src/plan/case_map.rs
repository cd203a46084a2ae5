//! `h1-case-adjust` and `h1-case-adjust-file` to one map.

use super::Files;
use super::build::located;
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;
use crate::ir::Config;
use crate::proto::h1::CaseMap;
use std::sync::Arc;

/// The map of the process; names are lower case on the left.
pub fn build(config: &Config, files: &dyn Files, diags: &mut Vec<Diagnostic>) -> Arc<CaseMap> {
    let global = &config.global;
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for (from, to) in &global.h1_case_adjust {
        pairs.push((from.to_ascii_lowercase(), to.clone()));
    }
    if let Some((path, span)) = &global.h1_case_adjust_file
        && files.present()
    {
        read(config, path, *span, files, &mut pairs, diags);
    }
    pairs.sort();
    pairs.dedup_by(|b, a| a.0 == b.0);
    Arc::new(CaseMap::new(pairs))
}

/// A line holds two words; `#` begins a comment.
fn read(
    config: &Config,
    path: &str,
    span: Span,
    files: &dyn Files,
    pairs: &mut Vec<(Vec<u8>, Vec<u8>)>,
    diags: &mut Vec<Diagnostic>,
) {
    let mut fail = |text: String| {
        let message = format!("h1-headers-case-adjust-file '{path}'{text}");
        diags.push(Diagnostic::alert("HX0315", span, message).form(Form::Plain));
    };
    let Ok(text) = files.read(&located(config, path, span)) else {
        fail(": failed to open file.".to_owned());
        return;
    };
    let known = pairs.len();
    for (line, number) in text.split(|b| *b == b'\n').zip(1u32..) {
        let mut words = line
            .split(u8::is_ascii_whitespace)
            .filter(|w| !w.is_empty());
        let Some(from) = words.next().filter(|w| !w.starts_with(b"#")) else {
            continue;
        };
        let Some(to) = words.next() else {
            fail(format!(" : expect <to> at line {number}."));
            return;
        };
        if !from.eq_ignore_ascii_case(to) {
            fail(format!(
                " : <from> and <to> must not differ except the case at line {number}."
            ));
            return;
        }
        let lower = from.to_ascii_lowercase();
        let earlier = pairs.get(known..).unwrap_or_default();
        if earlier.iter().any(|(f, _)| *f == lower) {
            let name = String::from_utf8_lossy(from);
            fail(format!(" : duplicate entry '{name}' at line {number}."));
            return;
        }
        pairs.push((lower, to.to_vec()));
    }
}
