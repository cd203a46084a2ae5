//! Floor 4: what rules do.
//!
//! An action is compiled from the words of its line to an [`Action`], and run against a
//! [`StreamView`]. What it cannot do itself (wait, answer, close) it asks for by its [`Flow`].
//! One file per keyword or family, one line each in the registry here.

use crate::base::diag::Form;
use crate::config::directive::Word;
use crate::grammar;
use crate::sample::compile::Fault;
use crate::sample::condition::Condition;
use crate::sample::view::{Direction, Eval, StreamView};
use crate::sample::{AclSet, Compile, LogFormat, Scratch};
use bitflags::bitflags;
use std::fmt::Debug;
use std::sync::Arc;

mod allow;
mod auth;
mod capture;
mod deny;
mod do_log;
mod do_resolve;
mod early_hint;
mod edit_list;
mod expect_proxy;
mod header;
mod headers_bin;
mod known;
mod line;
mod listed;
mod normalize_uri;
mod redirect;
mod reject;
mod replace_header;
mod reply;
pub mod reqrep;
mod sc_counters;
mod set_effects;
mod set_status;
mod set_uri;
mod set_var;
#[cfg(test)]
mod testing;
mod track_sc;
mod use_service;
mod wait_for_body;

pub use do_resolve::Question;
pub use line::Line;
pub use reply::ErrorReply;

/// The rule sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleSet {
    /// `tcp-request connection`
    TcpRequestConnection,
    /// `tcp-request session`
    TcpRequestSession,
    /// `tcp-request content`
    TcpRequestContent,
    /// `tcp-response content`
    TcpResponseContent,
    /// `http-request`
    HttpRequest,
    /// `http-response`
    HttpResponse,
    /// `http-after-response`
    HttpAfterResponse,
}

impl RuleSet {
    /// The message its rules work on.
    pub fn direction(self) -> Direction {
        match self {
            RuleSet::TcpResponseContent | RuleSet::HttpResponse | RuleSet::HttpAfterResponse => {
                Direction::Response
            }
            _ => Direction::Request,
        }
    }

    /// Its keywords.
    pub fn name(self) -> &'static str {
        match self {
            RuleSet::TcpRequestConnection => "tcp-request connection",
            RuleSet::TcpRequestSession => "tcp-request session",
            RuleSet::TcpRequestContent => "tcp-request content",
            RuleSet::TcpResponseContent => "tcp-response content",
            RuleSet::HttpRequest => "http-request",
            RuleSet::HttpResponse => "http-response",
            RuleSet::HttpAfterResponse => "http-after-response",
        }
    }

    fn bit(self) -> RuleSets {
        match self {
            RuleSet::TcpRequestConnection => RuleSets::TCP_CONNECTION,
            RuleSet::TcpRequestSession => RuleSets::TCP_SESSION,
            RuleSet::TcpRequestContent => RuleSets::TCP_CONTENT,
            RuleSet::TcpResponseContent => RuleSets::TCP_RESPONSE,
            RuleSet::HttpRequest => RuleSets::REQUEST,
            RuleSet::HttpResponse => RuleSets::RESPONSE,
            RuleSet::HttpAfterResponse => RuleSets::AFTER,
        }
    }
}

bitflags! {
    /// The rule sets that know an action (manual 4.3).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RuleSets: u8 {
        /// `tcp-request connection`
        const TCP_CONNECTION = 1;
        /// `tcp-request session`
        const TCP_SESSION = 1 << 1;
        /// `tcp-request content`
        const TCP_CONTENT = 1 << 2;
        /// `tcp-response content`
        const TCP_RESPONSE = 1 << 3;
        /// `http-request`
        const REQUEST = 1 << 4;
        /// `http-response`
        const RESPONSE = 1 << 5;
        /// `http-after-response`
        const AFTER = 1 << 6;
        /// All of HTTP.
        const HTTP = Self::REQUEST.bits() | Self::RESPONSE.bits() | Self::AFTER.bits();
        /// All of TCP.
        const TCP = 0b1111;
        /// All.
        const ALL = Self::HTTP.bits() | Self::TCP.bits();
    }
}

/// An action's keyword.
pub struct Keyword {
    /// Its name, or what it begins with.
    pub name: &'static str,
    /// More letters may follow in the same word: `set-var(txn.x)`.
    pub prefix: bool,
    /// Where it may stand.
    pub sets: RuleSets,
    /// Compiles the words behind it.
    pub compile: fn(&mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault>,
    /// What it does, for `explain` and editors.
    pub doc: &'static str,
    /// Lines and what becomes of the example transaction, run as tests.
    pub examples: &'static [Example],
}

/// A rule, and what it does to the example transaction.
pub struct Example {
    /// The line.
    pub line: &'static str,
    /// What is then found: the request's (or response's) head, the answer, the effect.
    pub result: &'static str,
}

/// The registry.
static FAMILIES: &[&[Keyword]] = &[
    allow::KEYWORDS,
    auth::KEYWORDS,
    capture::KEYWORDS,
    deny::KEYWORDS,
    do_log::KEYWORDS,
    do_resolve::KEYWORDS,
    early_hint::KEYWORDS,
    edit_list::KEYWORDS,
    expect_proxy::KEYWORDS,
    header::KEYWORDS,
    headers_bin::KEYWORDS,
    normalize_uri::KEYWORDS,
    redirect::KEYWORDS,
    reject::KEYWORDS,
    replace_header::KEYWORDS,
    reply::KEYWORDS,
    sc_counters::KEYWORDS,
    set_effects::KEYWORDS,
    set_status::KEYWORDS,
    set_uri::KEYWORDS,
    set_var::KEYWORDS,
    use_service::KEYWORDS,
    wait_for_body::KEYWORDS,
    track_sc::KEYWORDS,
];

/// Every action that hapax executes.
pub fn all() -> impl Iterator<Item = &'static Keyword> {
    FAMILIES.iter().flat_map(|f| f.iter())
}

fn find(set: RuleSet, word: &[u8]) -> Option<&'static Keyword> {
    let of_set = || all().filter(|k| k.sets.contains(set.bit()));
    of_set()
        .find(|k| k.name.as_bytes() == word)
        .or_else(|| of_set().find(|k| k.prefix && word.starts_with(k.name.as_bytes())))
}

/// A compiled action.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its keyword.
    pub name: &'static str,
    act: Arc<dyn Act>,
}

/// What an action's file implements.
pub trait Act: Debug + Send + Sync {
    /// Does it.
    fn run(&self, run: &mut Run<'_>) -> Flow;
}

/// The stream that an action runs on.
pub struct Run<'a> {
    /// The stream.
    pub view: &'a mut dyn StreamView,
    /// Memory for values.
    pub scratch: &'a Scratch,
    /// The message that fetches without `req.`/`res.` mean.
    pub direction: Direction,
    /// No more data will come.
    pub last: bool,
    /// What cannot be written ends the request with an error (`strict-mode`).
    pub strict: bool,
}

impl Run<'_> {
    /// What became of a rewrite: it may have found no room in the buffer.
    #[inline]
    pub fn written(&mut self, done: bool) -> Flow {
        match done {
            true => Flow::Continue,
            false => self.not_written(),
        }
    }

    #[cold]
    fn not_written(&mut self) -> Flow {
        self.view.rewrite_failed(self.direction, self.strict);
        match self.strict {
            true => Flow::Error,
            false => Flow::Continue,
        }
    }

    /// For evaluating expressions.
    pub fn eval(&self) -> Eval<'_> {
        Eval {
            view: &*self.view,
            scratch: self.scratch,
            direction: self.direction,
            last: self.last,
        }
    }

    /// Evaluates a log-format string and hands it to `then` together with the stream.
    pub fn with_text<R>(
        &mut self,
        format: &LogFormat,
        then: impl FnOnce(&mut dyn StreamView, &[u8]) -> R,
    ) -> R {
        if let Some(text) = format.constant() {
            return then(&mut *self.view, text);
        }
        let mut text = self.scratch.take_text();
        format.render(&self.eval(), &mut text);
        let result = then(&mut *self.view, &text);
        self.scratch.give_text(text);
        result
    }

    /// The message that the rule set works on.
    pub fn message_mut(&mut self) -> Option<&mut crate::proto::h1::Message> {
        match self.direction {
            Direction::Request => self.view.request_mut(),
            Direction::Response => self.view.response_mut(),
        }
    }
}

/// The message of a direction, to be changed.
fn message_of(
    view: &mut dyn StreamView,
    direction: Direction,
) -> Option<&mut crate::proto::h1::Message> {
    match direction {
        Direction::Request => view.request_mut(),
        Direction::Response => view.response_mut(),
    }
}

/// How it goes on after an action.
#[derive(Debug, PartialEq, Eq)]
pub enum Flow {
    /// With the next rule.
    Continue,
    /// The rest of this rule set is skipped (`allow`, `accept`).
    Stop,
    /// Refused (`deny`; logged `PR`/`SH`), with an error answer.
    Deny(Answer),
    /// Answered (`return`; logged `LR`).
    Return(Answer),
    /// Answered (`redirect`; logged `LR`).
    Redirect(Answer),
    /// As `Deny`, but only after `timeout tarpit` (logged `PT`).
    Tarpit(Answer),
    /// The connection is closed without an answer (`reject`).
    Reject,
    /// The connection is closed on this side only, unseen by the client (`silent-drop`).
    SilentDrop {
        /// Send a reset with this TTL where that can be done.
        rst_ttl: Option<u8>,
    },
    /// The server's connection is closed at once (`tcp-response content close`).
    Close,
    /// The same rule is to run again when there is more data or after the delay.
    Wait {
        /// Milliseconds; `None` as long as the engine's own limits allow.
        for_ms: Option<u32>,
    },
    /// The next rule's turn after a while.
    Pause {
        /// Milliseconds.
        ms: u32,
    },
    /// The next rule's turn once the body is there.
    Body {
        /// Milliseconds it may take.
        ms: u32,
        /// So many bytes of it will do; 0: all.
        at_least: u32,
    },
    /// The next rule's turn once a name was looked up.
    Resolve(Box<Question>),
    /// An internal error happened (500).
    Error,
}

/// What the client is to get.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The proxy's error page of that status.
    Status(u16),
    /// The error page 401, with a `www-authenticate` header for this realm; `None`: that of the
    /// proxy.
    Challenge(Option<Box<[u8]>>),
    /// The numbers of the process, for Prometheus.
    Metrics,
    /// A whole answer: head and body. `Connection` and `Keep-Alive` are up to the encoder.
    Ready(Reply),
}

/// A whole answer as HTTP/1.1 text.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Reply {
    /// Its status code.
    pub status: u16,
    /// Status line, header lines and the empty line.
    pub head: Vec<u8>,
    /// The body, not chunked; empty for an answer to HEAD as well (the head tells its length).
    pub body: Vec<u8>,
    /// True: the connection is to be closed behind it.
    pub close: bool,
}

impl Action {
    /// The same keyword with something around what it does: a dry run watches rules so.
    #[must_use]
    pub fn wrapped(self, around: impl FnOnce(Arc<dyn Act>) -> Arc<dyn Act>) -> Action {
        Action {
            name: self.name,
            act: around(self.act),
        }
    }

    /// An action that no line wrote.
    pub fn of(name: &'static str, act: Arc<dyn Act>) -> Action {
        Action { name, act }
    }

    /// Runs it.
    pub fn run(&self, run: &mut Run<'_>) -> Flow {
        self.act.run(run)
    }
}

/// Compiles the words behind `http-request` (and so on), the condition included; findings are
/// complete, in HAProxy's words. `None` after a fatal finding, or, without one, when hapax does
/// not execute something of the line yet.
pub fn compile(
    set: RuleSet,
    words: &[Word],
    acls: &AclSet,
    cx: &mut Compile<'_>,
) -> Option<(Action, Option<Condition>)> {
    let Some((verb, rest)) = words.split_first() else {
        let message = expects(set, b"", " (missing argument)", cx);
        tight(message, set, cx);
        return None;
    };
    let before = cx.span;
    cx.span = verb.span;
    let result = compile_from(set, verb, rest, acls, cx).ok();
    cx.span = before;
    result
}

/// Compiles the words behind `http-error`: the status and what it means for it.
pub fn compile_error(words: &[Word], cx: &mut Compile<'_>) -> Option<(u16, ErrorReply)> {
    let verb = Word {
        text: (*b"http-error").into(),
        span: cx.span,
    };
    let mut line = Line {
        set: RuleSet::HttpRequest,
        verb: &verb,
        words,
        cx,
    };
    reply::error_reply(&mut line)
        .map_err(|fault| {
            if let Fault::Wrong(m) = fault {
                cx.alert(format!("{m}."));
            }
        })
        .ok()
}

/// Compiles the words behind the directive `redirect`, whose texts are taken as they stand.
pub fn compile_redirect(
    words: &[Word],
    acls: &AclSet,
    cx: &mut Compile<'_>,
) -> Option<(Action, Option<Condition>)> {
    let verb = Word {
        text: "redirect".into(),
        span: cx.span,
    };
    cx.context = format!(
        "error detected in {} while parsing redirect rule : ",
        cx.owner
    );
    let mut line = Line {
        set: RuleSet::HttpRequest,
        verb: &verb,
        words,
        cx,
    };
    let act = redirect::compile_literal(&mut line).map_err(|f| line.cx.fault(f));
    let rest = line.words;
    let act = act.ok()?;
    let condition = match rest {
        [] => None,
        _ => {
            cx.context.push_str("error in condition: ");
            Some(
                Condition::parse(rest, acls, cx)
                    .map_err(|f| cx.fault(f))
                    .ok()?,
            )
        }
    };
    let name = "redirect";
    Some((Action { name, act }, condition))
}

/// The error was reported, or the notice written.
struct Reported;

fn compile_from(
    set: RuleSet,
    verb: &Word,
    rest: &[Word],
    acls: &AclSet,
    cx: &mut Compile<'_>,
) -> Result<(Action, Option<Condition>), Reported> {
    let known = grammar::action(set.name(), verb.bytes());
    if !cx.speaks(known.map(|a| &a.life)) {
        let message = unknown(set, verb.bytes(), cx);
        tight(message, set, cx);
        return Err(Reported);
    }
    let Some(keyword) = find(set, verb.bytes()) else {
        if let Some(action) = known {
            cx.note_pending("action", verb.bytes());
            return known::check(set, action, verb, rest, acls, cx);
        }
        let message = unknown(set, verb.bytes(), cx);
        tight(message, set, cx);
        return Err(Reported);
    };
    cx.context = context(set, verb, cx);
    let mut line = Line {
        set,
        verb,
        words: rest,
        cx,
    };
    let act = (keyword.compile)(&mut line);
    let rest = line.words;
    let act = act.map_err(|f| {
        cx.fault(f);
        Reported
    })?;
    let condition = condition(set, verb, rest, acls, cx)?;
    let action = Action {
        name: keyword.name,
        act,
    };
    Ok((action, condition))
}

/// What HAProxy puts in front of a fault of the action.
fn context(set: RuleSet, verb: &Word, cx: &Compile<'_>) -> String {
    match RuleSets::TCP.contains(set.bit()) {
        true => String::new(),
        false => format!(
            "error detected in {} while parsing '{} {}' rule : ",
            cx.owner,
            set.name(),
            verb.display()
        ),
    }
}

/// The condition behind an action's words, if any.
fn condition(
    set: RuleSet,
    verb: &Word,
    rest: &[Word],
    acls: &AclSet,
    cx: &mut Compile<'_>,
) -> Result<Option<Condition>, Reported> {
    let name = format!("{} {}", set.name(), verb.display());
    let tcp = RuleSets::TCP.contains(set.bit());
    match rest.first() {
        None => Ok(None),
        Some(w) if w.is("if") || w.is("unless") => {
            cx.context = match tcp {
                true => format!(
                    "'{name}' : error detected in {} while parsing '{}' condition : ",
                    cx.owner,
                    w.display()
                ),
                false => format!("error detected while parsing an '{name}' condition : "),
            };
            let condition = Condition::parse(rest, acls, cx).map_err(|f| {
                cx.fault(f);
                Reported
            })?;
            Ok(Some(condition))
        }
        Some(w) => {
            cx.span = w.span;
            let message = match tcp {
                true => format!(
                    "'{name}' only accepts 'if' or 'unless', in {} (got '{}')",
                    cx.owner,
                    w.display()
                ),
                false => format!(
                    "'{name}' expects either 'if' or 'unless' followed by a condition but found \
                     '{}'.",
                    w.display()
                ),
            };
            tight(message, set, cx);
            Err(Reported)
        }
    }
}

/// Reports what HAProxy's parser of HTTP rules says without a blank before the colon.
fn tight(message: String, set: RuleSet, cx: &mut Compile<'_>) {
    cx.alert(message);
    if !RuleSets::TCP.contains(set.bit())
        && let Some(last) = cx.diags.last_mut()
    {
        last.form = Form::Tight;
    }
}

fn unknown(set: RuleSet, word: &[u8], cx: &Compile<'_>) -> String {
    let names = grammar::actions_of(set.name()).iter().map(|a| a.name);
    let hint = match grammar::nearest(word, names) {
        Some(name) => format!(". Did you mean '{name}' maybe ?"),
        None => ".".into(),
    };
    expects(set, word, &hint, cx)
}

fn expects(set: RuleSet, word: &[u8], tail: &str, cx: &Compile<'_>) -> String {
    let tcp = RuleSets::TCP.contains(set.bit());
    let known = listed::names(set, tcp, cx.stick_counters);
    let set = set.name();
    let word = bstr::BStr::new(word);
    if tcp {
        return format!("'{set}' expects {known} in {} (got '{word}').", cx.owner);
    }
    let stop = if tail.ends_with(['.', '?']) { "" } else { "." };
    format!("'{set}' expects {known}, but got '{word}'{tail}{stop}")
}
