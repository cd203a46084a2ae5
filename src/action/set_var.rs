//! `set-var(name)`, `set-var-fmt(name)`, `unset-var(name)`.

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run};
use crate::sample::compile::Fault;
use crate::sample::vars::{self, Owned, Scope, VarId};
use crate::sample::{Expr, LogFormat, Sample};
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
struct Variable {
    scope: Scope,
    id: VarId,
    when: When,
}

/// The conditions behind the name: `set-var(txn.x,ifnotset)`.
#[derive(Clone, Copy, Debug, Default)]
struct When {
    exists: Option<bool>,
    empty: Option<bool>,
    set: Option<bool>,
    gt: bool,
    lt: bool,
}

#[derive(Debug)]
struct SetVar {
    variable: Variable,
    expr: Expr,
}

impl Act for SetVar {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let e = run.eval();
        if let Some(value) = self.expr.eval(&e) {
            self.variable.set(run, value);
        }
        Flow::Continue
    }
}

#[derive(Debug)]
struct SetVarFmt {
    variable: Variable,
    format: LogFormat,
}

impl Act for SetVarFmt {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let mut text = run.scratch.take_text();
        self.format.render(&run.eval(), &mut text);
        self.variable.set(run, Sample::Str(&text));
        run.scratch.give_text(text);
        Flow::Continue
    }
}

#[derive(Debug)]
struct UnsetVar(Scope, VarId);

impl Act for UnsetVar {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        vars::unset(&*run.view, self.0, self.1);
        Flow::Continue
    }
}

impl Variable {
    fn set(&self, run: &Run<'_>, value: Sample<'_>) {
        if self.when.allows(self, run, value) {
            vars::write(&*run.view, self.scope, self.id, Owned::from(value));
        }
    }
}

impl When {
    fn allows(self, variable: &Variable, run: &Run<'_>, value: Sample<'_>) -> bool {
        if let Some(wanted) = self.empty {
            // Numbers and addresses are never empty.
            let is_empty = matches!(value, Sample::Str([]) | Sample::Bin([]) | Sample::Meth([]));
            if is_empty != wanted {
                return false;
            }
        }
        if self.exists.is_none() && self.set.is_none() && !self.gt && !self.lt {
            return true;
        }
        let old = vars::read(&run.eval(), variable.scope, variable.id);
        // Variables that exist are set, but for those of the process.
        let exists = old.is_some() || variable.scope == Scope::Proc;
        if self.exists.is_some_and(|wanted| exists != wanted)
            || self.set.is_some_and(|wanted| old.is_some() != wanted)
        {
            return false;
        }
        match (old, value) {
            (Some(Sample::Int(old)), Sample::Int(new)) => {
                (!self.gt || old > new) && (!self.lt || old < new)
            }
            _ => true,
        }
    }
}

/// What stands in the parentheses of the keyword.
fn inside<'w>(line: &Line<'_, 'w, '_>, name: &str) -> Result<&'w [u8], Fault> {
    let forms = "Expects 'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or \
                 'unset-var(<var-name>)'";
    let verb = line.verb.bytes();
    match verb.get(name.len()..) {
        Some([b'(', inner @ .., b')']) => Ok(inner),
        Some([b'(', ..]) => Err(Fault::Wrong(format!(
            "incomplete argument after action '{}'. {forms}",
            line.verb.display()
        ))),
        _ => Err(Fault::Wrong(format!(
            "invalid or incomplete action '{}'. {forms}",
            line.verb.display()
        ))),
    }
}

fn variable(line: &Line<'_, '_, '_>, name: &str) -> Result<Variable, Fault> {
    let mut parts = inside(line, name)?.split(|&b| b == b',');
    let (scope, id) = vars::intern(parts.next().unwrap_or_default())?;
    let mut when = When::default();
    for word in parts {
        match word {
            b"ifexists" => when.exists = Some(true),
            b"ifnotexists" => when.exists = Some(false),
            b"ifempty" => when.empty = Some(true),
            b"ifnotempty" => when.empty = Some(false),
            b"ifset" => when.set = Some(true),
            b"ifnotset" => when.set = Some(false),
            b"ifgt" => when.gt = true,
            b"iflt" => when.lt = true,
            other => {
                return Err(Fault::Wrong(format!(
                    "unknown condition \"{}\"",
                    bstr::BStr::new(other)
                )));
            }
        }
    }
    Ok(Variable { scope, id, when })
}

pub(super) static KEYWORDS: &[Keyword] = &[
    Keyword {
        name: "set-var-fmt",
        prefix: true,
        sets: RuleSets::ALL,
        compile: |line| {
            let variable = variable(line, "set-var-fmt")?;
            let format = match line.words {
                [] => LogFormat::default(),
                _ => line.format("")?,
            };
            Ok(Arc::new(SetVarFmt { variable, format }))
        },
        doc: "Sets a variable to a log-format string.",
        examples: &[Example {
            line: "http-request set-var-fmt(txn.known) %[path]-%HM",
            result: "txn.known=/a/b.html-GET",
        }],
    },
    Keyword {
        name: "set-var",
        prefix: true,
        sets: RuleSets::ALL,
        compile: |line| {
            let variable = variable(line, "set-var")?;
            let (expr, used) = Expr::parse_words(line.words, line.cx)?;
            expr.check_places(&line.verb.display().to_string(), line.cx)?;
            line.words = line.words.get(used..).unwrap_or_default();
            Ok(Arc::new(SetVar { variable, expr }))
        },
        doc: "Sets a variable to an expression's value; conditions may follow its name.",
        examples: &[
            Example {
                line: "http-request set-var(txn.known) path,upper",
                result: "txn.known=/A/B.HTML",
            },
            Example {
                line: "http-request set-var(txn.known) path upper",
                result: "txn.known=/A/B.HTML",
            },
            Example {
                line: "http-request set-var(txn.known,ifnotset) path",
                result: "txn.known=value",
            },
            Example {
                line: "http-request set-var(txn.known) req.hdr(x-none)",
                result: "txn.known=value",
            },
        ],
    },
    Keyword {
        name: "unset-var",
        prefix: true,
        sets: RuleSets::ALL,
        compile: |line| {
            let (scope, id) = vars::intern(inside(line, "unset-var")?)?;
            Ok(Arc::new(UnsetVar(scope, id)))
        },
        doc: "Unsets a variable.",
        examples: &[Example {
            line: "http-request unset-var(txn.known)",
            result: "txn.known unset",
        }],
    },
];
