//! A test: `hdr(host) -i -m end .example.com`, as an `acl` line or between braces has it.

use crate::config::directive::Word;
use crate::grammar;

/// A sample expression: a fetch and its converters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr<'d> {
    /// The fetch as written: `hdr`, `path_beg`, `req.hdr`.
    pub fetch: &'d str,
    /// What stands between its parentheses.
    pub args: Option<&'d str>,
    /// Converters and their arguments.
    pub converters: Vec<(&'d str, Option<&'d str>)>,
}

impl<'d> Expr<'d> {
    /// Takes an expression apart; `None` for text that is none.
    pub fn parse(text: &'d str) -> Option<Expr<'d>> {
        let (fetch, args, mut rest) = call(text)?;
        let mut converters = Vec::new();
        while let Some(more) = rest.strip_prefix(',') {
            let (name, args, behind) = call(more)?;
            converters.push((name, args));
            rest = behind;
        }
        rest.is_empty().then_some(Expr {
            fetch,
            args,
            converters,
        })
    }

    /// The first argument of the fetch, quotes left out.
    pub fn first_arg(&self) -> Option<&'d str> {
        let first = self.args?.split(',').next()?;
        Some(first.trim_matches(|c| c == '"' || c == '\''))
    }

    /// The fetch by the name that all its spellings share: `hdr_beg` is `req.hdr`.
    pub fn base(&self) -> &str {
        match self.fetch {
            "req.fhdr" => "req.hdr",
            "shdr" => "res.hdr",
            "cookie" | "cook" => "req.cook",
            "req.method" => "method",
            name => grammar::acl(name.as_bytes()).map_or(name, |a| a.fetch),
        }
    }

    /// Whether it is a header of the request, by its name in small letters.
    pub fn is_header(&self, name: &str) -> bool {
        matches!(
            self.base(),
            "req.hdr"
                | "hdr"
                | "req.hdr_ip"
                | "hdr_ip"
                | "req.hdr_val"
                | "hdr_val"
                | "req.hdr_cnt"
                | "hdr_cnt"
        ) && self
            .first_arg()
            .is_some_and(|a| a.eq_ignore_ascii_case(name))
    }

    /// The header of the request that it reads, if it reads one.
    pub fn header(&self) -> Option<&'d str> {
        let reads = matches!(
            self.base(),
            "req.hdr" | "hdr" | "req.hdr_ip" | "hdr_ip" | "req.hdr_val" | "hdr_val"
        );
        self.first_arg().filter(|_| reads)
    }

    /// Fetch, arguments and converters in one spelling, for comparisons.
    pub fn canonical(&self) -> String {
        let mut out = self.base().to_owned();
        if let Some(args) = self.args.filter(|a| !a.is_empty()) {
            out.push('(');
            match self.base() {
                "req.hdr" | "res.hdr" => out.push_str(&args.to_ascii_lowercase()),
                _ => out.push_str(args),
            }
            out.push(')');
        }
        for (name, args) in &self.converters {
            out.push(',');
            out.push_str(name);
            if let Some(args) = args {
                out.push('(');
                out.push_str(args);
                out.push(')');
            }
        }
        out
    }
}

/// `name(args)` or `name` at the start of a text, and what follows.
fn call(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || "._-+".contains(c)))
        .unwrap_or(text.len());
    let name = text.get(..end).filter(|n| !n.is_empty())?;
    let rest = text.get(end..)?;
    let Some(inside) = rest.strip_prefix('(') else {
        return Some((name, None, rest));
    };
    let mut depth = 1;
    let mut quote = None;
    for (at, c) in inside.char_indices() {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth -= 1;
                if depth == 0 {
                    return Some((name, inside.get(..at), inside.get(at + 1..)?));
                }
            }
            _ => {}
        }
    }
    None
}

/// How patterns are compared with the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Equal.
    Str,
    /// Begins with.
    Beg,
    /// Ends with.
    End,
    /// Contains.
    Sub,
    /// Is one of the parts between slashes.
    Dir,
    /// Is one of the parts between dots.
    Dom,
    /// A regular expression.
    Reg,
    /// Something else: numbers, addresses, presence.
    Other,
}

/// A test: an expression, flags, patterns.
#[derive(Clone, Debug)]
pub struct Matcher<'d> {
    /// The word of the expression.
    pub word: &'d Word,
    /// Taken apart.
    pub expr: Expr<'d>,
    /// Flags before the patterns with their values: `-i`, `-m end`, `-f file`.
    pub flags: Vec<(&'d Word, Option<&'d Word>)>,
    /// The patterns.
    pub patterns: Vec<&'d Word>,
    /// All its words.
    pub words: &'d [Word],
}

impl<'d> Matcher<'d> {
    /// Takes the words of a test apart; `None` if they begin with no expression.
    pub fn parse(words: &'d [Word]) -> Option<Matcher<'d>> {
        let word = words.first()?;
        let expr = Expr::parse(word.as_str()?)?;
        let mut flags = Vec::new();
        let mut at = 1;
        while let Some(flag) = words.get(at).filter(|w| w.text.starts_with(b"-")) {
            at += 1;
            match flag.bytes() {
                b"--" => break,
                b"-m" | b"-f" | b"-u" => {
                    flags.push((flag, words.get(at)));
                    at += 1;
                }
                b"-i" | b"-n" | b"-M" => flags.push((flag, None)),
                // a negative number
                _ => {
                    at -= 1;
                    break;
                }
            }
        }
        let patterns = words.get(at..).unwrap_or_default().iter().collect();
        Some(Matcher {
            word,
            expr,
            flags,
            patterns,
            words,
        })
    }

    /// Whether a flag is given.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|(f, _)| f.is(flag))
    }

    /// Whether patterns come from files or maps, which are not read.
    pub fn has_file(&self) -> bool {
        self.has("-f") || self.has("-M")
    }

    /// What `-m` says, else what the keyword stands for.
    pub fn method_name(&self) -> &'d str {
        let said = self.flags.iter().rev().find(|(f, _)| f.is("-m"));
        if let Some(name) = said.and_then(|(_, v)| v.and_then(Word::as_str)) {
            return name;
        }
        match self.expr.converters.is_empty() {
            true => grammar::acl(self.expr.fetch.as_bytes()).map_or("", |a| a.method),
            false => "",
        }
    }

    /// How patterns are compared.
    pub fn method(&self) -> Method {
        match self.method_name() {
            "str" => Method::Str,
            "beg" => Method::Beg,
            "end" => Method::End,
            "sub" => Method::Sub,
            "dir" => Method::Dir,
            "dom" => Method::Dom,
            "reg" => Method::Reg,
            "" if self.is_text() => Method::Str,
            _ => Method::Other,
        }
    }

    /// Whether case is ignored, by `-i` or because the value is brought to one case.
    pub fn ignores_case(&self) -> bool {
        self.has("-i")
            || self
                .expr
                .converters
                .iter()
                .any(|(c, _)| matches!(*c, "lower" | "upper"))
    }

    /// Whether the expression gives text.
    fn is_text(&self) -> bool {
        match self.expr.converters.last() {
            Some((name, _)) => {
                grammar::converter(name.as_bytes()).is_some_and(|c| c.yields == "str")
            }
            None => {
                let fetch = self.expr.fetch;
                let base = self.expr.base();
                matches!(
                    base,
                    "req.hdr" | "path" | "url" | "base" | "query" | "method"
                ) || grammar::fetch(fetch.as_bytes()).is_some_and(|f| f.yields == "str")
            }
        }
    }

    /// The type of what the expression gives, as the grammar's tables name it; `any` where it is
    /// not known.
    pub fn yields(&self) -> &'static str {
        let yields = match self.expr.converters.last() {
            Some((name, _)) => grammar::converter(name.as_bytes()).map(|c| c.yields),
            None => {
                let fetch = self.expr.base();
                grammar::fetch(fetch.as_bytes()).map(|f| f.yields)
            }
        };
        yields.unwrap_or("any")
    }

    /// All of it in one spelling, for comparisons.
    pub fn canonical(&self) -> String {
        let mut out = self.expr.canonical();
        out.push(' ');
        out.push_str(match self.method() {
            Method::Str => "str",
            Method::Beg => "beg",
            Method::End => "end",
            Method::Sub => "sub",
            Method::Dir => "dir",
            Method::Dom => "dom",
            Method::Reg => "reg",
            Method::Other => self.method_name(),
        });
        for (flag, value) in &self.flags {
            if !flag.is("-m") {
                out.push_str(&format!(" {}", flag.display()));
                if let Some(value) = value {
                    out.push_str(&format!(" {}", value.display()));
                }
            }
        }
        let mut patterns: Vec<String> = self
            .patterns
            .iter()
            .map(|p| p.display().to_string())
            .collect();
        patterns.sort();
        for pattern in patterns {
            out.push_str(" |");
            out.push_str(&pattern);
        }
        out
    }
}
