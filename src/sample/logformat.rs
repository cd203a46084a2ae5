//! Log-format strings: text, `%aliases` and `%[expressions]`.

/// A compiled log-format string.
#[derive(Debug)]
pub struct LogFormat;
