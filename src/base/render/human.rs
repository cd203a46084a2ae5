//! The source line with the fault underlined, what was expected there, and how to mend it.

use super::{printable, title};
use crate::base::diag::{Diagnostic, Severity};
use crate::base::span::{Sources, Span};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

/// Renders findings for people.
#[derive(Clone, Debug)]
pub struct Human {
    renderer: Renderer,
    /// Whether findings that only `-dD` shows are rendered.
    pub diag: bool,
}

/// How much of a long line is shown on each side of the fault, in bytes.
const AROUND: usize = 300;

impl Human {
    /// Renders with or without colours; see [`super::colour`].
    pub fn new(colour: bool) -> Self {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        Human {
            renderer: renderer.term_width(120),
            diag: false,
        }
    }

    /// One finding, with its line ends and an empty line; nothing for one that is not to be shown.
    pub fn render(&self, finding: &Diagnostic, sources: &Sources) -> String {
        let level = match finding.severity {
            Severity::Diag if !self.diag => return String::new(),
            Severity::Diag => Level::INFO.with_name("diag"),
            Severity::Notice => Level::NOTE.with_name("notice"),
            Severity::Warning => Level::WARNING,
            Severity::Alert => Level::ERROR,
        };
        let heading = level.primary_title(title(finding)).id(finding.code);
        let mut group = Group::with_title(heading);
        if let Some(excerpt) = finding.span.and_then(|span| Excerpt::new(span, sources)) {
            let label = finding.expected.as_deref();
            group = group.element(excerpt.marked(AnnotationKind::Primary, label));
        } else if let Some(expected) = &finding.expected {
            group = group.element(Level::NOTE.message(printable(expected)));
        }
        for (span, text) in &finding.related {
            if let Some(excerpt) = Excerpt::new(*span, sources) {
                group = group.element(excerpt.marked(AnnotationKind::Context, Some(text)));
            }
        }
        for help in &finding.help {
            group = group.element(Level::HELP.message(printable(help)));
        }
        self.renderer.render(&[group]) + "\n\n"
    }

    /// All findings.
    pub fn render_all(&self, findings: &[Diagnostic], sources: &Sources) -> String {
        findings.iter().map(|f| self.render(f, sources)).collect()
    }
}

/// One line of a file, or the part of it around the fault.
struct Excerpt<'s> {
    path: &'s str,
    line: u32,
    text: String,
    range: std::ops::Range<usize>,
}

impl<'s> Excerpt<'s> {
    fn new(span: Span, sources: &'s Sources) -> Option<Self> {
        let source = sources.file(span.file)?;
        let line = source.line(span.line)?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let start = (span.start as usize).min(line.len());
        let end = (span.end as usize).clamp(start, line.len());
        let end = end.min(start + AROUND);
        let from = start.saturating_sub(AROUND);
        // A column that is not the line's own would mislead, so a line is only cut when it must.
        let from = if from < AROUND { 0 } else { from };
        let to = (end + AROUND).min(line.len());
        let (text, marks) = visible(line.get(from..to)?, [start - from, end - from]);
        let [start, end] = marks;
        Some(Excerpt {
            path: &source.name,
            line: span.line,
            text,
            range: start..end,
        })
    }

    fn marked(self, kind: AnnotationKind, label: Option<&str>) -> Snippet<'s, Annotation<'s>> {
        let annotation = kind.span(self.range).label(label.map(printable));
        Snippet::source(self.text)
            .line_start(self.line as usize)
            .path(self.path)
            .annotation(annotation)
    }
}

/// Bytes as text, what is no text as `?`, and where two of its offsets went.
fn visible(bytes: &[u8], marks: [usize; 2]) -> (String, [usize; 2]) {
    let mut text = String::with_capacity(bytes.len());
    let mut moved = marks.map(|_| None);
    let mut at = 0;
    let note = |at: usize, length: usize, moved: &mut [Option<usize>; 2]| {
        for (slot, mark) in moved.iter_mut().zip(marks) {
            if slot.is_none() && at >= mark {
                *slot = Some(length);
            }
        }
    };
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            note(at, text.len(), &mut moved);
            at += character.len_utf8();
            text.push(match character {
                '\t' => '\t',
                c if c.is_control() => '?',
                c => c,
            });
        }
        if !chunk.invalid().is_empty() {
            note(at, text.len(), &mut moved);
            at += chunk.invalid().len();
            text.push('?');
        }
    }
    let length = text.len();
    (text, moved.map(|slot| slot.unwrap_or(length)))
}
