//! The `global` section (configuration manual 3), one file per keyword family.

mod chroot;
mod cpu_map;
mod daemon;
mod default_path;
mod description;
mod dns_accept_family;
mod environment;
mod expose;
mod h1;
mod h1_case_adjust;
mod hard_stop_after;
mod http_codes;
mod jwt;
mod leaving;
mod limits;
mod master_worker;
mod maxconn;
mod nbproc;
mod nbthread;
mod node;
mod pidfile;
mod rates;
mod reuseport;
mod server_state;
mod set_var;
mod spread_checks;
mod ssl;
mod stats;
mod tune;
mod unix_bind;
mod user;

use super::KeywordHandler;

pub use nbthread::{MAX_GROUPS, MAX_THREADS};

/// Its keywords, one line each.
pub const KEYWORDS: &[&KeywordHandler] = &[
    &chroot::CHROOT,
    &server_state::BASE,
    &server_state::FILE,
    &cpu_map::CPU_MAP,
    &daemon::DAEMON,
    &daemon::QUIET,
    &daemon::ZERO_WARNING,
    &default_path::DEFAULT_PATH,
    &description::DESCRIPTION,
    &dns_accept_family::DNS_ACCEPT_FAMILY,
    &environment::ENVIRONMENT,
    &expose::DEPRECATED,
    &crate::lower::experimental::EXPOSE,
    &h1::ACCEPT_PAYLOAD,
    &h1::DO_NOT_CLOSE,
    &h1_case_adjust::H1_CASE_ADJUST,
    &h1_case_adjust::H1_CASE_ADJUST_FILE,
    &hard_stop_after::HARD_STOP_AFTER,
    &jwt::ALGORITHMS,
    &jwt::ENCODINGS,
    &leaving::CLOSE_SPREAD_TIME,
    &leaving::GRACE,
    &limits::ULIMIT_N,
    &limits::FD_HARD_LIMIT,
    &limits::STRICT_LIMITS,
    &crate::lower::log::target::GLOBAL,
    &crate::lower::log::target::HOSTNAME,
    &crate::lower::log::target::TAG_GLOBAL,
    &master_worker::MASTER_WORKER,
    &master_worker::MAX_RELOADS,
    &maxconn::MAXCONN,
    &nbproc::NBPROC,
    &nbthread::NBTHREAD,
    &nbthread::THREAD_GROUPS,
    &nbthread::THREAD_HARD_LIMIT,
    &node::NODE,
    &pidfile::PIDFILE,
    &rates::MAXCOMPRATE,
    &rates::MAXCONNRATE,
    &rates::MAXSESSRATE,
    &rates::MAXSSLCONN,
    &rates::MAXSSLRATE,
    &reuseport::NOREUSEPORT,
    &spread_checks::SPREAD_CHECKS,
    &spread_checks::MAX_SPREAD_CHECKS,
    &ssl::BASES,
    &ssl::CACHE_SIZE,
    &ssl::EXTRA_FILES,
    &ssl::ISSUERS,
    &ssl::KEYLOG,
    &ssl::LIFETIME,
    &ssl::LISTS,
    &ssl::OCSP_MODE,
    &ssl::OPTIONS,
    &ssl::SERVER_VERIFY,
    &ssl::SIZES,
    &ssl::SKIP_SELF_ISSUED,
    &ssl::WITHOUT_EXTENSION,
    &stats::SOCKET,
    &stats::TIMEOUT,
    &stats::MAXCONN,
    &set_var::SET_VAR,
    &set_var::SET_VAR_FMT,
    &stats::STATS,
    &http_codes::ERRORS,
    &http_codes::FAILURES,
    &tune::BUFSIZE,
    &tune::STICK_COUNTERS,
    &tune::MAXREWRITE,
    &tune::HTTP_MAXHDR,
    &tune::HTTP_COOKIELEN,
    &tune::HTTP_LOGURILEN,
    &tune::CLI_MAX_PAYLOAD_SIZE,
    &tune::MAXACCEPT,
    &tune::MAXPOLLEVENTS,
    &tune::LISTENER_MULTI_QUEUE,
    &tune::LISTENER_DEFAULT_SHARDS,
    &tune::IDLE_POOL_SHARED,
    &tune::POOL_LOW_FD_RATIO,
    &tune::POOL_HIGH_FD_RATIO,
    &tune::BUFFERS,
    &tune::COMP_MAXLEVEL,
    &unix_bind::UNIX_BIND,
    &user::USER,
    &user::UID,
    &user::GROUP,
    &user::GID,
];
