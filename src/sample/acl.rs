//! ACLs: a fetch, its converters, a match method and patterns (manual 7.1).

use super::compile::{Compile, RULE_FAULT};
use super::condition::Truth;
use super::expr::{Expr, ident};
use super::fetch::Cursor;
use super::pattern::{self, Method, Operator, Patterns};
use super::places::Places;
use super::view::Eval;
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::config::directive::Word;
use bstr::BStr;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

mod names;

/// A named ACL with all its lines, or an anonymous `{ ... }`: it holds if any of its tests does.
#[derive(Clone, Debug, Default)]
pub struct Acl {
    /// Its name; empty if anonymous.
    pub name: Vec<u8>,
    tests: Vec<Test>,
}

/// One `acl` line.
#[derive(Clone, Debug)]
struct Test {
    expr: Expr,
    method: Method,
    patterns: Arc<Patterns>,
    files: Vec<Arc<PatternFile>>,
    /// The keyword as written, for messages.
    keyword: Vec<u8>,
}

impl Acl {
    /// Whether it holds.
    pub fn eval(&self, e: &Eval<'_>) -> Truth {
        let mut result = Truth::No;
        for test in &self.tests {
            match test.eval(e) {
                Truth::Yes => return Truth::Yes,
                Truth::NotYet => result = Truth::NotYet,
                Truth::No => {}
            }
        }
        result
    }

    /// Compiles an anonymous ACL (the words between the braces). The error is HAProxy's.
    pub fn anonymous(words: &[Word], cx: &mut Compile<'_>) -> Result<Acl, String> {
        Ok(Acl {
            name: Vec::new(),
            tests: vec![Test::parse(words, cx)?],
        })
    }

    /// A predefined ACL (`TRUE`, `METH_GET`, ...).
    pub fn predefined(name: &[u8], cx: &mut Compile<'_>) -> Option<Acl> {
        let words = names::predefined(name)?;
        let words: Vec<Word> = words
            .iter()
            .map(|w| Word {
                text: (*w).into(),
                span: cx.span,
            })
            .collect();
        let test = Test::parse(&words, cx).ok()?;
        Some(Acl {
            name: name.to_vec(),
            tests: vec![test],
        })
    }

    /// The places at which none of its tests can have a value: `None` if there is one that can.
    /// For the warning about rules that never match.
    pub(super) fn impossible_at(&self, places: Places) -> Option<&[u8]> {
        let all = self
            .tests
            .iter()
            .all(|t| !t.expr.places().intersects(places));
        match self.tests.first() {
            Some(t) if all => Some(&t.keyword),
            _ => None,
        }
    }
}

impl Test {
    fn eval(&self, e: &Eval<'_>) -> Truth {
        let mut cursor = Cursor::all();
        loop {
            cursor.more = false;
            cursor.not_yet = false;
            let sample = self.expr.next(e, &mut cursor);
            let sample = sample.and_then(|s| s.cast(self.method.input(), e.scratch));
            if let Some(sample) = sample {
                let hit = self.patterns.matches(sample, e.scratch)
                    || self.files.iter().any(|f| match f.loaded.get() {
                        Some(p) => p.matches(sample, e.scratch),
                        None => false,
                    });
                if hit {
                    return Truth::Yes;
                }
            }
            if !cursor.more {
                return match cursor.not_yet && !e.last {
                    true => Truth::NotYet,
                    false => Truth::No,
                };
            }
        }
    }

    /// Parses criterion, flags and patterns.
    fn parse(words: &[Word], cx: &mut Compile<'_>) -> Result<Test, String> {
        let criterion = words.first().map(Word::bytes).unwrap_or_default();
        let (expr, mut method, alias) = criterion_of(criterion, cx)?;
        let mut rest = words.get(1..).unwrap_or_default();
        let mut explicit = false;
        let mut ignore_case = false;
        let mut no_dns = false;
        let mut as_map = false;
        let mut dashes = false;
        let mut files: Vec<Arc<PatternFile>> = Vec::new();
        while let [flag, tail @ ..] = rest {
            let argument = tail.first().map(Word::bytes).unwrap_or_default();
            let mut used = 1;
            match flag.bytes() {
                b"-i" => ignore_case = true,
                b"-n" => no_dns = true,
                b"-M" => as_map = true,
                b"-u" => {
                    used = 2;
                    if argument.is_empty() || !argument.iter().all(u8::is_ascii_digit) {
                        return Err("the argument of -u must be an integer".into());
                    }
                }
                b"-m" => {
                    used = 2;
                    if explicit {
                        return Err(
                            "only one explicit matching method can be defined with '-m' \
                                    parameter. if migrating from an old version, just keep the \
                                    last one"
                                .into(),
                        );
                    }
                    if !files.is_empty() {
                        return Err("'-m' must only be specified before patterns and files in \
                                    parsing ACL expression"
                            .into());
                    }
                    let found = Method::named(argument).ok_or_else(|| {
                        format!(
                            "unknown matching method '{}' when parsing ACL expression",
                            BStr::new(argument)
                        )
                    })?;
                    explicit = true;
                    method = Some(found);
                }
                b"-f" => {
                    used = 2;
                    let method = need(method, &expr)?;
                    files.push(cx.pattern_file(
                        argument,
                        tail.first().map_or(flag.span, |w| w.span),
                        method,
                        ignore_case,
                        as_map,
                    ));
                }
                b"--" => {
                    dashes = true;
                    rest = tail;
                    break;
                }
                [b'-', ..] => {
                    return Err(format!(
                        "'{}' is not a valid ACL option. Please use '--' before any pattern \
                         beginning with a '-'",
                        flag.display()
                    ));
                }
                _ => break,
            }
            rest = rest.get(used..).unwrap_or_default();
        }
        let method = need(method, &expr)?;
        if !expr.out().casts_to(method.input()) {
            return Err(format!(
                "matching method '{}' cannot be used with fetch keyword '{}'",
                method.name(),
                expr.fetch_name()
            ));
        }
        if let Some((keyword, implied)) = alias {
            if method != implied && (implied != Method::Str || keyword == b"method") {
                cx.warning(format!(
                    "original matching method '{}' was overwritten and will not be applied as \
                     expected.",
                    BStr::new(keyword)
                ));
            }
        }
        let patterns = parse_patterns(rest, method, ignore_case, no_dns, cx)?;
        let none = patterns.is_empty() && files.is_empty();
        if none && rest.is_empty() && !dashes && !explicit && !method.needs_no_pattern() {
            let has_flags = words.len() > 1;
            if !has_flags {
                cx.warning(format!(
                    "acl keyword '{}' :\n  no pattern to match against were provided, so this ACL \
                     will never match.\n  If this is what you intended, please add '--' to get \
                     rid of this warning.\n  If you intended to match only for existence, please \
                     use '-m found'.\n  If you wanted to force an int to match as a bool, please \
                     use '-m bool'.\n",
                    BStr::new(criterion)
                ));
            }
        }
        Ok(Test {
            expr,
            method,
            // Without patterns, `found` and `bool` still match.
            patterns: Arc::new(patterns),
            files,
            keyword: criterion
                .get(..ident(criterion))
                .unwrap_or_default()
                .to_vec(),
        })
    }
}

fn need(method: Option<Method>, expr: &Expr) -> Result<Method, String> {
    method.ok_or_else(|| {
        format!(
            "matching method must be specified first (using '-m') when using a sample fetch of \
             this type ('{}')",
            expr.fetch_name()
        )
    })
}

type Criterion<'a> = (Expr, Option<Method>, Option<(&'a [u8], Method)>);

/// The expression that a criterion means, the method it implies, and the ACL keyword if it is one.
fn criterion_of<'a>(text: &'a [u8], cx: &mut Compile<'_>) -> Result<Criterion<'a>, String> {
    let name = text.get(..ident(text)).unwrap_or_default();
    if let Some((fetch, implied)) = names::alias(name) {
        let mut full = fetch.as_bytes().to_vec();
        full.extend_from_slice(text.get(name.len()..).unwrap_or_default());
        let expr = Expr::parse(&full, cx).map_err(|m| {
            // HAProxy names the ACL keyword where an expression would name its fetch.
            let prefix = format!("fetch method '{fetch}' : ");
            let inner = m.strip_prefix(&prefix).unwrap_or(&m);
            format!("ACL keyword '{}' : {inner}", BStr::new(name))
        })?;
        let method = match expr.has_converters() {
            false => Some(implied),
            true => Method::of(expr.out()),
        };
        return Ok((expr, method, Some((name, implied))));
    }
    let expr = Expr::parse(text, cx)
        .map_err(|m| format!("{m} in ACL expression '{}'", BStr::new(text)))?;
    let method = Method::of(expr.out());
    Ok((expr, method, None))
}

fn parse_patterns(
    words: &[Word],
    method: Method,
    ignore_case: bool,
    no_dns: bool,
    cx: &mut Compile<'_>,
) -> Result<Patterns, String> {
    let mut patterns = Patterns::new(method);
    let names = cx.names;
    let resolve = |host: &[u8]| -> Option<IpAddr> {
        match no_dns {
            true => None,
            false => names.resolve(host),
        }
    };
    let mut operator = None;
    for word in words {
        if pattern::takes_operators(method) {
            if let Some(op) = Operator::named(word.bytes()) {
                operator = Some(op);
                continue;
            }
        }
        patterns.add(word.bytes(), ignore_case, operator, &resolve)?;
    }
    Ok(patterns)
}

/// The ACLs of a section. All `acl` lines are added before the conditions of the section are
/// compiled, since a later line adds to an ACL that an earlier rule already uses.
#[derive(Clone, Debug, Default)]
pub struct AclSet {
    acls: Vec<(Span, Arc<Acl>)>,
}

impl AclSet {
    /// Compiles the `acl` lines of a section (each: `acl NAME CRITERION ...`), those of a named
    /// `defaults` first. Lines that are wrong are reported and left out; their name stays known,
    /// so that its uses are not reported as well.
    pub fn compile<'l>(lines: impl Iterator<Item = &'l [Word]>, cx: &mut Compile<'_>) -> AclSet {
        let mut acls: Vec<(Span, Acl)> = Vec::new();
        for words in lines {
            let [_, name, rest @ ..] = words else {
                cx.alert(
                    "missing arguments: 'acl' expects a name and a criterion, as in 'acl NAME \
                     path_beg /x'.",
                );
                continue;
            };
            let before = cx.span;
            cx.span = name.span;
            if check_name(name, cx) {
                let test = Test::parse(rest, cx).map_err(|m| {
                    cx.alert(format!(
                        "error detected while parsing ACL '{}' : {m}.",
                        name.display()
                    ));
                });
                let at = match acls.iter().position(|(_, a)| a.name == name.bytes()) {
                    Some(at) => at,
                    None => {
                        let acl = Acl {
                            name: name.bytes().to_vec(),
                            tests: Vec::new(),
                        };
                        acls.push((name.span, acl));
                        acls.len() - 1
                    }
                };
                if let (Ok(test), Some((_, acl))) = (test, acls.get_mut(at)) {
                    acl.tests.push(test);
                }
            }
            cx.span = before;
        }
        AclSet {
            acls: acls.into_iter().map(|(s, a)| (s, Arc::new(a))).collect(),
        }
    }

    /// The ACL of that name, if it was declared before the line at `used`.
    pub fn find(&self, name: &[u8], used: Span) -> Option<&Arc<Acl>> {
        self.acls
            .iter()
            .find(|(at, a)| a.name == name && (at.file, at.line) <= (used.file, used.line))
            .map(|(_, a)| a)
    }

    /// Their names, for the nearest match.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.acls.iter().map(|(_, a)| &a.name[..])
    }
}

fn check_name(name: &Word, cx: &mut Compile<'_>) -> bool {
    let bad = name
        .bytes()
        .iter()
        .find(|b| !(b.is_ascii_alphanumeric() || b"-_.:".contains(b)));
    if let Some(b) = bad {
        cx.alert(format!(
            "character '{}' is not permitted in acl name '{}'.",
            char::from(*b),
            name.display()
        ));
        return false;
    }
    if name.bytes().eq_ignore_ascii_case(b"or") {
        cx.alert(format!(
            "acl name '{}' will never match. 'or' is used to express a logical disjunction within \
             a condition.",
            name.display()
        ));
        return false;
    }
    true
}

/// A pattern file (`-f`, `-M`): named while reading, filled by `plan`. ACLs that name the same
/// file with the same method share it.
#[derive(Debug)]
pub struct PatternFile {
    /// As written (`virt@` and `opt@` in front included).
    pub name: String,
    /// Where.
    pub span: Span,
    method: Method,
    ignore_case: bool,
    as_map: bool,
    loaded: OnceLock<Patterns>,
}

impl PatternFile {
    /// Fills it with the file's bytes; findings name line numbers of that file.
    pub fn load(&self, bytes: &[u8]) -> Vec<Diagnostic> {
        let mut diags = Vec::new();
        let mut patterns = Patterns::new(self.method);
        for (i, line) in bytes.split(|&b| b == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.first() == Some(&b'#') {
                continue;
            }
            let mut line = line.trim_ascii_start();
            if self.as_map {
                let end = line.iter().position(u8::is_ascii_whitespace);
                line = line.get(..end.unwrap_or(line.len())).unwrap_or_default();
            }
            if line.is_empty() {
                continue;
            }
            if let Err(m) = patterns.add(line, self.ignore_case, None, &|_| None) {
                let message = format!("{m} at line {} of file '{}'.", i + 1, self.name);
                diags.push(Diagnostic::alert(RULE_FAULT, self.span, message));
            }
        }
        let _ = self.loaded.set(patterns);
        diags
    }

    /// Whether [`load`](Self::load) was called.
    pub fn is_loaded(&self) -> bool {
        self.loaded.get().is_some()
    }
}

impl Compile<'_> {
    fn pattern_file(
        &mut self,
        name: &[u8],
        span: Span,
        method: Method,
        ignore_case: bool,
        as_map: bool,
    ) -> Arc<PatternFile> {
        let name = BStr::new(name).to_string();
        let known = self.files.iter().find(|f| {
            f.name == name && (f.method, f.ignore_case, f.as_map) == (method, ignore_case, as_map)
        });
        if let Some(f) = known {
            return f.clone();
        }
        let file = Arc::new(PatternFile {
            name,
            span,
            method,
            ignore_case,
            as_map,
            loaded: OnceLock::new(),
        });
        self.files.push(file.clone());
        file
    }
}
