//! Floor 6: the canonical layout of a configuration.
//!
//! Only white space between words changes, and CR line ends, which mean the same. Words keep their
//! quotes, escapes and variables; comments keep their text. Lines of a section are indented,
//! section heads and what stands before the first section are not; a comment that stands in the
//! first column stays there. One blank line stands before a section, never two anywhere, none at
//! the ends. A line that cannot be cut into words is left as it is.

use crate::config::layout::{self, Layout};
use crate::grammar;

#[cfg(test)]
mod tests;

/// What may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Blanks before a line of a section; 0 stands for a tab.
    pub indent: usize,
}

impl Default for Style {
    fn default() -> Self {
        Style { indent: 4 }
    }
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Blank,
    Comment,
    Head,
    Line,
}

/// A text in its canonical layout.
pub fn format(text: &[u8], style: Style) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
    if lines.last().is_some_and(|l| l.is_empty()) {
        lines.pop();
    }
    // a line that says its own number must stay where it is
    let fixed = memchr::memmem::find(text, b"$.LINE").is_some()
        || memchr::memmem::find(text, b"${.LINE").is_some();
    let indent = match style.indent {
        0 => b"\t".to_vec(),
        n => vec![b' '; n],
    };
    let mut out: Vec<(Kind, Vec<u8>)> = Vec::with_capacity(lines.len());
    let mut inside = false;
    for line in lines {
        let layout = layout::line(line);
        let kind = kind(line, &layout);
        if kind == Kind::Head {
            inside = true;
            if !fixed {
                open(&mut out);
            }
        }
        if kind == Kind::Blank && !fixed && out.last().is_none_or(|(k, _)| *k == Kind::Blank) {
            continue;
        }
        let free = line.first().is_some_and(|b| matches!(b, b'#' | b'.'));
        let mut new = match inside && !free && !matches!(kind, Kind::Head | Kind::Blank) {
            true => indent.clone(),
            false => Vec::new(),
        };
        match layout.broken {
            true => new = line.to_vec(),
            false => join(line, &layout, &mut new),
        }
        out.push((kind, new));
    }
    while !fixed && out.last().is_some_and(|(k, _)| *k == Kind::Blank) {
        out.pop();
    }
    let mut text = Vec::new();
    for (_, line) in out {
        text.extend_from_slice(&line);
        text.push(b'\n');
    }
    text
}

fn kind(line: &[u8], layout: &Layout) -> Kind {
    let Some(first) = layout.words.first() else {
        return match layout.comment {
            Some(_) => Kind::Comment,
            None if layout.broken => Kind::Line,
            None => Kind::Blank,
        };
    };
    let word = line.get(first.clone()).unwrap_or_default();
    match !layout.broken && grammar::section(word).is_some() {
        true => Kind::Head,
        false => Kind::Line,
    }
}

/// Puts a blank line before a section head and the comments in the first column right above it.
fn open(out: &mut Vec<(Kind, Vec<u8>)>) {
    let above = out.iter().rev();
    let comments = above
        .take_while(|(k, l)| *k == Kind::Comment && l.starts_with(b"#"))
        .count();
    let at = out.len() - comments;
    let before = at.checked_sub(1).and_then(|at| out.get(at));
    let opens = |line: &[u8]| line.starts_with(b".if") || line.starts_with(b".el");
    if before.is_some_and(|(k, l)| *k != Kind::Blank && !opens(l)) {
        out.insert(at, (Kind::Blank, Vec::new()));
    }
}

/// The words with one blank between them, and the comment.
fn join(line: &[u8], layout: &Layout, out: &mut Vec<u8>) {
    for (index, word) in layout.words.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(line.get(word.clone()).unwrap_or_default());
    }
    if let Some(at) = layout.comment {
        if !layout.words.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(line.get(at..).unwrap_or_default().trim_ascii_end());
    }
}

/// Whether two texts say the same words and comments in the same order.
pub fn says_the_same(a: &[u8], b: &[u8]) -> bool {
    let said = |text: &[u8]| -> Vec<Vec<u8>> {
        let lines = text.split(|b| *b == b'\n');
        let joined = lines.map(|line| {
            let mut out = Vec::new();
            let layout = layout::line(line);
            match layout.broken {
                true => out.extend_from_slice(line),
                false => join(line, &layout, &mut out),
            }
            out
        });
        joined.filter(|l| !l.is_empty()).collect()
    };
    said(a) == said(b)
}
