//! `show resolvers`, and `show stat domain resolvers`: what was asked of name servers.

use super::{Call, Command, Flow};
use crate::engine::resolvers::NameserverCounters;
use crate::ir::bind::CliLevel;

/// `show resolvers [<section>]`
pub const COMMAND: Command = Command {
    words: &["show", "resolvers"],
    usage: "show resolvers [id]",
    meaning: "shows the counters of resolvers sections",
    level: CliLevel::User,
    run,
};

/// Columns of the statistics of resolvers.
const COLUMNS: &str = "# id,pid,sent,send_error,valid,update,cname,cname_error,any_err,nx,timeout,\
                       refused,other,invalid,too_big,truncated,outdated,";

/// Calls something with the name of each section that has name servers, and with each of these.
fn each(call: &mut Call<'_>, mut then: impl FnMut(&mut Call<'_>, &str, &str, &NameserverCounters)) {
    let world = call.world;
    let Some(shared) = world.shared() else {
        return;
    };
    for (section, state) in world.plan().resolvers.iter().zip(&shared.resolvers) {
        for (nameserver, counters) in section.nameservers.iter().zip(&state.counters) {
            then(call, &section.settings.name, &nameserver.name, counters);
        }
    }
}

fn run(call: &mut Call<'_>) -> Flow {
    let wanted = super::shown(call.arg(0));
    let plan = call.world.plan();
    let known = |name: &str| {
        let mut sections = plan.resolvers.iter();
        sections.any(|s| s.settings.name == name && !s.nameservers.is_empty())
    };
    if !wanted.is_empty() && !known(&wanted) {
        return call.error("Can't find that resolvers section");
    }
    let mut last = String::new();
    each(call, |call, section, nameserver, counters| {
        if !wanted.is_empty() && section != wanted {
            return;
        }
        if section != last {
            call.line(&format!("Resolvers section {section}"));
            section.clone_into(&mut last);
        }
        call.line(&format!(" nameserver {nameserver}:"));
        for (name, value) in counters.all() {
            call.line(&format!("  {:<13}{value}", format!("{name}:")));
        }
    });
    Flow::More
}

/// `show stat domain resolvers`
pub(super) fn statistics(call: &mut Call<'_>) {
    call.line(COLUMNS);
    each(call, |call, section, nameserver, counters| {
        let values: String = counters
            .all()
            .iter()
            .map(|(_, n)| format!("{n},"))
            .collect();
        call.line(&format!("{nameserver},{section},{values}"));
    });
}
