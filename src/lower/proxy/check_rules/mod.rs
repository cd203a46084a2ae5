//! Rules of health checks: `tcp-check` and `http-check` (configuration manual 4.2).

mod connect;
mod expect;
mod send;

use super::rules;
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::ir::check::{Act, CheckKind, Rules, Set, SetValue, Step};
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::compile::Fault;
use crate::sample::logformat::Purpose;
use crate::sample::vars::When;
use crate::sample::{Compile, Expr, LogFormat, Places, vars};

/// `tcp-check RULE ...`
pub const TCP_CHECK: KeywordHandler =
    KeywordHandler::new(&["tcp-check"], Sections::ANY_PROXY, lower);
/// `http-check RULE ...`
pub const HTTP_CHECK: KeywordHandler =
    KeywordHandler::new(&["http-check"], Sections::ANY_PROXY, lower);

const TCP_RULES: &str = "'comment', 'connect', 'send', 'send-binary', 'expect', 'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'";
const HTTP_RULES: &str = "'disable-on-404', 'send-state', 'comment', 'connect', 'send', 'expect', 'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'";

/// Reads one line of a back end, or of what has the settings of one.
pub fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let kind = args.name(1);
    if cx.ignored(args, Side::Backend, &kind) {
        return;
    }
    if let Some(draft) = cx.draft_mut() {
        draft.check_rules = true;
    }
    let http = kind == "http-check";
    if http && args.take("send-state") {
        if let Some(extra) = args.rest().first() {
            let message = format!(
                "'http-check' cannot handle unexpected argument '{}'.",
                extra.display()
            );
            args.alert("HX0167", extra.span, message);
            return;
        }
        cx.set(|s| s.send_state = true);
        return;
    }
    let mut rules = Rules::default();
    cx.set(|s| {
        let list = if http {
            &mut s.http_check
        } else {
            &mut s.tcp_check
        };
        rules = std::mem::take(list);
    });
    if !rules.own {
        rules = Rules {
            own: true,
            ..Rules::default()
        };
    }
    let kind = cx.draft().map(|d| &d.proxy.settings.check);
    rules.unused |= kind
        != Some(if http {
            &CheckKind::Http
        } else {
            &CheckKind::Tcp
        });
    rule(cx, args, http, &mut rules);
    cx.set(|s| match http {
        true => s.http_check = rules,
        false => s.tcp_check = rules,
    });
}

/// Reads one rule and adds it to a list; the cursor stands behind `tcp-check` or `http-check`.
fn rule(cx: &mut Context<'_>, args: &mut Args<'_, '_>, http: bool, rules: &mut Rules) {
    let kind = if http { "http-check" } else { "tcp-check" };
    let verb = args.next_word();
    let said = verb.map_or_else(String::new, |w| w.display().to_string());
    let name = said.split('(').next().unwrap_or_default();
    let words = args.rest();
    let known = match name {
        "comment" | "connect" | "send" | "expect" | "set-var" | "set-var-fmt" | "unset-var" => true,
        "send-lf" | "send-binary" | "send-binary-lf" => !http,
        _ => false,
    };
    if !known {
        let list = if http { HTTP_RULES } else { TCP_RULES };
        let message = format!("'{kind}' only supports {list}. but got '{said}'");
        args.alert(
            "HX0162",
            verb.map_or(args.missing_at(), |w| w.span),
            message,
        );
        return;
    }
    let at = verb.map_or(args.missing_at(), |w| w.span);
    let (step, findings) = rules::compile_anywhere(cx, Places::CHECK, |compile| {
        compile.span = at;
        compile.context = format!("'{kind} {said}' : ");
        let mut rule = Rule {
            words,
            http,
            cx: compile,
            comment: None,
        };
        let made = rule.act(name, &said);
        match made.and_then(|act| rule.placed(act, kind, rules)) {
            Ok(step) => Some(step),
            Err(fault) => {
                rule.cx.fault(fault);
                None
            }
        }
    });
    rules.steps.extend(step);
    for finding in findings {
        args.report(Diagnostic {
            form: Form::Parsing,
            ..finding
        });
    }
}

/// The words behind the rule's name.
struct Rule<'w, 'c, 'n> {
    words: &'w [Word],
    http: bool,
    cx: &'c mut Compile<'n>,
    comment: Option<String>,
}

impl<'w> Rule<'w, '_, '_> {
    fn next(&mut self) -> Option<&'w Word> {
        let (word, rest) = self.words.split_first()?;
        self.words = rest;
        self.cx.span = word.span;
        Some(word)
    }

    fn take(&mut self, missing: &str) -> Result<&'w Word, Fault> {
        self.next().ok_or_else(|| missing.into())
    }

    fn text(&mut self, option: &str) -> Result<&'w Word, Fault> {
        self.take(&format!("'{option}' expects a string as argument."))
    }

    fn note(&mut self) -> Result<(), Fault> {
        self.comment = Some(self.text("comment")?.display().to_string());
        Ok(())
    }

    fn format(&mut self, option: &str) -> Result<LogFormat, Fault> {
        let word = self.take(&format!(
            "'{option}' expects a log-format string as argument."
        ))?;
        LogFormat::parse_for(Purpose::Check, word.bytes(), self.cx).map_err(|f| {
            f.wrap(|m| format!("'{}' invalid log-format string ({m})", word.display()))
        })
    }

    fn expression(&mut self, what: &str) -> Result<Expr, Fault> {
        let (expr, used) = Expr::parse_words(self.words, self.cx).map_err(|f| {
            f.wrap(|m| format!("error detected while parsing {what} expression : {m}"))
        })?;
        for _ in 0..used {
            self.next();
        }
        Ok(expr)
    }

    fn act(&mut self, name: &str, said: &str) -> Result<Act, Fault> {
        match name {
            "comment" => {
                let word = self.take("expects a string as argument")?;
                self.comment = Some(word.display().to_string());
                Ok(Act::Comment)
            }
            "connect" => self.connect(),
            "send" if self.http => self.http_send(),
            "send" | "send-lf" | "send-binary" | "send-binary-lf" => self.send(name),
            "expect" => self.expect(),
            _ => self.variable(name, said),
        }
    }

    /// Numbers a step and looks whether it may follow those before it.
    fn placed(&mut self, act: Act, kind: &str, rules: &Rules) -> Result<Step, Fault> {
        let number = u32::try_from(rules.steps.len() + 1).unwrap_or(u32::MAX);
        let moves = |s: &&Step| !matches!(s.act, Act::Comment | Act::Set(_) | Act::Unset(..));
        let before = rules.steps.iter().rfind(moves).map(|s| &s.act);
        let first = rules.steps.iter().find(moves).map(|s| &s.act);
        if matches!(act, Act::Connect(_)) && first.is_some_and(|f| !matches!(f, Act::Connect(_))) {
            return Err("first step MUST also be a 'connect', optionally preceded by a 'set-var', an 'unset-var' or a 'comment', when there is a 'connect' step in the tcp-check ruleset".into());
        }
        let (word, missing) = match (&act, before) {
            (Act::Connect(_), Some(Act::Connect(_) | Act::Request(_))) => ("connect", "expect"),
            (Act::Request(_), Some(Act::Request(_) | Act::Expect(_))) => ("send", "connect"),
            (Act::Expect(_), Some(Act::Connect(_))) => ("expect", "send"),
            _ => ("", ""),
        };
        if self.http && !word.is_empty() {
            return Err(format!(
                "unable to add {kind} {word} rule at step {number} (missing {missing} rule)."
            )
            .into());
        }
        Ok(Step {
            number,
            comment: self.comment.take(),
            act,
        })
    }

    fn variable(&mut self, name: &str, said: &str) -> Result<Act, Fault> {
        let inside = said
            .split_once('(')
            .and_then(|(_, rest)| rest.strip_suffix(')'));
        let Some(inside) = inside else {
            return Err(format!(
                "'set-var' : invalid or incomplete action '{said}'. Expects 'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'"
            )
            .into());
        };
        let mut parts = inside.split(',');
        let variable = parts.next().unwrap_or_default();
        let own = |m| format!("'set-var' : {m}");
        let (scope, id) = vars::intern(variable.as_bytes()).map_err(own)?;
        let when = When::parse(parts.map(str::as_bytes)).map_err(own)?;
        let value = match name {
            "set-var" => SetValue::Expr(self.expression("set-var")?),
            "set-var-fmt" => SetValue::Format(self.format(name)?),
            _ => return Ok(Act::Unset(scope, id)),
        };
        Ok(Act::Set(Box::new(Set {
            scope,
            id,
            when,
            value,
        })))
    }
}

/// Pairs of hexadecimal digits; the error is HAProxy's.
pub fn binary(text: &[u8]) -> Result<Vec<u8>, String> {
    if let Some(bad) = text.iter().find(|b| !b.is_ascii_hexdigit()) {
        return Err(format!(
            "an hex digit is expected (found '{}')",
            char::from(*bad)
        ));
    }
    crate::sample::pattern::hex(text).map_err(|_| "an even number of hex digits is expected".into())
}
