//! `set server`, `enable server`, `disable server`

use super::named::{self, Named};
use super::{Call, Command, Flow, set_server_addr, weight};
use crate::balance::Operational;
use crate::control::change;
use crate::control::world::World;
use crate::ir::bind::CliLevel;

/// `set server <backend>/<server> ...`
pub const SET: Command = Command {
    words: &["set", "server"],
    usage: "set server <bk>/<srv> [opts]",
    meaning: "changes a server's state, health, weight or address",
    level: CliLevel::Admin,
    run: set,
};

/// `disable server <backend>/<server>`
pub const DISABLE: Command = Command {
    words: &["disable", "server"],
    usage: "disable server (DEPRECATED)",
    meaning: "puts a server in maintenance (as 'set server' does)",
    level: CliLevel::Admin,
    run: |call| named(call, |world, server| change::disable(world, server, "")),
};

/// `enable server <backend>/<server>`
pub const ENABLE: Command = Command {
    words: &["enable", "server"],
    usage: "enable server  (DEPRECATED)",
    meaning: "takes a server out of maintenance (as 'set server' does)",
    level: CliLevel::Admin,
    run: |call| named(call, change::no_maintenance),
};

const USAGE: &str = "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | \
                     agent-send | check-addr | check-port | fqdn | health | ssl | state | weight";

fn named(call: &mut Call<'_>, act: fn(&dyn World, &Named<'_>)) -> Flow {
    let word = call.arg(0).to_vec();
    match named::server(call, &word) {
        Ok(found) => {
            act(call.world, &found);
            Flow::More
        }
        Err(flow) => flow,
    }
}

fn set(call: &mut Call<'_>) -> Flow {
    let word = call.arg(0).to_vec();
    let found = match named::server(call, &word) {
        Ok(found) => found,
        Err(flow) => return flow,
    };
    match call.arg(1) {
        b"weight" => weight::set(call, &found, 2),
        b"state" => match call.arg(2) {
            b"ready" => {
                change::ready(call.world, &found);
                Flow::More
            }
            b"drain" => {
                change::drain(call.world, &found);
                Flow::More
            }
            b"maint" => {
                change::maintenance(call.world, &found);
                Flow::More
            }
            _ => call.error("'set server <srv> state' expects 'ready', 'drain' and 'maint'."),
        },
        b"health" => {
            let to = match call.arg(2) {
                b"up" => Operational::Running,
                b"stopping" => Operational::Stopping,
                b"down" => Operational::Stopped,
                _ => {
                    return call
                        .error("'set server <srv> health' expects 'up', 'stopping', or 'down'.");
                }
            };
            if found.server.track.is_some() {
                return call.error("cannot change health on a tracking server.");
            }
            change::health(call.world, &found, to, "changed from CLI");
            Flow::More
        }
        b"addr" => set_server_addr::addr(call, &found),
        b"check-addr" => set_server_addr::check_addr(call, &found),
        b"check-port" => set_server_addr::check_port(call, &found),
        b"agent-addr" if call.arg(2).is_empty() => {
            call.error("set server <b>/<s> agent-addr requires an address and optionally a port.")
        }
        b"agent-port" if call.arg(2).is_empty() => {
            call.error("set server <b>/<s> agent-port requires a port.")
        }
        b"agent-addr" | b"agent-port" if found.state.agent.is_none() => {
            call.error("agent checks are not enabled on this server")
        }
        b"agent" | b"agent-send" if found.state.agent.is_none() => {
            call.error("agent checks are not enabled on this server.")
        }
        b"agent" | b"agent-addr" | b"agent-port" | b"agent-send" => set_agent(call, &found),
        b"fqdn" if call.arg(2).is_empty() => call.error("set server <b>/<s> fqdn requires a FQDN."),
        b"fqdn" => set_fqdn(call, &found),
        b"ssl" => call.error(
            "'set server <srv> ssl' cannot be set.  default-server should define ssl settings",
        ),
        _ => call.error(USAGE),
    }
}

/// `set server <backend>/<server> fqdn <name>`
fn set_fqdn(call: &mut Call<'_>, found: &Named<'_>) -> Flow {
    let Some(dns) = &found.server.dns else {
        return call.error("set server <b>/<s> fqdn failed because no resolution is configured.");
    };
    if dns.service.is_some() {
        return call.error("set server <b>/<s> fqdn failed because SRV resolution is configured.");
    }
    let name = super::shown(call.arg(2));
    let mut host = dns.host.lock();
    let old = host.name.as_deref().unwrap_or("(null)").to_owned();
    if old == name {
        return call.info("no need to change the FDQN by 'stats socket command'");
    }
    host.name = Some(name.as_str().into());
    host.is_told = true;
    drop(host);
    if let Some(shared) = call.world.shared()
        && let Some(section) = shared.resolvers.get(dns.resolvers)
    {
        section.renamed(&shared.hub, found.backend.id, found.state.index);
    }
    let text = format!(
        "{}/{} changed its FQDN from {old} to {name} by 'stats socket command'",
        found.backend.name, found.server.name
    );
    call.info(&text)
}

/// `set server <backend>/<server> agent|agent-addr|agent-port|agent-send`
fn set_agent(call: &mut Call<'_>, found: &Named<'_>) -> Flow {
    let Some(agent) = &found.state.agent else {
        return Flow::More;
    };
    let word = call.arg(2).to_vec();
    let number = || std::str::from_utf8(&word).ok()?.parse::<u16>().ok();
    match call.arg(1) {
        b"agent" => {
            let to = match word.as_slice() {
                b"up" => Operational::Running,
                b"down" => Operational::Stopped,
                _ => return call.error("'set server <srv> agent' expects 'up' or 'down'."),
            };
            agent.set_up(to != Operational::Stopped);
            change::health(call.world, found, to, "changed from CLI");
        }
        b"agent-addr" => {
            let text = String::from_utf8_lossy(&word);
            let Ok(ip) = text.parse() else {
                return call.error("incorrect addr address given for agent.");
            };
            agent.changed.lock().host = Some(ip);
            if call.arg(3) == b"port" {
                let port = std::str::from_utf8(call.arg(4)).ok();
                agent.changed.lock().port = port.and_then(|p| p.parse().ok());
            }
        }
        b"agent-port" => match number() {
            Some(port) => agent.changed.lock().port = Some(port),
            None => return call.error("incorrect agent port."),
        },
        _ => agent.changed.lock().send = Some(word),
    }
    Flow::More
}
