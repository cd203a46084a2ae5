//! The `global` section (configuration manual 3).

use super::bind::Bind;
use crate::base::span::Span;

/// Over what time connections are closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// All at once.
    #[default]
    None,
    /// Over so many milliseconds.
    Over(u32),
    /// Not at all: clients leave by themselves or by their timeouts.
    Infinite,
}

/// Process-wide settings. Settings that only one keyword family reads stand as plain fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Global {
    /// What `balance random` and `rand` begin with; `None`: the clock. Only dry runs set it, which
    /// shall come out the same each time.
    pub seed: Option<u64>,
    /// `maxconn`
    pub maxconn: Option<u32>,
    /// `nbthread`; `None`: one per usable core
    pub nbthread: Option<u32>,
    /// `nbproc` of old files: becomes threads when `nbthread` is not given
    pub nbproc: Option<u32>,
    /// `thread-groups`
    pub thread_groups: Option<u32>,
    /// `cpu-map` entries: (first thread, last thread, CPU numbers)
    pub cpu_map: Vec<CpuMap>,
    /// `user` / `uid`, `group` / `gid`
    pub user: Option<(String, Span)>,
    /// `uid`
    pub uid: Option<u32>,
    /// `group`
    pub group: Option<(String, Span)>,
    /// `gid`
    pub gid: Option<u32>,
    /// `chroot`
    pub chroot: Option<String>,
    /// `pidfile`
    pub pidfile: Option<String>,
    /// `daemon`
    pub daemon: bool,
    /// `quiet`
    pub quiet: bool,
    /// `zero-warning`
    pub zero_warning: bool,
    /// `master-worker`
    pub master_worker: bool,
    /// `master-worker no-exit-on-failure`
    pub master_no_exit_on_failure: bool,
    /// `mworker-max-reloads`: how many reloads an old worker may survive
    pub master_max_reloads: u32,
    /// `noreuseport`
    pub noreuseport: bool,
    /// `fd-hard-limit`
    pub fd_hard_limit: Option<u32>,
    /// `ulimit-n`
    pub ulimit_n: Option<u32>,
    /// `strict-limits`; `no strict-limits` clears it; `None`: not said in the file
    pub strict_limits: Option<bool>,
    /// `server-state-base`
    pub server_state_base: Option<String>,
    /// `server-state-file`
    pub server_state_file: Option<String>,
    /// `node`
    pub node: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `hard-stop-after`, milliseconds
    pub hard_stop_after: Option<u32>,
    /// `grace`, milliseconds
    pub grace: Option<u32>,
    /// `close-spread-time`
    pub close_spread: Spread,
    /// `ssl-default-*`, `ca-base`, `crt-base`, `tune.ssl.*`
    pub tls: super::tls::GlobalTls,
    /// `unix-bind`
    pub unix_bind: super::bind::UnixBind,
    /// `log` lines
    pub logs: Vec<super::log::LogTarget>,
    /// `log-tag`
    pub log_tag: Option<String>,
    /// `log-send-hostname`; empty: the machine's own name
    pub log_hostname: Option<String>,
    /// `stats socket` lines
    pub stats_sockets: Vec<Bind>,
    /// `stats timeout`, milliseconds
    pub stats_timeout: Option<u32>,
    /// `stats maxconn`
    pub stats_maxconn: Option<u32>,
    /// An expression asks for the proxy's own address towards servers (`bc_src`, `%bi`).
    pub asks_server_connection: bool,
    /// `spread-checks`, percent, -50 to 50
    pub spread_checks: i32,
    /// `dns-accept-family`
    pub dns_families: super::resolvers::Families,
    /// `max-spread-checks`, ms
    pub max_spread_checks: Option<u32>,
    /// `h1-case-adjust FROM TO`
    pub h1_case_adjust: Vec<(Vec<u8>, Vec<u8>)>,
    /// `h1-case-adjust-file`
    pub h1_case_adjust_file: Option<(String, Span)>,
    /// `h1-accept-payload-with-any-method`
    pub h1_accept_payload_with_any_method: bool,
    /// `h1-do-not-close-on-insecure-transfer-encoding`
    pub h1_keep_on_insecure_transfer_encoding: bool,
    /// `default-path`
    pub default_path: DefaultPath,
    /// `thread-hard-limit`
    pub thread_hard_limit: Option<u32>,
    /// `tune.*` settings that are executed
    pub tune: Tune,
    /// `http-err-codes`, `http-fail-codes`
    pub http_codes: HttpCodes,
    /// `maxconnrate` and its like
    pub rates: ProcessRates,
}

/// Limits of the process; 0: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessRates {
    /// `maxconnrate`, per second
    pub connections: u32,
    /// `maxsessrate`, per second
    pub sessions: u32,
    /// `maxsslrate`, per second
    pub tls: u32,
    /// `maxsslconn`
    pub tls_connections: u32,
    /// `maxcomprate`, kilobytes per second
    pub compressed: u32,
}

/// A set of HTTP statuses, 100 to 599.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusSet([u64; 8]);

impl StatusSet {
    /// Whether a status is in it.
    pub fn has(&self, status: u16) -> bool {
        let at = usize::from(status).wrapping_sub(100);
        let word = self.0.get(at / 64);
        word.is_some_and(|word| word >> (at % 64) & 1 != 0)
    }
    /// Puts a status in, or takes it out.
    pub fn set(&mut self, status: u16, there: bool) {
        let at = usize::from(status).wrapping_sub(100);
        if let Some(word) = self.0.get_mut(at / 64) {
            *word = *word & !(1 << (at % 64)) | u64::from(there) << (at % 64);
        }
    }
}

/// Which responses count as errors of requests, and which as failures of servers, in stick tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCodes {
    /// `http-err-codes`
    pub errors: StatusSet,
    /// `http-fail-codes`
    pub failures: StatusSet,
}

impl Default for HttpCodes {
    fn default() -> Self {
        let mut codes = HttpCodes {
            errors: StatusSet::default(),
            failures: StatusSet::default(),
        };
        for status in 400..500 {
            codes.errors.set(status, true);
        }
        for status in (500..600).filter(|s| !matches!(s, 501 | 505)) {
            codes.failures.set(status, true);
        }
        codes
    }
}

impl HttpCodes {
    /// Whether a status is an error, and whether a failure.
    pub fn verdict(&self, status: u16) -> (bool, bool) {
        (self.errors.has(status), self.failures.has(status))
    }
}

/// Executed `tune.*` settings with HAProxy 3.4's defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tune {
    /// `tune.bufsize`, bytes
    pub bufsize: u32,
    /// `tune.maxrewrite`, bytes
    pub maxrewrite: u32,
    /// `tune.http.maxhdr`
    pub http_maxhdr: u32,
    /// `tune.http.cookielen`
    pub http_cookielen: u32,
    /// `tune.http.logurilen`
    pub http_logurilen: u32,
    /// `tune.cli.max-payload-size`, bytes
    pub cli_max_payload_size: u32,
    /// `tune.maxaccept`; `None`: built-in
    pub maxaccept: Option<u32>,
    /// `tune.comp.maxlevel`
    pub comp_maxlevel: u32,
    /// `tune.maxpollevents`
    pub maxpollevents: u32,
    /// `tune.listener.multi-queue`
    pub listener_multi_queue: MultiQueue,
    /// `tune.listener.default-shards`
    pub listener_default_shards: Option<super::bind::Shards>,
    /// `tune.idle-pool.shared`
    pub idle_pool_shared: IdlePoolShared,
    /// `tune.pool-low-fd-ratio`, percent
    pub pool_low_fd_ratio: u32,
    /// `tune.pool-high-fd-ratio`, percent
    pub pool_high_fd_ratio: u32,
    /// `tune.stick-counters`
    pub stick_counters: u32,
    /// `tune.rcvbuf.client`, `.server`, `tune.sndbuf.client`, `.server`, bytes
    pub rcvbuf_client: Option<u32>,
    /// see `rcvbuf_client`
    pub rcvbuf_server: Option<u32>,
    /// see `rcvbuf_client`
    pub sndbuf_client: Option<u32>,
    /// see `rcvbuf_client`
    pub sndbuf_server: Option<u32>,
}

impl Default for Tune {
    fn default() -> Self {
        Tune {
            bufsize: 16384,
            maxrewrite: 1024,
            http_maxhdr: 101,
            http_cookielen: 63,
            http_logurilen: 1024,
            cli_max_payload_size: 128 * 1024,
            maxaccept: None,
            comp_maxlevel: 1,
            maxpollevents: 200,
            listener_multi_queue: MultiQueue::On,
            listener_default_shards: None,
            idle_pool_shared: IdlePoolShared::On,
            pool_low_fd_ratio: 20,
            pool_high_fd_ratio: 25,
            stick_counters: 3,
            rcvbuf_client: None,
            rcvbuf_server: None,
            sndbuf_client: None,
            sndbuf_server: None,
        }
    }
}

/// `tune.listener.multi-queue`: which thread serves a connection that one of them accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MultiQueue {
    /// The one with the fewest connections.
    #[default]
    On,
    /// Each in turn.
    Fair,
    /// The one that accepted it.
    Off,
}

/// `tune.idle-pool.shared`: who may take idle server connections of other threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IdlePoolShared {
    /// Threads of all groups.
    Full,
    /// Threads of the same group.
    #[default]
    On,
    /// Nobody.
    Off,
}

/// `default-path`: from where relative file names count.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum DefaultPath {
    /// Where the process was started.
    #[default]
    Current,
    /// The directory of the configuration file that holds the line.
    Config,
    /// That directory's parent.
    Parent,
    /// A directory.
    Origin(String),
}

/// One `cpu-map` line after its sets are expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuMap {
    /// Thread numbers from 1.
    pub threads: Vec<u32>,
    /// CPU numbers from 0; with `auto`, thread `i` takes `cpus[i]` alone.
    pub cpus: Vec<u32>,
    /// `auto:`
    pub auto: bool,
}

impl Default for Global {
    fn default() -> Self {
        Global {
            maxconn: None,
            nbthread: None,
            nbproc: None,
            thread_groups: None,
            cpu_map: Vec::new(),
            user: None,
            uid: None,
            group: None,
            gid: None,
            chroot: None,
            pidfile: None,
            daemon: false,
            quiet: false,
            zero_warning: false,
            master_worker: false,
            master_no_exit_on_failure: false,
            master_max_reloads: 50,
            noreuseport: false,
            fd_hard_limit: None,
            ulimit_n: None,
            strict_limits: None,
            server_state_base: None,
            seed: None,
            server_state_file: None,
            node: None,
            description: None,
            hard_stop_after: None,
            grace: None,
            close_spread: Spread::None,
            tls: super::tls::GlobalTls::default(),
            unix_bind: super::bind::UnixBind::default(),
            logs: Vec::new(),
            log_tag: None,
            log_hostname: None,
            stats_sockets: Vec::new(),
            stats_timeout: None,
            stats_maxconn: None,
            asks_server_connection: false,
            spread_checks: 0,
            dns_families: super::resolvers::Families::default(),
            max_spread_checks: None,
            h1_case_adjust: Vec::new(),
            h1_case_adjust_file: None,
            h1_accept_payload_with_any_method: false,
            h1_keep_on_insecure_transfer_encoding: false,
            default_path: DefaultPath::Current,
            thread_hard_limit: None,
            rates: ProcessRates::default(),
            tune: Tune::default(),
            http_codes: HttpCodes::default(),
        }
    }
}
