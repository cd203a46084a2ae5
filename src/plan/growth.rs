//! Servers and back ends that are added and deleted while the process runs (management guide 9.3,
//! `add server`, `del server`, `add backend`, `del backend`).
//!
//! A plan never changes but for its two lists that grow: [`Plan::backends`] and each back end's
//! [`servers`](BackendPlan::servers), beside it the list of their states. Everything that runs
//! names a server by its index, so an index is given once and for all: a new server goes to the
//! end, a deleted one keeps its place and is marked ([`ServerState::is_removed`]). Who chooses by
//! index needs no look at the mark, since a deleted server is in maintenance for ever; who lists
//! or searches goes through [`BackendPlan::present`] or [`BackendPlan::find`]. What hangs on a
//! server elsewhere (a queue, idle connections of a thread, places on a ring) is made when its
//! index is first met, or when the server enters.
//!
//! A server that comes back with the very line of a deleted one takes that one's place, so that a
//! program which adds and deletes the same servers for years costs no more than the first round.
//! The new lines are read by the same code as those of the file, from what [`Growth::keep`] has
//! kept of the configuration: the settings of proxies and the `defaults` sections.

use super::build::{Builder, ErrorCache};
use super::log::LogBuilder;
use super::server::ServerPlan;
use super::{BackendId, BackendPlan, Files, Fullconn, Plan};
use crate::balance::{Admin, ServerState, Wake};
use crate::base::clock;
use crate::base::diag::{Diagnostic, Severity};
use crate::base::span::{FileId, Sources, Span};
use crate::config::directive::{Directive, Document, Section, Word};
use crate::ir::proxy::{Mode, ProxyId};
use crate::ir::server::InitAddr;
use crate::ir::{self, Config, Server};
use crate::lower;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// What of a plan is needed to add to it.
#[derive(Default)]
pub struct Growth {
    source: OnceLock<Source>,
    /// By name, the back ends that were added.
    names: Mutex<HashMap<Box<[u8]>, BackendId>>,
    /// Some back end was added, deleted, withheld or published.
    changed: AtomicBool,
    /// One change at a time.
    changing: Mutex<()>,
    pub(super) logs: Option<LogBuilder>,
}

/// What is kept of the configuration.
struct Source {
    config: Config,
    defaults: Vec<Section>,
    /// The names of its files.
    files: Vec<String>,
    wake: Arc<dyn Wake>,
    /// The configurations of the back ends that were added.
    late: Mutex<HashMap<u32, Arc<Config>>>,
}

/// A server that was added.
pub struct Added {
    /// Its index.
    pub index: u32,
    /// What is to be told of it, line by line.
    pub notes: Vec<String>,
    /// It has taken the place of an earlier one, whose tasks still run.
    pub again: bool,
}

/// Why something cannot be added or deleted.
pub type Refusal = String;

const PINNED_SERVER: &str =
    "This server cannot be removed at runtime due to other configuration elements pointing to it.";
const PINNED_BACKEND: &str =
    "This proxy cannot be removed at runtime due to other configuration elements pointing to it.";

impl Growth {
    /// Keeps what of a configuration is needed later on.
    pub fn keep(&self, mut config: Config, document: &Document, wake: Arc<dyn Wake>) {
        for proxy in &mut config.proxies {
            proxy.servers = Vec::new();
            proxy.binds = Vec::new();
            proxy.rules = ir::proxy::RuleSets::default();
        }
        config.lists = Vec::new();
        config.pattern_files = Vec::new();
        let sections = document.sections.iter();
        let defaults = sections.filter(|s| s.kind().is("defaults"));
        let source = Source {
            defaults: defaults.cloned().collect(),
            files: config.files.clone(),
            config,
            wake,
            late: Mutex::default(),
        };
        let _ = self.source.set(source);
    }

    /// Whether the back ends that rules may choose are no longer those of the file.
    pub fn has_changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }

    /// The back end of a name, once there were changes.
    #[cold]
    pub(super) fn backend_by_name(&self, plan: &Plan, name: &[u8]) -> Option<BackendId> {
        let there = |id: &BackendId| plan.backend(*id).is_some_and(|b| !b.state.is_removed());
        let own = plan.backend_names.get(name).copied().filter(there);
        own.or_else(|| self.names.lock().get(name).copied().filter(there))
    }
}

impl Source {
    /// A document of sections, with the files that they come from.
    fn document(&self, sections: Vec<Section>) -> Document {
        let mut sources = Sources::default();
        for name in &self.files {
            sources.add(name.clone(), "");
        }
        sources.add("CLI", "");
        Document { sources, sections }
    }

    fn builder<'a>(
        &self,
        config: &'a Config,
        files: &'a dyn Files,
        logs: LogBuilder,
        plan: &'a Plan,
    ) -> Builder<'a> {
        Builder {
            config,
            files,
            wake: Arc::clone(&self.wake),
            diags: Vec::new(),
            pages: ErrorCache::default(),
            logs,
            frontends: HashMap::new(),
            backends: HashMap::new(),
            let_in: HashMap::new(),
            // as long as the command runs; it is given back then
            tls: std::mem::take(&mut *plan.tls.lock()),
            standing: Some(plan),
        }
    }
}

/// A line of words, at a line of the file that stands for the command.
fn line(file: u32, number: u32, words: &[&[u8]]) -> Directive {
    let span = Span {
        file: FileId(file),
        line: number,
        start: 0,
        end: 0,
    };
    let words = words.iter().map(|w| Word {
        text: w.to_vec().into(),
        span,
    });
    Directive {
        prefix: None,
        words: words.collect(),
        span,
    }
}

/// The line that the command stands for.
const COMMAND: u32 = 3;

/// What of the findings is about the command: the first reason to refuse it, or what is to be told.
/// `place` is how messages begin that name the server.
fn judge(found: &[Diagnostic], file: u32, place: &str) -> Result<Vec<String>, Refusal> {
    let text = |d: &Diagnostic| {
        let text = d.message.as_str();
        text.strip_prefix(place).unwrap_or(text).to_owned()
    };
    // a word that would be read and then ignored is no less a reason than a wrong one
    let about = |d: &&Diagnostic| {
        let here = |s: Span| s.file.0 == file && s.line == COMMAND;
        d.span.is_none_or(here)
    };
    let ours = || found.iter().filter(about);
    let wrong = ours().find(|d| d.fatal || d.severity == Severity::Notice);
    match wrong {
        Some(wrong) => Err(text(wrong)),
        None => Ok(ours()
            .filter(|d| d.severity == Severity::Warning)
            .map(text)
            .collect()),
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Plan {
    fn source(&self) -> Result<&Source, Refusal> {
        let source = self.growth.source.get();
        source.ok_or_else(|| "Nothing can be added to this process.".to_owned())
    }

    /// Adds a server by what stands on its line behind `server`. It is in maintenance, and its
    /// checks wait to be enabled.
    ///
    /// # Errors
    /// Why it is refused, in HAProxy's words.
    pub fn add_server(
        &self,
        backend: &BackendPlan,
        words: &[&[u8]],
        files: &dyn Files,
    ) -> Result<Added, Refusal> {
        let _changing = self.growth.changing.lock();
        let name = words.first().copied().unwrap_or_default();
        if !backend.balances_dynamically() {
            return Err(format!(
                "Backend does not support dynamic servers : backend '{}' uses a non dynamic load \
                 balancing method.",
                backend.name
            ));
        }
        if backend.server_by_name(name).is_some() {
            return Err("Already exists a server with the same name in backend.".into());
        }
        let source = self.source()?;
        let (server, mut notes) = source.server(backend, words)?;
        self.free_id(backend, &server)?;
        let said = words.join(&b' ');
        if let Some(again) = self.revived(backend, &said) {
            return Ok(again);
        }
        let (plan, more) = self.built(source, backend, server, said, files)?;
        notes.extend(more);
        let settings = plan.state_settings();
        let agent = settings.agent;
        let shown = |at: Option<u32>| at.ok_or_else(|| "There are too many servers.".to_owned());
        shown(backend.servers.push(plan).map(number))?;
        let state = backend.state.add(settings, clock::now_ms());
        let index = shown(state.as_ref().map(|s| s.index))?;
        if let Some(state) = state {
            state.pause_checks(true);
            if let Some(agent) = state.agent.as_ref().filter(|_| agent) {
                agent.pause(true);
            }
        }
        let server = backend.servers.get(index as usize);
        if let Some((of, target, _)) = server.and_then(|s| s.track.as_ref()) {
            let leader = self.backend(*of).and_then(|b| b.state.server(*target));
            if let Some((leader, state)) = leader.zip(backend.state.server(index)) {
                leader.set_followed();
                let now = clock::now_ms();
                let operational = leader.operational();
                backend.state.set_operational(state, operational, now);
                if leader.admin().intersects(Admin::ANY_MAINT) {
                    let admin = state.admin() | Admin::TRACKED_MAINT;
                    backend.state.set_admin(state, admin, now);
                }
            }
            let mut followers = self.followers.write();
            let list = followers.entry((of.0, *target)).or_default();
            list.push((backend.id, index));
        }
        Ok(Added {
            index,
            notes,
            again: false,
        })
    }

    /// Gives a server of this line back its place, if it was here before.
    fn revived(&self, backend: &BackendPlan, said: &[u8]) -> Option<Added> {
        let mut all = backend.servers.iter().zip(backend.state.servers());
        let (server, state) = all.find(|(server, state)| {
            state.is_removed() && server.said.as_deref() == Some(said) && server.track.is_none()
        })?;
        server.moved.back();
        let settings = server.state_settings();
        backend.state.restore(state, settings, clock::now_ms());
        Some(Added {
            index: state.index,
            notes: Vec::new(),
            again: true,
        })
    }

    /// Whether the number of a new server is still free.
    fn free_id(&self, backend: &BackendPlan, server: &Server) -> Result<(), Refusal> {
        let mut all = backend.present().filter(|_| server.id > 0);
        let Some((other, _)) = all.find(|(s, _)| s.settings.id == server.id) else {
            return Ok(());
        };
        let place = match other.said.is_none() {
            true => self.place(other.settings.span),
            false => None,
        };
        let (file, line) = place.unwrap_or(("(null)", 0));
        Err(format!(
            "'id' : custom id {} already used at {file}:{line} ('server {}').",
            server.id, other.name
        ))
    }

    fn built(
        &self,
        source: &Source,
        backend: &BackendPlan,
        mut server: Server,
        said: Vec<u8>,
        files: &dyn Files,
    ) -> Result<(ServerPlan, Vec<String>), Refusal> {
        if server.id == 0 {
            let used: HashSet<u32> = backend.present().map(|(s, _)| s.settings.id).collect();
            server.id = (1..).find(|id| !used.contains(id)).unwrap_or(0);
        }
        let late = source.late.lock().get(&backend.proxy.0).cloned();
        let config = late.as_deref().unwrap_or(&source.config);
        let proxies = &config.proxies;
        let proxy = proxies.iter().find(|p| p.id == backend.proxy);
        let Some(proxy) = proxy else {
            return Err("No such backend.".into());
        };
        let logs = self.growth.logs.clone().unwrap_or_default();
        let mut builder = source.builder(config, files, logs, self);
        let server = Arc::new(server);
        let mut plan = builder.server(proxy, &server, &backend.check);
        *self.tls.lock() = std::mem::take(&mut builder.tls);
        plan.said = Some(said.into());
        let place = format!("'server {}/{}' : ", backend.name, server.name);
        let notes = judge(&builder.diags, number(source.files.len()), &place)?;
        Ok((plan, notes))
    }

    /// Deletes a server, if that can be done now.
    ///
    /// # Errors
    /// Why not, and whether that may change by itself.
    pub fn remove_server(
        &self,
        backend: &BackendPlan,
        server: &ServerPlan,
        state: &ServerState,
    ) -> Result<(), (Refusal, bool)> {
        let _changing = self.growth.changing.lock();
        server_is_removable(server, state)?;
        backend.state.remove(state);
        if let Some((of, target, _)) = &server.track {
            let mut followers = self.followers.write();
            if let Some(list) = followers.get_mut(&(of.0, *target)) {
                list.retain(|place| *place != (backend.id, state.index));
            }
        }
        Ok(())
    }

    /// Adds a back end of that name by the `defaults` section of another name. Rules choose it
    /// only once it is published.
    ///
    /// # Errors
    /// Why it is refused, in HAProxy's words.
    pub fn add_backend(
        &self,
        name: &[u8],
        from: &[u8],
        mode: Option<&[u8]>,
        files: &dyn Files,
    ) -> Result<Vec<String>, Refusal> {
        let _changing = self.growth.changing.lock();
        let source = self.source()?;
        if let Some(bad) = lower::bad_character(name) {
            return Err(format!("Invalid character '{bad}' in backend name."));
        }
        let shown = |w: &[u8]| String::from_utf8_lossy(w).into_owned();
        let named = |s: &&Section| s.head.words.get(1).is_some_and(|w| w.bytes() == from);
        let Some(section) = source.defaults.iter().find(named) else {
            return Err(format!("Cannot find default proxy '{}'.", shown(from)));
        };
        match mode {
            None if !source.tells_mode(section) => {
                return Err(format!(
                    "Mode is required as '{}' default proxy does not explicitly defines it.",
                    shown(from)
                ));
            }
            None | Some(b"http" | b"tcp") => {}
            Some(_) => return Err("Unknown proxy mode.".into()),
        }
        if let Some(kind) = self.proxy_named(source, name) {
            return Err(format!(
                "Error during backend creation : name is already used by other proxy '{kind} {}'.",
                shown(name)
            ));
        }
        let file = number(source.files.len());
        let mut own = Section {
            head: line(file, COMMAND, &[b"backend", name, b"from", from]),
            lines: Vec::new(),
        };
        own.lines
            .extend(mode.map(|m| line(file, COMMAND, &[b"mode", m])));
        let mut sections = source.defaults.clone();
        sections.push(own);
        let document = source.document(sections);
        let (mut config, found) = lower::lower(&document, &lower::Options::default());
        let failed = |text: String| format!("Error during backend creation : {text}");
        let notes = judge(&found, file, "").map_err(failed)?;
        config.global = source.config.global.clone();
        config.files.clone_from(&source.config.files);
        config.directories.clone_from(&source.config.directories);
        let Some(mut proxy) = config.proxies.pop() else {
            return Err(failed("it cannot be read.".into()));
        };
        let known = source.config.proxies.len() + self.backends.len();
        proxy.id = ProxyId(number(known));
        let used: HashSet<u32> = self
            .present()
            .map(|b| b.uuid)
            .chain(self.frontends.iter().map(|f| f.uuid))
            .collect();
        proxy.uuid = (2..).find(|id| !used.contains(id)).unwrap_or(0);
        let id = BackendId(number(self.backends.len()));
        let fullconn = Fullconn::Given(proxy.settings.fullconn.unwrap_or(0));
        let logs = self.growth.logs.clone().unwrap_or_default();
        let mut builder = source.builder(&config, files, logs, self);
        builder.backends.insert(proxy.id, id);
        let mut plan = builder.backend(&proxy, id, None, fullconn, &self.global);
        *self.tls.lock() = std::mem::take(&mut builder.tls);
        let more = judge(&builder.diags, file, "").map_err(failed)?;
        plan.pinned = false;
        plan.state.publish(false);
        config.proxies = vec![proxy];
        let late = Arc::new(config);
        source.late.lock().insert(plan.proxy.0, late);
        self.backends.push(Arc::new(plan));
        self.growth.names.lock().insert(name.into(), id);
        self.growth.changed.store(true, Ordering::Release);
        Ok(notes.into_iter().chain(more).collect())
    }

    /// What kind of proxy has that name already.
    fn proxy_named(&self, source: &Source, name: &[u8]) -> Option<&'static str> {
        let gone = |id: ProxyId| {
            let backend = self.backend_of(id.0);
            backend.is_some_and(|b| b.state.is_removed())
        };
        let mut all = source.config.proxies.iter();
        let found = all.find(|p| p.name.as_bytes() == name && (p.frontend || !gone(p.id)));
        match found {
            Some(p) if p.frontend && p.backend => Some("proxy"),
            Some(p) if p.frontend => Some("frontend"),
            Some(_) => Some("backend"),
            None => self.backend_by_name(name).map(|_| "backend"),
        }
    }

    /// Deletes a back end, if that can be done now.
    ///
    /// # Errors
    /// Why not, and whether that may change by itself.
    pub fn remove_backend(&self, backend: &BackendPlan) -> Result<(), (Refusal, bool)> {
        let _changing = self.growth.changing.lock();
        self.backend_is_removable(backend)?;
        backend.state.delete();
        self.growth.changed.store(true, Ordering::Release);
        if let Some(source) = self.growth.source.get() {
            source.late.lock().remove(&backend.proxy.0);
        }
        let mut names = self.growth.names.lock();
        names.retain(|_, id| *id != backend.id);
        Ok(())
    }

    /// Whether a back end may be deleted now.
    ///
    /// # Errors
    /// Why not, and whether that may change by itself.
    pub fn backend_is_removable(&self, backend: &BackendPlan) -> Result<(), (Refusal, bool)> {
        let for_good = |text: &str| Err((text.to_owned(), false));
        let named = || {
            let mut all = self.tables.iter();
            all.any(|t| t.spec().name.as_bytes() == backend.name.as_bytes())
        };
        if backend.same_section.is_some() {
            for_good("Cannot delete a listen section.")
        } else if named() {
            for_good("Cannot remove a backend with stick-table.")
        } else if backend.pinned {
            for_good(PINNED_BACKEND)
        } else if backend.direct.is_some() {
            for_good(
                "Deletion of backend with deprecated dispatch/transparent options is not supported.",
            )
        } else if backend.state.is_published() {
            for_good("Backend must be unpublished prior to its deletion.")
        } else if backend.present().next().is_some() {
            for_good("Only a backend without server can be deleted.")
        } else if backend.state.sessions.cur() > 0 {
            Err(("Backend still has attached streams on it.".to_owned(), true))
        } else {
            Ok(())
        }
    }

    /// Lets rules choose a back end, or not.
    pub fn publish(&self, backend: &BackendPlan, published: bool) {
        backend.state.publish(published);
        self.growth.changed.store(true, Ordering::Release);
    }

    /// Whether a rule may choose a back end.
    #[inline]
    pub fn may_choose(&self, id: BackendId) -> bool {
        !self.growth.has_changed() || self.is_published(id)
    }

    #[cold]
    fn is_published(&self, id: BackendId) -> bool {
        self.backend(id).is_some_and(|b| b.state.is_published())
    }
}

/// Whether a server may be deleted now.
///
/// # Errors
/// Why not, and whether that may change by itself.
pub fn server_is_removable(
    server: &ServerPlan,
    state: &ServerState,
) -> Result<(), (Refusal, bool)> {
    if server.pinned || state.is_followed() {
        Err((PINNED_SERVER.to_owned(), false))
    } else if !state.admin().intersects(Admin::ANY_MAINT) {
        let text = "Only servers in maintenance mode can be deleted.";
        Err((text.to_owned(), false))
    } else if state.served() > 0 || state.queued() > 0 {
        let text = "Server still has connections attached to it, cannot remove it.";
        Err((text.to_owned(), true))
    } else {
        Ok(())
    }
}

impl Source {
    /// Reads what stands on the line of a server.
    fn server(
        &self,
        backend: &BackendPlan,
        words: &[&[u8]],
    ) -> Result<(Server, Vec<String>), Refusal> {
        let file = number(self.files.len());
        let mode: &[u8] = match backend.mode {
            Mode::Http => b"http",
            _ => b"tcp",
        };
        let line_words: Vec<&[u8]> = [&b"server"[..]]
            .into_iter()
            .chain(words.iter().copied())
            .collect();
        let section = Section {
            head: line(file, 1, &[b"backend", backend.name.as_bytes()]),
            lines: vec![
                line(file, 2, &[b"mode", mode]),
                line(file, COMMAND, &line_words),
            ],
        };
        let document = self.document(vec![section]);
        let options = lower::Options {
            dynamic: true,
            ..lower::Options::default()
        };
        let (mut config, found) = lower::lower(&document, &options);
        let name = String::from_utf8_lossy(words.first().copied().unwrap_or_default());
        let place = format!("'server {}/{name}' : ", backend.name);
        let notes = judge(&found, file, &place)?;
        let server = config.proxies.pop().and_then(|mut p| p.servers.pop());
        let Some(mut server) = server.map(Arc::unwrap_or_clone) else {
            return Err("'server' expects <name> and <addr>[:<port>] as arguments.".into());
        };
        if !words.contains(&&b"id"[..]) {
            server.id = 0;
        }
        server.init_addr = vec![InitAddr::None];
        Ok((server, notes))
    }

    /// Whether a `defaults` section, or one that it takes its settings from, has a `mode` line.
    fn tells_mode(&self, section: &Section) -> bool {
        let own = section
            .lines
            .iter()
            .any(|l| l.words.first().is_some_and(|w| w.is("mode")));
        let mut from = section.head.words.iter().skip_while(|w| !w.is("from"));
        let from = from.nth(1);
        own || from.is_some_and(|from| {
            let named = |s: &&Section| s.head.words.get(1).is_some_and(|w| w.text == from.text);
            // a section takes its settings only from one before it
            let before = self.defaults.iter().take_while(|s| s.head != section.head);
            before
                .into_iter()
                .find(named)
                .is_some_and(|s| self.tells_mode(s))
        })
    }
}
