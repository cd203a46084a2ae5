//! States of servers as they were before a reload, from files that `show servers state` wrote
//! (management guide 9.3; configuration manual 4.2 `load-server-state-from-file`).

use super::build::Builder;
use super::{BackendPlan, ServerAddress, ServerPlan};
use crate::balance::counters::LastCheck;
use crate::balance::{Admin, Operational, ServerState};
use crate::base::clock;
use crate::base::diag::{Diagnostic, Form, Severity};
use crate::ir::Proxy;
use crate::ir::address::Host;
use crate::ir::check::CheckStatus;
use crate::ir::proxy::StateFile;
use std::sync::Arc;

/// Code of the findings about these files.
const CODE: &str = "HX0278";
/// Of the administrative state: the name does not come from the configuration.
const RENAMED: u32 = 64;
/// Columns of a line.
const COLUMNS: usize = 25;

/// A file's lines, each in its columns.
type Lines = Vec<Vec<String>>;

impl Builder<'_> {
    /// Brings servers into the states that files tell of.
    pub(super) fn restore_states(&mut self, backends: &[Arc<BackendPlan>]) {
        if !self.files.present() {
            return;
        }
        let config = self.config;
        let base = config.global.server_state_base.as_deref();
        let located = |name: &str| match base {
            Some(base) if !name.starts_with('/') => format!("{base}/{name}"),
            _ => name.to_owned(),
        };
        let mut global = None;
        for proxy in config.proxies.iter().filter(|p| p.backend && !p.disabled) {
            let settings = &proxy.settings;
            let id = self.backends.get(&proxy.id);
            let Some(backend) = id.and_then(|id| backends.get(id.0 as usize)) else {
                continue;
            };
            let own;
            let lines = match settings.load_server_state {
                StateFile::None => continue,
                StateFile::Global => {
                    let Some(name) = &config.global.server_state_file else {
                        continue;
                    };
                    &*global.get_or_insert_with(|| self.state_file(&located(name), None))
                }
                StateFile::Local => {
                    let name = settings.server_state_file_name.as_ref();
                    own = self.state_file(&located(name.unwrap_or(&proxy.name)), Some(proxy));
                    &own
                }
            };
            let mine = |line: &&Vec<String>| line.get(1) == Some(&proxy.name);
            for line in lines.iter().filter(mine) {
                self.restore(backend, line);
            }
        }
    }

    /// Reads a file; `of`: the proxy that it belongs to.
    fn state_file(&mut self, path: &str, of: Option<&Proxy>) -> Lines {
        let told = |severity, text: String| Diagnostic::new(severity, CODE, text).form(Form::Plain);
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let why = super::tls::reason(&error);
                let text = match of {
                    None => format!("config: Can't open global server state file '{path}': {why}"),
                    Some(proxy) => format!(
                        "Proxy '{}': Can't open server state file '{path}': {why}.",
                        proxy.name
                    ),
                };
                self.diags.push(told(Severity::Notice, text));
                return Lines::new();
            }
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut found = Lines::new();
        for (line, number) in text.lines().zip(1u32..) {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            match words.first().map(String::as_str) {
                Some("1") if number == 1 && words.len() == 1 => {}
                None if number > 1 => {}
                Some(first) if number > 1 && first.starts_with('#') => {}
                _ if number > 1 && words.len() >= COLUMNS => found.push(words),
                _ => {
                    let text = match of {
                        None => format!(
                            "config: corrupted global server state file '{path}' at line {number}."
                        ),
                        Some(proxy) => format!(
                            "Proxy '{}': corrupted server state file '{path}' at line {number}.",
                            proxy.name
                        ),
                    };
                    self.diags.push(told(Severity::Warning, text));
                    return Lines::new();
                }
            }
        }
        found
    }

    /// Applies a line to the server that it names.
    fn restore(&mut self, backend: &BackendPlan, line: &[String]) {
        let word = |at: usize| line.get(at).map_or("", String::as_str);
        let number = |at: usize| word(at).parse::<u32>().ok();
        let Some(index) = backend.servers.iter().position(|s| &*s.name == word(3)) else {
            return;
        };
        let at = u32::try_from(index).unwrap_or(u32::MAX);
        let (Some(server), Some(state)) = (backend.servers.get(index), backend.state.server(at))
        else {
            return;
        };
        let seconds = number(9).unwrap_or(0);
        let since = clock::now_ms().saturating_sub(u64::from(seconds) * 1000);
        move_to(server, word(4), number(18));
        if number(8) == Some(server.settings.weight)
            && let Some(weight) = number(7).filter(|w| *w <= 256)
        {
            backend.state.set_weight(state, weight);
        }
        let bits = number(6).unwrap_or(0);
        let mut admin = state.admin();
        restore_name(server, bits, word(17), word(19));
        if *server.address_now() != ServerAddress::Unresolved {
            admin -= Admin::RESOLVE_MAINT;
        }
        if bits & 1 != 0 && bits & 4 == 0 {
            admin |= Admin::MAINT;
        }
        if bits & 8 != 0 {
            admin |= Admin::DRAIN;
        }
        let down = number(5) == Some(0) && !admin.intersects(Admin::ANY_MAINT);
        backend.state.set_admin(state, admin, since);
        let check = server.settings.check.as_ref();
        if let Some(check) = check {
            let most = check.rise + check.fall - 1;
            state.set_score(number(12).unwrap_or(0).min(most));
            *state.counters.last_check.lock() = remembered(number(10));
        }
        match number(5) {
            Some(0) if down => {
                state.set_score(0);
                let requeued = backend
                    .state
                    .set_operational(state, Operational::Stopped, since);
                self.tell_down(backend, server, state, requeued);
            }
            Some(3) => {
                backend
                    .state
                    .set_operational(state, Operational::Stopping, since);
            }
            _ => {}
        }
        // nothing happened in this process
        state.counters.clear(true);
        backend.state.counters.clear(true);
    }

    fn tell_down(
        &mut self,
        backend: &BackendPlan,
        server: &ServerPlan,
        state: &ServerState,
        requeued: u32,
    ) {
        let kind = if state.backup { "Backup " } else { "" };
        let left = crate::balance::event::left(&backend.state, state, requeued);
        let text = format!(
            "{kind}Server {}/{} is DOWN, changed from server-state after a reload.{left}",
            backend.name, server.name
        );
        let finding = Diagnostic::new(Severity::Warning, CODE, text);
        self.diags.push(finding.form(Form::Plain));
    }
}

/// Where a server was: its port, and its address if the line gives a name.
fn move_to(server: &ServerPlan, ip: &str, port: Option<u32>) {
    let by_name = matches!(server.settings.address.host, Host::Name { .. });
    let port = port.and_then(|p| u16::try_from(p).ok()).filter(|p| *p > 0);
    let ip = ip.parse().ok().filter(|_| by_name);
    let to = match &server.address {
        ServerAddress::Inet(own) => {
            let to = (ip.unwrap_or(own.ip()), port.unwrap_or(own.port())).into();
            if to == *own {
                return;
            }
            to
        }
        ServerAddress::Unresolved => match (ip, port) {
            (Some(ip), Some(port)) => (ip, port).into(),
            _ => return,
        },
        _ => return,
    };
    server.move_to(ServerAddress::Inet(to));
}

/// The name that was looked up for a server: an administrator's (`bits` say so), or one that came
/// with its service.
fn restore_name(server: &ServerPlan, bits: u32, name: &str, service: &str) {
    let Some(dns) = server.dns.as_ref().filter(|_| name != "-") else {
        return;
    };
    let by_name = matches!(server.settings.address.host, Host::Name { .. });
    let mut host = dns.host.lock();
    match &dns.service {
        Some(own) if **own == *service => {
            host.name = Some(name.into());
            host.port = match &*server.address_now() {
                ServerAddress::Inet(at) => Some(at.port()),
                _ => None,
            };
        }
        None if bits & RENAMED != 0 && by_name && service == "-" => {
            host.name = Some(name.into());
            host.is_told = true;
        }
        _ => {}
    }
}

/// How the last check ended, as far as the number tells.
fn remembered(number: Option<u32>) -> Option<LastCheck> {
    let status = CheckStatus::numbered(number?)?;
    Some(LastCheck {
        status,
        code: None,
        info: "".into(),
        duration_ms: 0,
    })
}
