//! Log-format strings: text, `%aliases` and `%[expressions]`.

use super::compile::Compile;
use super::view::Eval;
use crate::config::directive::Word;

/// A compiled log-format string.
#[derive(Clone, Debug, Default)]
pub struct LogFormat;

impl LogFormat {
    /// Compiles one word; `None` after a fatal finding.
    pub fn compile(_word: &Word, _cx: &mut Compile<'_>) -> Option<LogFormat> {
        None
    }
    /// Appends the text to `out`.
    pub fn render(&self, _e: &Eval<'_>, _out: &mut Vec<u8>) {}
}
