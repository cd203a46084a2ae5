//! Floor 2: configuration text to directives.
//!
//! bytes → words with spans ([`lex`]) → conditionals keep or drop → [`directive::Document`].

pub mod args;
pub mod directive;
