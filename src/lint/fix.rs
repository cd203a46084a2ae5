//! Puts fixes into the text.

use super::rule::{Edit, Finding, Fix};
use crate::base::span::{FileId, Source, Sources};
use std::ops::Range;

/// One file after its fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// Which file.
    pub file: FileId,
    /// Its new text.
    pub text: Vec<u8>,
    /// How many findings were mended in it.
    pub count: usize,
}

/// The change of a file that an edit means.
fn change(edit: &Edit, source: &Source) -> Option<(Range<usize>, Vec<u8>)> {
    match edit {
        Edit::Replace(span, text) => {
            let start = source.line_start(span.line)?;
            let range = start + span.start as usize..start + span.end as usize;
            source.text.get(range.clone())?;
            Some((range, text.clone()))
        }
        Edit::DeleteLine(span) => {
            let start = source.line_start(span.line)?;
            let end = source
                .line_start(span.line + 1)
                .unwrap_or(source.text.len());
            Some((start..end, Vec::new()))
        }
        Edit::InsertAfter(span, text) => {
            let line = source.line(span.line)?;
            let start = source.line_start(span.line)?;
            let blank = line
                .iter()
                .take_while(|b| matches!(b, b' ' | b'\t'))
                .count();
            let mut indent = line.get(..blank).unwrap_or_default().to_vec();
            if indent.is_empty() {
                // below the head of a section: as its next line is
                let next = source.line(span.line + 1).unwrap_or_default();
                let blank = next
                    .iter()
                    .take_while(|b| matches!(b, b' ' | b'\t'))
                    .count();
                indent = next.get(..blank).unwrap_or_default().to_vec();
                if indent.is_empty() {
                    indent = b"    ".to_vec();
                }
            }
            let end = start + line.len();
            let mut new = b"\n".to_vec();
            new.append(&mut indent);
            new.extend_from_slice(text);
            Some((end..end, new))
        }
    }
}

fn file_of(edit: &Edit) -> FileId {
    match edit {
        Edit::Replace(span, _) | Edit::DeleteLine(span) | Edit::InsertAfter(span, _) => span.file,
    }
}

/// Applies the fixes of findings, as many as do not touch the same text; those that are not safe
/// only if wished. Run it again on the outcome for the rest.
pub fn apply(sources: &Sources, findings: &[Finding], with_unsafe: bool) -> Vec<Fixed> {
    let mut out = Vec::new();
    for (file, source) in sources.iter() {
        let mut changes: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
        let mut count = 0;
        let fixes = findings.iter().filter_map(|f| f.fix.as_ref());
        for fix in fixes.filter(|f| f.safe || with_unsafe) {
            if let Some(mut wanted) = all_of(fix, file, source, &changes) {
                changes.append(&mut wanted);
                count += 1;
            }
        }
        if changes.is_empty() {
            continue;
        }
        changes.sort_by_key(|(range, _)| (range.start, range.end));
        let mut text = Vec::with_capacity(source.text.len());
        let mut at = 0;
        for (range, new) in changes {
            text.extend_from_slice(source.text.get(at..range.start).unwrap_or_default());
            text.extend_from_slice(&new);
            at = range.end;
        }
        text.extend_from_slice(source.text.get(at..).unwrap_or_default());
        out.push(Fixed { file, text, count });
    }
    out
}

/// The changes of a fix, if it lies in this file wholly and touches no other change.
fn all_of(
    fix: &Fix,
    file: FileId,
    source: &Source,
    taken: &[(Range<usize>, Vec<u8>)],
) -> Option<Vec<(Range<usize>, Vec<u8>)>> {
    let mut wanted = Vec::new();
    for edit in &fix.edits {
        if file_of(edit) != file {
            return None;
        }
        let (range, text) = change(edit, source)?;
        // changes of one fix may lie side by side; those of two may spoil each other
        let overlaps = |other: &Range<usize>| range.start < other.end && other.start < range.end;
        let touches = |other: &Range<usize>| range.start <= other.end && other.start <= range.end;
        if taken.iter().any(|(other, _)| touches(other))
            || wanted
                .iter()
                .any(|(other, _): &(Range<usize>, _)| overlaps(other))
        {
            return None;
        }
        wanted.push((range, text));
    }
    (!wanted.is_empty()).then_some(wanted)
}
