//! What a keyword's handler works on: the section being read and the configuration so far.

use super::keyword::{Sections, Side};
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::config::args::Args;
use crate::config::directive::{Directive, Document};
use crate::grammar::Version;
use crate::ir::{self, Proxy, ProxyId};

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `-n`: process-wide connection limit; wins over `maxconn` in `global`.
    pub maxconn: Option<u32>,
    /// `-N`: limit of front ends that give none.
    pub proxy_maxconn: Option<u32>,
    /// The name of this peer: `-L`, else the host's.
    pub local_peer: String,
    /// `check --for`: the version whose language counts, without leniency for older words.
    pub language: Option<Version>,
    /// `check --without`: what a build of that version lacks (`tls`, `lua`, `zlib`).
    pub without: Vec<String>,
    /// All sections are still wanted after they were lowered (`-dC`).
    pub whole: bool,
    /// A `server` line given to a running process: some of its words cannot be taken.
    pub dynamic: bool,
}

impl Options {
    /// Whether the build in question has a library (`tls`, `lua`, `zlib`).
    pub fn has(&self, library: &str) -> bool {
        !self.without.iter().any(|w| w == library)
    }
}

/// Which section the lines belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `global`
    Global,
    /// `defaults`: index into [`Context::defaults`]
    Defaults(usize),
    /// `frontend`, `backend`, `listen`: index into [`Context::proxies`]
    Proxy(usize),
    /// A line of a `healthcheck` section: index into [`Context::healthchecks`]
    Healthcheck(usize),
    /// A section of another kind (`peers`, `resolvers`, ...) or one whose head is faulty.
    Other,
}

/// A proxy (or a `defaults` section, which has the same settings) while it is being read.
#[derive(Debug)]
pub struct Draft<'d> {
    /// The proxy as far as it is known.
    pub proxy: Proxy,
    /// `frontend`, `backend`, `listen`, `defaults`
    pub kind: Sections,
    /// The `defaults` section it inherits from.
    pub from: Option<usize>,
    /// What `default-server` lines said so far.
    pub default_server: super::server::ServerDraft,
    /// `acl` lines.
    pub acls: Vec<&'d Directive>,
    /// Lines with conditions or expressions, lowered after all sections.
    pub rules: Vec<Deferred<'d>>,
    /// Capture slots that rules name by number.
    pub slot_uses: Vec<(crate::sample::view::Direction, i64, Span)>,
    /// Kinds of rules met so far.
    pub kinds_seen: u32,
    /// How many `block` lines stand before the `http-request` rules.
    pub blocks: usize,
    /// `tcp-check` or `http-check` rules say which port a check uses.
    pub check_rules: bool,
    /// A `defaults` section without a name.
    pub anonymous: bool,
    /// Numbers of the names and ids of its servers.
    pub server_marks: std::collections::HashSet<u64>,
    /// `default_backend`'s line.
    pub default_backend: Option<(String, Span)>,
}

/// A line that is lowered after all sections were read.
#[derive(Clone, Copy, Debug)]
pub struct Deferred<'d> {
    /// What lowers it.
    pub handler: &'static super::KeywordHandler,
    /// The line.
    pub line: &'d Directive,
    /// Words of its name.
    pub words: usize,
}

/// The state of lowering one document.
#[derive(Debug)]
pub struct Context<'d> {
    /// The text it comes from.
    pub document: &'d Document,
    /// The command line.
    pub options: &'d Options,
    /// `global`
    pub global: ir::Global,
    /// `defaults` sections in order.
    pub defaults: Vec<Draft<'d>>,
    /// Proxies in order.
    pub proxies: Vec<Draft<'d>>,
    /// Where we are.
    pub scope: Scope,
    /// Findings so far.
    pub diags: Vec<Diagnostic>,
    /// `expose-deprecated-directives` was said: no warnings about deprecated words.
    pub quiet_deprecated: bool,
    /// `expose-experimental-directives`
    pub experimental: super::experimental::Experimental,
    /// The `defaults` section that unnamed use takes: the last one.
    pub last_defaults: Option<usize>,
    /// The kind of the section being read when it is none that hapax executes.
    pub foreign: Option<String>,
    /// The first proxy of each name.
    pub proxy_names: std::collections::HashMap<String, usize>,
    /// Sections of other kinds, in order.
    pub declared: Vec<super::section::Declared>,
    /// `http-errors` sections.
    pub http_errors: Vec<ir::proxy::HttpErrors>,
    /// `userlist` sections.
    pub user_lists: Vec<crate::sample::users::UserList>,
    /// Sections that lines name.
    pub wanted: Vec<super::section::Wanted>,
    /// Stick tables, each with its line.
    pub tables: Vec<(Span, std::sync::Arc<crate::table::Table>)>,
    /// The rules being lowered stand in a `defaults` section.
    pub inherited: bool,
    /// The line of the rule being lowered.
    pub line: Span,
    /// Names of proxies and servers, complete once all sections were read.
    pub names: std::rc::Rc<super::names::NameIndex>,
    /// `log-profile` sections read so far.
    pub profiles: Vec<super::log::profile::ProfileDraft<'d>>,
    /// The lines being read belong to the last of them.
    pub in_profile: bool,
    /// They, lowered.
    pub log_profiles: Vec<ir::log::Profile>,
    /// `ring` sections.
    pub rings: Vec<ir::log::Ring>,
    /// `healthcheck` sections: each has the settings of a back end's checks.
    pub healthchecks: Vec<Draft<'d>>,
    /// `resolvers` sections.
    pub resolvers: Vec<ir::resolvers::Resolvers>,
    /// The ACLs that the rules being lowered may name.
    pub acls: crate::sample::AclSet,
    /// Lists of patterns that ACLs and maps share.
    pub references: crate::sample::reference::References,
    /// Keys that tokens are verified and decrypted with.
    pub keys: std::sync::Arc<crate::sample::keys::Keys>,
    /// Pattern files named by rules, for `plan` to fill.
    pub pattern_files: Vec<std::sync::Arc<crate::sample::acl::PatternFile>>,
}

impl<'d> Context<'d> {
    /// Before the first section.
    pub fn new(document: &'d Document, options: &'d Options) -> Context<'d> {
        Context {
            document,
            options,
            global: ir::Global::default(),
            defaults: Vec::new(),
            proxies: Vec::new(),
            scope: Scope::Other,
            diags: Vec::new(),
            quiet_deprecated: false,
            experimental: Default::default(),
            last_defaults: None,
            foreign: None,
            proxy_names: std::collections::HashMap::new(),
            declared: Vec::new(),
            http_errors: Vec::new(),
            user_lists: Vec::new(),
            wanted: Vec::new(),
            tables: Vec::new(),
            inherited: false,
            line: Span::default(),
            names: std::rc::Rc::default(),
            profiles: Vec::new(),
            in_profile: false,
            log_profiles: Vec::new(),
            rings: Vec::new(),
            healthchecks: Vec::new(),
            resolvers: Vec::new(),
            acls: crate::sample::AclSet::default(),
            references: Default::default(),
            keys: std::sync::Arc::new(crate::sample::keys::Keys::new()),
            pattern_files: Vec::new(),
        }
    }

    /// The section being read, for look-ups of keywords.
    pub fn section(&self) -> Sections {
        match self.scope {
            Scope::Global => Sections::GLOBAL,
            Scope::Other => Sections::empty(),
            Scope::Defaults(_) | Scope::Proxy(_) | Scope::Healthcheck(_) => {
                self.draft().map_or(Sections::empty(), |d| d.kind)
            }
        }
    }

    /// The proxy or `defaults` section being read.
    pub fn draft(&self) -> Option<&Draft<'d>> {
        match self.scope {
            Scope::Defaults(i) => self.defaults.get(i),
            Scope::Proxy(i) => self.proxies.get(i),
            Scope::Healthcheck(i) => self.healthchecks.get(i),
            Scope::Global | Scope::Other => None,
        }
    }

    /// As [`Context::draft`], to change it.
    pub fn draft_mut(&mut self) -> Option<&mut Draft<'d>> {
        match self.scope {
            Scope::Defaults(i) => self.defaults.get_mut(i),
            Scope::Proxy(i) => self.proxies.get_mut(i),
            Scope::Healthcheck(i) => self.healthchecks.get_mut(i),
            Scope::Global | Scope::Other => None,
        }
    }

    /// The stick table of a name, and its line.
    pub fn table(&self, name: &str) -> Option<&(Span, std::sync::Arc<crate::table::Table>)> {
        self.tables.iter().find(|(_, t)| t.spec().name == name)
    }

    /// Keeps an `acl` line of the section for later.
    pub fn acl_line(&mut self, line: &'d Directive) {
        if let Some(draft) = self.draft_mut() {
            draft.acls.push(line);
        }
    }

    /// Changes the settings of the section being read; outside of one nothing happens.
    pub fn set(&mut self, change: impl FnOnce(&mut ir::proxy::Settings)) {
        if let Some(draft) = self.draft_mut() {
            change(&mut draft.proxy.settings);
        }
    }

    /// Whether the section being read is `defaults`.
    pub fn in_defaults(&self) -> bool {
        matches!(self.scope, Scope::Defaults(_))
    }

    /// Whether the section can make use of a line for `side` (`defaults` always can).
    pub fn can(&self, side: Side) -> bool {
        let Some(draft) = self.draft() else {
            return true;
        };
        self.in_defaults()
            || match side {
                Side::Frontend => draft.proxy.frontend,
                Side::Backend => draft.proxy.backend,
            }
    }

    /// The section as messages name it: `frontend 'www'`, and a `listen` is a `proxy`.
    pub fn named(&self) -> String {
        self.draft().map_or_else(String::new, Draft::named)
    }

    /// Warns, as HAProxy does, when the line has no effect here; true if so.
    pub fn ignored(&self, args: &mut Args<'_, '_>, side: Side, name: &str) -> bool {
        self.ignored_with(args, side, name, "")
    }

    /// As [`Context::ignored`] with a hint behind the message.
    pub fn ignored_with(
        &self,
        args: &mut Args<'_, '_>,
        side: Side,
        name: &str,
        hint: &str,
    ) -> bool {
        if self.can(side) {
            return false;
        }
        let capability = match side {
            Side::Frontend => "frontend",
            Side::Backend => "backend",
        };
        let span = args
            .line()
            .words
            .first()
            .map_or(args.line().span, |w| w.span);
        let message = format!(
            "'{name}' ignored because {} has no {capability} capability.{hint}",
            self.named()
        );
        args.warning("HX0220", span, message);
        true
    }

    /// The back end of a name, once all sections were read.
    pub fn backend(&self, name: &str) -> Option<ProxyId> {
        self.names.backend(name.as_bytes())
    }

    /// A line of help that names the back end probably meant.
    pub fn nearest_backend(&self, name: &str) -> Option<String> {
        let near = self.names.nearest_backend(name)?;
        Some(format!("did you mean '{near}'?"))
    }

    /// `file:line` of a place, as messages quote it.
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", self.document.sources.name(span.file), span.line)
    }

    /// The proxy of a number.
    pub fn proxy(&self, id: ProxyId) -> Option<&Draft<'d>> {
        self.proxies.get(id.0 as usize)
    }
}

impl Draft<'_> {
    /// As messages name it: `frontend 'www'`; a `listen` is a `proxy`.
    pub fn named(&self) -> String {
        let kind = match self.kind {
            Sections::FRONTEND => "frontend",
            Sections::BACKEND => "backend",
            Sections::DEFAULTS => "defaults",
            _ => "proxy",
        };
        format!("{kind} '{}'", self.proxy.name)
    }
    /// The word that began the section.
    pub fn section_word(&self) -> &'static str {
        match self.kind {
            Sections::FRONTEND => "frontend",
            Sections::BACKEND => "backend",
            Sections::DEFAULTS => "defaults",
            _ => "listen",
        }
    }
}
