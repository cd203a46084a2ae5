//! One line of the statistics.

use super::column as c;
use crate::grammar::{StatField, stat_fields};
use crate::ir::Mode;
use std::borrow::Cow;
use std::sync::OnceLock;

/// What a column holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    #[default]
    Empty,
    /// A number.
    Number(u64),
    /// A number below zero: "never".
    Negative(i64),
    /// A text.
    Text(Cow<'static, str>),
}

impl From<u32> for Value {
    fn from(n: u32) -> Value {
        Value::Number(n.into())
    }
}

impl From<u64> for Value {
    fn from(n: u64) -> Value {
        Value::Number(n)
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Value {
        Value::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(Cow::Owned(text))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Empty, Into::into)
    }
}

/// Whose line it is; the numbers are those of the column `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A front end.
    Frontend = 0,
    /// A back end.
    Backend = 1,
    /// A server.
    Server = 2,
    /// A listener.
    Listener = 3,
}

impl Kind {
    /// Its letter in the table's column `scopes`.
    pub fn letter(self) -> char {
        match self {
            Kind::Frontend => 'F',
            Kind::Backend => 'B',
            Kind::Server => 'S',
            Kind::Listener => 'L',
        }
    }
    /// The word of JSON.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Frontend => "Frontend",
            Kind::Backend => "Backend",
            Kind::Server => "Server",
            Kind::Listener => "Listener",
        }
    }
}

/// One line.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whose.
    pub kind: Kind,
    /// By column.
    pub values: Vec<Value>,
}

/// Columns that only HTTP proxies have.
const HTTP_ONLY: &[usize] = &[
    c::HRSP_1XX,
    c::HRSP_2XX,
    c::HRSP_3XX,
    c::HRSP_4XX,
    c::HRSP_5XX,
    c::HRSP_OTHER,
    c::INTERCEPTED,
    c::CACHE_LOOKUPS,
    c::CACHE_HITS,
];

/// Kinds and modes, each with a line of its own to begin from.
static BLANK: OnceLock<[Vec<Value>; 8]> = OnceLock::new();

/// A line on which everything that is counted is 0.
fn blank(kind: Kind, http: bool) -> Vec<Value> {
    let zero = |value: &str| matches!(value, "u32" | "u64");
    let values = stat_fields()
        .iter()
        .enumerate()
        .map(|(at, field)| match field.name {
            "-" => "-".into(),
            _ if !http && HTTP_ONLY.contains(&at) => Value::Empty,
            _ if field.scopes.contains(kind.letter()) && zero(field.value) => Value::Number(0),
            _ => Value::Empty,
        });
    let mut row = Row {
        kind,
        values: values.collect(),
    };
    if kind == Kind::Backend {
        // HAProxy fills it for front ends alone
        row.set(c::INTERCEPTED, Value::Empty);
        if !http {
            row.set(c::REQ_TOT, Value::Empty);
        }
    }
    row.set(c::PID, 1u32);
    if matches!(kind, Kind::Frontend | Kind::Backend) {
        row.set(c::SID, 0u32);
    }
    row.set(c::TYPE, kind as u32);
    row.set(c::MODE, if http { "http" } else { "tcp" });
    row.values
}

impl Row {
    /// A line on which everything that is counted is 0.
    pub fn new(kind: Kind, mode: Mode) -> Row {
        let mut row = Row {
            kind,
            values: Vec::new(),
        };
        row.begin(kind, mode);
        row
    }

    /// Makes it such a line again, for the next use.
    pub fn begin(&mut self, kind: Kind, mode: Mode) {
        const KINDS: [Kind; 4] = [Kind::Frontend, Kind::Backend, Kind::Server, Kind::Listener];
        let all = BLANK.get_or_init(|| {
            std::array::from_fn(|at| {
                let kind = KINDS.get(at / 2).copied().unwrap_or(Kind::Server);
                blank(kind, at % 2 == 1)
            })
        });
        self.kind = kind;
        let at = kind as usize * 2 + usize::from(mode == Mode::Http);
        if let Some(values) = all.get(at) {
            self.values.clone_from(values);
        }
    }

    /// Fills a column.
    pub fn set(&mut self, column: usize, value: impl Into<Value>) {
        if let Some(slot) = self.values.get_mut(column) {
            *slot = value.into();
        }
    }

    /// The columns that hold something, as forms with one value per line number them: the mark
    /// before the columns of modules has no number there.
    pub fn filled(&self) -> impl Iterator<Item = (usize, &'static StatField, &Value)> {
        stat_fields()
            .iter()
            .zip(&self.values)
            .filter(|(field, _)| field.name != "-")
            .enumerate()
            .map(|(at, (field, value))| (at, field, value))
            .filter(|(_, _, value)| **value != Value::Empty)
    }

    /// What stands in a column.
    pub fn at(&self, column: usize) -> &Value {
        self.values.get(column).unwrap_or(&Value::Empty)
    }

    /// A number, 0 where there is none.
    pub fn number(&self, column: usize) -> u64 {
        match self.at(column) {
            Value::Number(n) => *n,
            _ => 0,
        }
    }

    /// A text, empty where there is none.
    pub fn text(&self, column: usize) -> &str {
        match self.at(column) {
            Value::Text(text) => text,
            _ => "",
        }
    }
}
