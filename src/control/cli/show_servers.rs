//! `show servers state`, `show servers conn`

use super::{Call, Command, Flow, named};
use crate::balance::event::Verdict;
use crate::balance::{Admin, ServerState};
use crate::base::clock;
use crate::ir::address::Host;
use crate::ir::bind::CliLevel;
use crate::plan::{BackendId, BackendPlan, ServerAddress, ServerPlan};

/// `show servers state [<backend>]`
pub const STATE: Command = Command {
    words: &["show", "servers", "state"],
    usage: "show servers state [<backend>]",
    meaning: "shows the state of servers in the form of a server state file",
    level: CliLevel::User,
    run: |call| {
        let title = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state \
                     srv_uweight srv_iweight srv_time_since_last_change srv_check_status \
                     srv_check_result srv_check_health srv_check_state srv_agent_state \
                     bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl \
                     srv_check_port srv_check_addr srv_agent_addr srv_agent_port";
        each(call, title, &state)
    },
};

/// `show servers conn [<backend>]`
pub const CONN: Command = Command {
    words: &["show", "servers", "conn"],
    usage: "show servers conn [<backend>]",
    meaning: "shows the connections to servers",
    level: CliLevel::User,
    run: |call| {
        let threads = call.world.numbers().threads;
        let title = format!(
            "# bkname/svname bkid/svid addr port - purge_delay served used_cur used_max need_est \
             idle_sess unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[{threads}]"
        );
        let idle = call.world.shared().map(|s| s.idle_connections());
        let idle = idle.unwrap_or_default();
        each(call, &title, &|call, be, server, state| {
            connections(call, be, server, state, &idle)
        })
    },
};

type Line<'l> = &'l dyn Fn(&Call<'_>, &BackendPlan, &ServerPlan, &ServerState) -> String;

/// Idle connections: back end, server, thread, used once, used more than once.
type Idle = (BackendId, u32, usize, usize, usize);

/// A line for each server of the back end asked for, or of all of them.
fn each(call: &mut Call<'_>, title: &str, line: Line<'_>) -> Flow {
    let plan = call.world.plan();
    let only = match call.args.first() {
        None => None,
        Some(name) => match named::backend(plan, name) {
            Some(backend) => Some(backend.id),
            None => return call.error("Can't find backend."),
        },
    };
    call.line(title);
    for backend in plan.present().filter(|b| only.is_none_or(|id| b.id == id)) {
        for (server, state) in backend.present() {
            let line = line(call, backend, server, state);
            call.line(&line);
            if !call.flush() {
                return Flow::Close;
            }
        }
    }
    Flow::More
}

/// Address and port; `-` and 0 where there are none.
fn place(server: &ServerPlan) -> (String, u16) {
    match &*server.address_now() {
        ServerAddress::Inet(address) => (address.ip().to_string(), address.port()),
        ServerAddress::InetMapped(address, offset) => (address.ip().to_string(), *offset as u16),
        ServerAddress::Unresolved => ("-".to_string(), server.port_now()),
        _ => ("-".to_string(), 0),
    }
}

/// The bits of `srv_admin_state` (management guide 9.3).
fn admin_bits(admin: Admin) -> u32 {
    let table = [
        (Admin::MAINT, 1),
        (Admin::TRACKED_MAINT, 2),
        (Admin::CONFIG_MAINT, 1 | 4),
        (Admin::DRAIN, 8),
        (Admin::TRACKED_DRAIN, 16),
        (Admin::RESOLVE_MAINT, 32),
    ];
    table
        .iter()
        .filter(|(flag, _)| admin.contains(*flag))
        .fold(0, |sum, (_, bit)| sum | bit)
}

fn state(_: &Call<'_>, be: &BackendPlan, server: &ServerPlan, state: &ServerState) -> String {
    let (address, port) = place(server);
    let since = clock::now_ms().saturating_sub(state.last_change()) / 1000;
    let last = state.counters.last_check.lock().as_ref().map(|l| l.status);
    let checking = state.checking();
    let (status, result) = match last {
        None => (1, 0),
        // its result is not known while the next check is under way
        Some(status) if checking => (status.number(), 0),
        Some(status) => (
            status.number(),
            match status.verdict() {
                Verdict::Failed => 2,
                Verdict::Passed => 3,
                Verdict::Conditional => 4,
            },
        ),
    };
    let enabled = state.checked && !state.checks_paused();
    let asleep = state.admin().intersects(Admin::ANY_MAINT)
        && !state.is_fresh()
        && (enabled || server.settings.disabled);
    let check_state = [(checking, 1), (state.checked, 2), (enabled, 4), (asleep, 8)];
    let check_state: u32 = check_state
        .iter()
        .filter(|(so, _)| *so)
        .map(|(_, bit)| bit)
        .sum();
    let health = state.score();
    let forced = u32::from(server.settings.id_given);
    let service = server.dns.as_ref().and_then(|d| d.service.as_deref());
    let told = server.dns.as_ref().map(|d| d.host.lock().clone());
    let own = match &server.settings.address.host {
        Host::Name { name, .. } if told.is_none() => Some(name.as_str()),
        _ => None,
    };
    let name = told.as_ref().and_then(|h| h.name.as_deref()).or(own);
    let (name, service) = (name.unwrap_or("-"), service.unwrap_or("-"));
    let renamed = if told.as_ref().is_some_and(|h| h.is_told) {
        64
    } else {
        0
    };
    let check_port = server.check_port().unwrap_or(0);
    let changed = state.agent.as_ref().map(|a| a.changed.lock().clone());
    let changed = changed.unwrap_or_default();
    let agent = server.settings.agent.as_ref();
    // configured and enabled, and an agent; paused or not
    let agent_state = match &state.agent {
        None => 0,
        Some(a) if a.is_paused() => 18,
        Some(_) => 22,
    };
    let own = agent.and_then(|a| a.addr.as_ref()?.host.ip());
    let agent_host = changed.host.or(own);
    let agent_host = agent_host.map_or("-".to_string(), |ip| ip.to_string());
    let agent_port = changed.port.or(agent.map(|a| a.port)).unwrap_or(0);
    format!(
        "{} {} {} {} {address} {} {} {} {} {since} {status} {result} {health} {check_state} \
         {agent_state} 0 {forced} {name} {port} {service} 0 {check_port} - {agent_host} {agent_port}",
        be.uuid,
        be.name,
        server.settings.id,
        server.name,
        if state.admin().intersects(Admin::ANY_MAINT) {
            0
        } else {
            state.operational() as u32
        },
        admin_bits(state.admin()) | renamed,
        state.weight(),
        server.settings.weight,
    )
}

fn connections(
    call: &Call<'_>,
    be: &BackendPlan,
    server: &ServerPlan,
    state: &ServerState,
    idle: &[Idle],
) -> String {
    let (address, port) = place(server);
    let threads = call.world.numbers().threads as usize;
    let limit = server
        .settings
        .pool_max_conn
        .map_or("-1".to_string(), |n| n.to_string());
    let own = || {
        let here = |i: &&Idle| (i.0, i.1) == (be.id, state.index);
        idle.iter().filter(here)
    };
    let (unproven, proven) = own().fold((0, 0), |(a, b), i| (a + i.3, b + i.4));
    let on = |thread| -> usize { own().filter(|i| i.2 == thread).map(|i| i.3 + i.4).sum() };
    let each: String = (0..threads)
        .map(|thread| format!(" {}", on(thread)))
        .collect();
    let (served, most) = (state.served(), state.served_max());
    format!(
        "{}/{} {}/{} {address} {port} - {} {served} {served} {most} {most} 0 {unproven} {proven} \
         {limit} {}{each}",
        be.name,
        server.name,
        be.uuid,
        server.settings.id,
        server.settings.pool_purge_delay,
        unproven + proven,
    )
}
