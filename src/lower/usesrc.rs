//! `usesrc` behind `source`, on `server` lines and in proxies.

use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::config::address::{self, Kind};
use crate::config::args::{Args, atol};
use crate::config::directive::Word;
use crate::ir::server::UseSource;

/// The farthest place from the end that `hdr_ip(NAME,N)` may name.
const FARTHEST: i64 = -10;

/// The word behind `usesrc`; `missing` is HAProxy's complaint where there is none.
pub fn usesrc(args: &mut Args<'_, '_>, missing: &str) -> Result<UseSource, Fault> {
    let span = args.missing_at();
    let Some(word) = args.next_word() else {
        let text = missing.to_owned();
        return Err(Fault { text, span });
    };
    match &word.text[..] {
        b"client" => Ok(UseSource::Client),
        b"clientip" => Ok(UseSource::ClientIp),
        text => match text.strip_prefix(b"hdr_ip(") {
            Some(rest) => header(word, rest),
            None => match address::parse(word, Kind::SOURCE) {
                Ok(address) => Ok(UseSource::Address(address)),
                Err(finding) => Err(Fault {
                    text: format!("'usesrc {}' : {}", word.display(), finding.message),
                    span: word.span,
                }),
            },
        },
    }
}

/// What is wrong with the word.
pub struct Fault {
    /// HAProxy's words.
    pub text: String,
    /// The word meant.
    pub span: Span,
}

impl Fault {
    /// As a finding of its own.
    pub fn alert(self) -> Diagnostic {
        Diagnostic::alert("HX0164", self.span, self.text)
    }
}

fn header(word: &Word, rest: &[u8]) -> Result<UseSource, Fault> {
    let inner = rest.split(|b| *b == b')').next().unwrap_or(rest);
    let mut parts = inner.splitn(2, |b| *b == b',');
    let name = parts.next().unwrap_or_default().trim_ascii().to_vec();
    let number = parts.next().map_or(-1, |n| atol(n.trim_ascii()).0);
    if number < FARTHEST {
        return Err(Fault {
            text: "usesrc hdr_ip(name,num) does not support negative occurrences values smaller than 10."
                .to_owned(),
            span: word.span,
        });
    }
    Ok(UseSource::Header {
        name,
        occurrence: i32::try_from(number).unwrap_or(i32::MAX),
    })
}
