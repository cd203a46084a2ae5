//! Floor 2: configuration text to directives.
//!
//! bytes → words with spans ([`lex`]) → conditionals keep or drop ([`read`]) →
//! [`directive::Document`]; then keyword handlers read a line's words with [`args`].

pub mod address;
pub mod args;
pub mod condition;
pub mod directive;
pub mod environment;
pub mod layout;
pub mod lex;
pub mod print;
pub mod read;

#[cfg(test)]
mod properties;
