//! Keywords of proxies and `defaults` (configuration manual 4), one file per keyword or family.

mod acl;
mod appsession;
mod balance;
mod bind_process;
mod block;
mod capture;
pub mod check_rules;
mod compression;
mod cookie;
mod default_backend;
mod disabled;
mod dispatch;
mod dynamic_cookie_key;
mod errorfile;
mod errorloc;
mod filter;
mod force_be_switch;
mod grace;
mod hash_type;
mod http_check;
mod http_error;
mod http_reuse;
mod http_send_name_header;
mod id;
mod limits;
mod mode;
mod monitor;
mod monitor_net;
mod persist_rules;
mod reqrep;
mod retries;
mod retry_on;
pub mod rules;
mod server_state;
mod source;
mod stats;
mod stick;
pub mod stick_table;
mod tcpka;
pub mod timeout;
mod use_backend;
mod use_server;

use super::KeywordHandler;
use super::{bind, log, server};

/// Their keywords, one line each.
pub const KEYWORDS: &[&KeywordHandler] = &[
    &acl::ACL,
    &appsession::APPSESSION,
    &balance::BALANCE,
    &bind::BIND,
    &bind_process::BIND_PROCESS,
    &block::BLOCK,
    &capture::COOKIE,
    &capture::DECLARE,
    &capture::REQUEST,
    &capture::RESPONSE,
    &check_rules::HTTP_CHECK,
    &server_state::LOAD,
    &server_state::NAME,
    &check_rules::TCP_CHECK,
    &compression::COMPRESSION,
    &compression::UNKNOWN,
    &cookie::COOKIE,
    &dispatch::DISPATCH,
    &default_backend::DEFAULT_BACKEND,
    &disabled::DISABLED,
    &disabled::ENABLED,
    &dynamic_cookie_key::DYNAMIC_COOKIE_KEY,
    &errorfile::ERRORFILE,
    &errorloc::ERRORLOC,
    &filter::FILTER,
    &filter::COMPRESSION,
    &hash_type::BALANCE_FACTOR,
    &hash_type::HASH_TYPE,
    &hash_type::PRESERVE_AFFINITY,
    &http_check::DISABLE_ON_404,
    &http_error::ERRORFILES,
    &http_error::HTTP_ERROR,
    &http_reuse::HTTP_REUSE,
    &http_send_name_header::HTTP_SEND_NAME_HEADER,
    &id::DESCRIPTION,
    &id::ID,
    &grace::GRACE,
    &limits::BACKLOG,
    &limits::FULLCONN,
    &limits::MAX_SESSION_SRV_CONNS,
    &limits::MAXCONN,
    &limits::RATE_LIMIT,
    &log::format::ERROR_LOG_FORMAT,
    &log::format::LOG_FORMAT,
    &log::format::LOG_FORMAT_SD,
    &log::format::UNIQUE_ID_FORMAT,
    &log::format::UNIQUE_ID_HEADER,
    &log::steps::LOG_STEPS,
    &log::target::PROXY,
    &log::target::TAG_PROXY,
    &mode::MODE,
    &monitor::MONITOR_FAIL,
    &monitor::MONITOR_URI,
    &monitor_net::MONITOR_NET,
    &force_be_switch::FORCE_BE_SWITCH,
    &persist_rules::FORCE_PERSIST,
    &persist_rules::IGNORE_PERSIST,
    &reqrep::ADD,
    &reqrep::JUDGE,
    &reqrep::REPLACE,
    &reqrep::SET_BACKEND,
    &retries::RETRIES,
    &retry_on::RETRY_ON,
    &rules::HTTP_AFTER_RESPONSE,
    &rules::HTTP_REQUEST,
    &rules::HTTP_RESPONSE,
    &rules::REDIRECT,
    &rules::TCP_REQUEST,
    &rules::TCP_REQUEST_DELAY,
    &rules::TCP_RESPONSE,
    &rules::TCP_RESPONSE_DELAY,
    &server::DEFAULT_SERVER,
    &server::SERVER,
    &server::template::SERVER_TEMPLATE,
    &source::SOURCE,
    &stats::ADMIN,
    &stats::AUTH,
    &stats::ENABLE,
    &stats::HIDE_VERSION,
    &stats::HTTP_REQUEST,
    &stats::REALM,
    &stats::REFRESH,
    &stats::SCOPE,
    &stats::SHOW_DESC,
    &stats::SHOW_LEGENDS,
    &stats::SHOW_MODULES,
    &stats::SHOW_NODE,
    &stats::SHOW_VERSION,
    &stats::URI,
    &stick::STICK,
    &stick_table::STICK_TABLE,
    &tcpka::COUNT,
    &tcpka::TIMES,
    &timeout::OLD,
    &timeout::OTHER,
    &timeout::TIMEOUT,
    &use_backend::USE_BACKEND,
    &use_server::USE_SERVER,
];
