//! `set server`, `enable server`, `disable server`

use super::named::{self, Named};
use super::{Call, Command, Flow, weight};
use crate::balance::{Admin, Operational};
use crate::base::clock;
use crate::base::diag::Severity;
use crate::ir::bind::CliLevel;

/// `set server <backend>/<server> ...`
pub const SET: Command = Command {
    words: &["set", "server"],
    usage: "set server <bk>/<srv> [opts]",
    meaning: "changes a server's state, health or weight",
    level: CliLevel::Admin,
    run: set,
};

/// `disable server <backend>/<server>`
pub const DISABLE: Command = Command {
    words: &["disable", "server"],
    usage: "disable server (DEPRECATED)",
    meaning: "puts a server in maintenance (as 'set server' does)",
    level: CliLevel::Admin,
    run: |call| named(call, maintenance),
};

/// `enable server <backend>/<server>`
pub const ENABLE: Command = Command {
    words: &["enable", "server"],
    usage: "enable server  (DEPRECATED)",
    meaning: "takes a server out of maintenance (as 'set server' does)",
    level: CliLevel::Admin,
    run: |call| named(call, no_maintenance),
};

const USAGE: &str = "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | \
                     agent-send | check-addr | check-port | fqdn | health | ssl | state | weight";

fn named(call: &mut Call<'_>, act: fn(&mut Call<'_>, &Named<'_>)) -> Flow {
    let word = call.arg(0).to_vec();
    match named::server(call, &word) {
        Ok(found) => {
            act(call, &found);
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
                no_maintenance(call, &found);
                no_drain(call, &found);
                Flow::More
            }
            b"drain" => {
                drain(call, &found);
                Flow::More
            }
            b"maint" => {
                maintenance(call, &found);
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
            health(call, &found, to);
            Flow::More
        }
        b"check-addr" | b"check-port" if !found.state.checked => {
            call.error("health checks are not enabled on this server")
        }
        b"agent" | b"agent-addr" | b"agent-port" | b"agent-send" => {
            call.error("agent checks are not enabled on this server.")
        }
        b"addr" if call.arg(2).is_empty() => {
            call.error("set server <b>/<s> addr requires an address and optionally a port.")
        }
        b"addr" | b"check-addr" | b"check-port" | b"fqdn" | b"ssl" => {
            call.error("hapax cannot change this at run time yet.")
        }
        _ => call.error(USAGE),
    }
}

/// ` N active and N backup servers left. ...`
fn left(found: &Named<'_>, requeued: u32) -> String {
    format!(
        " {} active and {} backup servers left. {} sessions active, {requeued} requeued, {} \
         remaining in queue.",
        found.shared().usable_active(),
        found.shared().usable_backup(),
        found.state.served(),
        found.state.queued()
    )
}

/// What a server of this kind is called.
fn title(found: &Named<'_>) -> String {
    let kind = if found.state.backup { "Backup " } else { "" };
    format!("{kind}Server {}", found.path())
}

fn tell(call: &Call<'_>, text: &str) {
    call.world.tell(Severity::Warning, text);
}

/// Whether the back end has lost its last server since `before`.
fn tell_if_lost(call: &Call<'_>, found: &Named<'_>, before: bool) {
    if found.shared().is_down() && !before {
        let text = format!("backend '{}' has no server available!", found.backend.name);
        call.world.tell(Severity::Alert, &text);
    }
}

fn maintenance(call: &mut Call<'_>, found: &Named<'_>) {
    let admin = found.state.admin();
    if admin.intersects(Admin::MAINT | Admin::CONFIG_MAINT) {
        return;
    }
    let before = found.shared().is_down();
    let was_up = found.state.operational() != Operational::Stopped;
    let now = clock::now_ms();
    let requeued = found
        .shared()
        .set_admin(found.state, admin | Admin::MAINT, now);
    let title = title(found);
    if was_up {
        let left = left(found, requeued);
        tell(
            call,
            &format!("{title} is going DOWN for maintenance.{left}"),
        );
    } else {
        tell(
            call,
            &format!("{title} was DOWN and now enters maintenance."),
        );
    }
    tell_if_lost(call, found, before);
}

fn no_maintenance(call: &mut Call<'_>, found: &Named<'_>) {
    let admin = found.state.admin();
    if !admin.intersects(Admin::MAINT | Admin::CONFIG_MAINT) {
        return;
    }
    let to = admin - (Admin::MAINT | Admin::CONFIG_MAINT);
    found.shared().set_admin(found.state, to, clock::now_ms());
    let title = title(found);
    let word = if found.state.operational() == Operational::Stopped {
        "DOWN"
    } else if to.intersects(Admin::ANY_DRAIN) {
        "UP/DRAIN"
    } else {
        "UP/READY"
    };
    tell(
        call,
        &format!("{title} is {word} (leaving forced maintenance)."),
    );
}

/// Drain, which also ends maintenance.
fn drain(call: &mut Call<'_>, found: &Named<'_>) {
    let admin = found.state.admin();
    let forced = Admin::MAINT | Admin::CONFIG_MAINT;
    let to = (admin - forced) | Admin::DRAIN;
    if admin == to {
        return;
    }
    let before = found.shared().is_down();
    let requeued = found.shared().set_admin(found.state, to, clock::now_ms());
    let title = title(found);
    if admin.intersects(forced) {
        let word = match found.state.operational() {
            Operational::Stopped => "DOWN",
            _ => "UP/DRAIN",
        };
        tell(
            call,
            &format!("{title} is {word} (leaving forced maintenance)."),
        );
        tell(call, &format!("{title} remains in forced drain mode."));
    } else {
        let left = left(found, requeued);
        tell(call, &format!("{title} enters drain state.{left}"));
    }
    tell_if_lost(call, found, before);
}

fn no_drain(call: &mut Call<'_>, found: &Named<'_>) {
    let admin = found.state.admin();
    if !admin.contains(Admin::DRAIN) {
        return;
    }
    let now = clock::now_ms();
    found
        .shared()
        .set_admin(found.state, admin - Admin::DRAIN, now);
    let title = title(found);
    let word = match found.state.operational() {
        Operational::Stopped => "DOWN",
        _ => "UP",
    };
    tell(call, &format!("{title} is {word} (leaving forced drain)."));
}

fn health(call: &mut Call<'_>, found: &Named<'_>, to: Operational) {
    let was = found.state.operational();
    if was == to {
        return;
    }
    let before = found.shared().is_down();
    let requeued = found
        .shared()
        .set_operational(found.state, to, clock::now_ms());
    let title = title(found);
    let (word, rest) = match to {
        Operational::Stopped => ("DOWN", left(found, requeued)),
        other => (
            if other == Operational::Stopping {
                "stopping"
            } else {
                "UP"
            },
            format!(
                " {} active and {} backup servers online. {requeued} sessions requeued, {} total \
                 in queue.",
                found.shared().usable_active(),
                found.shared().usable_backup(),
                found.state.queued()
            ),
        ),
    };
    tell(call, &format!("{title} is {word}, changed from CLI.{rest}"));
    tell_if_lost(call, found, before);
}
