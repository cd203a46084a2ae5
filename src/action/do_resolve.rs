//! `do-resolve(VAR,RESOLVERS[,ipv4|ipv6]) EXPR`: looks a name up while the client waits
//! (configuration manual 4.4).

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run};
use crate::base::diag::{Diagnostic, Form};
use crate::proto::dns::Kind;
use crate::sample::Expr;
use crate::sample::compile::Fault;
use crate::sample::value::{Sample, Type};
use crate::sample::vars::{self, Owned, Scope, VarId};
use crate::sample::view::StreamView;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// A name to look up, and the variable that gets its address.
#[derive(Clone, PartialEq, Eq)]
pub struct Question {
    /// Place of the `resolvers` section.
    pub resolvers: usize,
    /// The name.
    pub name: Box<str>,
    /// The family that is asked for first.
    pub kind: Kind,
    variable: Option<(Scope, VarId)>,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} in {}", self.name, self.kind, self.resolvers)
    }
}

impl Question {
    /// Keeps the address that was found.
    pub fn answer(&self, view: &dyn StreamView, ip: IpAddr) {
        if let Some((scope, id)) = self.variable {
            let value = match ip {
                IpAddr::V4(ip) => Owned::V4(ip),
                IpAddr::V6(ip) => Owned::V6(ip),
            };
            vars::write(view, scope, id, value);
        }
    }
}

#[derive(Debug)]
struct DoResolve {
    resolvers: usize,
    kind: Kind,
    variable: Option<(Scope, VarId)>,
    expr: Expr,
}

impl Act for DoResolve {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let name = match self.expr.eval_as(Type::Str, &run.eval()) {
            Some(Sample::Str(name)) => std::str::from_utf8(name).ok().map(Into::into),
            _ => None,
        };
        match name {
            None => Flow::Continue,
            Some(name) => Flow::Resolve(Box::new(Question {
                resolvers: self.resolvers,
                name,
                kind: self.kind,
                variable: self.variable,
            })),
        }
    }
}

const EXPECTS: &str = "Expects 'do-resolve(<varname>,<resolvers>[,<options>]) <expr>'. Available \
                       options are 'ipv4' and 'ipv6'";

/// The words in the parentheses: the variable, the section, the family.
fn inside(verb: &[u8]) -> Option<(&[u8], &[u8], Kind)> {
    let inner = verb.strip_prefix(b"do-resolve(")?.strip_suffix(b")")?;
    let mut parts = inner.split(|b| *b == b',');
    let (variable, section) = (parts.next()?, parts.next()?);
    let kind = match parts.next() {
        None | Some(b"ipv6") => Kind::Aaaa,
        Some(b"ipv4") => Kind::A,
        Some(_) => return None,
    };
    Some((variable, section, kind))
}

fn compile(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    let verb = line.verb;
    let wrong = |what: String| Fault::Wrong(format!("Can't parse '{what}. {EXPECTS}"));
    let Some((variable, section, kind)) = inside(verb.bytes()) else {
        return Err(wrong(format!("{}'", verb.display())));
    };
    if line.at_end() {
        return Err(wrong("': missing fetch method".to_owned()));
    }
    let first = line.words.first().map(|w| w.display().to_string());
    let (expr, used) = Expr::parse_words(line.words, line.cx).map_err(|fault| match fault {
        Fault::Wrong(text) => wrong(format!("{}': {text}", first.unwrap_or_default())),
        other => other,
    })?;
    expr.check_places(expr.fetch_name(), line.cx)?;
    line.words = line.words.get(used..).unwrap_or_default();
    let Some(resolvers) = line.cx.names.resolvers(section) else {
        let owner = &line.cx.owner;
        let proxy = owner.split('\'').nth(1).unwrap_or(owner);
        let text = format!(
            "Proxy '{proxy}': Can't find resolvers section '{}' for do-resolve action.",
            bstr::BStr::new(section)
        );
        let mut finding = Diagnostic::alert("HX0301", verb.span, text).form(Form::Plain);
        finding.late = true;
        line.cx.diags.push(finding);
        return Ok(Arc::new(DoResolve {
            resolvers: usize::MAX,
            kind,
            variable: None,
            expr,
        }));
    };
    Ok(Arc::new(DoResolve {
        resolvers,
        kind,
        // HAProxy takes any name here; one without a scope is never set
        variable: vars::intern(variable).ok(),
        expr,
    }))
}

pub(super) static KEYWORDS: &[Keyword] = &[Keyword {
    name: "do-resolve",
    prefix: true,
    sets: RuleSets::REQUEST.union(RuleSets::TCP_CONTENT),
    compile,
    doc: "Looks a name up at the name servers of a section and keeps its address in a variable; \
          the client waits.",
    examples: &[Example {
        line: "http-request do-resolve(txn.known,default,ipv4) req.hdr(host),host_only",
        result: "Resolve(www.example.com A in 0)",
    }],
}];
