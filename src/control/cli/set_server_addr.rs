//! `set server ... addr|check-addr|check-port`: moves a server or its checks.

use super::named::Named;
use super::{Call, Flow, shown};
use crate::plan::ServerAddress;
use std::net::IpAddr;

/// `addr <ip> [port <port>]`
pub fn addr(call: &mut Call<'_>, found: &Named<'_>) -> Flow {
    if call.arg(2).is_empty() {
        return call.error("set server <b>/<s> addr requires an address and optionally a port.");
    }
    let Some(ip) = ip(call.arg(2)) else {
        let text = format!("Invalid addr '{}'", shown(call.arg(2)));
        return call.error(&text);
    };
    let now = found.server.address_now().into_owned();
    let (old, offset) = match now {
        ServerAddress::Inet(at) => (at, None),
        ServerAddress::InetMapped(at, offset) => (at, Some(offset)),
        _ => {
            return call.error(
                "Update for the current server address family is only supported through \
                 configuration file.",
            );
        }
    };
    let mut changes = Vec::new();
    if ip != old.ip() {
        changes.push(format!("IP changed from '{}' to '{ip}'", old.ip()));
    }
    let mut place = match offset {
        None => ServerAddress::Inet((ip, old.port()).into()),
        Some(offset) => ServerAddress::InetMapped((ip, old.port()).into(), offset),
    };
    let mut refused = None;
    if call.arg(3) == b"port" {
        match port(call.arg(4)) {
            None => {
                let word = shown(call.arg(4));
                return call.error(&format!("problem converting port '{word}' to an int"));
            }
            Some((_, true)) if offset.is_none() && needs_port(found) => {
                refused = Some(
                    "can't change <port> to port map because it is incompatible with current \
                     health check port configuration (use 'port' statement from the 'server' \
                     directive)."
                        .to_string(),
                );
            }
            Some((port, mapped)) => {
                let mark = |mapped: bool| if mapped { "+" } else { "" };
                let before = offset.map_or(old.port(), |o| o as u16);
                if (before, offset.is_some()) != (port, mapped) {
                    changes.push(format!(
                        "port changed from '{}{before}' to '{}{port}'",
                        mark(offset.is_some()),
                        mark(mapped)
                    ));
                }
                let at = (ip, port).into();
                place = match mapped {
                    false => ServerAddress::Inet(at),
                    true => ServerAddress::InetMapped(at, i32::from(port)),
                };
            }
        }
    }
    if changes.is_empty() {
        return call.info("nothing changed");
    }
    changes.extend(refused);
    found.server.move_to(place);
    if let Some(shared) = call.world.shared() {
        // connections to where the server was are of no use any more
        shared.close_idle(found.backend.id, found.state.index);
    }
    let text = format!("{} by 'stats socket command'", changes.join(", "));
    call.info(&text)
}

/// `check-port <port>`
pub fn check_port(call: &mut Call<'_>, found: &Named<'_>) -> Flow {
    if !found.state.checked {
        return call.error("health checks are not enabled on this server");
    }
    if call.arg(2).is_empty() {
        return call.error("set server <b>/<s> check-port requires a port.");
    }
    match whole(call.arg(2)) {
        None => call.error("provided port is not an integer"),
        Some(number) => match u16::try_from(number) {
            Ok(port) => {
                found.server.move_check_port(port);
                Flow::More
            }
            Err(_) => call.error("provided port is invalid"),
        },
    }
}

/// `check-addr <ip> [port <port>]`. (3.4.0 takes no address at all here, other versions do.)
pub fn check_addr(call: &mut Call<'_>, found: &Named<'_>) -> Flow {
    if !found.state.checked {
        return call.error("health checks are not enabled on this server");
    }
    if call.arg(2).is_empty() {
        return call
            .error("set server <b>/<s> check-addr requires an address and optionally a port.");
    }
    let Some(ip) = ip(call.arg(2)) else {
        let text = format!("invalid addr '{}'", shown(call.arg(2)));
        return call.error(&text);
    };
    if call.arg(3) == b"port" {
        match whole(call.arg(4)).map(u16::try_from) {
            Some(Ok(port)) => found.server.move_check_port(port),
            Some(Err(_)) => return call.error("provided port is invalid"),
            None => return call.error("provided port is not an integer"),
        }
    }
    found.server.move_check_host(ip);
    Flow::More
}

/// Checks that have no port of their own cannot follow a port that differs by client.
fn needs_port(found: &Named<'_>) -> bool {
    found.state.checked && found.server.check_port().is_none()
}

fn ip(word: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// A port, and whether it counts from the one that the client came to. As in HAProxy, only the
/// lowest 16 bits of the number count.
fn port(word: &[u8]) -> Option<(u16, bool)> {
    let mapped = matches!(word.first(), Some(b'+' | b'-'));
    let number = whole(word)?;
    Some((number as u16, mapped))
}

/// A whole number.
fn whole(word: &[u8]) -> Option<i64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}
