//! What `-vv` and `feature(...)` say that this build can do.

/// HAProxy 3.4's feature names in its order, and whether hapax can do what each stands for.
///
/// `+` is a promise: test suites and configurations turn features on by it. What HAProxy gains
/// from a platform or a library and hapax gains otherwise counts as present when its effect is
/// there (`GETADDRINFO`: names resolve as libc does).
pub const FEATURES: &[(&str, bool)] = &[
    ("51DEGREES", false),
    ("ACCEPT4", true),
    ("ACME", false),
    ("BACKTRACE", false),
    ("CLOSEFROM", false),
    ("CPU_AFFINITY", true),
    ("CRYPT_H", true),
    ("DEVICEATLAS", false),
    ("DL", false),
    ("ECH", false),
    ("ENGINE", false),
    ("EPOLL", true),
    ("EVPORTS", false),
    ("GETADDRINFO", true),
    ("HAVE_TCP_MD5SIG", false),
    ("KQUEUE", false),
    ("KTLS", false),
    ("LIBATOMIC", false),
    ("LIBCRYPT", true),
    ("LINUX_CAP", false),
    ("LINUX_SPLICE", false),
    ("LINUX_TPROXY", true),
    ("LUA", false),
    ("MATH", false),
    ("MEMORY_PROFILING", false),
    ("NETFILTER", false),
    ("NS", false),
    ("OBSOLETE_LINKER", false),
    ("OPENSSL", true),
    ("OPENSSL_AWSLC", true),
    ("OPENSSL_WOLFSSL", false),
    ("OT", false),
    ("PCRE", false),
    ("PCRE2", false),
    ("PCRE2_JIT", false),
    ("PCRE_JIT", false),
    ("POLL", false),
    ("PRCTL", false),
    ("PROCCTL", false),
    ("PROMEX", true),
    ("PTHREAD_EMULATION", false),
    ("QUIC", false),
    ("QUIC_OPENSSL_COMPAT", false),
    ("RT", false),
    ("SHM_OPEN", false),
    ("SLZ", true),
    ("SSL", true),
    ("STATIC_PCRE", false),
    ("STATIC_PCRE2", false),
    ("TFO", true),
    ("THREAD", true),
    ("THREAD_DUMP", false),
    ("TPROXY", true),
    ("TRACE", false),
    ("WURFL", false),
    ("ZLIB", false),
];

/// Names of the services that `http-request use-service` can call.
pub const SERVICES: &[&str] = &["prometheus-exporter"];

/// Filters: (class, name).
pub const FILTERS: &[(&str, &str)] = &[
    ("COMP", "comp-req"),
    ("COMP", "comp-res"),
    ("COMP", "compression"),
];

/// The list as `-vv` prints it: `+THREAD -LUA ...`.
pub fn line() -> String {
    FEATURES
        .iter()
        .map(|(name, present)| format!("{}{name}", if *present { '+' } else { '-' }))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a feature of this name is present; names are compared exactly, as HAProxy does.
pub fn has(name: &str) -> bool {
    FEATURES.iter().any(|(n, present)| *n == name && *present)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_tells_present_from_absent() {
        assert!(FEATURES.windows(2).all(|w| w[0].0 < w[1].0));
        assert!(has("THREAD") && !has("thread") && !has("LUA") && !has("NONE"));
        let line = line();
        assert!(line.starts_with("-51DEGREES +ACCEPT4 "), "{line}");
        assert!(line.contains(" +THREAD ") && line.contains(" -LUA "));
    }
}
