//! A configuration made ready: nothing in it reaches out, and its rules are watched.

use super::run::Running;
use super::watch::{Answered, Chosen, Switch, Switches, Trace, Watched};
use crate::action::{Act, Action, RuleSet};
use crate::base::diag::{Diagnostic, is_fatal};
use crate::base::span::{Sources, Span};
use crate::config::condition::Facts;
use crate::config::directive::Document;
use crate::config::environment::Environment;
use crate::config::read::{self, Input};
use crate::ir::address::Host;
use crate::ir::check::CheckKind;
use crate::ir::proxy::{ErrorSource, HttpReuse, Mode, Options, Proxy, StateFile};
use crate::ir::rule::{BackendRef, Rule};
use crate::ir::{self, Server};
use crate::lower;
use crate::plan::Files;
use crate::plan::files::Family;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

/// What a configuration is made of.
pub struct Inputs {
    /// Its files.
    pub files: Vec<Input>,
    /// The variables that it sees.
    pub env: Environment,
    /// What its conditions learn about the program.
    pub facts: Facts,
    /// Contents of files that it names (maps, lists), in the place of what is on the disk.
    pub overrides: BTreeMap<String, Vec<u8>>,
}

/// A configuration ready for requests.
pub struct Setup {
    pub(super) config: ir::Config,
    pub(super) files: Arc<DryFiles>,
    pub(super) trace: Arc<Trace>,
    fronts: Vec<Front>,
    /// Its text.
    pub sources: Sources,
    /// What every stage found.
    pub findings: Vec<Diagnostic>,
}

/// Where a front end listens.
struct Front {
    name: String,
    http: bool,
    places: Vec<ListensOn>,
}

struct ListensOn {
    ip: IpAddr,
    ports: std::ops::RangeInclusive<u16>,
    tls: bool,
}

/// Who gets a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The front end.
    pub frontend: String,
    /// The address that the request was sent to.
    pub dst: SocketAddr,
    /// Whether it listens with TLS there.
    pub tls: bool,
}

/// Where a request is sent to that names no address that listens.
const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

impl Setup {
    /// Reads a configuration and makes it ready. A fatal finding among the findings means that it
    /// cannot be run.
    pub fn new(inputs: Inputs) -> Setup {
        let Inputs {
            files,
            mut env,
            facts,
            overrides,
        } = inputs;
        let (document, mut findings) = read::read(files, &mut env, &facts);
        let (mut config, more) = lower::lower(&document, &lower::Options::default());
        findings.extend(more);
        let fronts = config.proxies.iter().filter(|p| p.frontend && !p.disabled);
        let fronts = fronts.map(front).collect();
        let trace = Arc::new(Trace::default());
        let files = Arc::new(DryFiles {
            overrides,
            missing: Mutex::default(),
        });
        cut_off(&mut config);
        watch(&mut config, &document, &trace);
        Setup {
            config,
            files,
            trace,
            fronts,
            sources: document.sources,
            findings,
        }
    }

    /// Whether a fault keeps it from being run.
    pub fn is_fatal(&self) -> bool {
        is_fatal(&self.findings)
    }

    /// Starts a process of its own, with fresh counters and server states.
    ///
    /// # Errors
    /// What keeps the configuration from being run.
    pub fn start(&self) -> Result<Running, Vec<Diagnostic>> {
        Running::start(self)
    }

    /// Files that were missing and counted as empty, so far.
    pub fn missing(&self) -> Vec<String> {
        self.files.missing.lock().clone()
    }

    /// The front end for a request to that port (and with TLS or not, where known), or the one
    /// named.
    ///
    /// # Errors
    /// Why there is none, naming those that there are.
    pub fn target(
        &self,
        named: Option<&str>,
        port: Option<u16>,
        tls: Option<bool>,
    ) -> Result<Target, String> {
        let fits = |place: &ListensOn| {
            port.is_none_or(|p| place.ports.contains(&p)) && tls.is_none_or(|t| t == place.tls)
        };
        let secure = |place: &ListensOn| tls.is_none_or(|t| t == place.tls);
        let http = || self.fronts.iter().filter(|f| f.http);
        let list = || {
            let names: Vec<&str> = http().map(|f| f.name.as_str()).collect();
            match names.is_empty() {
                true => "no front end is in HTTP mode".to_owned(),
                false => format!("front ends in HTTP mode: {}", names.join(", ")),
            }
        };
        if let Some(name) = named {
            let front = self.fronts.iter().find(|f| f.name == name);
            let front =
                front.ok_or_else(|| format!("no front end is called `{name}`; {}", list()))?;
            if !front.http {
                return Err(format!(
                    "front end `{name}` is not in HTTP mode; {}",
                    list()
                ));
            }
            let places = &front.places;
            let place = places.iter().find(|p| fits(p));
            let place = place.or_else(|| places.iter().find(|p| secure(p)));
            return Ok(target(front, place.or(places.first()), port));
        }
        let by_place = |test: &dyn Fn(&ListensOn) -> bool| {
            http().find_map(|f| Some((f, f.places.iter().find(|p| test(p))?)))
        };
        if let Some((front, place)) = by_place(&fits) {
            return Ok(target(front, Some(place), port));
        }
        // the port in the URL is not the one that it listens on: only one may be meant
        let able: Vec<&Front> = http().filter(|f| f.places.iter().any(secure)).collect();
        match able.as_slice() {
            [one] => Ok(target(one, one.places.iter().find(|p| secure(p)), port)),
            _ => {
                let scheme = match tls {
                    Some(true) => " with TLS",
                    Some(false) => " without TLS",
                    None => "",
                };
                let port = port.map_or(String::new(), |p| format!(" on port {p}"));
                Err(format!(
                    "no front end listens{port}{scheme}; name one; {}",
                    list()
                ))
            }
        }
    }
}

fn target(front: &Front, place: Option<&ListensOn>, port: Option<u16>) -> Target {
    let Some(place) = place else {
        return Target {
            frontend: front.name.clone(),
            dst: SocketAddr::new(NOWHERE, port.unwrap_or(80)),
            tls: false,
        };
    };
    let port = port.filter(|p| place.ports.contains(p));
    Target {
        frontend: front.name.clone(),
        dst: SocketAddr::new(place.ip, port.unwrap_or(*place.ports.start())),
        tls: place.tls,
    }
}

fn front(proxy: &Proxy) -> Front {
    let places = proxy.binds.iter().flat_map(|bind| {
        let places = bind.addresses.iter().filter_map(|a| {
            let ip = match &a.host {
                Host::Ip(ip) if !ip.is_unspecified() => *ip,
                Host::Ip(_) | Host::AnyV4 | Host::AnyV6 | Host::Name { .. } => NOWHERE,
                _ => return None,
            };
            Some((ip, a.port..=a.port_end))
        });
        places.map(|(ip, ports)| ListensOn {
            ip,
            ports,
            tls: bind.tls.ssl,
        })
    });
    Front {
        name: proxy.name.clone(),
        http: proxy.settings.mode == Mode::Http,
        places: places.collect(),
    }
}

/// Takes away what would reach out, and what would be waited for.
fn cut_off(config: &mut ir::Config) {
    let global = &mut config.global;
    global.nbthread = Some(1);
    global.seed = Some(1);
    global.nbproc = None;
    global.thread_groups = None;
    global.cpu_map.clear();
    global.stats_sockets.clear();
    global.logs.clear();
    global.server_state_file = None;
    global.tls = ir::tls::GlobalTls::default();
    config.rings.clear();
    for resolvers in &mut config.resolvers {
        resolvers.nameservers.clear();
    }
    let directories = config.directories.clone();
    let there = |path: &str, span: Span| {
        let path = match directories.get(span.file.0 as usize) {
            Some(dir) if !dir.is_empty() && !path.starts_with('/') => format!("{dir}/{path}"),
            _ => path.to_owned(),
        };
        Path::new(&path).exists()
    };
    for errors in &mut config.http_errors {
        errors.files.retain(|_, (path, span)| there(path, *span));
    }
    for proxy in &mut config.proxies {
        let settings = &mut proxy.settings;
        settings.http_reuse = HttpReuse::Always;
        settings.logs.clear();
        settings.log_style = None;
        settings.check = CheckKind::default();
        settings.load_server_state = StateFile::None;
        settings.source = None;
        settings.source_usesrc = None;
        settings.source_interface = None;
        settings.timeouts.tarpit = Some(1);
        settings.errors.retain(|_, source| match source {
            ErrorSource::File { path, span } => there(path, *span),
            _ => true,
        });
        for bind in &mut proxy.binds {
            bind.tls = ir::tls::BindTls::default();
            bind.accept_proxy = false;
            bind.h2 = false;
            bind.unix = ir::bind::UnixPermissions::default();
        }
        for server in &mut proxy.servers {
            cut_off_server(Arc::make_mut(server));
        }
        direct(proxy);
    }
}

fn cut_off_server(server: &mut Server) {
    let plain = Server::new(server.name.clone(), server.address.clone(), server.span);
    *server = Server {
        id: server.id,
        weight: server.weight,
        maxconn: server.maxconn,
        minconn: server.minconn,
        maxqueue: server.maxqueue,
        cookie: server.cookie.take(),
        backup: server.backup,
        non_stick: server.non_stick,
        disabled: server.disabled,
        redir: server.redir.take(),
        hash_key: server.hash_key,
        ..plain
    };
}

/// `dispatch` and its like become a server, so that there is somebody to speak to.
fn direct(proxy: &mut Proxy) {
    let settings = &mut proxy.settings;
    let options = Options::TRANSPARENT | Options::HTTP_PROXY;
    let name = match &settings.dispatch {
        Some(_) => "dispatch",
        None if settings.options.contains(Options::TRANSPARENT) => "transparent",
        None if settings.options.contains(Options::HTTP_PROXY) => "http_proxy",
        None => return,
    };
    let address = settings.dispatch.take();
    settings.options.remove(options);
    if settings.balances || !proxy.backend {
        return;
    }
    for server in &mut proxy.servers {
        Arc::make_mut(server).weight = 0;
    }
    let address = address.unwrap_or(ir::Address {
        host: Host::Ip(NOWHERE),
        port: 80,
        port_end: 80,
        port_offset: None,
        proto: ir::address::Proto::Stream,
        span: proxy.span,
    });
    let mut server = Server::new(name.to_owned(), address, proxy.span);
    server.id = u32::MAX;
    proxy.servers.push(Arc::new(server));
}

/// Puts a watcher around every action, and before and after the rules of each proxy.
fn watch(config: &mut ir::Config, document: &Document, trace: &Arc<Trace>) {
    let switches = Arc::new(switches(config, document));
    for proxy in &mut config.proxies {
        let name = proxy.name.clone();
        let around = |list: &mut Vec<Rule>, kind: &'static str| {
            for rule in list {
                let (span, trace, proxy) = (rule.span, trace.clone(), name.clone());
                rule.action = rule.action.clone().wrapped(|inner| -> Arc<dyn Act> {
                    Arc::new(Watched {
                        inner,
                        kind,
                        proxy,
                        span,
                        trace,
                    })
                });
            }
        };
        let rules = &mut proxy.rules;
        for (list, set) in [
            (
                &mut rules.tcp_request_connection,
                RuleSet::TcpRequestConnection,
            ),
            (&mut rules.tcp_request_session, RuleSet::TcpRequestSession),
            (&mut rules.tcp_request_content, RuleSet::TcpRequestContent),
            (&mut rules.tcp_response_content, RuleSet::TcpResponseContent),
            (&mut rules.http_request, RuleSet::HttpRequest),
            (&mut rules.http_response, RuleSet::HttpResponse),
            (&mut rules.http_after_response, RuleSet::HttpAfterResponse),
        ] {
            around(list, set.name());
        }
        around(&mut proxy.redirects, "redirect");
        around(&mut rules.stats_http_request, "stats http-request");
        let rule = |act: Arc<dyn Act>| Rule {
            condition: None,
            action: Action::of("", act),
            span: Span::default(),
        };
        if proxy.backend {
            let chosen = Chosen {
                backend: name.clone(),
                switches: switches.clone(),
                trace: trace.clone(),
            };
            rules.tcp_request_content.insert(0, rule(Arc::new(chosen)));
        }
        if proxy.frontend {
            let answered = Answered {
                trace: trace.clone(),
            };
            rules
                .http_after_response
                .insert(0, rule(Arc::new(answered)));
        }
    }
}

fn switches(config: &ir::Config, document: &Document) -> Switches {
    let name = |id: ir::ProxyId| config.proxies.get(id.0 as usize).map(|p| p.name.clone());
    let fronts = config.proxies.iter().filter(|p| p.frontend);
    let of = |proxy: &Proxy| {
        let lines = proxy.use_backends.iter().map(|line| Switch {
            condition: line.condition.clone(),
            target: match &line.target {
                BackendRef::Proxy(id) => name(*id),
                BackendRef::Dynamic(_) => None,
            },
            span: line.span,
        });
        (lines.collect(), default_line(proxy, document))
    };
    fronts.map(|p| (p.name.clone(), of(p))).collect()
}

/// The `default_backend` line of a proxy, or of its `defaults`.
fn default_line(proxy: &Proxy, document: &Document) -> Option<Span> {
    let line = |head: Span| {
        let section = document.sections.iter().find(|s| s.head.span == head)?;
        let mut lines = section.lines.iter().rev();
        let found = lines.find(|l| l.words.first().is_some_and(|w| w.is("default_backend")))?;
        Some(found.span)
    };
    line(proxy.span).or_else(|| line(proxy.defaults?))
}

/// The disk, without a name service: what is missing there is empty.
pub(super) struct DryFiles {
    overrides: BTreeMap<String, Vec<u8>>,
    missing: Mutex<Vec<String>>,
}

impl Files for DryFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        if let Some(text) = self.overrides.get(path) {
            return Ok(text.clone());
        }
        match std::fs::read(Path::new(path)) {
            Ok(text) => Ok(text),
            Err(_) => {
                let mut missing = self.missing.lock();
                if !missing.iter().any(|m| m == path) {
                    missing.push(path.to_owned());
                }
                Ok(Vec::new())
            }
        }
    }
    fn resolve(&self, _host: &str, _family: Family) -> Vec<IpAddr> {
        vec![NOWHERE]
    }
    fn user(&self, _name: &str) -> Option<(u32, u32)> {
        Some((0, 0))
    }
    fn group(&self, _name: &str) -> Option<u32> {
        Some(0)
    }
}
