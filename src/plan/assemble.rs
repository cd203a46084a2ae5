//! Back ends of a plan.

use super::backend::{BackendPlan, CheckPlan, Fullconn};
use super::build::{Builder, case_map, proxy_options, rules, timeouts};
use super::resolve::Found;
use super::server::{ServerAddress, ServerPlan};
use super::{BackendId, FrontendId, GlobalPlan, resolve};
use crate::balance::key::Selector;
use crate::balance::{
    Admin, AlgorithmEntry, BackendSettings, BackendState, ServerSettings, algorithm, random,
    roundrobin,
};
use crate::base::clock;
use crate::base::diag::{Diagnostic, Form};
use crate::base::hash::avalanche;
use crate::ir::address::{Address, Host};
use crate::ir::proxy::{Balance, CheckKind, HashKey, Mode, Options};
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
        let servers: Vec<ServerPlan> = proxy
            .servers
            .iter()
            .map(|server| self.server(proxy, server))
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
            retries: settings.retries.unwrap_or(RETRIES),
            redispatch: settings.redispatch,
            retry_on: settings.retry_on,
            http_reuse: settings.http_reuse,
            balance: settings.balance.clone(),
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
            check: check(settings),
            servers: servers.into(),
            state,
            rules: rules(proxy),
            forwardfor: settings.forwardfor.clone(),
            originalto: settings.originalto.clone(),
            forwarded: settings.forwarded.clone(),
            log: self.logs.plan(proxy, self.files),
            errors: self.errors(&settings.errors),
            case_map: case_map(settings.options, Options::H1_CASE_ADJUST_SERVER, global),
            description: settings.description.clone(),
            stats: super::stats::plan(proxy, &global.settings),
        }
    }

    fn server(&mut self, proxy: &Proxy, server: &Server) -> ServerPlan {
        let address = resolve::server(server, &proxy.name, self.files, &mut self.diags);
        let mut settings = server.clone();
        if let Some(addr) = settings.check.as_mut().and_then(|c| c.addr.as_mut()) {
            self.literal(
                addr,
                &format!("'server {}/{}' : 'addr'", proxy.name, server.name),
            );
        }
        if let Some(source) = &mut settings.source {
            self.literal(
                source,
                &format!("'server {}/{}' : 'source'", proxy.name, server.name),
            );
        }
        let check_address = resolve::check_address(&settings, &address);
        if settings.source.is_none() {
            settings.source = proxy.settings.source.clone();
            settings.usesrc = proxy.settings.source_usesrc.clone();
            settings.interface = proxy.settings.source_interface.clone();
        }
        if let (None, Some(key), Some(cookie), ServerAddress::Inet(at)) = (
            &settings.cookie,
            &proxy.settings.dynamic_cookie_key,
            &proxy.settings.cookie,
            &address,
        ) && cookie.dynamic
        {
            settings.cookie = Some(dynamic_value(key, at.ip(), at.port()));
        }
        let tls = self.server_tls(proxy, server);
        ServerPlan {
            name: server.name.as_str().into(),
            address,
            tls,
            settings: Arc::new(settings),
            check_address,
            moved: Arc::default(),
        }
    }

    /// Puts the address of a name in its place.
    fn literal(&mut self, address: &mut Address, place: &str) {
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
            seed: clock::unix_time().as_nanos() as u64 ^ u64::from(proxy.id.0) << 48,
            allbackups: proxy.settings.options.contains(Options::ALLBACKUPS),
            fullconn,
        };
        let list = servers.iter().map(|s| ServerSettings {
            place: place(s),
            ..ServerSettings::from(&*s.settings)
        });
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

/// The algorithm of a back end; `None`: one that does not run here, or not in this mode.
fn usable(proxy: &Proxy) -> Option<&'static AlgorithmEntry> {
    let settings = &proxy.settings;
    if settings.balance.needs_http() && settings.mode != Mode::Http {
        return None;
    }
    algorithm(settings.balance.word())
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

/// How servers are checked, the request ready to send.
fn check(settings: &crate::ir::proxy::Settings) -> CheckPlan {
    match &settings.check {
        CheckKind::Tcp => CheckPlan::Tcp,
        CheckKind::Pending(name) => CheckPlan::Pending(name.clone()),
        CheckKind::Http(http) => CheckPlan::Http {
            request: request(http).into(),
            disable_on_404: settings.disable_on_404,
        },
    }
}

/// The request as HAProxy 3.4 sends it; headers hidden behind the version as those versions that
/// took them last did (2.6): names in lower case.
fn request(http: &crate::ir::proxy::HttpCheck) -> Vec<u8> {
    let mut lines = http
        .version
        .split(|b| *b == b'\n')
        .map(|l| l.strip_suffix(b"\r").unwrap_or(l));
    let version = lines.next().unwrap_or_default();
    let mut out = http.method.clone();
    out.push(b' ');
    out.extend_from_slice(&http.uri);
    out.push(b' ');
    out.extend_from_slice(version);
    out.extend_from_slice(b"\r\n");
    if let Some(host) = &http.host {
        out.extend_from_slice(b"host: ");
        out.extend_from_slice(host);
        out.extend_from_slice(b"\r\n");
    }
    // what stands behind the version is all that 3.4 sends then
    let mut closes = false;
    let mut body = Vec::new();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            body = lines.collect::<Vec<_>>().join(&b"\r\n"[..]);
            break;
        }
        let name = line.split(|b| *b == b':').next().unwrap_or_default();
        let value = line.get(name.len()..).unwrap_or_default();
        closes = true;
        out.extend_from_slice(&name.to_ascii_lowercase());
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    if version == b"HTTP/1.1" && !closes {
        out.extend_from_slice(b"connection: close\r\n");
    }
    if !body.is_empty() {
        out.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::proxy::HttpCheck;

    fn sent(uri: &str, version: &str, host: Option<&str>) -> String {
        let http = HttpCheck {
            method: b"GET".to_vec(),
            uri: uri.into(),
            version: version.into(),
            host: host.map(Into::into),
        };
        String::from_utf8(request(&http)).unwrap()
    }

    /// Recorded from HAProxy 3.4.
    #[test]
    fn check_requests_are_haproxys() {
        assert_eq!(sent("/x", "HTTP/1.0", None), "GET /x HTTP/1.0\r\n\r\n");
        assert_eq!(
            sent("/x", "HTTP/1.1", None),
            "GET /x HTTP/1.1\r\nconnection: close\r\n\r\n"
        );
        assert_eq!(
            sent("/x", "HTTP/1.1", Some("www")),
            "GET /x HTTP/1.1\r\nhost: www\r\nconnection: close\r\n\r\n"
        );
        assert_eq!(
            sent("/x", "HTTP/1.0", Some("www")),
            "GET /x HTTP/1.0\r\nhost: www\r\n\r\n"
        );
        assert_eq!(
            sent("/x", "HTTP/1.1\r\nHost: www", None),
            "GET /x HTTP/1.1\r\nhost: www\r\n\r\n"
        );
        assert_eq!(
            sent(
                "/x",
                "HTTP/1.0\r\nUser-Agent: a\r\nAuthorization: Basic x",
                None
            ),
            "GET /x HTTP/1.0\r\nuser-agent: a\r\nauthorization: Basic x\r\n\r\n"
        );
    }
}
