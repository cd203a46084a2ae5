//! Conditions: `if A !B or { path /x }` as a list of alternatives, and what follows from what.

use super::matcher::{Matcher, Method};
use super::{Model, Scope};
use crate::base::span::Span;
use crate::config::directive::Word;

/// What is tested.
#[derive(Clone, Debug)]
pub enum Test<'d> {
    /// An ACL by its name.
    Named(&'d [u8]),
    /// `{ ... }`; `None` where the words between the braces are no test.
    Anonymous(Option<Matcher<'d>>),
}

/// A test of a condition.
#[derive(Clone, Debug)]
pub struct Term<'d> {
    /// Behind a `!`.
    pub negated: bool,
    /// What.
    pub test: Test<'d>,
    /// Where.
    pub span: Span,
}

/// The condition of a rule: alternatives of tests that must all hold.
#[derive(Clone, Debug)]
pub struct Condition<'d> {
    /// `if` or `unless`.
    pub keyword: &'d Word,
    /// Alternatives, as written (not negated by `unless`).
    pub alternatives: Vec<Vec<Term<'d>>>,
    /// All its words.
    pub words: &'d [Word],
}

impl<'d> Condition<'d> {
    /// Takes the words from `if` or `unless` on apart.
    pub fn parse(words: &'d [Word]) -> Option<Condition<'d>> {
        let (keyword, rest) = words.split_first()?;
        let mut alternatives = vec![Vec::new()];
        let mut negated = false;
        let mut at = 0;
        while let Some(word) = rest.get(at) {
            at += 1;
            if word.is("||") || word.is("or") {
                alternatives.push(Vec::new());
                continue;
            }
            let mut text = word.bytes();
            let mut span = word.span;
            while let Some(more) = text.strip_prefix(b"!") {
                negated = !negated;
                text = more;
            }
            if text.is_empty() {
                continue;
            }
            let test = match text {
                b"{" => {
                    let inner = rest.get(at..).unwrap_or_default();
                    let length = inner.iter().position(|w| w.is("}")).unwrap_or(inner.len());
                    at += length + 1;
                    if let Some(close) = inner.get(length) {
                        span = span.to(close.span);
                    }
                    Test::Anonymous(inner.get(..length).and_then(Matcher::parse))
                }
                name => Test::Named(name),
            };
            if let Some(last) = alternatives.last_mut() {
                last.push(Term {
                    negated,
                    test,
                    span,
                });
            }
            negated = false;
        }
        Some(Condition {
            keyword,
            alternatives,
            words,
        })
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        match (self.words.first(), self.words.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => self.keyword.span,
        }
    }

    /// Whether it is `unless`.
    pub fn is_unless(&self) -> bool {
        self.keyword.is("unless")
    }

    /// All its tests.
    pub fn terms(&self) -> impl Iterator<Item = &Term<'d>> {
        self.alternatives.iter().flatten()
    }

    /// The matchers that it comes to, named ACLs looked up in their section.
    pub fn matchers<'a>(&'a self, scope: &'a Scope<'d>) -> Vec<&'a Matcher<'d>> {
        self.terms().flat_map(|t| t.matchers(scope)).collect()
    }

    /// It as alternatives of tests, `unless` worked in; `None` where that would take too many.
    pub fn normal<'a>(&'a self, scope: &'a Scope<'d>) -> Option<Normal<'a, 'd>> {
        let literal = |term: &'a Term<'d>, flip: bool| Literal {
            negated: term.negated != flip,
            key: term.key(scope),
            matchers: term.matchers(scope),
            span: term.span,
        };
        let list = &self.alternatives;
        if !self.is_unless() {
            let make = |terms: &'a Vec<Term<'d>>| terms.iter().map(|t| literal(t, false)).collect();
            return Some(Normal(list.iter().map(make).collect()));
        }
        if list.iter().all(|terms| terms.len() == 1) {
            let terms = list.iter().flatten().map(|t| literal(t, true)).collect();
            return Some(Normal(vec![terms]));
        }
        match list.as_slice() {
            [only] => Some(Normal(
                only.iter().map(|t| vec![literal(t, true)]).collect(),
            )),
            _ => None,
        }
    }
}

impl<'d> Term<'d> {
    /// The matchers that it comes to: one, or those of the lines of a named ACL.
    pub fn matchers<'a>(&'a self, scope: &'a Scope<'d>) -> Vec<&'a Matcher<'d>> {
        match &self.test {
            Test::Anonymous(matcher) => matcher.iter().collect(),
            Test::Named(name) => scope.acl(name).map(|a| &a.test).collect(),
        }
    }

    /// What it tests, in one spelling: the same for a named ACL of one line and its anonymous form.
    pub fn key(&self, scope: &Scope<'d>) -> String {
        match &self.test {
            Test::Named(name) => {
                let mut lines = scope.acl(name);
                match (lines.next(), lines.next()) {
                    (Some(acl), None) => acl.test.canonical(),
                    _ => format!("acl {}", String::from_utf8_lossy(name)),
                }
            }
            Test::Anonymous(Some(matcher)) => matcher.canonical(),
            Test::Anonymous(None) => format!("at {:?}", self.span),
        }
    }
}

/// A test or its opposite.
#[derive(Clone, Debug)]
pub struct Literal<'a, 'd> {
    /// The opposite.
    pub negated: bool,
    /// What it tests.
    pub key: String,
    /// The matchers, of which one must hold.
    pub matchers: Vec<&'a Matcher<'d>>,
    /// Where.
    pub span: Span,
}

/// Alternatives of tests.
#[derive(Clone, Debug)]
pub struct Normal<'a, 'd>(pub Vec<Vec<Literal<'a, 'd>>>);

/// Tests that give another answer each time they are asked.
fn is_fickle(key: &str) -> bool {
    [
        "rand", "sc_", "sc0_", "sc1_", "sc2_", "src_inc", "src_clr", "wait_end", "var(", "uuid",
        "date",
    ]
    .iter()
    .any(|p| key.starts_with(p))
        || key.contains("_inc_gpc")
}

impl<'a, 'd> Normal<'a, 'd> {
    /// Two tests of one alternative that cannot both hold, for every alternative; `None` if one of
    /// them can hold as far as can be seen.
    pub fn contradiction(&self) -> Option<(Span, Span)> {
        let mut found = None;
        for terms in &self.0 {
            let pairs = terms
                .iter()
                .enumerate()
                .flat_map(|(i, a)| terms.iter().skip(i + 1).map(move |b| (a, b)));
            let mut clash = pairs
                .filter(|(a, b)| a.excludes(b))
                .map(|(a, b)| (a.span, b.span));
            found = Some(clash.next()?);
        }
        found
    }

    /// Whether it holds whenever the other does, as far as can be seen.
    pub fn covers(&self, other: &Normal<'_, '_>) -> bool {
        let implied = |mine: &Vec<Literal<'_, '_>>, theirs: &Vec<Literal<'_, '_>>| {
            mine.iter()
                .all(|m| theirs.iter().any(|t| m.follows_from(t)))
        };
        other
            .0
            .iter()
            .all(|theirs| self.0.iter().any(|mine| implied(mine, theirs)))
    }
}

impl Literal<'_, '_> {
    /// Whether both cannot hold at once.
    fn excludes(&self, other: &Literal<'_, '_>) -> bool {
        if self.key == other.key {
            return self.negated != other.negated && !is_fickle(&self.key);
        }
        if self.negated || other.negated || self.matchers.is_empty() || other.matchers.is_empty() {
            return false;
        }
        self.matchers
            .iter()
            .all(|a| other.matchers.iter().all(|b| disjoint(a, b)))
    }

    /// Whether it holds whenever the other does.
    fn follows_from(&self, other: &Literal<'_, '_>) -> bool {
        if self.key == other.key {
            return self.negated == other.negated && !is_fickle(&self.key);
        }
        if self.negated || other.negated || self.matchers.is_empty() || other.matchers.is_empty() {
            return false;
        }
        other
            .matchers
            .iter()
            .all(|b| self.matchers.iter().any(|a| wider(a, b)))
    }
}

/// Expressions that have one value per request, so that two patterns cannot both be met by
/// different values.
fn is_single(matcher: &Matcher<'_>) -> bool {
    let base = matcher.expr.base();
    matches!(
        base,
        "path" | "method" | "url" | "base" | "query" | "ssl_fc_sni" | "req.ssl_sni" | "dst_port"
    ) || (base == "req.hdr" && matcher.expr.is_header("host"))
}

fn comparable(a: &Matcher<'_>, b: &Matcher<'_>) -> bool {
    a.expr.canonical() == b.expr.canonical()
        && !a.has_file()
        && !b.has_file()
        && !a.patterns.is_empty()
        && !b.patterns.is_empty()
        && !is_fickle(&a.expr.canonical())
}

fn folded(matcher: &Matcher<'_>, both: bool) -> Vec<Vec<u8>> {
    let fold = |w: &&Word| match both {
        true => w.bytes().to_ascii_lowercase(),
        false => w.bytes().to_vec(),
    };
    matcher.patterns.iter().map(fold).collect()
}

/// Whether no value meets both.
fn disjoint(a: &Matcher<'_>, b: &Matcher<'_>) -> bool {
    if !comparable(a, b) || !is_single(a) {
        return false;
    }
    let fold = a.ignores_case() || b.ignores_case();
    let apart = |x: &[u8], y: &[u8]| match (a.method(), b.method()) {
        (Method::Str, Method::Str) => x != y,
        (Method::Str, Method::Beg) => !x.starts_with(y),
        (Method::Beg, Method::Str) => !y.starts_with(x),
        (Method::Str, Method::End) => !x.ends_with(y),
        (Method::End, Method::Str) => !y.ends_with(x),
        (Method::Beg, Method::Beg) => !x.starts_with(y) && !y.starts_with(x),
        (Method::End, Method::End) => !x.ends_with(y) && !y.ends_with(x),
        (Method::Other, Method::Other) => a.expr.base() == "method" && x != y,
        _ => false,
    };
    let ys = folded(b, fold);
    folded(a, fold)
        .iter()
        .all(|x| ys.iter().all(|y| apart(x, y)))
}

/// Whether `a` is met by everything that meets `b`.
fn wider(a: &Matcher<'_>, b: &Matcher<'_>) -> bool {
    if !comparable(a, b) || (b.ignores_case() && !a.ignores_case()) {
        return false;
    }
    let fold = a.ignores_case();
    let holds = |x: &[u8], y: &[u8]| match (a.method(), b.method()) {
        (Method::Str, Method::Str) => x == y,
        (Method::Beg, Method::Beg | Method::Str) => y.starts_with(x),
        (Method::End, Method::End | Method::Str) => y.ends_with(x),
        (Method::Sub, Method::Beg | Method::End | Method::Str | Method::Sub) => {
            memchr::memmem::find(y, x).is_some()
        }
        (Method::Reg, Method::Reg) | (Method::Dir, Method::Dir) | (Method::Dom, Method::Dom) => {
            x == y
        }
        (Method::Other, Method::Other) => a.method_name() == b.method_name() && x == y,
        _ => false,
    };
    let xs = folded(a, fold);
    folded(b, fold)
        .iter()
        .all(|y| xs.iter().any(|x| holds(x, y)))
}

impl<'d> Model<'d> {
    /// Every condition of the proxies, with its section.
    pub fn conditions(&self) -> impl Iterator<Item = (&Scope<'d>, &Condition<'d>)> {
        self.scopes.iter().flat_map(|scope| {
            let statements = scope.statements.iter();
            statements.filter_map(move |s| s.condition.as_ref().map(|c| (scope, c)))
        })
    }

    /// Every test: those of `acl` lines and those between braces.
    pub fn tests(&self) -> Vec<(&Scope<'d>, &Matcher<'d>)> {
        let mut out = Vec::new();
        for scope in &self.scopes {
            out.extend(scope.acls.iter().map(|a| (scope, &a.test)));
            for condition in scope.statements.iter().filter_map(|s| s.condition.as_ref()) {
                out.extend(condition.terms().filter_map(|t| match &t.test {
                    Test::Anonymous(Some(matcher)) => Some((scope, matcher)),
                    _ => None,
                }));
            }
        }
        out
    }
}
