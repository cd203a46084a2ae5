//! `if` / `unless` and their terms (manual 7.2).

use super::acl::{Acl, AclSet};
use super::compile::{Compile, Fault};
use super::places::Places;
use super::view::Eval;
use crate::config::directive::Word;
use crate::grammar;
use bstr::BStr;
use std::sync::Arc;

/// The result of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It does not hold.
    No,
    /// It holds.
    Yes,
    /// Data that may still come decides it.
    NotYet,
}

impl Truth {
    fn not(self) -> Truth {
        match self {
            Truth::No => Truth::Yes,
            Truth::Yes => Truth::No,
            Truth::NotYet => Truth::NotYet,
        }
    }
}

/// A condition: `if`/`unless` and its terms in disjunctive form.
#[derive(Clone, Debug)]
pub struct Condition {
    /// `unless`
    pub negated: bool,
    /// Alternatives; each a list of terms that must all hold.
    pub any_of: Vec<Vec<Term>>,
}

/// One term of a condition.
#[derive(Clone, Debug)]
pub struct Term {
    /// `!`
    pub negated: bool,
    /// The named or anonymous ACL.
    pub acl: Arc<Acl>,
    /// Where it stands, if some of its tests can have no value there: what they ask of may still
    /// be in memory, but HAProxy has it no longer.
    pub only: Option<Places>,
}

impl Condition {
    /// Compiles `words`, which begin with `if` or `unless`. The error is HAProxy's, without what
    /// the line's own parser puts in front of it.
    pub fn parse(words: &[Word], acls: &AclSet, cx: &mut Compile<'_>) -> Result<Condition, Fault> {
        let Some((keyword, words)) = words.split_first() else {
            return Err("missing condition".into());
        };
        let mut condition = Condition {
            negated: keyword.is("unless"),
            any_of: Vec::new(),
        };
        let mut suite: Vec<Term> = Vec::new();
        let mut negated = false;
        let mut warned = false;
        let mut at = 0;
        while let Some(word) = words.get(at) {
            at += 1;
            let mut text = word.bytes();
            if text.eq_ignore_ascii_case(b"or") || text == b"||" {
                if !suite.is_empty() {
                    condition.any_of.push(std::mem::take(&mut suite));
                }
                negated = false;
                continue;
            }
            while let [b'!', rest @ ..] = text {
                negated = !negated;
                text = rest;
            }
            if text.is_empty() {
                continue;
            }
            let before = cx.span;
            cx.span = word.span;
            let acl = if text == b"{" {
                let inner = words.get(at..).unwrap_or_default();
                let end = inner
                    .iter()
                    .position(|w| w.is("}"))
                    .ok_or("missing closing '}' in condition")?;
                at += end + 1;
                Arc::new(Acl::anonymous(inner.get(..end).unwrap_or_default(), cx)?)
            } else {
                find(text, acls, cx)?
            };
            if !warned {
                warned = warn_of_impossible(&acl, text, cx);
            }
            cx.span = before;
            suite.push(Term {
                negated: std::mem::take(&mut negated),
                only: acl.is_partly_impossible(cx.places).then_some(cx.places),
                acl,
            });
        }
        if !suite.is_empty() {
            condition.any_of.push(suite);
        }
        Ok(condition)
    }

    /// As [`parse`](Self::parse), reporting a fault as it is.
    pub fn compile(words: &[Word], acls: &AclSet, cx: &mut Compile<'_>) -> Option<Condition> {
        cx.span = words.first().map_or(cx.span, |w| w.span);
        let before = cx.span;
        match Self::parse(words, acls, cx) {
            Ok(c) => Some(c),
            Err(fault) => {
                if let Fault::Wrong(m) = fault {
                    cx.alert(format!("{m}."));
                }
                cx.span = before;
                None
            }
        }
    }

    /// Whether it holds (`unless` included).
    pub fn eval(&self, e: &Eval<'_>) -> Truth {
        let mut result = Truth::No;
        for suite in &self.any_of {
            let mut all = Truth::Yes;
            for term in suite {
                let truth = match term.only {
                    None => term.acl.eval(e),
                    Some(places) => term.acl.eval_at(places, e),
                };
                let truth = match term.negated {
                    true => truth.not(),
                    false => truth,
                };
                match truth {
                    Truth::Yes => {}
                    Truth::No => {
                        all = Truth::No;
                        break;
                    }
                    // A later term may still refuse; if none does, it is open.
                    Truth::NotYet => all = Truth::NotYet,
                }
            }
            match all {
                Truth::Yes => {
                    result = Truth::Yes;
                    break;
                }
                Truth::NotYet => result = Truth::NotYet,
                Truth::No => {}
            }
        }
        match self.negated {
            true => result.not(),
            false => result,
        }
    }
}

/// Warns of an ACL that cannot hold where the condition stands; only the first one of a condition
/// is named, as by HAProxy.
fn warn_of_impossible(acl: &Acl, name: &[u8], cx: &mut Compile<'_>) -> bool {
    let Some(keyword) = acl.impossible_at(cx.places) else {
        return false;
    };
    let place = cx.places.describe();
    let message = match name {
        b"{" if tcp_rules(cx.places).is_some() => format!(
            "anonymous acl will never match in '{}' because it uses keyword '{}' which is \
             incompatible with '{place}'",
            tcp_rules(cx.places).unwrap_or_default(),
            BStr::new(keyword)
        ),
        b"{" => format!(
            "'anonymous acl will never match because it uses keyword '{}' which is incompatible \
             with '{place}'.",
            BStr::new(keyword)
        ),
        _ => format!(
            "'acl '{}' will never match because it only involves keywords that are incompatible \
             with '{place}'.",
            BStr::new(name)
        ),
    };
    cx.warning(message);
    true
}

/// The TCP rule set that stands at these places.
fn tcp_rules(places: Places) -> Option<&'static str> {
    const REQUEST: Places = Places::FE_REQUEST_CONTENT.union(Places::BE_REQUEST_CONTENT);
    const RESPONSE: Places = Places::FE_RESPONSE_CONTENT.union(Places::BE_RESPONSE_CONTENT);
    match places {
        Places::FE_CONNECTION => Some("tcp-request connection"),
        Places::FE_SESSION => Some("tcp-request session"),
        p if REQUEST.contains(p) => Some("tcp-request content"),
        p if RESPONSE.contains(p) => Some("tcp-response content"),
        _ => None,
    }
}

/// A declared or predefined ACL.
fn find(name: &[u8], acls: &AclSet, cx: &mut Compile<'_>) -> Result<Arc<Acl>, Fault> {
    if let Some(acl) = acls.find(name, cx.span) {
        cx.pending |= acl.is_pending();
        return Ok(acl.clone());
    }
    if let Some(acl) = Acl::predefined(name, cx) {
        return Ok(Arc::new(acl));
    }
    let declared = acls.names().filter_map(|n| std::str::from_utf8(n).ok());
    cx.hint = grammar::nearest(name, declared).map(|n| format!("did you mean '{n}'?"));
    Err(format!("no such ACL : '{}'", BStr::new(name)).into())
}
