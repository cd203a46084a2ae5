//! `fetch(args),conv(args),...` compiled to a flat form.

use super::args::{self, Arg};
use super::compile::{Compile, Fault};
use super::conv::{self, Conv};
use super::fetch::{self, Cursor, Fetch};
use super::pending;
use super::places::Places;
use super::value::{Sample, Type};
use super::view::Eval;
use crate::config::directive::Word;
use crate::grammar;

/// A compiled sample expression.
#[derive(Clone, Debug)]
pub struct Expr {
    fetch: &'static Fetch,
    args: Box<[Arg]>,
    steps: Box<[Step]>,
    out: Type,
}

/// A converter with its arguments.
#[derive(Clone, Debug)]
struct Step {
    conv: &'static Conv,
    args: Box<[Arg]>,
}

impl Expr {
    /// Compiles the expression that begins `words[0]`; converters may also stand as words of
    /// their own behind it (`src ipmask(24)`), as old files have them. Returns the number of words
    /// used, else HAProxy's message.
    pub fn parse_words(words: &[Word], cx: &mut Compile<'_>) -> Result<(Expr, usize), Fault> {
        let first = words.first().map(|w| w.bytes()).unwrap_or_default();
        let (mut expr, mut at) = Self::parse_fetch(first, cx)?;
        at = expr.parse_convs(first, at, true, cx)?;
        if at < first.len() {
            return Err(expr.missing_comma().into());
        }
        let mut used = 1;
        while let Some(word) = words.get(used).map(|w| w.bytes()) {
            let name = word.get(..ident(word)).unwrap_or_default();
            if conv::find(name).is_none() && grammar::converter(name).is_none() {
                break;
            }
            let mut at = expr.parse_conv(word, 0, cx)?;
            at = expr.parse_convs(word, at, true, cx)?;
            if at < word.len() {
                return Err(expr.missing_comma().into());
            }
            used += 1;
        }
        Ok((expr, used))
    }

    /// Compiles the expression at the beginning of `text` and returns where it ends (at a byte
    /// that belongs to no expression, for the caller to judge).
    pub fn parse_prefix(text: &[u8], cx: &mut Compile<'_>) -> Result<(Expr, usize), Fault> {
        let (mut expr, at) = Self::parse_fetch(text, cx)?;
        let at = expr.parse_convs(text, at, false, cx)?;
        Ok((expr, at))
    }

    /// Compiles one whole word.
    pub fn parse(text: &[u8], cx: &mut Compile<'_>) -> Result<Expr, Fault> {
        let (mut expr, at) = Self::parse_fetch(text, cx)?;
        let at = expr.parse_convs(text, at, true, cx)?;
        if at < text.len() {
            return Err(expr.missing_comma().into());
        }
        Ok(expr)
    }

    fn missing_comma(&self) -> String {
        match self.steps.last() {
            None => "missing comma after fetch keyword".into(),
            Some(s) => format!("missing comma after converter '{}'", s.conv.name),
        }
    }

    fn parse_fetch(text: &[u8], cx: &mut Compile<'_>) -> Result<(Expr, usize), Fault> {
        let end = ident(text);
        let name = text.get(..end).unwrap_or_default();
        if name.is_empty() {
            return Err("missing fetch method".into());
        }
        let known = cx.speaks(grammar::fetch(name).map(|f| &f.life))
            && !(cx.without_tls && name.starts_with(b"ssl_"));
        let fetch = match fetch::find(name).filter(|_| known) {
            Some(fetch) => fetch,
            None => match pending::fetch(name).filter(|_| known) {
                Some(fetch) => {
                    cx.note_pending("fetch", name);
                    fetch
                }
                None => {
                    let names = grammar::fetches().iter().map(|f| f.name);
                    return Err(cx.unknown("fetch method", name, names));
                }
            },
        };
        let rest = text.get(end..).unwrap_or_default();
        cx.keyword = fetch.name;
        cx.asks_server_connection |= super::fetch::asks_server_connection(fetch.name);
        let (mut args, used) = args::parse(rest, fetch.args, fetch.required, cx)
            .map_err(|f| format!("fetch method '{}' : {}", fetch.name, f.message))?;
        if let Some(check) = fetch.check {
            check(&mut args, cx)
                .map_err(|m| format!("invalid args in fetch method '{}' : {m}", fetch.name))?;
        }
        let expr = Expr {
            fetch,
            args: args.into(),
            steps: Box::default(),
            out: fetch.out,
        };
        Ok((expr, end + used))
    }

    /// Parses `,conv...` as long as there is any. With `to_end`, a comma at the very end is
    /// ignored, as HAProxy does.
    fn parse_convs(
        &mut self,
        text: &[u8],
        mut at: usize,
        to_end: bool,
        cx: &mut Compile<'_>,
    ) -> Result<usize, Fault> {
        while text.get(at) == Some(&b',') {
            at += 1;
            if to_end && at == text.len() {
                break;
            }
            at = self.parse_conv(text, at, cx)?;
        }
        Ok(at)
    }

    fn parse_conv(&mut self, text: &[u8], at: usize, cx: &mut Compile<'_>) -> Result<usize, Fault> {
        let rest = text.get(at..).unwrap_or_default();
        let end = ident(rest);
        let name = rest.get(..end).unwrap_or_default();
        let known = cx.speaks(grammar::converter(name).map(|c| &c.life));
        let conv = match conv::find(name).filter(|_| known) {
            Some(conv) => conv,
            None => match pending::converter(name).filter(|_| known) {
                Some(conv) => {
                    cx.note_pending("converter", name);
                    conv
                }
                None => {
                    let names = grammar::converters().iter().map(|c| c.name);
                    return Err(cx.unknown("converter", name, names));
                }
            },
        };
        if !self.out.casts_to(conv.input) {
            return Err(format!("converter '{}' cannot be applied", conv.name).into());
        }
        let tail = rest.get(end..).unwrap_or_default();
        let (mut args, used) = args::parse(tail, conv.args, conv.required, cx).map_err(|f| {
            format!(
                "invalid arg {} in converter '{}' : {}",
                f.index, conv.name, f.message
            )
        })?;
        if let Some(check) = conv.check {
            // For what the check leaves for later, such as files.
            let before = cx.context.len();
            let prefix = format!("invalid args in converter '{}' : ", conv.name);
            cx.context.push_str(&prefix);
            let checked = check(&mut args, cx);
            cx.context.truncate(before);
            checked.map_err(|m| format!("invalid args in converter '{}' : {m}", conv.name))?;
        }
        if conv.out != Type::Same {
            self.out = conv.out;
        }
        let mut steps = std::mem::take(&mut self.steps).into_vec();
        steps.push(Step {
            conv,
            args: args.into(),
        });
        self.steps = steps.into();
        Ok(at + end + used)
    }

    /// The type of its result.
    pub fn out(&self) -> Type {
        self.out
    }

    /// The fetch's name, as HAProxy's messages want it.
    pub fn fetch_name(&self) -> &'static str {
        self.fetch.name
    }

    /// Where it can be evaluated.
    pub fn places(&self) -> Places {
        self.fetch.source.places
    }

    /// What it extracts its value from, in HAProxy's words (`HTTP request headers`).
    pub fn source(&self) -> &'static str {
        self.fetch.source.name
    }

    /// Whether there is any converter.
    pub fn has_converters(&self) -> bool {
        !self.steps.is_empty()
    }

    /// Refuses an expression that cannot be evaluated where it stands; `keyword` is what HAProxy
    /// calls it there.
    pub fn check_places(&self, keyword: &str, cx: &Compile<'_>) -> Result<(), Fault> {
        if self.places().intersects(cx.places) {
            return Ok(());
        }
        Err(format!(
            "fetch method '{keyword}' extracts information from '{}', none of which is available \
             here",
            self.source()
        )
        .into())
    }

    /// Its value now; `None` if there is none.
    pub fn eval<'a>(&'a self, e: &Eval<'a>) -> Option<Sample<'a>> {
        self.next(e, &mut Cursor::once())
    }

    /// Its value as a type.
    pub fn eval_as<'a>(&'a self, to: Type, e: &Eval<'a>) -> Option<Sample<'a>> {
        self.eval(e)?.cast(to, e.scratch)
    }

    /// Its next value: ACLs test every value of a header in turn. `cursor.more` tells whether to
    /// call again.
    pub fn next<'a>(&'a self, e: &Eval<'a>, cursor: &mut Cursor) -> Option<Sample<'a>> {
        let mut value = (self.fetch.eval)(&self.args, e, cursor)?;
        for step in &self.steps {
            if step.conv.input != Type::Any {
                value = value.cast(step.conv.input, e.scratch)?;
            }
            value = (step.conv.eval)(&step.args, value, e)?;
        }
        Some(value)
    }
}

/// The length of the keyword at the beginning of `text`.
pub fn ident(text: &[u8]) -> usize {
    text.iter()
        .position(|&b| !(b.is_ascii_alphanumeric() || b"._:-+".contains(&b)))
        .unwrap_or(text.len())
}
