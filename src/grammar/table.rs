//! Reading the tab-separated tables.
//!
//! A table begins with comment lines (`#`) and one line of column names. A table is part of the
//! program: its form is checked by tests, and a malformed row reads as empty cells here.

use super::life::{Arity, Life, Part, Version};
use std::rc::Rc;

/// No table has more columns.
const MOST_COLUMNS: usize = 16;

/// One row: its cells in the order of the header.
#[derive(Clone, Debug)]
pub(super) struct Row {
    columns: Rc<[&'static str]>,
    cells: [&'static str; MOST_COLUMNS],
}

impl Row {
    /// The cell of a column; empty when the row or the table has none.
    pub(super) fn cell(&self, column: &str) -> &'static str {
        self.columns
            .iter()
            .zip(self.cells)
            .find(|(name, _)| **name == column)
            .map_or("", |(_, cell)| cell)
    }

    /// The cell of a column, `None` when it is empty.
    pub(super) fn optional(&self, column: &str) -> Option<&'static str> {
        Some(self.cell(column)).filter(|text| !text.is_empty())
    }

    /// The words of a comma list; none for an empty cell.
    pub(super) fn list(&self, column: &str) -> Vec<&'static str> {
        self.cell(column)
            .split(',')
            .filter(|word| !word.is_empty())
            .collect()
    }

    /// The columns `since`, `deprecated`, `removed` and `replacement`.
    pub(super) fn life(&self) -> Life {
        let version = |column| self.optional(column).and_then(Version::parse);
        Life {
            since: version("since"),
            deprecated: version("deprecated"),
            removed: version("removed"),
            replacement: self.optional("replacement"),
        }
    }

    /// The column `args`.
    pub(super) fn arity(&self) -> Arity {
        Arity::parse(self.cell("args")).unwrap_or(Arity { min: 0, max: None })
    }

    /// The column `part`.
    pub(super) fn part(&self) -> Part {
        Part::parse(self.cell("part")).unwrap_or(Part::Later)
    }
}

/// The rows of a table below its header.
pub(super) fn rows(text: &'static str) -> impl Iterator<Item = Row> {
    let mut lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let columns: Rc<[&str]> = lines.next().unwrap_or("").split('\t').collect();
    lines.map(move |line| {
        let mut cells = [""; MOST_COLUMNS];
        for (cell, text) in cells.iter_mut().zip(line.split('\t')) {
            *cell = text;
        }
        Row {
            columns: Rc::clone(&columns),
            cells,
        }
    })
}

/// The row of that name in a table sorted by name.
pub(super) fn find<T>(
    table: &'static [T],
    name: &[u8],
    key: impl Fn(&T) -> &'static str,
) -> Option<&'static T> {
    let at = table
        .binary_search_by(|row| key(row).as_bytes().cmp(name))
        .ok()?;
    table.get(at)
}

/// Form of a table, for the tests: every row has the header's number of cells, `key` columns
/// strictly ascend, and nothing has blanks around it.
#[cfg(test)]
pub(super) fn check_form(text: &'static str, key: &[&str]) {
    let lines = || {
        text.lines()
            .filter(|l| !l.starts_with('#') && !l.is_empty())
    };
    let width = lines().next().unwrap().split('\t').count();
    assert!(width <= MOST_COLUMNS);
    for line in lines() {
        assert_eq!(line.split('\t').count(), width, "cells of {line:?}");
        for cell in line.split('\t') {
            assert_eq!(cell, cell.trim(), "blanks in {line:?}");
        }
    }
    let mut last: Option<Vec<&str>> = None;
    for row in rows(text) {
        let this: Vec<&str> = key.iter().map(|column| row.cell(column)).collect();
        if let Some(before) = &last {
            assert!(*before < this, "{before:?} stands before {this:?}");
        }
        last = Some(this);
    }
    assert!(last.is_some(), "an empty table");
}
