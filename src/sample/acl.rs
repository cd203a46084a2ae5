//! ACLs: a fetch, its converters, a match method and patterns (manual 7.1).

use super::compile::{Compile, Fault};
use super::condition::Truth;
use super::expr::{Expr, ident};
use super::fetch::Cursor;
use super::pattern::{self, Method, Operator, Patterns};
use super::places::Places;
use super::reference::{Reading, Reference, Use, Values};
use super::view::Eval;
use crate::base::span::Span;
use crate::config::directive::Word;
use crate::grammar::{self, Version};
use bstr::BStr;
use std::collections::HashMap;
use std::sync::Arc;

mod names;

/// A named ACL with all its lines, or an anonymous `{ ... }`: it holds if any of its tests does.
#[derive(Clone, Debug, Default)]
pub struct Acl {
    /// Its name; empty if anonymous.
    pub name: Vec<u8>,
    tests: Vec<Test>,
    /// A line of it waits for a later part of hapax.
    pending: bool,
}

/// One `acl` line.
#[derive(Clone, Debug)]
struct Test {
    expr: Expr,
    method: Method,
    /// Lists of patterns, and the index by which each is read.
    lists: Vec<(Arc<Reference>, usize)>,
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

    /// As [`eval`](Self::eval), without the tests that can have no value at these places.
    #[cold]
    pub(super) fn eval_at(&self, places: Places, e: &Eval<'_>) -> Truth {
        let mut result = Truth::No;
        let possible = |t: &&Test| t.expr.places().intersects(places);
        for test in self.tests.iter().filter(possible) {
            match test.eval(e) {
                Truth::Yes => return Truth::Yes,
                Truth::NotYet => result = Truth::NotYet,
                Truth::No => {}
            }
        }
        result
    }

    /// Compiles an anonymous ACL (the words between the braces). The error is HAProxy's.
    pub fn anonymous(words: &[Word], cx: &mut Compile<'_>) -> Result<Acl, Fault> {
        Ok(Acl {
            tests: vec![Test::parse(words, cx)?],
            ..Acl::default()
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
        let language = std::mem::replace(&mut cx.language, Version::CURRENT);
        let test = Test::parse(&words, cx).ok();
        cx.language = language;
        let test = test?;
        Some(Acl {
            name: name.to_vec(),
            tests: vec![test],
            pending: false,
        })
    }

    /// Whether it cannot be evaluated by this version.
    pub(super) fn is_pending(&self) -> bool {
        self.pending
    }

    /// Whether some of its tests can have no value at these places.
    pub(super) fn is_partly_impossible(&self, places: Places) -> bool {
        let mut tests = self.tests.iter();
        tests.any(|t| !t.expr.places().intersects(places))
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
            // Without a value the iteration ends; a value of which the patterns can make nothing
            // is passed over.
            let Some(sample) = self.expr.next(e, &mut cursor) else {
                return Self::undecided(&cursor, e);
            };
            if let Some(sample) = sample.cast(self.method.input(), e.scratch) {
                let mut lists = self.lists.iter();
                if lists.any(|(list, index)| list.matches(*index, sample, e.scratch)) {
                    return Truth::Yes;
                }
            }
            if !cursor.more {
                return Self::undecided(&cursor, e);
            }
        }
    }

    /// Nothing matched.
    fn undecided(cursor: &Cursor, e: &Eval<'_>) -> Truth {
        match cursor.not_yet && !e.last {
            true => Truth::NotYet,
            false => Truth::No,
        }
    }

    /// Parses criterion, flags and patterns.
    fn parse(words: &[Word], cx: &mut Compile<'_>) -> Result<Test, Fault> {
        let criterion = words.first().map(Word::bytes).unwrap_or_default();
        let outer = std::mem::replace(&mut cx.in_acl, true);
        let found = criterion_of(criterion, cx);
        cx.in_acl = outer;
        let (expr, mut method, alias) = found?;
        let mut rest = words.get(1..).unwrap_or_default();
        let mut explicit = false;
        let mut ignore_case = false;
        let mut no_dns = false;
        let mut as_map = false;
        let mut dashes = false;
        let mut lists: Vec<(Arc<Reference>, usize)> = Vec::new();
        let mut id = None;
        while let [flag, tail @ ..] = rest {
            let argument = tail.first().map(Word::bytes).unwrap_or_default();
            let mut used = 1;
            match flag.bytes() {
                b"-i" => ignore_case = true,
                b"-n" => no_dns = true,
                b"-M" => as_map = true,
                b"-u" => {
                    used = 2;
                    let number = std::str::from_utf8(argument).ok();
                    id = number.and_then(|n| n.parse().ok());
                    if id.is_none() {
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
                    if !lists.is_empty() {
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
                    let span = tail.first().map_or(flag.span, |w| w.span);
                    let reading = Reading {
                        method,
                        ignore_case,
                        no_dns,
                        values: Values::Text,
                    };
                    lists.push(cx.list_patterns(argument, span, as_map, reading, "acl")?);
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
                    )
                    .into());
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
            )
            .into());
        }
        if let Some((keyword, implied)) = alias
            && method != implied
            && implied != Method::Str
        {
            cx.warning(format!(
                "original matching method '{}' was overwritten and will not be applied as \
                     expected.",
                BStr::new(keyword)
            ));
        }
        let versions: Vec<Word>;
        if method == Method::Int && expr.fetch_name().ends_with("ssl_ver") {
            versions = rest.iter().map(dotted).collect();
            rest = &versions;
        }
        let keyword = criterion.get(..ident(criterion)).unwrap_or_default();
        let own = cx.references.unnamed();
        if let Some(id) = id {
            own.set_id(id);
        }
        let how = Reading {
            method,
            ignore_case,
            no_dns,
            values: Values::Text,
        };
        let by = Use {
            what: format!("acl '{}'", BStr::new(keyword)),
            span: cx.span,
        };
        let index = own.read_as(how, by);
        let hosts = parse_patterns(rest, &own, how, cx)?;
        let none = own.is_empty() && hosts.is_none() && lists.is_empty();
        lists.push((own, index));
        lists.extend(hosts);
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
            lists,
            keyword: keyword.to_vec(),
        })
    }
}

/// A version of TLS (`3.1`, `3.0-3.3`) as the number that its fetch gives: 65536 times the major
/// number plus the minor one.
fn dotted(word: &Word) -> Word {
    let number = |text: &str| -> Option<String> {
        let (major, minor) = text.split_once('.')?;
        let (major, minor): (u32, u32) = (major.parse().ok()?, minor.parse().ok()?);
        Some(((major << 16) + minor).to_string())
    };
    let text = word.display().to_string();
    let numbers: Option<Vec<String>> = text.split('-').map(number).collect();
    match numbers.filter(|n| n.len() <= 2) {
        Some(numbers) => Word {
            text: numbers.join(":").into(),
            span: word.span,
        },
        None => word.clone(),
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
fn criterion_of<'a>(text: &'a [u8], cx: &mut Compile<'_>) -> Result<Criterion<'a>, Fault> {
    let name = text.get(..ident(text)).unwrap_or_default();
    if let Some((fetch, implied)) = names::alias(name) {
        let mut full = fetch.as_bytes().to_vec();
        full.extend_from_slice(text.get(name.len()..).unwrap_or_default());
        if !cx.speaks(grammar::acl(name).map(|a| &a.life)) {
            let names = grammar::acls().iter().map(|a| a.name);
            return Err(cx.unknown("fetch method", name, names));
        }
        // The keyword may be older than the fetch of today that it stands for.
        let language = std::mem::replace(&mut cx.language, Version::CURRENT);
        let expr = Expr::parse(&full, cx);
        cx.language = language;
        let expr = expr.map_err(|fault| {
            fault.wrap(|m| {
                // HAProxy names the ACL keyword where an expression would name its fetch.
                let prefix = format!("fetch method '{fetch}' : ");
                let inner = m.strip_prefix(&prefix).unwrap_or(&m);
                format!("ACL keyword '{}' : {inner}", BStr::new(name))
            })
        })?;
        let method = match expr.has_converters() {
            false => Some(implied),
            true => Method::of(expr.out()),
        };
        return Ok((expr, method, Some((name, implied))));
    }
    let expr = Expr::parse(text, cx)
        .map_err(|f| f.wrap(|m| format!("{m} in ACL expression '{}'", BStr::new(text))))?;
    let method = Method::of(expr.out());
    Ok((expr, method, None))
}

/// Puts inline patterns into their list; host names among them are listed for `plan` to look up.
fn parse_patterns(
    words: &[Word],
    own: &Reference,
    how: Reading,
    cx: &mut Compile<'_>,
) -> Result<Option<(Arc<Reference>, usize)>, String> {
    let mut hosts: Vec<u8> = Vec::new();
    let mut operator = None;
    let mut list = Vec::new();
    for word in words.iter().map(Word::bytes) {
        if pattern::takes_operators(how.method)
            && let Some(op) = Operator::named(word)
        {
            operator = Some(op);
            continue;
        }
        let may_be_host = how.method == Method::Ip && !how.no_dns && is_host(word);
        if may_be_host
            && Patterns::new(Method::Ip)
                .add(word, 0, false, None, &|_| None)
                .is_err()
        {
            hosts.extend_from_slice(word);
            hosts.push(b'\n');
            continue;
        }
        list.push((word, operator));
    }
    own.load_words(&list, &|_| None)?;
    Ok((!hosts.is_empty()).then(|| cx.list_hosts(hosts, cx.span)))
}

/// Whether a word may be a host name, with a mask or without.
fn is_host(word: &[u8]) -> bool {
    let name = word.split(|&b| b == b'/').next().unwrap_or_default();
    !name.starts_with(b"-")
        && name.iter().any(u8::is_ascii_alphabetic)
        && name
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(b))
}

pub use super::file::ListedFile as PatternFile;

/// The ACLs of a section. All `acl` lines are added before the conditions of the section are
/// compiled, since a later line adds to an ACL that an earlier rule already uses.
#[derive(Clone, Debug, Default)]
pub struct AclSet {
    /// Shared by all who hold the set: a section may have tens of thousands of them.
    acls: Arc<Listed>,
}

/// ACLs in the order of their first lines, and where each name stands among them.
#[derive(Debug, Default)]
struct Listed {
    order: Vec<(Span, Arc<Acl>)>,
    index: HashMap<Vec<u8>, usize>,
}

impl AclSet {
    /// Compiles the `acl` lines of a section (each: `acl NAME CRITERION ...`), those of a named
    /// `defaults` first. Lines that are wrong are reported and left out; their name stays known,
    /// so that its uses are not reported as well.
    pub fn compile<'l>(lines: impl Iterator<Item = &'l [Word]>, cx: &mut Compile<'_>) -> AclSet {
        let mut acls: Vec<(Span, Acl)> = Vec::new();
        let mut index: HashMap<Vec<u8>, usize> = HashMap::new();
        for words in lines {
            let [_, name, rest @ ..] = words else {
                cx.span = words.first().map_or(cx.span, |w| w.span);
                cx.alert(
                    "missing arguments: 'acl' expects a name and a criterion, as in 'acl NAME \
                     path_beg /x'.",
                );
                continue;
            };
            let before = cx.span;
            cx.span = name.span;
            if check_name(name, cx) {
                if rest
                    .first()
                    .is_some_and(|w| memchr::memmem::find(w.bytes(), b"acl").is_some())
                {
                    // This line may name the ones before it.
                    cx.acls = AclSet::of(acls.clone());
                }
                cx.context = format!("error detected while parsing ACL '{}' : ", name.display());
                let outer = std::mem::take(&mut cx.pending);
                let test = Test::parse(rest, cx).map_err(|fault| {
                    let pending = fault == Fault::Pending;
                    cx.fault(fault);
                    pending
                });
                let stands_for_more = std::mem::replace(&mut cx.pending, outer);
                cx.context.clear();
                let at = match index.get(name.bytes()).copied() {
                    Some(at) => at,
                    None => {
                        index.insert(name.bytes().to_vec(), acls.len());
                        let acl = Acl {
                            name: name.bytes().to_vec(),
                            ..Acl::default()
                        };
                        acls.push((name.span, acl));
                        acls.len() - 1
                    }
                };
                if let Some((_, acl)) = acls.get_mut(at) {
                    match test {
                        Ok(test) => acl.tests.push(test),
                        Err(pending) => acl.pending |= pending,
                    }
                    acl.pending |= stands_for_more;
                }
            }
            cx.span = before;
        }
        AclSet::of(acls)
    }

    fn of(acls: Vec<(Span, Acl)>) -> AclSet {
        let mut listed = Listed::default();
        for (span, acl) in acls {
            listed.index.insert(acl.name.clone(), listed.order.len());
            listed.order.push((span, Arc::new(acl)));
        }
        AclSet {
            acls: Arc::new(listed),
        }
    }

    /// The ACL of that name, if it was declared before the line at `used`.
    pub fn find(&self, name: &[u8], used: Span) -> Option<&Arc<Acl>> {
        let (at, acl) = self.acls.order.get(*self.acls.index.get(name)?)?;
        ((at.file, at.line) <= (used.file, used.line)).then_some(acl)
    }

    /// Their names, for the nearest match.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.acls.order.iter().map(|(_, a)| &a.name[..])
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
