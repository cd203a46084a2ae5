//! Where a piece of configuration text came from.

/// Index of a source file in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// A stretch of one line of a configuration file.
///
/// `line` counts from 1; `start` and `end` are byte offsets into that physical line, counted
/// from 0, `end` exclusive. A directive is always one line: HAProxy has no line continuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Line, from 1; 0 where no line is meant.
    pub line: u32,
    /// First byte within the line.
    pub start: u32,
    /// One past the last byte within the line.
    pub end: u32,
}

impl Span {
    /// The smallest span that holds both, where both lie on one line; else `self`.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file || self.line != other.line {
            return self;
        }
        Span {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
            ..self
        }
    }
}

/// One configuration file as it was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name as given on the command line, `<stdin>`, or the path below a directory.
    pub name: String,
    /// Its bytes; HAProxy's files need not be UTF-8.
    pub text: Vec<u8>,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl Source {
    /// A line, counted from 1, without its LF; `None` beyond the end.
    pub fn line(&self, number: u32) -> Option<&[u8]> {
        let index = (number as usize).checked_sub(1)?;
        let start = *self.starts.get(index)?;
        let end = match self.starts.get(index + 1) {
            Some(next) => next.checked_sub(1)?,
            None => self.text.len(),
        };
        self.text.get(start..end)
    }

    /// Where a line begins in [`Source::text`]; `None` beyond the end.
    pub fn line_start(&self, number: u32) -> Option<usize> {
        let index = (number as usize).checked_sub(1)?;
        self.starts.get(index).copied()
    }

    /// All lines with their numbers, without their LF. What follows the last LF counts as a line
    /// only when it is not empty.
    pub fn lines(&self) -> impl Iterator<Item = (u32, &[u8])> {
        (1..)
            .map_while(|n| Some((n, self.line(n)?)))
            .filter(|(n, line)| !line.is_empty() || (*n as usize) < self.starts.len())
    }

    /// Whether the last line lacks its LF (HAProxy refuses such a file: it may be truncated).
    pub fn is_unterminated(&self) -> bool {
        self.text.last().is_some_and(|b| *b != b'\n')
    }
}

/// All files of one configuration, in the order read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file and names it from then on by the id returned.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Vec<u8>>) -> FileId {
        let text = text.into();
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', &text).map(|at| at + 1));
        self.files.push(Source {
            name: name.into(),
            text,
            starts,
        });
        FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    /// The file of an id; `None` for an id of another collection.
    pub fn file(&self, id: FileId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// The name of a file, empty when unknown.
    pub fn name(&self, id: FileId) -> &str {
        self.file(id).map_or("", |f| &f.name)
    }

    /// All files in order.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files
            .iter()
            .enumerate()
            .map(|(i, f)| (FileId(u32::try_from(i).unwrap_or(u32::MAX)), f))
    }
}
