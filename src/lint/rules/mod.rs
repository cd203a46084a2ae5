//! The rules, one file each, named after the rule.

use super::rule::Rule;

macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        /// Every rule, in the order of the files.
        pub static ALL: &[&Rule] = &[
            &super::allow::UNUSED,
            &super::allow::BAD,
            &super::allow::NO_REASON,
            $(&$module::RULE,)*
        ];
    };
}

rules! {
    address_on_head,
    admin_socket_on_network,
    backend_without_server,
    carriage_return,
    case_sensitive_host,
    catastrophic_regex,
    check_cannot_fail,
    check_without_checked_server,
    client_header_trusted,
    connections_closed,
    contradictory_condition,
    cors_reflects_origin,
    counted_behind_cdn,
    counter_never_tracked,
    counter_not_stored,
    default_credentials,
    deprecated_keyword,
    duplicate_bind,
    duplicate_rule,
    duplicate_server_address,
    early_phase_below,
    flag_after_pattern,
    forwarded_header_kept,
    forwardfor_if_none,
    frontend_maxconn_above_global,
    frontend_without_backend,
    headers_in_httpchk,
    host_without_port,
    http_keyword_in_tcp_mode,
    http_without_httplog,
    ignored_keyword,
    impossible_host,
    inconsistent_timeouts,
    insecure_cookie,
    keyword_as_pattern,
    late_default_server,
    literal_regex,
    log_without_target,
    method_in_small_letters,
    minconn_without_maxconn,
    missing_final_newline,
    missing_timeout,
    mixed_indentation,
    needless_insecure_fork,
    no_chroot,
    no_global_maxconn,
    nolinger,
    only_backup_servers,
    open_redirect,
    outdated_option,
    overridden_setting,
    path_without_slash,
    plain_http_on_443,
    plain_text_password,
    queue_without_timeout,
    rate_limit_by_client_header,
    redefined_acl,
    redirect_loop,
    redundant_condition,
    redundant_setting,
    regex_in_literal_match,
    relaxed_parsing,
    removed_keyword,
    repeated_match_method,
    run_as_root,
    server_verify_none,
    server_without_cookie,
    shadowed_rule,
    shared_proxy_name,
    slow_request,
    small_dh_parameter,
    small_timeout,
    spoofable_forwarded_proto,
    src_before_set_src,
    stats_admin_open,
    stats_without_auth,
    stick_table_without_expire,
    substring_host_match,
    test_after_delete,
    test_after_rewrite,
    test_without_pattern,
    time_without_unit,
    trailing_space,
    ulimit_below_maxconn,
    unchecked_servers,
    unescaped_dot_in_host,
    unreachable_rule,
    unused_acl,
    unused_backend,
    use_backend_chain,
    weak_cipher,
    weak_tls_version,
    websocket_without_tunnel_timeout,
    world_writable_socket,
}

/// Rules that conclude from what is missing, or stands twice: a template says such things in
/// branches of which one is taken.
pub(super) const NEED_THE_TEXT: &[&str] = &[
    "backend-without-server",
    "counter-never-tracked",
    "duplicate-bind",
    "duplicate-rule",
    "duplicate-server-address",
    "frontend-without-backend",
    "http-keyword-in-tcp-mode",
    "log-without-target",
    "missing-timeout",
    "overridden-setting",
    "shared-proxy-name",
    "slow-request",
    "stats-without-auth",
    "unchecked-servers",
    "unreachable-rule",
    "unused-acl",
    "unused-backend",
];

/// Whether a rule says nothing sound about a template.
pub fn needs_the_text(rule: &Rule) -> bool {
    NEED_THE_TEXT.contains(&rule.name)
}

/// Public reports of the fault that a rule looks for.
pub(super) const REPORTS: &[(&str, &str)] = &[
    (
        "case-sensitive-host",
        "https://github.com/authelia/authelia/issues/1478",
    ),
    (
        "early-phase-below",
        "https://github.com/sous-chefs/haproxy/issues/319",
    ),
    (
        "forwarded-header-kept",
        "https://github.com/haproxy/haproxy/issues/44",
    ),
    (
        "forwardfor-if-none",
        "https://github.com/haproxy/haproxy/issues/44",
    ),
    (
        "headers-in-httpchk",
        "https://github.com/jcmoraisjr/haproxy-ingress/issues/1028",
    ),
    (
        "host-without-port",
        "https://github.com/haproxytech/kubernetes-ingress/issues/11",
    ),
    (
        "late-default-server",
        "https://github.com/sous-chefs/haproxy/issues/119",
    ),
    (
        "missing-final-newline",
        "https://github.com/haproxy/haproxy/issues/704",
    ),
    ("nolinger", "https://github.com/haproxy/haproxy/issues/896"),
    (
        "redirect-loop",
        "https://github.com/haproxytech/kubernetes-ingress/issues/410",
    ),
    (
        "regex-in-literal-match",
        "https://github.com/haproxytech/kubernetes-ingress/pull/735",
    ),
    (
        "relaxed-parsing",
        "https://github.com/haproxy/haproxy/issues/2677",
    ),
    (
        "shared-proxy-name",
        "https://github.com/cozystack/cozystack/issues/1966",
    ),
    (
        "spoofable-forwarded-proto",
        "https://github.com/docker-archive/dockercloud-haproxy/issues/152",
    ),
    (
        "stats-admin-open",
        "https://github.com/pgsty/pigsty/issues/193",
    ),
    (
        "substring-host-match",
        "https://github.com/rancher/rancher/issues/7145",
    ),
    (
        "test-after-rewrite",
        "https://github.com/haproxy/haproxy/issues/2926",
    ),
    (
        "unreachable-rule",
        "https://github.com/OpenConext/OpenConext-deploy/issues/641",
    ),
    (
        "world-writable-socket",
        "https://github.com/saltstack-formulas/haproxy-formula/pull/58",
    ),
];

/// A public report of the fault that a rule looks for.
pub fn report(rule: &Rule) -> Option<&'static str> {
    REPORTS
        .iter()
        .find(|(name, _)| *name == rule.name)
        .map(|(_, at)| *at)
}

/// The rule of a name or code.
pub fn find(word: &str) -> Option<&'static Rule> {
    ALL.iter()
        .copied()
        .find(|r| r.name == word || r.code.eq_ignore_ascii_case(word))
}
