//! `literal-regex`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::model::matcher::Method;
use crate::lint::rule::Edit;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HP001",
    name: "literal-regex",
    category: Category::Performance,
    severity: Severity::Notice,
    default: true,
    what: "A regular expression says no more than `-m beg`, `-m end` or an equal text would.",
    why: "A plain comparison costs a fraction of a regular expression, many of them are looked up in a tree, and a dot is a dot.",
    example: "acl api path_reg ^/api/\n",
    instead: "acl api path_beg /api/\n",
    fixes: Fixes::Safe("the test compares plain text in the same place"),
    check,
};

/// How the expressions of a test can be said without one.
fn plain(text: &str) -> Option<(&'static str, String)> {
    let (begin, rest) = match text.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (end, rest) = match rest.strip_suffix('$').filter(|r| !r.ends_with('\\')) {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    // what stands for anything at an open end says nothing
    let (mut begin, mut end, mut rest) = (begin, end, rest);
    if let (true, Some(shorter)) = (end || begin, rest.strip_suffix(".*")) {
        rest = shorter;
        end = false;
    }
    if let (true, Some(shorter)) = (begin, rest.strip_prefix(".*")) {
        rest = shorter;
        begin = false;
    }
    let mut out = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                c @ ('.' | '/' | '-' | '+' | '?' | '*' | '(' | ')') => out.push(c),
                _ => return None,
            },
            '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => {
                return None;
            }
            c if c.is_ascii_graphic() && c != '#' && c != '"' && c != '\'' => out.push(c),
            _ => return None,
        }
    }
    let method = match (begin, end) {
        (true, true) => "str",
        (true, false) => "beg",
        (false, true) => "end",
        (false, false) => return None,
    };
    (out.len() > 1 && !out.starts_with('-')).then_some((method, out))
}

/// Whether there is a test of that name.
fn known(base: &str, method: &str) -> bool {
    let name = match method {
        "str" => base.to_owned(),
        other => format!("{base}_{other}"),
    };
    crate::grammar::acl(name.as_bytes()).is_some()
}

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        if test.method() != Method::Reg || test.has_file() || test.patterns.is_empty() {
            continue;
        }
        let said: Option<Vec<_>> = test
            .patterns
            .iter()
            .map(|p| p.as_str().and_then(plain))
            .collect();
        let Some(said) = said else {
            continue;
        };
        let Some((method, _)) = said.first() else {
            continue;
        };
        if said.iter().any(|(m, _)| m != method) || !test.patterns.iter().all(|p| model.is_plain(p))
        {
            continue;
        }
        let texts: Vec<&str> = said.iter().map(|(_, t)| t.as_str()).collect();
        let base = test.expr.fetch.strip_suffix("_reg");
        let flag = test
            .flags
            .iter()
            .find(|(f, _)| f.is("-m"))
            .and_then(|(_, v)| *v);
        let finding = match (base, flag) {
            (_, Some(flag)) => {
                let finding = out.word(
                    flag,
                    format!("-m {method} {} says the same", texts.join(" ")),
                );
                finding.fix(vec![Edit::Replace(flag.span, method.as_bytes().to_vec())]);
                finding
            }
            (Some(base), None) if model.is_plain(test.word) && known(base, method) => {
                let span = test.word.bytes_span(0, test.expr.fetch.len());
                let name = match *method {
                    "str" => base.to_owned(),
                    other => format!("{base}_{other}"),
                };
                let finding = out.word(
                    test.word,
                    format!("{name} {} says the same", texts.join(" ")),
                );
                finding.fix(vec![Edit::Replace(span, name.into_bytes())]);
                finding
            }
            _ => continue,
        };
        if let Some(fix) = &mut finding.fix {
            for (pattern, (_, text)) in test.patterns.iter().zip(&said) {
                if pattern.text != text.as_bytes() {
                    fix.edits
                        .push(Edit::Replace(pattern.span, text.clone().into_bytes()));
                }
            }
        }
    }
}
