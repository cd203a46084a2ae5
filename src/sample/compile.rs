//! What compiling an expression, an ACL or an action needs to know and what it leaves behind.

use super::acl::AclSet;
use super::capture::Slots;
use super::file::ListedFile;
use super::keys::Keys;
use super::places::Places;
use super::reference::References;
use super::users::UserList;
use super::view::Direction;
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;
use crate::grammar::{self, Life, Version};
use crate::table::{Spec, Table};
use bstr::BStr;
use std::net::IpAddr;
use std::sync::Arc;

/// Names and hosts that configuration lines refer to; `lower` implements it.
pub trait Names {
    /// The proxy of that name that has servers (`backend`, `listen`).
    fn backend(&self, _name: &[u8]) -> Option<u32> {
        None
    }
    /// The same, for the sake of one of its servers.
    fn backend_of_server(&self, name: &[u8]) -> Option<u32> {
        self.backend(name)
    }
    /// The proxy of that name that accepts connections (`frontend`, `listen`).
    fn frontend(&self, _name: &[u8]) -> Option<u32> {
        None
    }
    /// A server's place in a back end.
    fn server(&self, _backend: u32, _name: &[u8]) -> Option<u32> {
        None
    }
    /// The stick table of a proxy, or of a peers section (`section/table`); empty: that of the
    /// proxy that the line stands in.
    fn table(&self, _name: &[u8]) -> Option<Arc<Table>> {
        Some(Table::new(Spec::new("")))
    }
    /// Whether there is a user list of that name.
    fn user_list(&self, _name: &[u8]) -> Option<Arc<UserList>> {
        None
    }
    /// The file that an `http-errors` section has for a status.
    fn error_file(&self, _section: &[u8], _status: u16) -> Option<String> {
        None
    }
    /// The proxy that the line stands in.
    fn current(&self) -> Option<u32> {
        None
    }
    /// The number of a `log-profile` section.
    fn log_profile(&self, _name: &[u8]) -> Option<u32> {
        None
    }
    /// The place of a `resolvers` section among all of them.
    fn resolvers(&self, _name: &[u8]) -> Option<usize> {
        None
    }
    /// Addresses of a host name in an address pattern.
    fn resolve(&self, _host: &[u8]) -> Option<IpAddr> {
        None
    }
}

/// Knows no names.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNames;

impl Names for NoNames {}

/// The state of compiling the lines of one section.
pub struct Compile<'a> {
    /// Where the expression will be evaluated.
    pub places: Places,
    /// Names it may refer to.
    pub names: &'a dyn Names,
    /// What the line belongs to, in HAProxy's words: `frontend 'www'`, `proxy 'stats'` (listen).
    pub owner: String,
    /// The fetch in work, for messages about its arguments.
    pub keyword: &'static str,
    /// What HAProxy puts in front of a fault of the line in work.
    pub context: String,
    /// The directive in work; findings point at it unless they know better.
    pub span: Span,
    /// Findings so far.
    pub diags: Vec<Diagnostic>,
    /// Files that `plan` has to load.
    pub files: Vec<Arc<ListedFile>>,
    /// The version of HAProxy whose names count.
    pub language: Version,
    /// Names of builds with OpenSSL do not count.
    pub without_tls: bool,
    /// Something of the line is known, but not executed yet: what was made of it must not run.
    pub pending: bool,
    /// Lists of patterns, shared by all sections.
    pub references: References,
    /// Keys that tokens are verified and decrypted with, shared by all sections.
    pub keys: Arc<Keys>,
    /// The ACLs that expressions may name.
    pub acls: AclSet,
    /// The slots for captured values of the front end that the line stands in.
    pub slots: Slots,
    /// Something asks for the proxy's own address towards the server.
    pub asks_server_connection: bool,
    /// Slots that rules name by number, to be looked for when all lines were read.
    pub slot_uses: Vec<(Direction, i64, Span)>,
    /// `tune.stick-counters`
    pub stick_counters: u32,
    /// The line stands in a `defaults` section.
    pub inherited: bool,
    /// The expression in work is an ACL's.
    pub in_acl: bool,
    /// What may help with the next fault, such as a nearest match.
    pub hint: Option<String>,
}

impl<'a> Compile<'a> {
    /// For lines evaluated at `places`.
    pub fn new(places: Places, names: &'a dyn Names) -> Self {
        Compile {
            places,
            names,
            owner: String::new(),
            keyword: "",
            context: String::new(),
            span: Span::default(),
            diags: Vec::new(),
            files: Vec::new(),
            language: Version::CURRENT,
            without_tls: false,
            pending: false,
            references: References::default(),
            keys: Arc::new(Keys::new()),
            acls: AclSet::default(),
            slots: Slots::default(),
            asks_server_connection: false,
            slot_uses: Vec::new(),
            stick_counters: 3,
            inherited: false,
            in_acl: false,
            hint: None,
        }
    }

    /// Notes an alert at the directive in work.
    pub fn alert(&mut self, message: impl Into<String>) {
        let mut finding = Diagnostic::alert(RULE_FAULT, self.span, message);
        finding.help.extend(self.hint.take());
        self.diags.push(finding);
    }

    /// Notes what HAProxy knows and hapax does not execute yet, and gives the fault for it.
    pub fn pending(&mut self, what: &str, name: &[u8]) -> Fault {
        let message = format!(
            "{what} '{}' is known, but this version of hapax does not execute it yet.",
            BStr::new(name)
        );
        self.diags
            .push(Diagnostic::notice(RULE_PENDING, self.span, message));
        Fault::Pending
    }

    /// Notes what HAProxy knows and hapax does not execute yet; the rest of the line is compiled
    /// for its faults.
    pub fn note_pending(&mut self, what: &str, name: &[u8]) {
        let _ = self.pending(what, name);
        self.pending = true;
    }

    /// Whether HAProxy of the version in question knows a name of that life.
    pub fn speaks(&self, life: Option<&Life>) -> bool {
        life.is_none_or(|l| l.known_in(self.language))
    }

    /// The fault for a name that HAProxy does not know either; `candidates` may be meant.
    pub fn unknown(
        &mut self,
        what: &str,
        name: &[u8],
        candidates: impl Iterator<Item = &'static str>,
    ) -> Fault {
        self.hint = grammar::nearest(name, candidates).map(|n| format!("did you mean '{n}'?"));
        Fault::Wrong(format!("unknown {what} '{}'", BStr::new(name)))
    }

    /// Notes a fault in its context.
    pub fn fault(&mut self, fault: Fault) {
        if let Fault::Wrong(m) = fault {
            // TCP rules say it without a full stop.
            let bare = self.context.is_empty()
                || self.context == "'stick': "
                || ["'tcp-request", "'tcp-response"]
                    .iter()
                    .any(|rules| self.context.starts_with(rules));
            let stop = if bare { "" } else { "." };
            self.alert(format!("{}{m}{stop}", self.context));
        }
    }

    /// Notes a warning at the directive in work.
    pub fn warning(&mut self, message: impl Into<String>) {
        self.diags
            .push(Diagnostic::warning(RULE_DOUBT, self.span, message));
    }

    /// An argument names a proxy or server that is not there.
    pub(super) fn unresolved(&mut self, what: &str, name: &[u8], index: usize) {
        let message = format!(
            "unable to find {what} '{}' referenced in arg {index} of {} in {}.",
            BStr::new(name),
            self.subject(),
            self.proxy()
        );
        self.after_parsing(message);
    }

    /// A line of a `defaults` section leaves out which proxy it means.
    pub(super) fn nameless(&mut self, what: &str, index: usize) {
        let message = format!(
            "{what} name must be set in arg {index} of {} in {}.",
            self.subject(),
            self.proxy()
        );
        self.after_parsing(message);
    }

    /// An argument names a user list that is not there.
    pub(super) fn unresolved_list(&mut self, name: &[u8], index: usize) {
        let message = format!(
            "unable to find userlist '{}' referenced in arg {index} of {} in {}.",
            BStr::new(name),
            self.subject(),
            self.proxy()
        );
        self.after_parsing(message);
    }

    /// The table that a `track-sc` rule names, which must be there; empty: that of its own proxy.
    pub fn tracked_table(&mut self, name: &[u8], verb: &str) -> Option<Arc<Table>> {
        let nameless = self.inherited && name.is_empty();
        if let Some(table) = self.names.table(name).filter(|_| !nameless) {
            return Some(table);
        }
        let own = self.proxy_name();
        let table = if name.is_empty() { &own[..] } else { name };
        let message = format!(
            "Proxy '{}': unable to find table '{}' referenced by {verb}.",
            BStr::new(&own),
            BStr::new(table)
        );
        self.plain_alert(message);
        None
    }

    /// A finding that HAProxy makes once all lines are read, without their place.
    pub fn plain_alert(&mut self, message: String) {
        self.alert(message);
        if let Some(last) = self.diags.last_mut() {
            last.form = Form::Plain;
        }
    }

    /// The name of the proxy that the line stands in.
    pub fn proxy_name(&self) -> Vec<u8> {
        let name = self.owner.split_once(' ').map_or("", |(_, name)| name);
        name.trim_matches('\'').as_bytes().to_vec()
    }

    /// An argument was left out that would mean the current proxy, which lacks the capability.
    pub(super) fn no_capability(&mut self, what: &str, index: usize) {
        let proxy = self.proxy();
        let message = format!(
            "{proxy}, referenced in arg {index} of {} in {proxy}, has not {what} capability.",
            self.subject()
        );
        self.after_parsing(message);
    }

    /// An action names a log profile that is not there.
    pub fn no_log_profile(&mut self, name: &[u8]) {
        let (_, proxy) = self.owner.split_once(' ').unwrap_or_default();
        let message = format!(
            "Proxy {proxy}: do-log action: profile '{}' is invalid.",
            BStr::new(name)
        );
        self.alert(message);
        if let Some(last) = self.diags.last_mut() {
            last.form = Form::Plain;
        }
    }

    /// A finding that HAProxy makes once all lines are read.
    fn after_parsing(&mut self, message: String) {
        self.alert(message);
        if let Some(last) = self.diags.last_mut() {
            last.form = Form::PlainTight;
        }
    }

    /// The keyword in work and the kind of line it stands in, in HAProxy's words.
    fn subject(&self) -> String {
        let keyword = self.keyword;
        if self.in_acl {
            return format!("ACL keyword '{keyword}'");
        }
        let has = |places| self.places.intersects(places);
        let kind = if has(Places::FE_CONNECTION) {
            " in tcp-request connection expression"
        } else if has(Places::FE_SESSION) {
            " in tcp-request session expression"
        } else if has(Places::FE_REQUEST_CONTENT | Places::BE_REQUEST_CONTENT) {
            " in tcp-request content expression"
        } else if has(Places::FE_REQUEST | Places::BE_REQUEST) {
            " in http-request expression"
        } else if has(Places::FE_SET_BACKEND) {
            " in use_backend expression"
        } else if has(Places::FE_RESPONSE_CONTENT | Places::BE_RESPONSE_CONTENT) {
            " in tcp-response content expression"
        } else if has(Places::FE_RESPONSE | Places::BE_RESPONSE) {
            " in http-response response"
        } else if has(Places::BE_SET_SERVER) {
            " in use-server or balance expression"
        } else if has(Places::LOG) {
            " in log-format string"
        } else {
            ""
        };
        format!("sample fetch keyword '{keyword}'{kind}")
    }

    /// `proxy 'name'`
    fn proxy(&self) -> String {
        match self.owner.split_once(' ') {
            Some((_, name)) => format!("proxy {name}"),
            None => self.owner.clone(),
        }
    }
}

/// Why something was not compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is wrong: HAProxy's words, still to be put into context by the caller.
    Wrong(String),
    /// It is right, but hapax does not execute it yet; the notice is written.
    Pending,
}

impl Fault {
    /// Puts the words into context.
    #[must_use]
    pub fn wrap(self, context: impl FnOnce(String) -> String) -> Fault {
        match self {
            Fault::Wrong(m) => Fault::Wrong(context(m)),
            Fault::Pending => Fault::Pending,
        }
    }
}

impl From<String> for Fault {
    fn from(m: String) -> Self {
        Fault::Wrong(m)
    }
}

impl From<&str> for Fault {
    fn from(m: &str) -> Self {
        Fault::Wrong(m.into())
    }
}

/// An expression, ACL, condition or action that HAProxy refuses too.
pub const RULE_FAULT: &str = "HX0400";
/// An expression, ACL, condition or action that cannot do what it seems to say.
pub const RULE_DOUBT: &str = "HX0401";
/// A fetch, converter or action known to HAProxy that hapax does not execute yet.
pub const RULE_PENDING: &str = "HX0402";
