//! What rules look at: sections with what their `defaults` say, ACLs, rules and conditions taken
//! apart, every part with its place.

pub mod condition;
pub mod matcher;
pub mod routes;
pub mod statement;

use crate::base::span::Span;
use crate::base::units::{self, TimeUnit};
use crate::config::directive::{Directive, Document, Prefix, Section, Word};
use matcher::Matcher;
use statement::Statement;

/// What kind of section it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `global`
    Global,
    /// `defaults`
    Defaults,
    /// `frontend`
    Frontend,
    /// `backend`
    Backend,
    /// `listen`
    Listen,
    /// Any other.
    Other,
}

/// An `acl` line.
#[derive(Clone, Debug)]
pub struct Acl<'d> {
    /// Its name.
    pub name: &'d Word,
    /// What it tests.
    pub test: Matcher<'d>,
    /// The line.
    pub line: &'d Directive,
}

/// A section.
#[derive(Clone, Debug)]
pub struct Scope<'d> {
    /// Its place in [`Model::scopes`].
    pub index: usize,
    /// What kind.
    pub kind: Kind,
    /// Its name; empty where it has none.
    pub name: &'d [u8],
    /// Its first line.
    pub head: &'d Directive,
    /// The lines below it.
    pub lines: &'d [Directive],
    /// The `defaults` section that it takes its settings from.
    pub from: Option<usize>,
    /// Its `acl` lines.
    pub acls: Vec<Acl<'d>>,
    /// Its lines that may carry a condition.
    pub statements: Vec<Statement<'d>>,
}

impl<'d> Scope<'d> {
    /// Whether it takes connections.
    pub fn is_frontend(&self) -> bool {
        matches!(self.kind, Kind::Frontend | Kind::Listen)
    }
    /// Whether it has servers.
    pub fn is_backend(&self) -> bool {
        matches!(self.kind, Kind::Backend | Kind::Listen)
    }
    /// Whether it is a proxy.
    pub fn is_proxy(&self) -> bool {
        self.is_frontend() || self.is_backend()
    }
    /// Its kind and name, for messages.
    pub fn title(&self) -> String {
        let kind = self.head.keyword().display();
        match self.name.is_empty() {
            true => kind.to_string(),
            false => format!("{kind} {}", bstr::BStr::new(self.name)),
        }
    }
    /// Lines that begin with these words, without `no`.
    pub fn all<'a>(
        &self,
        names: &'a [&'a str],
    ) -> impl Iterator<Item = &'d Directive> + use<'a, 'd> {
        let lines = self.lines.iter();
        lines.filter(move |l| l.prefix.is_none() && l.begins(names))
    }
    /// The last line that begins with these words.
    pub fn own(&self, names: &[&str]) -> Option<&'d Directive> {
        self.lines
            .iter()
            .rev()
            .find(|l| l.prefix.is_none() && l.begins(names))
    }
    /// Its `server` and `server-template` lines.
    pub fn servers(&self) -> impl Iterator<Item = &'d Directive> {
        let lines = self.lines.iter();
        lines.filter(|l| l.begins(&["server"]) || l.begins(&["server-template"]))
    }
    /// The `acl` lines of a name.
    pub fn acl<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a Acl<'d>> {
        self.acls.iter().filter(move |a| a.name.bytes() == name)
    }
    /// Statements of a set (`http-request`, `use_backend`, `tcp-request content`).
    pub fn set<'a>(&'a self, set: &'a str) -> impl Iterator<Item = &'a Statement<'d>> {
        self.statements.iter().filter(move |s| s.set == set)
    }
}

/// A configuration, taken apart.
#[derive(Debug)]
pub struct Model<'d> {
    /// The text and its directives.
    pub document: &'d Document,
    /// The sections in order.
    pub scopes: Vec<Scope<'d>>,
    /// Texts that make a line a template's, besides the usual ones.
    markup: &'d [String],
}

/// Whether a line holds the markup of a template (`{{`, `{%`, `<%`, `${name:part}`, `__NAME__`), so
/// that what it says is not known.
pub fn holds_markup(line: &[u8], more: &[String]) -> bool {
    let has = |m: &[u8]| memchr::memmem::find(line, m).is_some();
    if [&b"{{"[..], b"{%", b"<%"].into_iter().any(has) || more.iter().any(|m| has(m.as_bytes())) {
        return true;
    }
    let mut words = line.split(|b| !(b.is_ascii_uppercase() || *b == b'_'));
    let placeholder = words.any(|w| w.len() > 5 && w.starts_with(b"__") && w.ends_with(b"__"));
    let part = memchr::memmem::find(line, b"${").is_some_and(|at| {
        let inside = line.get(at + 2..).unwrap_or_default();
        let end = memchr::memchr(b'}', inside).unwrap_or(0);
        inside.get(..end).is_some_and(|name| name.contains(&b':'))
    });
    placeholder || part
}

impl<'d> Model<'d> {
    /// Takes a document apart.
    pub fn new(document: &'d Document, markup: &'d [String]) -> Model<'d> {
        let mut scopes: Vec<Scope<'d>> = Vec::with_capacity(document.sections.len());
        let mut unnamed = None;
        for (index, section) in document.sections.iter().enumerate() {
            let scope = scope(index, section, unnamed, &scopes);
            if scope.kind == Kind::Defaults {
                unnamed = Some(index);
            }
            scopes.push(scope);
        }
        Model {
            document,
            scopes,
            markup,
        }
    }

    /// `frontend`, `backend` and `listen` sections.
    pub fn proxies(&self) -> impl Iterator<Item = &Scope<'d>> {
        self.scopes.iter().filter(|s| s.is_proxy())
    }
    /// Those that take connections.
    pub fn frontends(&self) -> impl Iterator<Item = &Scope<'d>> {
        self.scopes.iter().filter(|s| s.is_frontend())
    }
    /// Those that have servers.
    pub fn backends(&self) -> impl Iterator<Item = &Scope<'d>> {
        self.scopes.iter().filter(|s| s.is_backend())
    }
    /// The `global` sections.
    pub fn globals(&self) -> impl Iterator<Item = &Scope<'d>> {
        self.scopes.iter().filter(|s| s.kind == Kind::Global)
    }
    /// The last line of `global` that begins with these words.
    pub fn global(&self, names: &[&str]) -> Option<&'d Directive> {
        self.globals().filter_map(|s| s.own(names)).last()
    }
    /// Every line of every section.
    pub fn lines(&self) -> impl Iterator<Item = (&Scope<'d>, &'d Directive)> {
        self.scopes
            .iter()
            .flat_map(|s| s.lines.iter().map(move |l| (s, l)))
    }
    /// A section and the `defaults` that it takes settings from, nearest first.
    pub fn chain<'a>(&'a self, scope: &'a Scope<'d>) -> impl Iterator<Item = &'a Scope<'d>> {
        std::iter::successors(Some(scope), |s| s.from.and_then(|at| self.scopes.get(at)))
    }
    /// The line that decides a setting: the section's last, else that of its `defaults`.
    pub fn setting(&self, scope: &Scope<'d>, names: &[&str]) -> Option<&'d Directive> {
        self.chain(scope).find_map(|s| s.own(names))
    }
    /// The line that switches an option on, unless `no option` stands nearer.
    pub fn option(&self, scope: &Scope<'d>, name: &str) -> Option<&'d Directive> {
        let names = ["option", name];
        let line = self
            .chain(scope)
            .find_map(|s| s.lines.iter().rev().find(|l| l.begins(&names)));
        line.filter(|l| l.prefix != Some(Prefix::No) && l.prefix != Some(Prefix::Default))
    }
    /// `mode`, `tcp` where none is said.
    pub fn mode(&self, scope: &Scope<'d>) -> &'d [u8] {
        let line = self.setting(scope, &["mode"]);
        line.and_then(|l| l.word(1))
            .map_or(&b"tcp"[..], Word::bytes)
    }
    /// Whether it speaks HTTP.
    pub fn is_http(&self, scope: &Scope<'d>) -> bool {
        self.mode(scope) == b"http"
    }
    /// A timeout by its modern name in milliseconds, and its line; old spellings count.
    pub fn timeout(&self, scope: &Scope<'d>, name: &str) -> Option<(u32, &'d Directive)> {
        let old: &[&[&str]] = match name {
            "client" => &[
                &["timeout", "client"],
                &["timeout", "clitimeout"],
                &["clitimeout"],
            ],
            "server" => &[
                &["timeout", "server"],
                &["timeout", "srvtimeout"],
                &["srvtimeout"],
            ],
            "connect" => &[
                &["timeout", "connect"],
                &["timeout", "contimeout"],
                &["contimeout"],
            ],
            _ => &[&["timeout", name]],
        };
        let line = self.chain(scope).find_map(|s| {
            let lines = s.lines.iter().rev();
            lines
                .into_iter()
                .find(|l| old.iter().any(|names| l.begins(names)))
        })?;
        let word = line.words.last()?;
        Some((milliseconds(word)?, line))
    }
    /// Whether a front end takes TLS on any of its listeners.
    pub fn has_tls(&self, scope: &Scope<'d>) -> bool {
        scope.all(&["bind"]).any(|b| has_word(b, 2, "ssl"))
    }
    /// The bytes of the text that a word was made of.
    pub fn source(&self, word: &Word) -> &'d [u8] {
        let source = self.document.sources.file(word.span.file);
        let line = source.and_then(|s| s.line(word.span.line));
        let range = word.span.start as usize..word.span.end as usize;
        line.and_then(|l| l.get(range)).unwrap_or_default()
    }
    /// Whether a word stands in the text as it is, so that a fix may replace parts of it.
    pub fn is_plain(&self, word: &Word) -> bool {
        self.source(word) == word.bytes()
    }
    /// Whether an environment variable is part of a word, whose value here means nothing.
    pub fn has_variable(&self, word: &Word) -> bool {
        let source = self.source(word);
        source.contains(&b'$') && source != word.bytes()
    }
    /// Whether what a line says is not known, since it holds the markup of a template.
    pub fn is_markup(&self, span: Span) -> bool {
        let source = self.document.sources.file(span.file);
        let line = source.and_then(|s| s.line(span.line)).unwrap_or_default();
        holds_markup(line, self.markup)
    }
    /// Whether any line is a template's.
    pub fn is_template(&self) -> bool {
        let mut files = self.document.sources.iter();
        files.any(|(_, source)| {
            source
                .lines()
                .any(|(_, line)| holds_markup(line, self.markup))
        })
    }
    /// Whether it is a piece of a configuration: what it lacks may stand in another file.
    pub fn is_piece(&self) -> bool {
        let whole = |s: &Scope<'_>| matches!(s.kind, Kind::Global | Kind::Defaults);
        !self.scopes.iter().any(whole)
    }
    /// Whether lines were left out by `.if`, so that what is used nowhere may be used there.
    pub fn has_conditionals(&self) -> bool {
        let files = self.document.sources.iter();
        files.into_iter().any(|(_, source)| {
            source
                .lines()
                .any(|(_, line)| line.trim_ascii_start().starts_with(b".if"))
        })
    }
    /// The proxies of a name that have servers.
    pub fn backend_named<'a>(&'a self, name: &'a [u8]) -> Option<&'a Scope<'d>> {
        self.backends().find(|s| s.name == name)
    }
}

fn scope<'d>(
    index: usize,
    section: &'d Section,
    unnamed: Option<usize>,
    before: &[Scope<'d>],
) -> Scope<'d> {
    let kind = match section.kind().bytes() {
        b"global" => Kind::Global,
        b"defaults" => Kind::Defaults,
        b"frontend" => Kind::Frontend,
        b"backend" => Kind::Backend,
        b"listen" => Kind::Listen,
        _ => Kind::Other,
    };
    let words = &section.head.words;
    let from_at = words.iter().position(|w| w.is("from"));
    let named = from_at.and_then(|at| words.get(at + 1));
    let named = named.and_then(|name| {
        let mut defaults = before.iter().rev();
        defaults
            .find(|s| s.kind == Kind::Defaults && s.name == name.bytes())
            .map(|s| s.index)
    });
    let from = match kind {
        Kind::Defaults => named,
        Kind::Frontend | Kind::Backend | Kind::Listen => named.or(unnamed),
        _ => None,
    };
    let name = words
        .get(1)
        .filter(|_| from_at != Some(1))
        .map(Word::bytes)
        .unwrap_or_default();
    let mut acls = Vec::new();
    let mut statements = Vec::new();
    for line in &section.lines {
        if let (true, Some(name), Some(words)) =
            (line.begins(&["acl"]), line.word(1), line.words.get(2..))
        {
            if let Some(test) = Matcher::parse(words) {
                acls.push(Acl { name, test, line });
            }
        } else if let Some(statement) = Statement::parse(line) {
            statements.push(statement);
        }
    }
    Scope {
        index,
        kind,
        name,
        head: &section.head,
        lines: &section.lines,
        from,
        acls,
        statements,
    }
}

/// A word as a time in milliseconds.
pub fn milliseconds(word: &Word) -> Option<u32> {
    units::time(&word.text, TimeUnit::Millisecond)
        .ok()
        .map(|t| t.value)
}

/// A word as a number.
pub fn number(word: &Word) -> Option<u64> {
    word.as_str()?.parse().ok()
}

/// The words behind an option of a line (`server NAME ADDR maxconn 10`), looked for from a place.
pub fn value_of<'d>(line: &'d Directive, from: usize, option: &str) -> Option<&'d Word> {
    let at = line.words.iter().skip(from).position(|w| w.is(option))? + from;
    line.word(at + 1)
}

/// An option of a line itself.
pub fn option_word<'d>(line: &'d Directive, from: usize, option: &str) -> Option<&'d Word> {
    line.words.iter().skip(from).find(|w| w.is(option))
}

/// Whether an option stands on a line.
pub fn has_word(line: &Directive, from: usize, option: &str) -> bool {
    option_word(line, from, option).is_some()
}

/// Whether an address of a `bind` line can only be reached from this machine.
pub fn is_local(address: &[u8]) -> bool {
    let text = String::from_utf8_lossy(address);
    let text = text
        .trim_start_matches("ipv4@")
        .trim_start_matches("tcp@")
        .trim_start_matches("tcp4@");
    [
        "127.",
        "localhost",
        "[::1]",
        "::1:",
        "unix@",
        "abns@",
        "abnsz@",
        "sockpair@",
        "fd@",
        "/",
    ]
    .iter()
    .any(|p| text.starts_with(p))
}

/// The port of an address, `None` where it has none or a range.
pub fn port(address: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(address).ok()?;
    text.rsplit_once(':')?.1.parse().ok()
}
