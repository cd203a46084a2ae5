//! Back ends of a plan.

use super::backend::{BackendPlan, Direct, Fullconn};
use super::build::{Builder, case_map, compression, proxy_options, rules, timeouts};
use super::check::CheckPlan;
use super::resolve::Found;
use super::server::{ServerAddress, ServerPlan};
use super::{BackendId, FrontendId, GlobalPlan, Plan, resolve};
use crate::balance::key::Selector;
use crate::balance::{
    Admin, AlgorithmEntry, BackendSettings, BackendState, ServerSettings, algorithm, random,
    roundrobin,
};
use crate::base::clock;
use crate::base::diag::{Diagnostic, Form};
use crate::base::hash::avalanche;
use crate::ir::address::{Address, Host};
use crate::ir::proxy::{Balance, HashKey, Mode, Options};
use crate::ir::rule::{ServerRef, UseServer};
use crate::ir::{Proxy, Server};
use crate::stick::appsession::AppSessions;
use crate::stick::cookie::{CookieRules, dynamic_value};
use std::net::IpAddr;
use std::sync::Arc;
use xxhash_rust::xxh32::xxh32;

/// `retries` when not said.
const RETRIES: u32 = 3;

impl Builder<'_> {
    /// The back end of a proxy.
    pub(super) fn backend(
        &mut self,
        proxy: &Proxy,
        id: BackendId,
        same_section: Option<FrontendId>,
        fullconn: Fullconn,
        global: &GlobalPlan,
    ) -> BackendPlan {
        let settings = &proxy.settings;
        let check = self.check_plan(proxy);
        let servers: Vec<ServerPlan> = (0u32..)
            .zip(&proxy.servers)
            .map(|(index, server)| ServerPlan {
                pinned: self.is_pinned(proxy, index),
                ..self.server(proxy, server, &check)
            })
            .collect();
        let http = settings.mode == Mode::Http;
        let state = self.state(
            proxy,
            id,
            &servers,
            fullconn.of(global.settings.maxconn.unwrap_or(0)),
        );
        BackendPlan {
            id,
            proxy: proxy.id,
            name: proxy.name.as_str().into(),
            uuid: proxy.uuid,
            mode: settings.mode,
            same_section,
            timeouts: timeouts(&settings.timeouts),
            options: proxy_options(proxy),
            connection_mode: settings.connection_mode,
            unique_id: proxy.formats.unique_id.clone(),
            retries: settings.retries.unwrap_or(RETRIES),
            redispatch: settings.redispatch,
            retry_on: settings.retry_on,
            http_reuse: settings.http_reuse,
            balance: settings.balance.clone(),
            consistent: settings.hash.consistent,
            pinned: false,
            selector: usable(proxy).and_then(|_| {
                let key = proxy.balance_key.as_ref();
                Selector::new(&settings.balance, key, settings.hash)
            }),
            fullconn,
            srvtcpka: settings.srvtcpka,
            cookie: settings
                .cookie
                .as_ref()
                .filter(|_| http)
                .map(CookieRules::new),
            appsession: settings
                .appsession
                .as_ref()
                .filter(|_| http)
                .map(|line| Arc::new(AppSessions::new(line))),
            use_servers: proxy.use_servers.clone().into(),
            persist_rules: proxy.persist_rules.clone().into(),
            check,
            direct: self.direct(proxy),
            name_header: settings.http_send_name_header.as_deref().map(Into::into),
            stick_rules: proxy.stick_rules.clone().into(),
            servers: servers.into(),
            state,
            rules: rules(proxy),
            forwardfor: settings.forwardfor.clone(),
            originalto: settings.originalto.clone(),
            forwarded: settings.forwarded.clone().map(Arc::new),
            log: self.logs.plan(proxy, self.files),
            errors: self.errors(&settings.errors),
            case_map: case_map(settings.options, Options::H1_CASE_ADJUST_SERVER, global),
            compression: compression(settings),
            description: settings.description.clone(),
            stats: super::stats::plan(proxy, &global.settings),
        }
    }

    pub(super) fn server(
        &mut self,
        proxy: &Proxy,
        server: &Arc<Server>,
        check: &CheckPlan,
    ) -> ServerPlan {
        let address = resolve::server(server, &proxy.name, self.files, &mut self.diags);
        // shared with the configuration unless something is filled in
        let mut settings = Arc::clone(server);
        let place = |what: &str| format!("'server {}/{}' : '{what}'", proxy.name, server.name);
        if settings.check.as_ref().is_some_and(|c| c.addr.is_some()) {
            let check = Arc::make_mut(&mut settings).check.as_mut();
            if let Some(addr) = check.and_then(|c| c.addr.as_mut()) {
                self.literal(addr, &place("addr"));
            }
        }
        if settings.source.is_some()
            && let Some(source) = &mut Arc::make_mut(&mut settings).source
        {
            self.literal(source, &place("source"));
        }
        let check_address = resolve::check_address(&settings, &address);
        let common = &proxy.settings;
        let from = (
            &common.source,
            &common.source_usesrc,
            &common.source_interface,
        );
        if settings.source.is_none() && !matches!(from, (None, None, None)) {
            let settings = Arc::make_mut(&mut settings);
            settings.source = common.source.clone();
            settings.usesrc = common.source_usesrc.clone();
            settings.interface = common.source_interface.clone();
        }
        if let (None, Some(key), Some(cookie), ServerAddress::Inet(at)) = (
            &settings.cookie,
            &common.dynamic_cookie_key,
            &common.cookie,
            &address,
        ) && cookie.dynamic
        {
            let value = dynamic_value(key, at.ip(), at.port());
            Arc::make_mut(&mut settings).cookie = Some(value);
        }
        let check = self.server_check(server, check);
        let tls = self.server_tls(proxy, server, check.speaks_tls());
        ServerPlan {
            name: server.name.as_str().into(),
            address,
            tls,
            settings,
            check_address,
            track: self.tracked(proxy, server),
            check,
            moved: Arc::default(),
            pinned: false,
            said: None,
            dns: super::resolvers::dns(self.config, server),
        }
    }

    /// Whether a `use-server` line or an expression names a server.
    fn is_pinned(&self, proxy: &Proxy, index: u32) -> bool {
        let rule = |r: &UseServer| matches!(r.target, ServerRef::Index(i) if i == index);
        self.config.pins.contains(&(proxy.id, Some(index))) || proxy.use_servers.iter().any(rule)
    }

    /// The server that `track` names.
    fn tracked(&mut self, proxy: &Proxy, server: &Server) -> Option<(BackendId, u32, Arc<str>)> {
        let said = server.track.as_ref()?;
        let (of, name) = match said.split_once('/') {
            Some((of, name)) => (of, name),
            None => (proxy.name.as_str(), said.as_str()),
        };
        let mut fail = |text: String| {
            let text = format!("'server {}/{}' : {text}", proxy.name, server.name);
            let finding = Diagnostic::alert("HX0277", server.span, text);
            self.diags.push(finding.form(Form::PlainBracket));
            None
        };
        if let Some(plan) = self.standing {
            return tracked_in(plan, of, name).map_err(&mut fail).ok();
        }
        let mut all = self.config.proxies.iter();
        let Some(target) = all.find(|p| p.backend && p.name == of) else {
            return fail(format!(
                "unable to find required proxy '{of}' for tracking."
            ));
        };
        let Some(index) = target.servers.iter().position(|s| s.name == name) else {
            return fail(format!(
                "unable to find required server '{name}' for tracking."
            ));
        };
        let other = target.servers.get(index)?;
        if other.check.is_none() && other.agent.is_none() && other.track.is_none() {
            return fail(format!(
                "unable to use {of}/{name} for tracking as it does not have any check nor agent enabled."
            ));
        }
        if self.loops(proxy, server, said) {
            let text = format!(
                "'server {0}/{1}' : unable to track {of}/{name} as it belongs to a tracking chain looping back to {0}/{1}.",
                proxy.name, server.name
            );
            let finding = Diagnostic::alert("HX0277", server.span, text);
            self.diags.push(finding.form(Form::PlainBracket));
            return None;
        }
        let backend = self.backends.get(&target.id)?;
        let path = format!("{of}/{name}");
        Some((*backend, u32::try_from(index).ok()?, path.into()))
    }

    /// Whether what a server follows leads back to it, over the servers that stand above it.
    fn loops(&self, proxy: &Proxy, server: &Server, said: &str) -> bool {
        let proxies = &self.config.proxies;
        let find = |own: &str, said: &str| {
            let (of, name) = said.split_once('/').unwrap_or((own, said));
            let at = proxies.iter().position(|p| p.backend && p.name == of)?;
            let target = proxies.get(at)?;
            Some((at, target.servers.iter().position(|s| s.name == name)?))
        };
        let Some(this) = find(&proxy.name, &server.name) else {
            return false;
        };
        let mut at = find(&proxy.name, said);
        let mut seen = std::collections::HashSet::new();
        while let Some(place) = at.filter(|place| *place <= this && seen.insert(*place)) {
            if place == this {
                return true;
            }
            let other = proxies.get(place.0);
            let next = other.and_then(|p| Some((&p.name, p.servers.get(place.1)?)));
            at = next.and_then(|(own, s)| find(own, s.track.as_ref()?));
        }
        false
    }

    /// Where requests go that no server is chosen for.
    fn direct(&mut self, proxy: &Proxy) -> Option<Direct> {
        let settings = &proxy.settings;
        let options = settings.options;
        if let Some(said) = &settings.dispatch {
            if settings.balances {
                let text = format!(
                    "dispatch address of proxy '{}' will be ignored in balance mode.",
                    proxy.name
                );
                let finding = Diagnostic::warning("HX0284", said.span, text);
                self.diags.push(finding.form(Form::Plain));
                return None;
            }
            let mut address = said.clone();
            self.literal(&mut address, "'dispatch'");
            let ip = address.host.ip()?;
            let to = ServerAddress::Inet((ip, address.port).into());
            return Some(Direct::Dispatch(to));
        }
        if settings.balances {
            None
        } else if options.contains(Options::TRANSPARENT) {
            Some(Direct::Transparent)
        } else if options.contains(Options::HTTP_PROXY) {
            Some(Direct::Target)
        } else {
            None
        }
    }

    /// Puts the address of a name in its place.
    pub(super) fn literal(&mut self, address: &mut Address, place: &str) {
        match resolve::host(&address.host, self.files) {
            Found::Ip(ip) => address.host = Host::Ip(ip),
            Found::Unknown(name) => {
                let text = format!("{place} : invalid address: '{name}' in '{name}'.");
                let finding = Diagnostic::alert("HX0311", address.span, text);
                self.diags.push(finding.form(Form::Bracket));
            }
            Found::NotAsked => {}
        }
    }

    /// What changes while running.
    fn state(
        &self,
        proxy: &Proxy,
        id: BackendId,
        servers: &[ServerPlan],
        fullconn: u32,
    ) -> Arc<BackendState> {
        let balance = &proxy.settings.balance;
        let draws = match balance {
            Balance::Random { draws } => *draws,
            _ => random::DRAWS,
        };
        let settings = BackendSettings {
            id: id.0,
            name: proxy.name.as_str().into(),
            algorithm: usable(proxy).unwrap_or(&roundrobin::ENTRY),
            hash: proxy.settings.hash,
            draws,
            seed: self
                .config
                .global
                .seed
                .unwrap_or_else(|| clock::unix_time().as_nanos() as u64)
                ^ u64::from(proxy.id.0) << 48,
            allbackups: proxy.settings.options.contains(Options::ALLBACKUPS),
            fullconn,
        };
        let list = servers.iter().map(ServerPlan::state_settings);
        let state = BackendState::new(settings, list, self.wake.clone());
        for (plan, server) in servers.iter().zip(state.servers()) {
            if plan.address == ServerAddress::Unresolved {
                let admin = server.admin() | Admin::RESOLVE_MAINT;
                state.set_admin(server, admin, 0);
            }
        }
        state
    }
}

/// The server that `track` of a new server names among those that run.
fn tracked_in(plan: &Plan, of: &str, name: &str) -> Result<(BackendId, u32, Arc<str>), String> {
    let backend = plan.backend_by_name(of.as_bytes());
    let Some(backend) = backend.and_then(|id| plan.backend(id)) else {
        return Err(format!(
            "unable to find required proxy '{of}' for tracking."
        ));
    };
    let found = backend.server_by_name(name.as_bytes());
    let server = found.and_then(|at| backend.servers.get(at));
    let (Some(at), Some(server)) = (found, server) else {
        return Err(format!(
            "unable to find required server '{name}' for tracking."
        ));
    };
    let settings = &server.settings;
    if server.said.is_some() {
        return Err(format!(
            "unable to use {of}/{name} for tracking as it is a dynamic server."
        ));
    }
    if settings.check.is_none() && settings.agent.is_none() && server.track.is_none() {
        return Err(format!(
            "unable to use {of}/{name} for tracking as it does not have any check nor agent enabled."
        ));
    }
    let at = u32::try_from(at).map_err(|_| String::new())?;
    Ok((backend.id, at, format!("{of}/{name}").into()))
}

/// The algorithm of a back end; `None`: one that does not run here, or not in this mode.
fn usable(proxy: &Proxy) -> Option<&'static AlgorithmEntry> {
    let settings = &proxy.settings;
    if settings.balance.needs_http() && settings.mode != Mode::Http {
        return None;
    }
    algorithm(settings.balance.word())
}

impl ServerPlan {
    /// What its state is made from.
    pub(super) fn state_settings(&self) -> ServerSettings {
        ServerSettings {
            place: place(self),
            ..ServerSettings::from(&*self.settings)
        }
    }
}

/// `hash-key`: where a server's places on the ring begin, if not where its id says. The address
/// counts as it lies in memory on the processors that HAProxy mostly runs on (little-endian).
fn place(server: &ServerPlan) -> Option<u32> {
    let key = server.settings.hash_key;
    let ServerAddress::Inet(at) = server.address else {
        return None;
    };
    let seed = match key {
        HashKey::Id => return None,
        HashKey::Addr => 0,
        HashKey::AddrPort => avalanche(at.port().into()),
    };
    Some(match at.ip() {
        IpAddr::V4(ip) => avalanche(seed.wrapping_add(u32::from_le_bytes(ip.octets()))),
        IpAddr::V6(ip) => xxh32(&ip.octets(), seed),
    })
}
