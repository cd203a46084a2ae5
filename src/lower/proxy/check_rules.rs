//! Rules of health checks: `tcp-check` and `http-check` (configuration manual 4.2). They are read
//! and checked; checks do not follow them yet.

use super::rules;
use crate::base::diag::{Diagnostic, Form};
use crate::config::address::{self, Kind};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::compile::Fault;
use crate::sample::regex::Regex;
use crate::sample::{Compile, Expr, LogFormat, Places, vars};

/// `tcp-check RULE ...`
pub const TCP_CHECK: KeywordHandler =
    KeywordHandler::checked(&["tcp-check"], Sections::ANY_PROXY, lower);
/// `http-check RULE ...`
pub const HTTP_CHECK: KeywordHandler =
    KeywordHandler::checked(&["http-check"], Sections::ANY_PROXY, lower);

const TCP_RULES: &str = "'comment', 'connect', 'send', 'send-binary', 'expect', 'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'";
const HTTP_RULES: &str = "'disable-on-404', 'send-state', 'comment', 'connect', 'send', 'expect', 'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'";

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let kind = args.name(1);
    if cx.ignored(args, Side::Backend, &kind) {
        return;
    }
    if let Some(draft) = cx.draft_mut() {
        draft.check_rules = true;
    }
    let http = kind == "http-check";
    let verb = args.next_word();
    let said = verb.map_or_else(String::new, |w| w.display().to_string());
    let name = said.split('(').next().unwrap_or_default();
    let words = args.rest();
    let known = match name {
        "comment" | "connect" | "send" | "expect" | "set-var" | "set-var-fmt" | "unset-var" => true,
        "send-lf" | "send-binary" | "send-binary-lf" => !http,
        "send-state" => http,
        _ => false,
    };
    if !known {
        let list = if http { HTTP_RULES } else { TCP_RULES };
        let message = format!("'{kind}' only supports {list}. but got '{said}'");
        args.alert(
            "HX0162",
            verb.map_or(args.missing_at(), |w| w.span),
            message,
        );
        return;
    }
    if name == "send-state" {
        if let Some(extra) = words.first() {
            let message = format!(
                "'http-check' cannot handle unexpected argument '{}'.",
                extra.display()
            );
            args.alert("HX0167", extra.span, message);
        }
        return;
    }
    let (_, findings) = rules::compile_anywhere(cx, Places::CHECK, |compile| {
        compile.context = format!("'{kind} {said}' : ");
        let mut rule = Rule {
            words,
            http,
            cx: compile,
        };
        let result = rule.check(name, &said);
        result.map_err(|fault| rule.cx.fault(fault)).ok()
    });
    for finding in findings {
        args.report(Diagnostic {
            form: Form::Parsing,
            ..finding
        });
    }
}

/// The words behind the rule's name.
struct Rule<'w, 'c, 'n> {
    words: &'w [Word],
    http: bool,
    cx: &'c mut Compile<'n>,
}

impl<'w> Rule<'w, '_, '_> {
    fn next(&mut self) -> Option<&'w Word> {
        let (word, rest) = self.words.split_first()?;
        self.words = rest;
        self.cx.span = word.span;
        Some(word)
    }

    fn take(&mut self, missing: &str) -> Result<&'w Word, Fault> {
        self.next().ok_or_else(|| missing.into())
    }

    fn text(&mut self, option: &str) -> Result<(), Fault> {
        self.take(&format!("'{option}' expects a string as argument."))?;
        Ok(())
    }

    fn format(&mut self, option: &str) -> Result<(), Fault> {
        let word = self.take(&format!(
            "'{option}' expects a log-format string as argument."
        ))?;
        let parsed = LogFormat::parse(word.bytes(), self.cx);
        parsed.map_err(|f| {
            f.wrap(|m| format!("'{}' invalid log-format string ({m})", word.display()))
        })?;
        Ok(())
    }

    fn expression(&mut self, what: &str) -> Result<(), Fault> {
        let (_, used) = Expr::parse_words(self.words, self.cx).map_err(|f| {
            f.wrap(|m| format!("error detected while parsing {what} expression : {m}"))
        })?;
        for _ in 0..used {
            self.next();
        }
        Ok(())
    }

    fn check(&mut self, name: &str, said: &str) -> Result<(), Fault> {
        match name {
            "comment" => {
                self.take("expects a string as argument")?;
                Ok(())
            }
            "connect" => self.connect(),
            "send" if self.http => self.http_send(),
            "send" | "send-lf" | "send-binary" | "send-binary-lf" => self.send(name),
            "expect" => self.expect(),
            _ => self.variable(name, said),
        }
    }

    fn variable(&mut self, name: &str, said: &str) -> Result<(), Fault> {
        let inside = said
            .split_once('(')
            .and_then(|(_, rest)| rest.strip_suffix(')'));
        let Some(inside) = inside else {
            return Err(format!(
                "'set-var' : invalid or incomplete action '{said}'. Expects 'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'"
            )
            .into());
        };
        let variable = inside.split(',').next().unwrap_or_default();
        vars::intern(variable.as_bytes()).map_err(|m| format!("'set-var' : {m}"))?;
        match name {
            "set-var" => self.expression("set-var"),
            "set-var-fmt" => self.format(name),
            _ => Ok(()),
        }
    }

    fn connect(&mut self) -> Result<(), Fault> {
        while let Some(word) = self.next() {
            match word.bytes() {
                b"comment" | b"sni" | b"alpn" | b"proto" => {
                    self.text(&word.display().to_string())?;
                }
                b"port" => {
                    let missing =
                        "'port' expects a port number or a sample expression as argument.";
                    let Some(next) = self.words.first() else {
                        return Err(missing.into());
                    };
                    let number = next.as_str().and_then(|t| t.parse::<u64>().ok());
                    match number {
                        Some(1..=65535) => {
                            self.next();
                        }
                        Some(_) => return Err(missing.into()),
                        None => self.expression("port")?,
                    }
                }
                b"addr" => {
                    let next = self.take("'addr' expects <addr> as argument.")?;
                    let kind = Kind::PLAIN;
                    address::parse(next, kind).map_err(|f| format!("'addr' : {}", f.message))?;
                }
                b"send-proxy" | b"via-socks4" | b"linger" | b"default" | b"ssl" => {}
                _ => {
                    return Err(format!(
                        "expects 'comment', 'port', 'addr', 'send-proxy', 'ssl', 'sni', 'alpn' or 'via-socks4', 'linger', 'default' but got '{}' as argument.",
                        word.display()
                    )
                    .into());
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, name: &str) -> Result<(), Fault> {
        match name {
            "send" => {
                self.take("'string' expects a send as argument")?;
            }
            "send-binary" => {
                let word = self.take("'binary string' expects a send-binary as argument")?;
                binary(word.bytes())
                    .map_err(|m| format!("'{}' invalid binary string ({m})", word.display()))?;
            }
            _ => self.format(name)?,
        }
        while let Some(word) = self.next() {
            if !word.is("comment") {
                return Err(format!(
                    "expects 'comment' but got '{}' as argument.",
                    word.display()
                )
                .into());
            }
            self.text("comment")?;
        }
        Ok(())
    }

    fn http_send(&mut self) -> Result<(), Fault> {
        while let Some(word) = self.next() {
            let option = word.display().to_string();
            match option.as_str() {
                "comment" | "meth" | "uri" | "ver" | "body" => self.text(&option)?,
                "uri-lf" | "body-lf" => self.format(&option)?,
                "hdr" => {
                    let missing = "'hdr' expects <name> and <value> as arguments";
                    self.take(missing)?;
                    if self.words.is_empty() {
                        return Err(missing.into());
                    }
                    self.format("hdr")?;
                }
                _ => {
                    return Err(format!(
                        "expects 'comment', 'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body' or 'body-lf' but got '{option}' as argument."
                    )
                    .into());
                }
            }
        }
        Ok(())
    }

    fn expect(&mut self) -> Result<(), Fault> {
        if self.words.is_empty() {
            return Err("expects at least a matching pattern as arguments".into());
        }
        let mut found = false;
        while let Some(word) = self.next() {
            let option = word.display().to_string();
            match option.as_str() {
                "min-recv" => {
                    self.take("'min-recv' expects an integer as argument")?;
                }
                "comment" => self.text("comment")?,
                "ok-status" | "error-status" | "tout-status" => self.status(&option)?,
                "on-success" | "on-error" => self.format(&option)?,
                "status-code" => self.expression("status-code")?,
                "custom" if !self.http => found = true,
                "!" => {}
                _ => {
                    let bare = option.strip_prefix('!').unwrap_or(&option);
                    if found || !self.pattern(bare)? {
                        return Err(self.unknown(&option));
                    }
                    found = true;
                }
            }
        }
        match found {
            true => Ok(()),
            false => Err("pattern not found".into()),
        }
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

    fn status(&mut self, option: &str) -> Result<(), Fault> {
        let known: &[&str] = match option {
            "ok-status" => &["L4OK", "L6OK", "L7OK", "L7OKC"],
            "error-status" => &["L4CON", "L6RSP", "L7RSP", "L7STS", "L7OKC"],
            _ => &["L4TOUT", "L6TOUT", "L7TOUT"],
        };
        let word = self.take(&format!("'{option}' expects a string as argument."))?;
        if known.iter().any(|k| word.is(k)) {
            return Ok(());
        }
        let list: Vec<String> = known.iter().map(|k| format!("'{k}'")).collect();
        Err(format!(
            "'{option}' only supports {} status (got '{}').",
            list.join(", "),
            word.display()
        )
        .into())
    }

    /// The pattern of one kind; false for a kind that there is not.
    fn pattern(&mut self, kind: &str) -> Result<bool, Fault> {
        let known = match kind {
            "string" | "rstring" | "string-lf" => true,
            "binary" | "rbinary" | "binary-lf" => !self.http,
            "status" | "rstatus" | "hdr" | "fhdr" => self.http,
            _ => false,
        };
        if !known {
            return Ok(false);
        }
        match kind {
            "hdr" | "fhdr" => {
                self.header(kind)?;
                return Ok(true);
            }
            "string-lf" | "binary-lf" => {
                self.format(kind)?;
                return Ok(true);
            }
            _ => {}
        }
        let word = self.take(&format!("'{kind}' expects a <pattern> as argument"))?;
        match kind {
            "rstring" | "rbinary" | "rstatus" => regex(word)?,
            "binary" => {
                binary(word.bytes()).map_err(|m| format!("invalid binary string ({m})"))?;
            }
            "status" => codes(word)?,
            _ => {}
        }
        Ok(true)
    }

    /// `hdr name [-m METHOD] NAME [value [-m METHOD] VALUE]`
    fn header(&mut self, kind: &str) -> Result<(), Fault> {
        let named = |w: &Word| w.is("name") || w.is("name-lf");
        let missing =
            format!("'{kind}' expects at the name keyword as first argument followed by a pattern");
        if !self.words.first().is_some_and(named) {
            return Err(missing.into());
        }
        self.next();
        self.matched(&missing)?;
        let valued = |w: &Word| w.is("value") || w.is("value-lf");
        if self.words.first().is_some_and(valued) {
            self.next();
            if kind == "fhdr" && self.words.first().is_some_and(|w| w.is("full")) {
                self.next();
            }
            self.matched("'value' expects a pattern")?;
        }
        Ok(())
    }

    fn matched(&mut self, missing: &str) -> Result<(), Fault> {
        let mut is_regex = false;
        if self.words.first().is_some_and(|w| w.is("-m")) {
            self.next();
            let method = self.take("unknown matching method ''")?;
            let known: [&[u8]; 5] = [b"str", b"beg", b"end", b"sub", b"reg"];
            if !known.contains(&method.bytes()) {
                return Err(format!("unknown matching method '{}'", method.display()).into());
            }
            is_regex = method.is("reg");
        }
        let word = self.take(missing)?;
        match is_regex {
            true => regex(word),
            false => Ok(()),
        }
    }
}

fn regex(word: &Word) -> Result<(), Fault> {
    match Regex::new(word.bytes(), false) {
        Ok(_) => Ok(()),
        Err(m) => Err(format!("regex '{}' is invalid ({m})", word.display()).into()),
    }
}

/// Pairs of hexadecimal digits.
fn binary(text: &[u8]) -> Result<(), String> {
    match text.iter().find(|b| !b.is_ascii_hexdigit()) {
        Some(bad) => Err(format!(
            "an hex digit is expected (found '{}')",
            char::from(*bad)
        )),
        None if !text.len().is_multiple_of(2) => {
            Err("an even number of hex digits is expected".into())
        }
        None => Ok(()),
    }
}

/// `200,204-299`
fn codes(word: &Word) -> Result<(), Fault> {
    let text = word.display().to_string();
    if let Some(bad) = text
        .chars()
        .find(|c| !(c.is_ascii_digit() || "-,".contains(*c)))
    {
        return Err(format!("invalid character '{bad}' in the list of status codes").into());
    }
    for range in text.split(',') {
        let mut ends = range.splitn(2, '-').map(str::parse::<u16>);
        let low = ends.next().and_then(Result::ok);
        let high = match ends.next() {
            None => low,
            Some(high) => high.ok(),
        };
        if low.is_none() || high.is_none() || high < low {
            return Err(format!("invalid range of status codes '{range}'").into());
        }
    }
    Ok(())
}
