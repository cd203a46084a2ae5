//! `set-var(name)`, `set-var-fmt(name)`, `unset-var(name)`.

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run};
use crate::sample::compile::Fault;
use crate::sample::vars::{self, Owned, Scope, VarId, When};
use crate::sample::{Expr, LogFormat, Sample};
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
struct Variable {
    scope: Scope,
    id: VarId,
    when: When,
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
        if self.when.allows(self.scope, self.id, &run.eval(), value) {
            vars::write(&*run.view, self.scope, self.id, Owned::from(value));
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
    let when = When::parse(parts)?;
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
