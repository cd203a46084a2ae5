//! Text to expression to answer.

use super::version::Version;
use super::{Facts, Fault};
use crate::config::args::atol;
use crate::config::environment::Environment;

/// A condition.
#[derive(Debug)]
pub(super) enum Expression {
    Constant(bool),
    Not(Box<Expression>),
    /// Lists rather than pairs, so that a long chain is not a deep tree.
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Predicate(&'static Predicate, Vec<Vec<u8>>),
}

/// A function of the language of conditions.
#[derive(Debug)]
pub(super) struct Predicate {
    name: &'static str,
    /// How many arguments it takes, exactly.
    arguments: usize,
    /// `None` when an argument makes no sense.
    answer: fn(&[Vec<u8>], &Environment, &Facts) -> Option<bool>,
}

static PREDICATES: &[Predicate] = &[
    Predicate {
        name: "awslc_api_atleast",
        arguments: 1,
        answer: |args, _, facts| Some(awslc(facts)? >= number(args)?),
    },
    Predicate {
        name: "awslc_api_before",
        arguments: 1,
        answer: |args, _, facts| Some(awslc(facts)? < number(args)?),
    },
    Predicate {
        name: "defined",
        arguments: 1,
        answer: |args, env, _| Some(env.get(args.first()?).is_some()),
    },
    Predicate {
        name: "enabled",
        arguments: 1,
        answer: |args, _, facts| Some(lists(&facts.enabled, args.first()?)),
    },
    Predicate {
        name: "feature",
        arguments: 1,
        answer: |args, _, facts| Some(lists(&facts.features, args.first()?)),
    },
    Predicate {
        name: "openssl_version_atleast",
        arguments: 1,
        answer: |args, _, facts| openssl(args, facts).map(|order| order.is_ge()),
    },
    Predicate {
        name: "openssl_version_before",
        arguments: 1,
        answer: |args, _, facts| openssl(args, facts).map(|order| order.is_lt()),
    },
    Predicate {
        name: "ssllib_name_startswith",
        arguments: 1,
        answer: |args, _, facts| {
            let name = facts.tls.as_ref().map_or("", |tls| &tls.name);
            Some(name.as_bytes().starts_with(args.first()?))
        },
    },
    Predicate {
        name: "streq",
        arguments: 2,
        answer: |args, _, _| Some(args.first()? == args.get(1)?),
    },
    Predicate {
        name: "strneq",
        arguments: 2,
        answer: |args, _, _| Some(args.first()? != args.get(1)?),
    },
    Predicate {
        name: "strstr",
        arguments: 2,
        answer: |args, _, _| Some(memchr::memmem::find(args.first()?, args.get(1)?).is_some()),
    },
    Predicate {
        name: "version_atleast",
        arguments: 1,
        answer: |args, _, facts| Some(running(facts) >= Version::parse(args.first()?)),
    },
    Predicate {
        name: "version_before",
        arguments: 1,
        answer: |args, _, facts| Some(running(facts) < Version::parse(args.first()?)),
    },
];

fn lists(names: &[String], name: &[u8]) -> bool {
    names.iter().any(|n| n.as_bytes() == name)
}

fn running(facts: &Facts) -> Version {
    Version::parse(facts.version.as_bytes())
}

fn awslc(facts: &Facts) -> Option<u32> {
    facts.tls.as_ref()?.awslc_api
}

fn number(args: &[Vec<u8>]) -> Option<u32> {
    std::str::from_utf8(args.first()?).ok()?.parse().ok()
}

fn openssl(args: &[Vec<u8>], facts: &Facts) -> Option<std::cmp::Ordering> {
    let has = Version::openssl(facts.tls.as_ref()?.openssl_version.as_bytes())?;
    Some(has.cmp(&Version::openssl(args.first()?)?))
}

impl Expression {
    /// The answer; the error is HAProxy's text about an argument.
    pub(super) fn evaluate(&self, env: &Environment, facts: &Facts) -> Result<bool, String> {
        match self {
            Expression::Constant(value) => Ok(*value),
            Expression::Not(inner) => Ok(!inner.evaluate(env, facts)?),
            Expression::And(all) => {
                for each in all {
                    if !each.evaluate(env, facts)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expression::Or(all) => {
                for each in all {
                    if each.evaluate(env, facts)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expression::Predicate(predicate, args) => (predicate.answer)(args, env, facts)
                .ok_or_else(|| {
                    format!(
                        "invalid argument to conditional expression predicate '{}': '{}'",
                        predicate.name,
                        args.first()
                            .map_or_else(Default::default, |a| String::from_utf8_lossy(a))
                    )
                }),
        }
    }
}

/// Deeper nesting than this is refused, so that no input exhausts the stack.
const DEPTH: usize = 200;

pub(super) struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Parser {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// The whole text is one expression.
    pub(super) fn whole(mut self) -> Result<Expression, Fault> {
        let expression = self.or(0)?;
        self.blanks();
        match self.text.get(self.at) {
            None => Ok(expression),
            Some(byte) => Err(Fault {
                at: self.at,
                message: format!(
                    "unexpected character '{}' at the end of conditional expression '{}'",
                    String::from_utf8_lossy(&[*byte]),
                    String::from_utf8_lossy(self.text)
                ),
            }),
        }
    }

    fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        let blank = |b: &&u8| matches!(b, b' ' | b'\t');
        self.at += self.rest().iter().take_while(blank).count();
    }

    fn unparsable(&self, shown_from: usize, at: usize) -> Fault {
        let shown = self.text.get(shown_from..).unwrap_or_default();
        Fault {
            at,
            message: format!(
                "unparsable conditional expression '{}'",
                String::from_utf8_lossy(shown)
            ),
        }
    }

    /// `start` is where the text begins that messages show: before the parenthesis, if one opened.
    fn or(&mut self, start: usize) -> Result<Expression, Fault> {
        let mut all = vec![self.and()?];
        loop {
            self.blanks();
            let operator = self.at;
            if !self.rest().starts_with(b"||") {
                return Ok(one_or(all, Expression::Or));
            }
            self.at += 2;
            self.blanks();
            if self.rest().is_empty() {
                return Err(self.unparsable(start, operator));
            }
            all.push(self.and()?);
        }
    }

    fn and(&mut self) -> Result<Expression, Fault> {
        let mut all = vec![self.term()?];
        loop {
            self.blanks();
            let operator = self.at;
            if !self.rest().starts_with(b"&&") {
                return Ok(one_or(all, Expression::And));
            }
            self.at += 2;
            self.blanks();
            if self.rest().is_empty() {
                return Err(self.unparsable(operator, operator));
            }
            all.push(self.term()?);
        }
    }

    fn term(&mut self) -> Result<Expression, Fault> {
        let start = self.at;
        self.blanks();
        if self.rest().is_empty() {
            let shown = self.text.get(start..).unwrap_or_default();
            let shown = String::from_utf8_lossy(shown);
            return Err(Fault {
                at: start,
                message: format!("unparsable conditional sub-expression '{shown}'"),
            });
        }
        let mut negated = false;
        while self.rest().first() == Some(&b'!') {
            negated = !negated;
            self.at += 1;
            self.blanks();
        }
        let inner = match self.rest() {
            [b'(', ..] => self.parenthesis(start)?,
            rest => match integer(rest) {
                Some((value, length)) => {
                    self.at += length;
                    Expression::Constant(value)
                }
                None => self.predicate(start)?,
            },
        };
        Ok(if negated {
            Expression::Not(Box::new(inner))
        } else {
            inner
        })
    }

    fn parenthesis(&mut self, start: usize) -> Result<Expression, Fault> {
        self.at += 1;
        self.blanks();
        if self.rest().is_empty() || self.depth >= DEPTH {
            return Err(self.unparsable(start, start));
        }
        self.depth += 1;
        let inner = self.or(start)?;
        self.depth -= 1;
        self.blanks();
        if self.rest().first() != Some(&b')') {
            let shown = self.text.get(start..).unwrap_or_default();
            return Err(Fault {
                at: start,
                message: format!(
                    "expected ')' after conditional expression '{}'",
                    String::from_utf8_lossy(shown)
                ),
            });
        }
        self.at += 1;
        Ok(inner)
    }

    fn predicate(&mut self, start: usize) -> Result<Expression, Fault> {
        let is_name = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'_';
        let length = self.rest().iter().take_while(is_name).count();
        let name = self.rest().get(..length).unwrap_or_default();
        // Only a parenthesis or a blank may follow: `defined&&1` is no predicate.
        let next = self.rest().get(length);
        let ends = next.is_none_or(|b| matches!(b, b'(' | b' ' | b'\t'));
        let known = PREDICATES
            .iter()
            .find(|p| ends && p.name.as_bytes() == name);
        let Some(predicate) = known else {
            return Err(self.unparsable(start, start));
        };
        self.at += length;
        let args = self.arguments(predicate)?;
        Ok(Expression::Predicate(predicate, args))
    }

    fn arguments(&mut self, predicate: &Predicate) -> Result<Vec<Vec<u8>>, Fault> {
        let parenthesis = self.rest().first() == Some(&b'(');
        let mut args = Vec::new();
        if parenthesis {
            self.at += 1;
            loop {
                args.push(self.argument(predicate, args.len())?);
                if args.len() >= predicate.arguments || self.rest().first() != Some(&b',') {
                    break;
                }
                self.at += 1;
            }
        } else {
            args.push(Vec::new());
        }
        let fault = |at, what: String| Fault {
            at,
            message: format!(
                "{what} in argument 1 of predicate '{}' used in conditional expression",
                predicate.name
            ),
        };
        if args.len() < predicate.arguments {
            let (got, wanted) = (args.len(), predicate.arguments);
            let what = format!("missing arguments (got {got}/{wanted}), type 'string' expected");
            return Err(fault(self.at, what));
        }
        if parenthesis {
            match self.rest() {
                [b')', ..] => self.at += 1,
                [] => return Err(fault(self.at, "expected ')'".to_owned())),
                rest => {
                    let rest = String::from_utf8_lossy(rest);
                    return Err(fault(self.at, format!("expected ')' before '{rest}'")));
                }
            }
        }
        Ok(args)
    }

    /// One argument, up to an unquoted comma or closing parenthesis. Quotes and escapes are
    /// resolved a second time here.
    fn argument(&mut self, predicate: &Predicate, index: usize) -> Result<Vec<u8>, Fault> {
        let mut argument = Vec::new();
        let mut quote = None;
        while let Some(byte) = self.text.get(self.at).copied() {
            let next = self.text.get(self.at + 1).copied();
            match (quote, byte) {
                (None, b',' | b')') => break,
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                (None | Some(b'"'), b'\\') => {
                    let literal = match next {
                        None => {
                            let before = String::from_utf8_lossy(&argument);
                            return Err(Fault {
                                at: self.at,
                                message: format!(
                                    "failed to parse '\\' after '{before}' as type 'string' at position {} in argument {index} of predicate '{}' used in conditional expression",
                                    index + 1,
                                    predicate.name
                                ),
                            });
                        }
                        Some(b'n') => Some(b'\n'),
                        Some(b'r') => Some(b'\r'),
                        Some(b't') => Some(b'\t'),
                        Some(b @ (b' ' | b'\\' | b'"' | b'\'')) => Some(b),
                        _ => None,
                    };
                    self.at += usize::from(literal.is_some());
                    argument.push(literal.unwrap_or(b'\\'));
                }
                _ => argument.push(byte),
            }
            self.at += 1;
        }
        Ok(argument)
    }
}

fn one_or(mut all: Vec<Expression>, list: fn(Vec<Expression>) -> Expression) -> Expression {
    match all.pop() {
        Some(only) if all.is_empty() => only,
        last => {
            all.extend(last);
            list(all)
        }
    }
}

/// C's `strtol` with base 0: whether the number is not zero, and its length.
fn integer(text: &[u8]) -> Option<(bool, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let digits = text.get(sign..)?;
    if let [b'0', b'x' | b'X', hex @ ..] = digits {
        let count = hex.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        if let Some(hex) = hex.get(..count).filter(|h| !h.is_empty()) {
            return Some((hex.iter().any(|b| *b != b'0'), sign + 2 + count));
        }
    }
    if digits.first() == Some(&b'0') {
        let octal = |b: &&u8| matches!(b, b'0'..=b'7');
        let count = digits.iter().take_while(octal).count();
        let value = digits.iter().take(count).any(|b| *b != b'0');
        return Some((value, sign + count));
    }
    match atol(text) {
        (_, 0) => None,
        (value, length) => Some((value != 0, length)),
    }
}
