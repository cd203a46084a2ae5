//! `-dC[KEY][,line]`: the lines of the configuration cut into words, comments and conditions
//! included as HAProxy 3.4 prints them, which does so twice, since it reads its files twice. With a
//! key, which asks for a text without secrets, only the first word of each line is shown.

use crate::config::directive::Document;
use crate::config::environment::Environment;
use crate::config::lex::{self, Place};
use crate::grammar;

/// What stands behind `-dC`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Nothing but first words.
    pub bare: bool,
    /// The number of each line in front of it.
    pub numbered: bool,
}

impl Style {
    /// Reads `KEY,line`, of which either part may be missing.
    pub fn of(text: &str) -> Style {
        let (key, rest) = text.split_once(',').unwrap_or((text, ""));
        Style {
            bare: !key.is_empty() && key != "line",
            numbered: rest == "line" || key == "line",
        }
    }
}

/// The text, once.
pub fn text(document: &Document, environment: &Environment, style: Style) -> String {
    let mut out = Vec::new();
    for (file, source) in document.sources.iter() {
        for (number, line) in source.lines() {
            let place = Place {
                file,
                name: &source.name,
                line: number,
                section: b"",
            };
            if style.numbered {
                out.extend_from_slice(format!("{number}\t").as_bytes());
            }
            one(line, place, environment, style, &mut out);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// One line. What cannot be cut into words is reported elsewhere.
fn one(line: &[u8], place: Place<'_>, env: &Environment, style: Style, out: &mut Vec<u8>) {
    let words = lex::line(line, place, env).unwrap_or_default();
    let section = |w: &crate::config::directive::Word| grammar::section(&w.text).is_some();
    if !words.first().is_some_and(section) {
        out.push(b'\t');
    }
    for (index, word) in words.iter().enumerate() {
        if style.bare && index > 0 {
            out.extend_from_slice(b"[...] ");
            break;
        }
        out.extend_from_slice(&word.text);
        out.push(b' ');
    }
    out.push(b'\n');
}
