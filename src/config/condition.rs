//! The expressions of `.if`, `.elif` and `-cc` (configuration manual 2.4).

use super::directive::Word;
use super::environment::Environment;
use super::lex;
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;

mod parse;
mod version;

use parse::Parser;
pub use version::Version;

/// What the running program says about itself; conditions are answered from it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The version of HAProxy whose language and behaviour this is (`3.4.0`).
    pub version: String,
    /// The names that `-vv` shows with a `+` in its feature list.
    pub features: Vec<String>,
    /// The run-time options that are on: `POLL`, `EPOLL`, `SPLICE`, `GETADDRINFO`, `REUSEPORT`,
    /// `FAST-FORWARD`, `SERVER-SSL-VERIFY-NONE`.
    pub enabled: Vec<String>,
    /// The TLS library; `None` without one.
    pub tls: Option<TlsFacts>,
    /// The version whose language counts (`check --for`); `None`: the current one.
    pub language: Option<crate::grammar::Version>,
}

/// What the TLS library says about itself.
#[derive(Clone, Debug, Default)]
pub struct TlsFacts {
    /// Its name as `ssllib_name_startswith` sees it (`AWS-LC ...`).
    pub name: String,
    /// The OpenSSL version that it claims to be compatible with (`1.1.1`).
    pub openssl_version: String,
    /// AWS-LC's API number.
    pub awslc_api: Option<u32>,
}

/// A fault in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset of the byte where it lies.
    pub at: usize,
    /// What is wrong, in HAProxy's words.
    pub message: String,
}

/// Evaluates an expression. The empty one is false.
pub fn evaluate(text: &[u8], env: &Environment, facts: &Facts) -> Result<bool, Fault> {
    if text.is_empty() {
        return Ok(false);
    }
    let expression = Parser::new(text).whole()?;
    expression.evaluate(env, facts).map_err(|message| Fault {
        at: text.len(),
        message,
    })
}

/// Evaluates the argument of `-cc`, which is unquoted and expanded like a line but knows no
/// comments. The error is the whole text of HAProxy's `[ALERT]`, behind the process id.
pub fn command_line(text: &[u8], env: &Environment, facts: &Facts) -> Result<bool, String> {
    let place = lex::Place {
        file: Default::default(),
        name: "",
        line: 0,
        section: b"",
    };
    let words = lex::without_comments(text, place, env).map_err(|fault| match fault.code {
        "HX0101" => "Syntax Error in condition: Unmatched quote.".to_owned(),
        "HX0104" => {
            "Syntax Error in condition: Truncated or invalid hexadecimal sequence.".to_owned()
        }
        "HX0105" => "Error in condition: Too many words.".to_owned(),
        _ => {
            let what = fault.message.trim_end_matches(':');
            format!("Syntax Error in condition: {what}.")
        }
    })?;
    evaluate(&join(&words), env, facts)
        .map_err(|fault| format!("Failed to evaluate condition: {}", fault.message))
}

/// Evaluates the words behind `.if` or `.elif`.
pub(super) fn words(
    words: &[Word],
    keyword: &str,
    span: Span,
    env: &Environment,
    facts: &Facts,
) -> Result<bool, Box<Diagnostic>> {
    let text = join(words);
    evaluate(&text, env, facts).map_err(|fault| {
        let message = format!(
            "{} in '{keyword}' at position {}:",
            fault.message,
            fault.at + 1
        );
        let place = place_of(words, fault.at).unwrap_or(span);
        let finding = Diagnostic::alert("HX0120", place, message).form(Form::Tight);
        // HAProxy shows the words as it put them together again, not the line as written.
        let shown = [keyword.as_bytes(), b" ", &text[..]].concat();
        Box::new(lex::excerpt(finding, &shown, keyword.len() + 1 + fault.at))
    })
}

/// Words are put together again with one blank between them.
fn join(words: &[Word]) -> Vec<u8> {
    let words: Vec<&[u8]> = words.iter().map(Word::bytes).collect();
    words.join(&b' ')
}

/// Where in the line a byte of the joined words stands.
fn place_of(words: &[Word], at: usize) -> Option<Span> {
    let mut start = 0;
    for word in words {
        let end = start + word.text.len();
        if at <= end {
            return Some(super::args::byte_of(word, at - start));
        }
        start = end + 1;
    }
    words.last().map(|w| w.span)
}

#[cfg(test)]
mod tests;
