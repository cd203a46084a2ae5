//! `tcp-check expect` and `http-check expect`.

use super::{Rule, binary};
use crate::config::args::atol;
use crate::config::directive::Word;
use crate::ir::check::{Act, CheckStatus, Expect, HeaderPattern, Matcher, Pattern};
use crate::sample::LogFormat;
use crate::sample::compile::Fault;
use crate::sample::regex::Regex;

/// The status words that an option takes, and how HAProxy lists them.
type Known = &'static [CheckStatus];

const OK: Known = &[
    CheckStatus::L4Ok,
    CheckStatus::L6Ok,
    CheckStatus::L7Ok,
    CheckStatus::L7OkConditional,
];
const ERROR: Known = &[
    CheckStatus::L4Connection,
    CheckStatus::L6Response,
    CheckStatus::L7Response,
    CheckStatus::L7Status,
    CheckStatus::L7OkConditional,
];
const TIMEOUT: Known = &[
    CheckStatus::L4Timeout,
    CheckStatus::L6Timeout,
    CheckStatus::L7Timeout,
];

impl Rule<'_, '_, '_> {
    pub(super) fn expect(&mut self) -> Result<Act, Fault> {
        if self.words.is_empty() {
            return Err("expects at least a matching pattern as arguments".into());
        }
        let mut pattern = None;
        let mut said = Expect::new(Pattern::Custom(None));
        let (mut ok, mut error, mut timeout) = (None, None, None);
        while let Some(word) = self.next() {
            let option = word.display().to_string();
            match option.as_str() {
                "min-recv" => {
                    let word = self.take("'min-recv' expects an integer as argument")?;
                    said.min_recv = atol(word.bytes()).0;
                }
                "comment" => self.note()?,
                "ok-status" => ok = Some(self.status(&option, OK)?),
                "error-status" => error = Some(self.status(&option, ERROR)?),
                "tout-status" => timeout = Some(self.status(&option, TIMEOUT)?),
                "on-success" => said.on_success = Some(self.format(&option)?),
                "on-error" => said.on_error = Some(self.format(&option)?),
                "status-code" => said.code = Some(self.expression("status-code")?),
                "!" => said.inverse = true,
                _ => {
                    let bare = option.strip_prefix('!').unwrap_or(&option);
                    said.inverse |= bare.len() < option.len();
                    if !self.is_pattern(bare) {
                        return Err(self.unknown(&option));
                    }
                    if pattern.is_some() {
                        return Err("only one pattern expected".into());
                    }
                    pattern = Some(self.pattern(bare)?);
                }
            }
        }
        let Some(pattern) = pattern else {
            return Err("pattern not found".into());
        };
        let plain = Expect::new(pattern);
        Ok(Act::Expect(Box::new(Expect {
            ok: ok.unwrap_or(plain.ok),
            error: error.unwrap_or(plain.error),
            timeout: timeout.unwrap_or(plain.timeout),
            pattern: plain.pattern,
            ..said
        })))
    }

    fn unknown(&self, option: &str) -> Fault {
        let list = match self.http {
            true => {
                "min-recv, [!]string', '[!]rstring', '[!]string-lf', '[!]status', '[!]rstatus', [!]hdr, [!]fhdr or comment"
            }
            false => {
                "min-recv, '[!]binary', '[!]string', '[!]rstring', '[!]string-lf''[!]rbinary', '[!]binary-lf' or comment"
            }
        };
        format!("'only supports {list} but got '{option}' as argument.").into()
    }

    fn status(&mut self, option: &str, known: Known) -> Result<CheckStatus, Fault> {
        let word = self.take(&format!("'{option}' expects a string as argument."))?;
        let found = CheckStatus::named(word.bytes()).filter(|s| known.contains(s));
        found.ok_or_else(|| {
            let list: Vec<String> = known.iter().map(|k| format!("'{}'", k.code())).collect();
            format!(
                "'{option}' only supports {} status (got '{}').",
                list.join(", "),
                word.display()
            )
            .into()
        })
    }

    fn is_pattern(&self, kind: &str) -> bool {
        match kind {
            "string" | "rstring" | "string-lf" => true,
            "binary" | "rbinary" | "binary-lf" | "custom" => !self.http,
            "status" | "rstatus" | "hdr" | "fhdr" => self.http,
            _ => false,
        }
    }

    /// The pattern of one kind.
    fn pattern(&mut self, kind: &str) -> Result<Pattern, Fault> {
        match kind {
            "custom" => return Ok(Pattern::Custom(None)),
            "hdr" | "fhdr" => return self.header(kind),
            "string-lf" => return Ok(Pattern::StringFormat(self.format(kind)?)),
            "binary-lf" => return Ok(Pattern::BinaryFormat(self.format(kind)?)),
            _ => {}
        }
        let word = self.take(&format!("'{kind}' expects a <pattern> as argument"))?;
        Ok(match kind {
            "rstring" => Pattern::Regex(regex(word)?),
            "rbinary" => Pattern::BinaryRegex(regex(word)?),
            "rstatus" => Pattern::StatusRegex(regex(word)?),
            "binary" => {
                let bytes =
                    binary(word.bytes()).map_err(|m| format!("invalid binary string ({m})"))?;
                Pattern::Binary(bytes, word.display().to_string())
            }
            "status" => Pattern::Status(codes(word)?),
            _ => Pattern::String(word.bytes().to_vec()),
        })
    }

    /// `hdr name [-m METHOD] NAME [value [-m METHOD] VALUE]`
    fn header(&mut self, kind: &str) -> Result<Pattern, Fault> {
        let missing =
            format!("'{kind}' expects at the name keyword as first argument followed by a pattern");
        let Some(format) = self.introduced("name") else {
            return Err(missing.into());
        };
        let name = self.matched(&missing, format, true)?;
        let value = match self.introduced("value") {
            None => None,
            Some(format) => {
                let missing = format!("'{kind}' expect a pattern with the value keyword");
                Some(self.matched(&missing, format, false)?)
            }
        };
        Ok(Pattern::Header(Box::new(HeaderPattern {
            name,
            value,
            full: kind == "fhdr",
        })))
    }

    /// Takes `WORD` or `WORD-lf`; whether it was the latter.
    fn introduced(&mut self, word: &str) -> Option<bool> {
        let first = self.words.first()?;
        let format = first.is(&format!("{word}-lf"));
        if !format && !first.is(word) {
            return None;
        }
        self.next();
        Some(format)
    }

    fn matched(&mut self, missing: &str, format: bool, is_name: bool) -> Result<Matcher, Fault> {
        let mut make: fn(LogFormat) -> Matcher = Matcher::Exact;
        let mut is_regex = false;
        if self.words.first().is_some_and(|w| w.is("-m")) {
            self.next();
            let method = self.take("unknown matching method ''")?;
            make = match method.bytes() {
                b"str" => Matcher::Exact,
                b"beg" => Matcher::Begin,
                b"end" => Matcher::End,
                b"sub" => Matcher::Sub,
                b"reg" => {
                    is_regex = true;
                    make
                }
                _ => {
                    return Err(format!("unknown matching method '{}'", method.display()).into());
                }
            };
        }
        if self.words.is_empty() {
            return Err(missing.into());
        }
        if is_regex {
            // names are compared without regard to case
            let word = self.take(missing)?;
            return Ok(Matcher::Regex(regex_of(word, is_name)?));
        }
        let text = match format {
            true => self.format("value")?,
            false => LogFormat::text(self.take(missing)?.bytes()),
        };
        Ok(make(text))
    }
}

fn regex(word: &Word) -> Result<Regex, Fault> {
    regex_of(word, false)
}

fn regex_of(word: &Word, ignore_case: bool) -> Result<Regex, Fault> {
    Regex::new(word.bytes(), ignore_case).map_err(Fault::from)
}

/// `200,204-299`
fn codes(word: &Word) -> Result<Vec<(u16, u16)>, Fault> {
    let text = word.display().to_string();
    if let Some(bad) = text
        .chars()
        .find(|c| !(c.is_ascii_digit() || "-,".contains(*c)))
    {
        return Err(format!("invalid character '{bad}' in the list of status codes").into());
    }
    let range = |range: &str| {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let range = (low.parse::<u16>().ok()?, high.parse::<u16>().ok()?);
        (range.0 <= range.1).then_some(range)
    };
    text.split(',')
        .map(|part| {
            range(part).ok_or_else(|| format!("invalid range of status codes '{part}'").into())
        })
        .collect()
}
