//! What the runtime API asks of the running process, and the process itself.

use super::watch::Watch;
use crate::balance::counters::Meter;
use crate::base::clock;
use crate::base::diag::Severity;
use crate::config::environment::Environment;
use crate::engine::{Shared, streams};
use crate::ir::bind::CliLevel;
use crate::plan::{BackendId, FrontendId, Plan};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What the runtime API asks of the running process.
pub trait World: Send + Sync {
    /// The numbers of the process, as of now.
    fn numbers(&self) -> Numbers;
    /// The environment as the configuration left it.
    fn environment(&self) -> &Environment;
    /// The sockets of the runtime API with the rights that they give.
    fn sockets(&self) -> &[(String, CliLevel)];
    /// What is executed.
    fn plan(&self) -> &Plan;
    /// The engine, whose counters `show stat` shows.
    fn shared(&self) -> Option<&Shared> {
        None
    }
    /// The master, if this process is one.
    fn supervision(&self) -> Option<&dyn super::master::Supervision> {
        None
    }
    /// What was told while the process started.
    fn startup_logs(&self) -> String;
    /// Tells what was done, where HAProxy tells it.
    fn tell(&self, severity: Severity, text: &str);
    /// Ends all sessions of a server, as its place in its back end names it.
    fn shutdown_sessions(&self, backend: BackendId, server: u32) {
        let _ = (backend, server);
    }
    /// Forgets the highest rates.
    fn clear_rates(&self) {}
    /// Changes the limit of connections of the process.
    fn set_maxconn(&self, number: u32);
    /// Changes the limit of connections of a front end; 0: none.
    fn set_frontend_maxconn(&self, frontend: FrontendId, number: u32);
}

/// TLS connections of the process; rates in the last second and the highest.
#[derive(Clone, Copy, Debug, Default)]
pub struct TlsNumbers {
    /// Connections now.
    pub open: u32,
    /// Connections since the start.
    pub total: u64,
    /// Connections of clients per second.
    pub rate: [u32; 2],
    /// New keys made with clients per second.
    pub client_keys: [u32; 2],
    /// New keys made with servers per second.
    pub server_keys: [u32; 2],
}

impl TlsNumbers {
    /// How many of the clients of the last second went on with a session of before, percent.
    pub fn reuse_percent(&self) -> u32 {
        let [rate, keys] = [self.rate[0], self.client_keys[0]];
        match rate {
            0 => 0,
            _ => 100 - (keys.min(rate) * 100).div_ceil(rate),
        }
    }
}

/// The numbers of the process that `show info` shows.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// Threads.
    pub threads: u32,
    /// Thread groups.
    pub thread_groups: u32,
    /// Process id.
    pub pid: u32,
    /// Milliseconds since the start.
    pub uptime_ms: u64,
    /// When it started, microseconds since 1970.
    pub started_unix_us: u64,
    /// Milliseconds that the start took.
    pub boot_ms: u32,
    /// Limit of open descriptors.
    pub ulimit_n: u32,
    /// Descriptors that `maxconn` may take.
    pub maxsock: u32,
    /// Limit of connections.
    pub maxconn: u32,
    /// The limit that it started with.
    pub hard_maxconn: u32,
    /// Connections now.
    pub connections: u32,
    /// Connections since the start.
    pub total_connections: u64,
    /// Requests since the start.
    pub total_requests: u64,
    /// Connections in the last second.
    pub connection_rate: u32,
    /// The highest of these.
    pub connection_rate_max: u32,
    /// What `set rate-limit` set: connections, sessions, TLS sessions, kilobytes of compression.
    pub limits: [u32; 4],
    /// Bytes into and out of compression in the last second.
    pub compressed: [u32; 2],
    /// Connections that had to wait for the limit.
    pub maxconn_reached: u64,
    /// Tasks.
    pub tasks: u32,
    /// Share of the time that threads waited, percent.
    pub idle_percent: u32,
    /// Streams now.
    pub streams: u32,
    /// Streams since the start.
    pub total_streams: u32,
    /// Log lines that could not be sent.
    pub dropped_logs: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Bytes sent in the last second.
    pub bytes_out_rate: u64,
    /// Name of the node.
    pub node: String,
    /// Its description.
    pub description: Option<String>,
    /// The process is stopping.
    pub stopping: bool,
    /// TLS.
    pub tls: TlsNumbers,
    /// Listeners.
    pub listeners: u32,
    /// Warnings while starting.
    pub warnings: u32,
}

/// What is known about the process when it starts serving.
#[derive(Clone, Debug, Default)]
pub struct Birth {
    /// Limits it runs with.
    pub limits: Option<super::process::Limits>,
    /// The environment as the configuration left it.
    pub environment: Environment,
    /// The sockets of the runtime API.
    pub sockets: Vec<(String, CliLevel)>,
    /// Warnings while starting.
    pub warnings: u32,
    /// Number of threads.
    pub threads: u32,
    /// What was told while starting.
    pub startup_logs: String,
}

/// The running process.
pub struct Process {
    shared: Arc<Shared>,
    watch: Arc<Watch>,
    birth: Birth,
    started_unix_us: u64,
    boot_ms: u32,
    node: String,
    cpu: Mutex<Cpu>,
    rate: Mutex<Rate>,
}

/// CPU time at the last look, to tell how idle the process was since.
#[derive(Clone, Copy, Debug, Default)]
struct Cpu {
    at_ms: u64,
    used_ms: u64,
    idle: u32,
}

/// Connections at the last two looks at least a second apart.
#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    at_ms: u64,
    total: u64,
    rate: u32,
    max: u32,
    bytes: u64,
    bytes_per_second: u64,
}

impl Process {
    /// The process behind an engine that has just started.
    pub fn new(shared: Arc<Shared>, watch: Arc<Watch>, birth: Birth) -> Process {
        let node = shared.plan.global.settings.node.clone();
        let host = || {
            nix::unistd::gethostname()
                .ok()
                .and_then(|n| n.into_string().ok())
                .unwrap_or_default()
        };
        let now = u64::try_from(clock::unix_time().as_micros()).unwrap_or(u64::MAX);
        let boot_ms = clock::now_ms();
        Process {
            started_unix_us: now,
            boot_ms: u32::try_from(boot_ms).unwrap_or(u32::MAX),
            node: node.unwrap_or_else(host),
            cpu: Mutex::new(Cpu {
                idle: 100,
                ..Cpu::default()
            }),
            rate: Mutex::default(),
            shared,
            watch,
            birth,
        }
    }

    /// Looks at the counters; to be called about once per second.
    pub fn tick(&self) {
        let now = clock::now_ms();
        let mut cpu = self.cpu.lock();
        let wall = now.saturating_sub(cpu.at_ms);
        if wall >= 900 {
            let used = cpu_ms();
            let spent = used.saturating_sub(cpu.used_ms);
            let most = wall.saturating_mul(u64::from(self.birth.threads.max(1)));
            let busy = spent.saturating_mul(100).checked_div(most).unwrap_or(0);
            *cpu = Cpu {
                at_ms: now,
                used_ms: used,
                idle: u32::try_from(100u64.saturating_sub(busy)).unwrap_or(0),
            };
        }
        drop(cpu);
        let mut rate = self.rate.lock();
        let wall = now.saturating_sub(rate.at_ms);
        if wall >= 900 {
            let total = self.shared.connections.load(Ordering::Relaxed);
            let new = total.saturating_sub(rate.total).saturating_mul(1000) / wall;
            let new = u32::try_from(new).unwrap_or(u32::MAX);
            let bytes = self.shared.bytes_out();
            *rate = Rate {
                bytes,
                bytes_per_second: bytes.saturating_sub(rate.bytes).saturating_mul(1000) / wall,
                at_ms: now,
                total,
                rate: new,
                max: rate.max.max(new),
            };
        }
    }
}

/// CPU time of the process, milliseconds.
fn cpu_ms() -> u64 {
    use nix::sys::resource::{UsageWho, getrusage};
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return 0;
    };
    let ms = |t: nix::sys::time::TimeVal| {
        u64::try_from(t.tv_sec()).unwrap_or(0) * 1000
            + u64::try_from(t.tv_usec()).unwrap_or(0) / 1000
    };
    ms(usage.user_time()) + ms(usage.system_time())
}

impl Process {
    fn tls(&self) -> TlsNumbers {
        let now = clock::now_ms();
        let tls = &self.shared.tls;
        let both = |meter: &Meter| [meter.now(now), meter.max()];
        TlsNumbers {
            open: crate::engine::reactor::tls::open(),
            total: tls.connections.total(),
            rate: both(&tls.rate),
            client_keys: both(&tls.client_keys),
            server_keys: both(&tls.server_keys),
        }
    }
}

impl World for Process {
    fn numbers(&self) -> Numbers {
        let shared = &self.shared;
        let settings = &shared.plan.global.settings;
        let limits = self.birth.limits;
        let listeners = shared.plan.listeners.len() + self.birth.sockets.len();
        let rate = *self.rate.lock();
        Numbers {
            threads: self.birth.threads,
            thread_groups: settings.thread_groups.unwrap_or(1),
            pid: std::process::id(),
            uptime_ms: clock::now_ms().saturating_sub(shared.started_ms),
            started_unix_us: self.started_unix_us,
            boot_ms: self.boot_ms,
            ulimit_n: limits.map_or(0, |l| l.descriptors),
            maxsock: limits.map_or(0, |l| l.maxsock),
            maxconn: shared.conns.max.load(Ordering::Relaxed),
            hard_maxconn: limits.map_or(0, |l| l.maxconn),
            compressed: [&shared.compression.read, &shared.compression.written]
                .map(|r| r.per_second(clock::now_ms())),
            connections: shared.conns.current(),
            total_connections: shared.connections.load(Ordering::Relaxed),
            total_requests: shared.requests.load(Ordering::Relaxed),
            connection_rate: rate.rate,
            connection_rate_max: rate.max,
            limits: [
                &shared.rate_limits.connections,
                &shared.rate_limits.sessions,
                &shared.rate_limits.tls_sessions,
                &shared.rate_limits.compression,
            ]
            .map(|limit| limit.load(Ordering::Relaxed)),
            maxconn_reached: shared.maxconn_reached.load(Ordering::Relaxed),
            tasks: shared.conns.current(),
            idle_percent: self.cpu.lock().idle,
            bytes_out: shared.bytes_out(),
            bytes_out_rate: rate.bytes_per_second,
            streams: shared.conns.current(),
            total_streams: shared.stream_count(),
            dropped_logs: 0,
            node: self.node.clone(),
            description: settings.description.clone(),
            stopping: shared.is_stopping(),
            tls: self.tls(),
            listeners: u32::try_from(listeners).unwrap_or(u32::MAX),
            warnings: self.birth.warnings,
        }
    }
    fn environment(&self) -> &Environment {
        &self.birth.environment
    }
    fn sockets(&self) -> &[(String, CliLevel)] {
        &self.birth.sockets
    }
    fn plan(&self) -> &Plan {
        &self.shared.plan
    }
    fn shared(&self) -> Option<&Shared> {
        Some(&self.shared)
    }
    fn startup_logs(&self) -> String {
        self.birth.startup_logs.clone()
    }
    fn tell(&self, severity: Severity, text: &str) {
        self.watch.tell(severity, text);
    }
    fn shutdown_sessions(&self, backend: BackendId, server: u32) {
        streams::end_everywhere(&self.shared, move |card| {
            (card.backend, card.server) == (Some(backend), Some(server))
        });
    }
    fn clear_rates(&self) {
        self.rate.lock().max = 0;
    }
    fn set_maxconn(&self, number: u32) {
        self.shared.conns.set_max(number, &self.shared.hub);
    }
    fn set_frontend_maxconn(&self, frontend: FrontendId, number: u32) {
        if let Some(state) = self.shared.frontends.get(frontend.0 as usize) {
            state.conns.set_max(number, &self.shared.hub);
        }
    }
}
