//! Floor 8: executes rule sets. No socket: `route` and `test` run the very same code.

pub mod lines;

use crate::action::{Answer, Flow, Question, RuleSet, Run};
use crate::ir::rule::{Rule, UseBackend};
use crate::sample::condition::{Condition, Truth};
use crate::sample::scratch::Scratch;
use crate::sample::view::{Direction, Eval, StreamView};

/// What came out of a rule set.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All rules ran, or `allow`/`accept` ended the set: go on with the next step.
    Continue,
    /// Refused (logged `PR`).
    Deny(Answer),
    /// Answered by `return` (logged `LR`).
    Return(Answer),
    /// Answered by `redirect` (logged `LR`).
    Redirect(Answer),
    /// Refused after `timeout tarpit` (logged `PT`).
    Tarpit(Answer),
    /// Close without an answer.
    Reject,
    /// Close without telling the client.
    SilentDrop {
        /// Send a reset with this TTL where that can be done.
        rst_ttl: Option<u8>,
    },
    /// Close the server's connection.
    Close,
    /// Call again with `from` when more data came, or the delay passed.
    Wait {
        /// The rule to begin with.
        from: usize,
        /// Milliseconds; `None`: as long as the engine's own limits allow.
        for_ms: Option<u32>,
    },
    /// Call again with `from` once the body is there.
    Body {
        /// The rule to go on with.
        from: usize,
        /// Milliseconds it may take.
        ms: u32,
        /// So many bytes of it will do; 0: all.
        at_least: u32,
    },
    /// Call again with `from` once the name was looked up.
    Resolve {
        /// The rule to go on with.
        from: usize,
        /// What is asked.
        question: Box<Question>,
    },
    /// Internal error (500).
    Error,
}

/// How a rule set is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// The rule set.
    pub set: RuleSet,
    /// The rule to begin with: 0, or what a `Wait` said.
    pub from: usize,
    /// No more data will come (for `tcp-request content`: the inspect delay is over or the
    /// client closed).
    pub last: bool,
}

impl Mode {
    /// From the first rule, on complete data.
    pub fn of(set: RuleSet) -> Self {
        Mode {
            set,
            from: 0,
            last: true,
        }
    }
}

/// Runs `rules` on the stream.
pub fn run(
    rules: &[Rule],
    mode: Mode,
    view: &mut dyn StreamView,
    scratch: &mut Scratch,
) -> Verdict {
    let direction = mode.set.direction();
    let mut strict = true;
    for (at, rule) in rules.iter().enumerate().skip(mode.from) {
        scratch.reset();
        if let Some(condition) = &rule.condition {
            let eval = Eval {
                view: &*view,
                scratch,
                direction,
                last: mode.last,
            };
            match condition.eval(&eval) {
                Truth::Yes => {}
                Truth::No => continue,
                Truth::NotYet => {
                    return Verdict::Wait {
                        from: at,
                        for_ms: None,
                    };
                }
            }
        }
        let mut run = Run {
            view: &mut *view,
            scratch,
            direction,
            last: mode.last,
            strict,
        };
        let flow = rule.action.run(&mut run);
        strict = run.strict;
        if !matches!(
            flow,
            Flow::Continue
                | Flow::Wait { .. }
                | Flow::Pause { .. }
                | Flow::Body { .. }
                | Flow::Resolve(_)
        ) {
            view.note_rule(rule.span);
        }
        return match flow {
            Flow::Continue => continue,
            Flow::Stop => Verdict::Continue,
            Flow::Deny(a) => Verdict::Deny(a),
            Flow::Return(a) => Verdict::Return(a),
            Flow::Redirect(a) => Verdict::Redirect(a),
            Flow::Tarpit(a) => Verdict::Tarpit(a),
            Flow::Reject => Verdict::Reject,
            Flow::SilentDrop { rst_ttl } => Verdict::SilentDrop { rst_ttl },
            Flow::Close => Verdict::Close,
            Flow::Wait { for_ms } => Verdict::Wait { from: at, for_ms },
            Flow::Pause { ms } => Verdict::Wait {
                from: at + 1,
                for_ms: Some(ms),
            },
            Flow::Body { ms, at_least } => Verdict::Body {
                from: at + 1,
                ms,
                at_least,
            },
            Flow::Resolve(question) => Verdict::Resolve {
                from: at + 1,
                question,
            },
            Flow::Error => Verdict::Error,
        };
    }
    Verdict::Continue
}

/// The first `use_backend` line whose condition holds. A line that cannot be decided yet counts
/// as not holding.
pub fn use_backend<'r>(
    lines: &'r [UseBackend],
    view: &dyn StreamView,
    scratch: &mut Scratch,
) -> Option<&'r UseBackend> {
    lines.iter().find(|line| match &line.condition {
        None => true,
        Some(c) => holds(c, Direction::Request, view, scratch),
    })
}

/// Whether a condition outside the rule sets (`force-persist`, `monitor fail`) holds.
pub fn holds(
    condition: &Condition,
    direction: Direction,
    view: &dyn StreamView,
    scratch: &mut Scratch,
) -> bool {
    scratch.reset();
    let eval = Eval {
        view,
        scratch,
        direction,
        last: true,
    };
    condition.eval(&eval) == Truth::Yes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action;
    use crate::base::span::Span;
    use crate::config::directive::Word;
    use crate::ir::proxy::ProxyId;
    use crate::ir::rule::BackendRef;
    use crate::sample::AclSet;
    use crate::sample::testing::{Known, Stream, compile, words};

    /// Compiles `acl` lines and rules of one set, without its name.
    fn rules(set: RuleSet, acls: &[&str], lines: &[&str]) -> Vec<Rule> {
        let mut cx = compile(&Known);
        let acls: Vec<Vec<Word>> = acls.iter().map(|l| words(l)).collect();
        let acls = AclSet::compile(acls.iter().map(|w| &w[..]), &mut cx);
        let mut rules = Vec::new();
        for line in lines {
            if let Some((action, condition)) = action::compile(set, &words(line), &acls, &mut cx) {
                rules.push(Rule {
                    condition,
                    action,
                    span: Span::default(),
                });
            }
        }
        assert_eq!(cx.diags, []);
        rules
    }

    /// What the rules with these conditions leave in the header `x`, one character per rule.
    fn holding(acls: &[&str], conditions: &[&str]) -> String {
        let lines: Vec<String> = conditions
            .iter()
            .enumerate()
            .map(|(i, c)| format!("add-header x {i} {c}"))
            .collect();
        let lines: Vec<&str> = lines.iter().map(|l| &l[..]).collect();
        let list = rules(RuleSet::HttpRequest, acls, &lines);
        let mut stream = Stream::example();
        let mode = Mode::of(RuleSet::HttpRequest);
        let verdict = run(&list, mode, &mut stream, &mut Scratch::new());
        assert_eq!(verdict, Verdict::Continue);
        let request = stream.request.unwrap();
        let values: Vec<u8> = request.values_of(b"x").flatten().copied().collect();
        String::from_utf8(values).unwrap()
    }

    #[test]
    fn conditions() {
        // Recorded from HAProxy 3.4.
        let all = [
            "if",
            "unless",
            "if !",
            "if or TRUE",
            "if FALSE or",
            "if ! ! TRUE",
            "if !!FALSE",
            "if FALSE || || TRUE",
            "unless FALSE",
            "unless TRUE",
        ];
        assert_eq!(holding(&[], &all), "13578");
    }

    #[test]
    fn named_acls() {
        let acls = [
            "acl a path /x",
            "acl a hdr(host) www.example.com",
            "acl b src 10.0.0.0/8",
        ];
        let all = [
            "if a",
            "if b",
            "if a b",
            "if a !b",
            "if b or a",
            "unless a",
            "if METH_GET a",
        ];
        assert_eq!(holding(&acls, &all), "0346");
    }

    #[test]
    fn anonymous_acls() {
        let all = [
            "if { path_beg /a } { method GET }",
            "if { path_beg /b } || { dst_port 80 }",
            "if !{ path_beg /a }",
            "if { hdr_cnt(cookie) gt 0 } !{ req.cook(a) 2 }",
            "if { hdr(host) -m end .COM }",
            "if { hdr(host) -i -m end .COM }",
            "if { urlp(q) 3 }",
        ];
        assert_eq!(holding(&[], &all), "01356");
    }

    #[test]
    fn allow_ends_the_set() {
        let list = rules(
            RuleSet::HttpRequest,
            &[],
            &["allow if { path /none }", "allow", "deny"],
        );
        let mut stream = Stream::example();
        let mode = Mode::of(RuleSet::HttpRequest);
        let verdict = run(&list, mode, &mut stream, &mut Scratch::new());
        assert_eq!(verdict, Verdict::Continue);
    }

    #[test]
    fn deny_keeps_what_was_done_before() {
        let list = rules(
            RuleSet::HttpRequest,
            &[],
            &["set-header x 1", "deny", "set-header x 2"],
        );
        let mut stream = Stream::example();
        let mode = Mode::of(RuleSet::HttpRequest);
        let verdict = run(&list, mode, &mut stream, &mut Scratch::new());
        assert_eq!(verdict, Verdict::Deny(Answer::Status(403)));
        let request = stream.request.unwrap();
        assert_eq!(request.header(b"x"), Some(&b"1"[..]));
    }

    #[test]
    fn inspection_waits_for_what_may_come() {
        let lines = ["reject if { dst_port 81 }", "accept if WAIT_END", "reject"];
        let list = rules(RuleSet::TcpRequestContent, &[], &lines);
        let mut stream = Stream::example();
        let mut scratch = Scratch::new();
        let early = Mode {
            last: false,
            ..Mode::of(RuleSet::TcpRequestContent)
        };
        let verdict = run(&list, early, &mut stream, &mut scratch);
        let Verdict::Wait { from, for_ms: None } = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(from, 1);
        let late = Mode {
            from,
            last: true,
            ..early
        };
        assert_eq!(
            run(&list, late, &mut stream, &mut scratch),
            Verdict::Continue
        );
    }

    #[test]
    fn an_open_term_does_not_hide_a_refusing_one() {
        let list = rules(
            RuleSet::TcpRequestContent,
            &[],
            &["reject if WAIT_END { dst_port 81 }"],
        );
        let mode = Mode {
            last: false,
            ..Mode::of(RuleSet::TcpRequestContent)
        };
        let verdict = run(&list, mode, &mut Stream::example(), &mut Scratch::new());
        assert_eq!(verdict, Verdict::Continue);
    }

    #[test]
    fn the_first_back_end_whose_condition_holds() {
        let mut cx = compile(&Known);
        let mut line = |condition: &str, id| UseBackend {
            condition: Condition::compile(&words(condition), &AclSet::default(), &mut cx),
            target: BackendRef::Proxy(ProxyId(id)),
            span: Span::default(),
        };
        let lines = [
            line("if { path_beg /x }", 1),
            line("if { hdr_beg(host) www. }", 2),
            line("if TRUE", 3),
        ];
        let stream = Stream::example();
        let found = use_backend(&lines, &stream, &mut Scratch::new());
        assert!(matches!(
            found.map(|l| &l.target),
            Some(BackendRef::Proxy(ProxyId(2)))
        ));
    }
}
