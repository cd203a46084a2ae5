//! `-v`, `-vv` and the usage text, in the layout that tools parse.

use super::args::VersionForm;
use super::features;
use crate::base::version;
use std::fmt::Write;

/// The text of a `-v` form; always ends with a line feed.
pub fn text(form: VersionForm) -> String {
    match form {
        VersionForm::Version => format!("{}\n", version::FULL),
        VersionForm::Short => format!("{}\n", version::HAPROXY),
        VersionForm::Branch => format!("{}\n", version::BRANCH),
        VersionForm::Plain => head(),
        VersionForm::Full => full(),
    }
}

/// What `-v` says, and what stands before the usage text.
pub fn head() -> String {
    let machine = nix::sys::utsname::uname().map_or_else(
        |_| "unknown".to_string(),
        |u| {
            [u.sysname(), u.release(), u.version(), u.machine()]
                .map(|s| s.to_string_lossy().into_owned())
                .join(" ")
        },
    );
    format!(
        "HAProxy version {} {} - compatible with HAProxy {}, made by hapax {}\n\
         Status: hapax {} follows HAProxy {} and takes the files of 1.3 to {}.\n\
         Known bugs: see the issues of hapax {}.\n\
         Running on: {machine}\n",
        version::FULL,
        version::DATE,
        version::BRANCH,
        version::HAPAX,
        version::HAPAX,
        version::HAPROXY,
        version::BRANCH,
        version::HAPAX,
    )
}

fn target() -> &'static str {
    if cfg!(target_env = "musl") {
        "linux-musl"
    } else {
        "linux-glibc"
    }
}

fn full() -> String {
    let mut out = head();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let _ = writeln!(out, "Build options : ");
    let _ = writeln!(out, "  TARGET  = {}", target());
    let _ = writeln!(out, "  CC      = rustc");
    let _ = writeln!(
        out,
        "  CFLAGS  = {}",
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    );
    let _ = writeln!(out, "  OPTIONS = ");
    let _ = writeln!(out, "  DEBUG   = ");
    let _ = writeln!(out);
    let _ = writeln!(out, "Feature list : {}", features::line());
    let _ = writeln!(out);
    let _ = writeln!(out, "Default settings :");
    let tune = crate::ir::global::Tune::default();
    let _ = writeln!(
        out,
        "  bufsize = {}, maxrewrite = {}, maxpollevents = {}",
        tune.bufsize, tune.maxrewrite, tune.maxpollevents
    );
    let _ = writeln!(out);
    let _ = writeln!(
        out,
        "Built with multi-threading support (default={threads})."
    );
    let _ = writeln!(
        out,
        "Compression algorithms supported : identity(\"identity\"), deflate(\"deflate\"), \
         raw-deflate(\"deflate\"), gzip(\"gzip\")"
    );
    let _ = writeln!(
        out,
        "Built with transparent proxy support using: IP_TRANSPARENT IPV6_TRANSPARENT IP_FREEBIND"
    );
    let _ = writeln!(out, "Encrypted password support via crypt(3): yes");
    let _ = writeln!(out);
    let _ = writeln!(out, "Available polling systems :");
    let _ = writeln!(out, "      epoll : pref=300,  test result OK");
    let _ = writeln!(out, "Total: 1 (1 usable), will use epoll.");
    let _ = writeln!(out);
    let _ = writeln!(out, "Available multiplexer protocols :");
    let _ = writeln!(
        out,
        "(protocols marked as <default> cannot be specified using 'proto' keyword)"
    );
    for line in [
        "         h2 : mode=HTTP  side=FE|BE  mux=H2    flags=HTX|HOL_RISK|NO_UPG",
        "  <default> : mode=HTTP  side=FE|BE  mux=H1    flags=HTX",
        "         h1 : mode=HTTP  side=FE|BE  mux=H1    flags=HTX|NO_UPG",
        "  <default> : mode=TCP   side=FE|BE  mux=PASS  flags=",
        "       none : mode=TCP   side=FE|BE  mux=PASS  flags=NO_UPG",
    ] {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out);
    let services = if features::SERVICES.is_empty() {
        "none".to_string()
    } else {
        features::SERVICES.join(" ")
    };
    let _ = writeln!(out, "Available services : {services}");
    let _ = writeln!(out);
    let _ = writeln!(out, "Available filters :");
    for (class, name) in features::FILTERS {
        let _ = writeln!(out, "\t[{class}] {name}");
    }
    let _ = writeln!(out);
    out
}

/// The options, one per line, for a program called `name`.
pub fn usage(name: &str) -> String {
    const LINES: &[(&str, &str)] = &[
        (
            "-f <file|dir>",
            "reads a configuration file, or the *.cfg of a directory",
        ),
        (
            "-c",
            "checks the configuration and exits; with -V says that it is valid",
        ),
        (
            "-cc <condition>",
            "evaluates a condition and exits (0 true, 1 false, 2 not understood)",
        ),
        ("-v", "shows the version; -vv also what this build can do"),
        (
            "-vq / -vqs / -vqb",
            "shows only the version, the short version, the branch",
        ),
        ("-V", "verbose"),
        ("-q", "quiet: no message at all"),
        (
            "-d",
            "debug: stays in the foreground; -db does no more than that",
        ),
        ("-D", "goes to the background"),
        (
            "-W / -Ws",
            "master and worker (one process for now); -Ws for systemd",
        ),
        ("-S <bind>", "listener of the master's command line"),
        ("-C <dir>", "changes to a directory before files are read"),
        ("-p <file>", "writes the process number to a file"),
        ("-n <number>", "maximum of connections of the process"),
        ("-N <number>", "default maximum of connections of a proxy"),
        ("-m <megabytes>", "limit of memory"),
        ("-L <name>", "name of the local peer (default: the host's)"),
        ("-4", "resolves names to IPv4 addresses only"),
        (
            "-sf / -st [pid]*",
            "lets old processes finish, or ends them",
        ),
        (
            "-x <socket>",
            "takes the listening sockets over from a running process",
        ),
        ("-dC[key]", "prints the configuration as it was read"),
        ("-dD", "shows hints about doubtful statements"),
        (
            "-dK<class,...>",
            "lists the keywords of classes (-dKhelp names the classes)",
        ),
        ("-dR", "binds without SO_REUSEPORT"),
        ("-dW", "takes any warning for an error"),
        ("-dr", "runs even if a server's name does not resolve"),
        (
            "-dA -dF -dG -dI -dL",
            "taken for compatibility, without effect:",
        ),
        (
            "-dM -dS -dT -dV -dZ",
            "they switch parts of HAProxy that hapax does not have",
        ),
        ("-dc -de -dp -dt", ""),
    ];
    let mut out = format!(
        "Usage : {name} [-f <cfgfile|cfgdir>]* [ -vdVD ] [ -n <maxconn> ] [ -N <maxpconn> ]\n        \
         [ -p <pidfile> ] [ -m <max megs> ] [ -C <dir> ] [-- <cfgfile>*]\n        \
         (called as hapax: hapax help lists further commands)\n"
    );
    for (option, meaning) in LINES {
        let _ = writeln!(
            out,
            "{}",
            format!("        {option:<20} {meaning}").trim_end()
        );
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_find_what_they_look_for() {
        let text = text(VersionForm::Full);
        let first = text.lines().next().unwrap();
        let mut words = first.strip_prefix("HAProxy version ").unwrap().split(' ');
        let version = words.next().unwrap();
        assert!(version.starts_with("3.4.0-hapax"), "{version}");
        let date = words.next().unwrap();
        assert_eq!(date.split('/').count(), 3, "{date}");
        for line in [
            "  TARGET  = linux-",
            "Feature list : ",
            "Available services : ",
            "Available filters :",
        ] {
            assert!(text.lines().any(|l| l.starts_with(line)), "{line}");
        }
        assert_eq!(super::text(VersionForm::Short), "3.4.0\n");
        assert_eq!(super::text(VersionForm::Branch), "3.4\n");
    }

    #[test]
    fn every_option_that_is_read_is_named_in_the_usage() {
        let text = usage("haproxy");
        for option in [
            "-f", "-c", "-cc", "-D", "-db", "-W", "-sf", "-x", "-dW", "-dK", "-4", "-L", "-C",
        ] {
            assert!(text.contains(option), "{option}");
        }
    }
}
