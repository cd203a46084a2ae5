//! What the argument of a keyword must be, for keywords whose arguments no handler reads.

/// What the one argument of a keyword must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// `10s`: milliseconds between the bounds
    Time(i64, i64),
    /// `64k`: bytes, at least so many
    Size(u32),
    /// Digits, perhaps behind a sign: a number between the bounds.
    Integer(i64, i64),
    /// A number between the bounds; what stands behind it is ignored, and no number counts as 0.
    Within(i64, i64),
    /// One of those of the syntax.
    Word,
    /// As [`Value::Word`] for every word of the line.
    Words,
    /// Some of those of the syntax, with commas between them.
    List,
    /// HTTP status codes: `200,404-410,-501`.
    Statuses,
}

impl Value {
    /// Digits only.
    pub const NATURAL: Value = Value::Integer(0, i64::MAX);

    /// Reads a cell of the table: a kind, and its bounds where it has any (`within:1..9`).
    pub(super) fn parse(cell: &str) -> Option<Value> {
        let (kind, bounds) = cell.split_once(':').unwrap_or((cell, ".."));
        let (low, high) = bounds.split_once("..")?;
        let bound = |text: &str, open: i64| match text {
            "" => Some(open),
            text => text.parse().ok(),
        };
        let (low, high) = (bound(low, i64::MIN)?, bound(high, i64::MAX)?);
        Some(match kind {
            "time" => Value::Time(low.max(0), high),
            "size" => Value::Size(u32::try_from(low.max(0)).ok()?),
            "natural" => Value::NATURAL,
            "integer" => Value::Integer(low, high),
            "nonnegative" => Value::Within(0, i64::MAX),
            "positive" => Value::Within(1, i64::MAX),
            "within" => Value::Within(low, high),
            "word" => Value::Word,
            "words" => Value::Words,
            "list" => Value::List,
            "statuses" => Value::Statuses,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read() {
        assert_eq!(Value::parse("within:1..9"), Some(Value::Within(1, 9)));
        assert_eq!(Value::parse("time:..65535"), Some(Value::Time(0, 65535)));
        assert_eq!(Value::parse("size"), Some(Value::Size(0)));
        assert_eq!(
            Value::parse("within:1024.."),
            Some(Value::Within(1024, i64::MAX))
        );
        assert_eq!(Value::parse("within:x"), None);
        assert_eq!(Value::parse("any"), None);
    }
}
