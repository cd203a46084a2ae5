//! IR to plan.

use super::Followers;
use super::backend::Fullconn;
use super::listener::{ListenAddress, ListenerPlan};
use super::log::LogBuilder;
use super::prefetch::Prefetched;
use super::resolve::{self, Found};
use super::{
    BackendId, BackendPlan, BackendTarget, ErrorPages, Files, FrontendId, FrontendPlan, GlobalPlan,
    Growth, ListenerId, Plan, Rules, UseBackendPlan,
};
use crate::balance::Wake;
use crate::base::diag::{Diagnostic, Form, is_fatal};
use crate::base::span::Span;
use crate::ir::address::Host;
use crate::ir::bind::UnixPermissions;
use crate::ir::compression::Compression;
use crate::ir::proxy::{ErrorSource, Mode, Options, ProxyId, Settings, Timeouts};
use crate::ir::rule::BackendRef;
use crate::ir::{self, Bind, Proxy};
use crate::proto::h1::CaseMap;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Builds the plan of a configuration. `wake` is told when a queued request may go on. `None`
/// when a fault makes a plan impossible; the list says which.
pub fn build(
    config: &ir::Config,
    files: &dyn Files,
    wake: &Arc<dyn Wake>,
) -> (Option<Plan>, Vec<Diagnostic>) {
    let files = Prefetched::new(config, files);
    let mut builder = Builder {
        config,
        files: &files,
        wake: wake.clone(),
        diags: Vec::new(),
        pages: ErrorCache::default(),
        logs: LogBuilder::new(config, &files),
        tls: super::tls::Contents::new(&config.global.tls),
        frontends: HashMap::new(),
        backends: HashMap::new(),
        let_in: let_in(config),
        standing: None,
    };
    let mut plan = builder.plan();
    plan.growth.logs = Some(builder.logs.clone());
    let diags = builder.diags;
    ((!is_fatal(&diags)).then_some(plan), diags)
}

/// What building needs and leaves behind.
pub(super) struct Builder<'a> {
    pub(super) config: &'a ir::Config,
    pub(super) files: &'a dyn Files,
    pub(super) wake: Arc<dyn Wake>,
    pub(super) diags: Vec<Diagnostic>,
    pub(super) pages: ErrorCache,
    pub(super) logs: LogBuilder,
    pub(super) tls: super::tls::Contents,
    pub(super) frontends: HashMap<ProxyId, FrontendId>,
    pub(super) backends: HashMap<ProxyId, BackendId>,
    pub(super) let_in: HashMap<ProxyId, (u32, u32)>,
    /// The plan that is added to, if one stands already.
    pub(super) standing: Option<&'a Plan>,
}

/// What the front ends that may lead to a proxy let in: the sum of their limits, and how many of
/// them have none.
fn let_in(config: &ir::Config) -> HashMap<ProxyId, (u32, u32)> {
    let mut sums: HashMap<ProxyId, (u32, u32)> = HashMap::new();
    for front in config.proxies.iter().filter(|p| p.frontend) {
        let targets = front.use_backends.iter().filter_map(|l| match l.target {
            BackendRef::Proxy(id) => Some(id),
            BackendRef::Dynamic(_) => None,
        });
        let all: HashSet<ProxyId> = targets
            .chain(front.settings.default_backend)
            .chain([front.id])
            .collect();
        for id in all {
            let (limited, unlimited) = sums.entry(id).or_default();
            match front.settings.maxconn {
                Some(n) => *limited = limited.saturating_add(n),
                None => *unlimited += 1,
            }
        }
    }
    sums
}

impl Builder<'_> {
    /// A file named by a line of the configuration; `default-path` tells where it is.
    pub(super) fn read(&self, path: &str, span: Span) -> std::io::Result<Vec<u8>> {
        self.files.read(&located(self.config, path, span))
    }

    /// The names in a directory; `None` when it is none.
    pub(super) fn list(&self, path: &str, span: Span) -> Option<Vec<String>> {
        self.files.list(&located(self.config, path, span))
    }
}

/// Where a relative file name points to.
pub(super) fn located(config: &ir::Config, path: &str, span: Span) -> String {
    match config.directories.get(span.file.0 as usize) {
        Some(dir) if !dir.is_empty() && !path.starts_with('/') => format!("{dir}/{path}"),
        _ => path.to_owned(),
    }
}

/// Pages already made: proxies mostly share what their `defaults` say.
pub(super) type ErrorCache = Vec<(BTreeMap<u16, ErrorSource>, Arc<ErrorPages>)>;

/// Who follows whom; those that follow a server in maintenance begin there too.
fn followers(backends: &[Arc<BackendPlan>]) -> Followers {
    let mut found = Followers::default();
    for backend in backends {
        for (server, index) in backend.servers.iter().zip(0u32..) {
            let Some((of, target, _)) = &server.track else {
                continue;
            };
            let all = found.entry((of.0, *target)).or_default();
            all.push((backend.id, index));
            let tracked = backends.get(of.0 as usize);
            let tracked = tracked.and_then(|b| b.state.server(*target));
            if let Some(tracked) = tracked {
                tracked.set_followed();
            }
        }
    }
    found
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Builder<'_> {
    fn plan(&mut self) -> Plan {
        let config = self.config;
        for file in &config.pattern_files {
            self.pattern_file(file);
        }
        self.keys();
        let active = || config.proxies.iter().filter(|p| !p.disabled);
        for proxy in active().filter(|p| p.frontend) {
            let id = FrontendId(number(self.frontends.len()));
            self.frontends.insert(proxy.id, id);
        }
        for proxy in active().filter(|p| p.backend) {
            let id = BackendId(number(self.backends.len()));
            self.backends.insert(proxy.id, id);
        }
        let global = self.global();
        let mut listeners = Vec::new();
        let mut frontends = Vec::new();
        let mut backends: Vec<Arc<BackendPlan>> = Vec::new();
        let mut backend_names = HashMap::new();
        for proxy in active() {
            if let Some(id) = self.frontends.get(&proxy.id).copied() {
                self.listeners(proxy, id, &mut listeners);
                frontends.push(Arc::new(self.frontend(proxy, id, &global)));
            }
            if let Some(id) = self.backends.get(&proxy.id).copied() {
                backend_names
                    .entry(proxy.name.as_bytes().into())
                    .or_insert(id);
                let same = self.frontends.get(&proxy.id).copied();
                let fullconn = self.fullconn(proxy);
                let plan = self.backend(proxy, id, same, fullconn, &global);
                backends.push(Arc::new(plan));
            }
        }
        if self.diags.iter().any(|d| d.code == resolve::UNRESOLVED) {
            let text = "Failed to initialize server(s) addr.";
            let severity = crate::base::diag::Severity::Alert;
            let finding = Diagnostic::new(severity, "HX0313", text).form(Form::Plain);
            self.diags.push(finding);
        }
        self.restore_states(&backends);
        self.pin(&frontends, &mut backends);
        let followers = followers(&backends);
        let resolvers = self.resolvers();
        Plan {
            resolvers,
            followers: followers.into(),
            files: config.files.clone().into(),
            log: self.logs.own(),
            log_profiles: self.logs.profiles.clone(),
            rings: self.logs.rings.clone(),
            global,
            listeners,
            frontends,
            backends: backends.into(),
            backend_names,
            growth: Growth::default(),
            keeps_spelling: active().any(|p| p.line_rules.is_some()),
            compresses: active().any(|p| compression(&p.settings).is_some()),
            lists: config.lists.clone(),
            keys: config.keys.clone(),
            tables: config.tables.clone().into(),
            tls: super::tls::Store::new(std::mem::take(&mut self.tls)),
        }
    }

    /// Marks the back ends that something else names, which can therefore not be deleted.
    fn pin(&self, frontends: &[Arc<FrontendPlan>], backends: &mut [Arc<BackendPlan>]) {
        let targets = frontends.iter().flat_map(|f| {
            let rules = f.use_backends.iter().filter_map(|l| match l.target {
                BackendTarget::Backend(id) => Some(id),
                BackendTarget::Dynamic(_) => None,
            });
            rules.chain(f.default_backend)
        });
        let by_expressions = self
            .config
            .pins
            .iter()
            .filter(|(_, server)| server.is_none());
        let by_expressions = by_expressions.filter_map(|(p, _)| self.backends.get(p).copied());
        let named: HashSet<BackendId> = targets.chain(by_expressions).collect();
        for backend in backends.iter_mut().filter(|b| named.contains(&b.id)) {
            if let Some(plan) = Arc::get_mut(backend) {
                plan.pinned = true;
            }
        }
    }

    fn pattern_file(&mut self, file: &crate::sample::acl::PatternFile) {
        if !self.files.present() {
            return;
        }
        let files = self.files;
        let resolve = |host: &[u8]| {
            let host = std::str::from_utf8(host).ok()?;
            let found = files.resolve(host, super::files::Family::V4);
            found.into_iter().next()
        };
        if let Some(words) = file.words() {
            self.diags.append(&mut file.load(words, &resolve));
            return;
        }
        // `virt@NAME` exists only in memory, `opt@NAME` may be missing.
        if file.name.starts_with("virt@") {
            self.diags.append(&mut file.load(b"", &resolve));
            return;
        }
        let (name, optional) = match file.name.strip_prefix("opt@") {
            Some(name) => (name, true),
            None => (file.name.strip_prefix("file@").unwrap_or(&file.name), false),
        };
        match self.read(name, file.span) {
            Ok(bytes) => self.diags.append(&mut file.load(&bytes, &resolve)),
            Err(_) if optional => self.diags.append(&mut file.load(b"", &resolve)),
            Err(_) => {
                let finding = Diagnostic::alert("HX0314", file.span, file.cannot_open());
                self.diags.push(finding);
            }
        }
    }

    fn global(&mut self) -> GlobalPlan {
        let mut settings = self.config.global.clone();
        super::threads::number(&mut settings);
        let uid = settings.uid.or_else(|| {
            let (name, span) = settings.user.as_ref()?;
            let found = self.files.user(name);
            if found.is_none() && self.files.present() {
                let text = format!("cannot find user id for '{name}' (0:Success)");
                self.diags.push(Diagnostic::alert("HX0310", *span, text));
            }
            found.map(|(uid, _)| uid)
        });
        let gid = settings.gid.or_else(|| {
            let (name, span) = settings.group.as_ref()?;
            let found = self.files.group(name);
            if found.is_none() && self.files.present() {
                let text = format!("cannot find group id for '{name}' (0:Success)");
                self.diags.push(Diagnostic::alert("HX0310", *span, text));
            }
            found
        });
        let case_map = super::case_map::build(self.config, self.files, &mut self.diags);
        let mut stats_sockets = Vec::new();
        for bind in &settings.stats_sockets {
            self.open(bind, None, "stats socket", &mut stats_sockets, None);
        }
        GlobalPlan {
            uid,
            gid,
            nbthread: super::threads::wanted(&settings),
            stats_sockets,
            case_map,
            settings,
        }
    }

    fn listeners(&mut self, proxy: &Proxy, id: FrontendId, list: &mut Vec<ListenerPlan>) {
        let first = list.len();
        for bind in &proxy.binds {
            let tls = self.bind_tls(bind, Some(proxy));
            self.open(bind, Some(id), "bind", list, tls);
        }
        let Some(own) = list.get_mut(first..) else {
            return;
        };
        // Numbers that the file does not give: the smallest free ones, in order.
        let used: HashSet<u32> = own.iter().map(|l| l.uuid).collect();
        let mut next = 1;
        for listener in own {
            if listener.uuid == 0 {
                while used.contains(&next) {
                    next += 1;
                }
                listener.uuid = next;
                next += 1;
            }
        }
    }

    /// Adds one listener for each address and port of a line.
    fn open(
        &mut self,
        bind: &Bind,
        frontend: Option<FrontendId>,
        keyword: &str,
        list: &mut Vec<ListenerPlan>,
        tls: Option<Arc<super::tls::BindTlsPlan>>,
    ) {
        self.check_permissions(&bind.unix, &bind.said);
        let mut settings = bind.clone();
        settings.shards = bind
            .shards
            .or(self.config.global.tune.listener_default_shards);
        let settings = Arc::new(settings);
        for address in &bind.addresses {
            let mut push = |address: ListenAddress| {
                list.push(ListenerPlan {
                    id: ListenerId(number(list.len())),
                    frontend,
                    address,
                    name: bind.name.as_deref().map(Into::into),
                    uuid: bind.id.unwrap_or(0),
                    settings: settings.clone(),
                    tls: tls.clone(),
                    written: bind.written.clone(),
                });
            };
            match &address.host {
                Host::Unix(path) => push(ListenAddress::Unix(path.clone())),
                Host::Abstract { name, z } => {
                    push(ListenAddress::Abstract(super::resolve::abstract_name(
                        name, *z,
                    )));
                }
                Host::Fd(fd) => {
                    push(ListenAddress::Fd(*fd));
                    if let Err(reason) = self.files.socket(*fd) {
                        let text =
                            format!("'{keyword}' : cannot use file descriptor '{fd}' : {reason}.");
                        self.diags
                            .push(Diagnostic::alert("HX0319", address.span, text));
                    }
                }
                Host::SockPair(_) | Host::Reverse(_) => {
                    let text = format!(
                        "'{keyword}' : '{}' is not executed yet by this version of hapax.",
                        bind.written
                    );
                    self.diags
                        .push(Diagnostic::alert("HX0283", address.span, text));
                }
                host => match resolve::host(host, self.files) {
                    Found::Ip(ip) => {
                        for port in address.port..=address.port_end {
                            push(ListenAddress::Inet((ip, port).into()));
                        }
                    }
                    Found::Unknown(name) => {
                        let text = format!(
                            "'{keyword}' : invalid address: '{name}' in '{}'",
                            bind.written
                        );
                        self.diags
                            .push(Diagnostic::alert("HX0311", address.span, text));
                    }
                    Found::NotAsked => {}
                },
            }
        }
    }

    fn check_permissions(&mut self, unix: &UnixPermissions, said: &str) {
        if !self.files.present() {
            return;
        }
        // `stats socket` puts its complaints in quotes of their own.
        let open = if said == "'stats socket'" { "'" } else { "" };
        if let Some((name, span)) = &unix.user
            && self.files.user(name).is_none()
        {
            let text = format!("{said} : {open}'user' : unknown user name '{name}'{open}");
            self.diags.push(Diagnostic::alert("HX0310", *span, text));
        }
        if let Some((name, span)) = &unix.group
            && self.files.group(name).is_none()
        {
            let text = format!("{said} : {open}'group' : unknown group name '{name}'{open}");
            self.diags.push(Diagnostic::alert("HX0310", *span, text));
        }
    }

    fn frontend(&mut self, proxy: &Proxy, id: FrontendId, global: &GlobalPlan) -> FrontendPlan {
        let settings = &proxy.settings;
        let same_section = self.backends.get(&proxy.id).copied();
        let backend = |proxy: ProxyId| self.backends.get(&proxy).copied();
        let use_backends = proxy
            .use_backends
            .iter()
            .filter_map(|line| {
                let target = match &line.target {
                    BackendRef::Proxy(id) => BackendTarget::Backend(backend(*id)?),
                    BackendRef::Dynamic(format) => BackendTarget::Dynamic(format.clone()),
                };
                Some(UseBackendPlan {
                    condition: line.condition.clone(),
                    target,
                })
            })
            .collect();
        let default_backend = settings.default_backend.and_then(backend).or(same_section);
        FrontendPlan {
            id,
            proxy: proxy.id,
            name: proxy.name.as_str().into(),
            uuid: proxy.uuid,
            mode: settings.mode,
            same_section,
            timeouts: timeouts(&settings.timeouts),
            options: proxy_options(proxy),
            connection_mode: settings.connection_mode,
            maxconn: settings.maxconn,
            backlog: settings.backlog.or(settings.maxconn),
            rate_limit_sessions: settings.rate_limit_sessions,
            grace: settings.grace.unwrap_or(0),
            max_session_srv_conns: settings.max_session_srv_conns,
            clitcpka: settings.clitcpka,
            monitor_uri: settings.monitor_uri.as_deref().map(Into::into),
            monitor_fail: proxy.monitor_fail.clone().into(),
            force_be_switch: proxy.force_be_switch.clone().into(),
            monitor_net: settings.monitor_net,
            default_backend,
            use_backends,
            rules: rules(proxy),
            forwardfor: settings.forwardfor.clone(),
            originalto: settings.originalto.clone(),
            log: self.logs.plan(proxy, self.files),
            captures: proxy.captures.clone(),
            unique_id: proxy.formats.unique_id.clone(),
            unique_id_header: settings.unique_id_header.as_deref().map(Into::into),
            errors: self.errors(&settings.errors),
            case_map: case_map(settings.options, Options::H1_CASE_ADJUST_CLIENT, global),
            compression: compression(settings),
            description: settings.description.clone(),
            stats: super::stats::plan(proxy, &global.settings),
        }
    }

    /// `fullconn`, else what the front ends that may come here let in.
    fn fullconn(&self, proxy: &Proxy) -> Fullconn {
        if let Some(fullconn) = proxy.settings.fullconn {
            return Fullconn::Given(fullconn);
        }
        let (limited, unlimited) = self.let_in.get(&proxy.id).copied().unwrap_or_default();
        Fullconn::Tenth { limited, unlimited }
    }
}

/// The rule sets of a proxy.
pub(super) fn rules(proxy: &Proxy) -> Rules {
    let sets = proxy.rules.clone();
    Rules {
        tcp_request_connection: sets.tcp_request_connection.into(),
        tcp_request_session: sets.tcp_request_session.into(),
        tcp_request_content: sets.tcp_request_content.into(),
        tcp_request_inspect_delay: proxy.settings.tcp_request_inspect_delay,
        tcp_response_content: sets.tcp_response_content.into(),
        tcp_response_inspect_delay: proxy.settings.tcp_response_inspect_delay,
        http_request: sets.http_request.into(),
        redirects: proxy.redirects.clone().into(),
        http_response: sets.http_response.into(),
        http_after_response: sets.http_after_response.into(),
        lines: proxy.line_rules.clone(),
    }
}

/// Timeouts with HAProxy's fallbacks filled in (configuration manual 4.2, `timeout ...`).
pub(super) fn timeouts(said: &Timeouts) -> Timeouts {
    let http_request = said.http_request.or(said.client);
    Timeouts {
        queue: said.queue.or(said.connect),
        tarpit: said.tarpit.or(said.connect),
        http_keep_alive: said.http_keep_alive.or(http_request),
        http_request,
        ..said.clone()
    }
}

/// `compression`, where there is something to do.
pub(super) fn compression(settings: &Settings) -> Option<Arc<Compression>> {
    let said = settings.compression.as_ref();
    let said = said.filter(|_| settings.mode == Mode::Http)?;
    Some(Arc::new(Compression::clone(said)))
}

/// The process's header spelling where the proxy asks for it.
pub(super) fn case_map(
    options: Options,
    wanted: Options,
    global: &GlobalPlan,
) -> Option<Arc<CaseMap>> {
    options.contains(wanted).then(|| global.case_map.clone())
}

/// Options that are on unless the file says `no`.
pub(super) fn proxy_options(proxy: &Proxy) -> Options {
    let mut options = proxy.settings.options;
    if proxy.settings.mode == Mode::Http {
        // Since 3.3 requests of clients that left are dropped by default.
        let on = Options::ABORTONCLOSE | Options::TCP_SMART_ACCEPT;
        options |= on & !proxy.settings.no_options;
    }
    options
}
