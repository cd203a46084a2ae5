//! Names and kinds of HAProxy 3.4's metrics.

use Nature::{Counter, Gauge};

/// What a metric does in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

impl Nature {
    /// Its word in the `# TYPE` line.
    pub fn word(self) -> &'static str {
        match self {
            Counter => "counter",
            Gauge => "gauge",
        }
    }
}

/// A metric of proxies, listeners and servers.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The column of the statistics that holds its value.
    pub column: usize,
    /// Its name behind `haproxy_frontend_` and so on.
    pub name: &'static str,
    /// What it does in time.
    pub nature: Nature,
    /// Whose it is: letters of [`Kind::letter`](crate::control::stats::Kind::letter).
    pub scopes: &'static str,
}

const fn metric(column: usize, name: &'static str, nature: Nature, scopes: &'static str) -> Metric {
    Metric {
        column,
        name,
        nature,
        scopes,
    }
}

/// Metrics of proxies, listeners and servers, in HAProxy's order.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    metric(2, "current_queue", Gauge, "BS"),
    metric(3, "max_queue", Gauge, "BS"),
    metric(4, "current_sessions", Gauge, "FLBS"),
    metric(5, "max_sessions", Gauge, "FLBS"),
    metric(6, "limit_sessions", Gauge, "FLBS"),
    metric(7, "sessions_total", Counter, "FLBS"),
    metric(8, "bytes_in_total", Counter, "FLBS"),
    metric(9, "bytes_out_total", Counter, "FLBS"),
    metric(10, "requests_denied_total", Counter, "FLB"),
    metric(11, "responses_denied_total", Counter, "FLBS"),
    metric(12, "request_errors_total", Counter, "FL"),
    metric(13, "connection_errors_total", Counter, "BS"),
    metric(14, "response_errors_total", Counter, "BS"),
    metric(15, "retry_warnings_total", Counter, "BS"),
    metric(16, "redispatch_warnings_total", Counter, "BS"),
    metric(17, "status", Gauge, "FLBS"),
    metric(18, "weight", Gauge, "BS"),
    metric(19, "active", Gauge, "S"),
    metric(19, "active_servers", Gauge, "B"),
    metric(20, "backup", Gauge, "S"),
    metric(20, "backup_servers", Gauge, "B"),
    metric(21, "check_failures_total", Counter, "S"),
    metric(22, "check_up_down_total", Counter, "BS"),
    metric(23, "check_last_change_seconds", Gauge, "BS"),
    metric(24, "downtime_seconds_total", Counter, "BS"),
    metric(25, "queue_limit", Gauge, "S"),
    metric(29, "current_throttle", Gauge, "S"),
    metric(30, "loadbalanced_total", Counter, "BS"),
    metric(33, "current_session_rate", Gauge, "FBS"),
    metric(34, "limit_session_rate", Gauge, "F"),
    metric(35, "max_session_rate", Gauge, "FBS"),
    metric(36, "check_status", Gauge, "S"),
    metric(37, "check_code", Gauge, "S"),
    metric(38, "check_duration_seconds", Gauge, "S"),
    metric(39, "http_responses_total", Counter, "FBS"),
    metric(47, "http_requests_rate_max", Gauge, "F"),
    metric(48, "http_requests_total", Counter, "FBS"),
    metric(49, "client_aborts_total", Counter, "BS"),
    metric(50, "server_aborts_total", Counter, "BS"),
    metric(51, "http_comp_bytes_in_total", Counter, "FB"),
    metric(52, "http_comp_bytes_out_total", Counter, "FB"),
    metric(53, "http_comp_bytes_bypassed_total", Counter, "FB"),
    metric(54, "http_comp_responses_total", Counter, "FB"),
    metric(55, "last_session_seconds", Gauge, "BS"),
    metric(58, "queue_time_average_seconds", Gauge, "BS"),
    metric(59, "connect_time_average_seconds", Gauge, "BS"),
    metric(60, "response_time_average_seconds", Gauge, "BS"),
    metric(61, "total_time_average_seconds", Gauge, "BS"),
    metric(78, "connections_rate_max", Gauge, "F"),
    metric(79, "connections_total", Counter, "FL"),
    metric(80, "intercepted_requests_total", Counter, "F"),
    metric(81, "denied_connections_total", Counter, "FL"),
    metric(82, "denied_sessions_total", Counter, "FL"),
    metric(83, "failed_header_rewriting_total", Counter, "FLBS"),
    metric(84, "connection_attempts_total", Counter, "BS"),
    metric(85, "connection_reuses_total", Counter, "BS"),
    metric(86, "http_cache_lookups_total", Counter, "FB"),
    metric(87, "http_cache_hits_total", Counter, "FB"),
    metric(88, "idle_connections_current", Gauge, "S"),
    metric(89, "idle_connections_limit", Gauge, "S"),
    metric(90, "max_queue_time_seconds", Gauge, "BS"),
    metric(91, "max_connect_time_seconds", Gauge, "BS"),
    metric(92, "max_response_time_seconds", Gauge, "BS"),
    metric(93, "max_total_time_seconds", Gauge, "BS"),
    metric(94, "internal_errors_total", Counter, "FLBS"),
    metric(95, "unsafe_idle_connections_current", Gauge, "S"),
    metric(96, "safe_idle_connections_current", Gauge, "S"),
    metric(97, "used_connections_current", Gauge, "S"),
    metric(98, "need_connections_current", Gauge, "S"),
    metric(99, "uweight", Gauge, "BS"),
    metric(100, "agg_server_status", Gauge, "B"),
    metric(101, "agg_server_check_status", Gauge, "B"),
    metric(102, "agg_check_status", Gauge, "B"),
    metric(113, "private_idle_connections_current", Gauge, "S"),
    metric(114, "req_bytes_in_total", Counter, "FLBS"),
    metric(115, "req_bytes_out_total", Counter, "FLBS"),
    metric(116, "res_bytes_in_total", Counter, "FLBS"),
    metric(117, "res_bytes_out_total", Counter, "FLBS"),
];

/// Metrics of the process: field of `show info`, name behind `haproxy_process_`, nature. Without a
/// field there is nothing to tell.
#[rustfmt::skip]
pub const PROCESS: &[(&str, &str, Nature)] = &[
    ("Nbthread", "nbthread", Gauge),
    ("Nbproc", "nbproc", Gauge),
    ("Process_num", "relative_process_id", Gauge),
    ("Uptime_sec", "uptime_seconds", Gauge),
    ("PoolFailed", "pool_failures_total", Counter),
    ("Ulimit-n", "max_fds", Gauge),
    ("Maxsock", "max_sockets", Gauge),
    ("Maxconn", "max_connections", Gauge),
    ("Hard_maxconn", "hard_max_connections", Gauge),
    ("CurrConns", "current_connections", Gauge),
    ("CumConns", "connections_total", Counter),
    ("CumReq", "requests_total", Counter),
    ("MaxSslConns", "max_ssl_connections", Gauge),
    ("CurrSslConns", "current_ssl_connections", Gauge),
    ("CumSslConns", "ssl_connections_total", Counter),
    ("Maxpipes", "max_pipes", Gauge),
    ("PipesUsed", "pipes_used_total", Counter),
    ("PipesFree", "pipes_free_total", Counter),
    ("ConnRate", "current_connection_rate", Gauge),
    ("ConnRateLimit", "limit_connection_rate", Gauge),
    ("MaxConnRate", "max_connection_rate", Gauge),
    ("SessRate", "current_session_rate", Gauge),
    ("SessRateLimit", "limit_session_rate", Gauge),
    ("MaxSessRate", "max_session_rate", Gauge),
    ("SslRate", "current_ssl_rate", Gauge),
    ("SslRateLimit", "limit_ssl_rate", Gauge),
    ("MaxSslRate", "max_ssl_rate", Gauge),
    ("SslFrontendKeyRate", "current_frontend_ssl_key_rate", Gauge),
    ("SslFrontendMaxKeyRate", "max_frontend_ssl_key_rate", Gauge),
    ("SslFrontendSessionReuse_pct", "frontend_ssl_reuse", Gauge),
    ("SslBackendKeyRate", "current_backend_ssl_key_rate", Gauge),
    ("SslBackendMaxKeyRate", "max_backend_ssl_key_rate", Gauge),
    ("SslCacheLookups", "ssl_cache_lookups_total", Counter),
    ("SslCacheMisses", "ssl_cache_misses_total", Counter),
    ("CompressBpsIn", "http_comp_bytes_in_total", Counter),
    ("CompressBpsOut", "http_comp_bytes_out_total", Counter),
    ("CompressBpsRateLim", "limit_http_comp", Gauge),
    ("", "current_zlib_memory", Gauge),
    ("", "max_zlib_memory", Gauge),
    ("Tasks", "current_tasks", Gauge),
    ("Run_queue", "current_run_queue", Gauge),
    ("Idle_pct", "idle_time_percent", Gauge),
    ("node", "node", Gauge),
    ("Stopping", "stopping", Gauge),
    ("Jobs", "jobs", Gauge),
    ("Unstoppable Jobs", "unstoppable_jobs", Gauge),
    ("Listeners", "listeners", Gauge),
    ("ActivePeers", "active_peers", Gauge),
    ("ConnectedPeers", "connected_peers", Gauge),
    ("DroppedLogs", "dropped_logs_total", Counter),
    ("BusyPolling", "busy_polling_enabled", Gauge),
    ("FailedResolutions", "failed_resolutions", Counter),
    ("TotalBytesOut", "bytes_out_total", Counter),
    ("TotalSplicedBytesOut", "spliced_bytes_out_total", Counter),
    ("BytesOutRate", "bytes_out_rate", Gauge),
    ("CumRecvLogs", "recv_logs_total", Counter),
    ("Build info", "build_info", Gauge),
    ("Memmax_bytes", "max_memory_bytes", Gauge),
    ("PoolAlloc_bytes", "pool_allocated_bytes", Gauge),
    ("PoolUsed_bytes", "pool_used_bytes", Gauge),
    ("Start_time_sec", "start_time_seconds", Gauge),
    ("TotalWarnings", "total_warnings", Counter),
    ("PatternsAdded", "patterns_added_total", Gauge),
    ("PatternsFreed", "patterns_freed_total", Gauge),
    ("NbThreadGroups", "nb_thread_groups", Gauge),
];
