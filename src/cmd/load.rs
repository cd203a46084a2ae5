//! Files to a plan: the stages of the configuration side, one after the other.

use crate::balance::queue::Wake;
use crate::base::diag::{self, Diagnostic};
use crate::base::version;
use crate::config::condition::{Facts, TlsFacts};
use crate::config::directive::Document;
use crate::config::environment::Environment;
use crate::config::read::{self, Input};
use crate::control::master::{REEXECUTED, VARIABLE};
use crate::ir;
use crate::ir::server::InitAddr;
use crate::lower;
use crate::plan::files::Family;
use crate::plan::{self, Files, Plan};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::haproxy::features;

/// The code of "Missing LF on last line".
const TRUNCATED: &str = "HX0107";

/// What becomes of a server whose name does not resolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// The configuration is refused, unless the server's `init-addr` says otherwise.
    MustResolve,
    /// `-dr`: the server waits for its address in maintenance.
    MayFail,
}

/// A configuration after all stages.
pub struct Loaded {
    /// Files and directives.
    pub document: Document,
    /// The configuration as data.
    pub config: ir::Config,
    /// What the engine executes; `None` when a fault makes it impossible.
    pub plan: Option<Plan>,
    /// What every stage found.
    pub findings: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether the configuration must not be executed.
    pub fn is_fatal(&self) -> bool {
        self.plan.is_none() || diag::is_fatal(&self.findings)
    }
}

/// What conditions learn about this program. `reuse_port` is false under `-dR`.
pub fn facts(reuse_port: bool) -> Facts {
    let mut enabled = vec!["EPOLL".to_string(), "GETADDRINFO".to_string()];
    if reuse_port {
        enabled.push("REUSEPORT".to_string());
    }
    Facts {
        version: version::FULL.to_string(),
        features: features::FEATURES
            .iter()
            .filter(|(_, present)| *present)
            .map(|(name, _)| (*name).to_string())
            .collect(),
        enabled,
        // rustls with AWS-LC: as HAProxy sees it when built with that library
        tls: Some(TlsFacts {
            name: "AWS-LC".to_owned(),
            openssl_version: "1.1.1".to_owned(),
            awslc_api: Some(35),
        }),
        language: None,
    }
}

/// The variables that a configuration sees: the process's own and those that HAProxy defines
/// before it reads the first line. `peer` is the name of the local peer, else the host's.
pub fn environment(peer: Option<&str>, inputs: &[Input]) -> Environment {
    let mut env = Environment::of_process();
    // between a master and itself
    env.unset(VARIABLE.as_bytes());
    env.unset(REEXECUTED.as_bytes());
    env.set_constants(version::HAPROXY);
    let host = || nix::unistd::gethostname().ok()?.into_string().ok();
    let peer = peer.map(str::to_string).or_else(host).unwrap_or_default();
    let names: Vec<&str> = inputs.iter().map(|i| i.name.as_str()).collect();
    env.set_process(version::FULL, &peer, &names);
    env
}

/// Runs every stage, whatever the one before found, so that one run reports all faults.
pub fn load(
    inputs: Vec<Input>,
    env: &mut Environment,
    facts: &Facts,
    options: &lower::Options,
    files: &dyn Files,
    wake: &Arc<dyn Wake>,
    names: Names,
) -> Loaded {
    let (mut document, mut findings) = read::read(inputs, env, facts);
    let mut options = options.clone();
    if files.present() {
        let peer = env.get(b"HAPROXY_LOCALPEER").unwrap_or_default();
        options.local_peer = String::from_utf8_lossy(peer).into_owned();
    }
    let (mut config, more) = lower::lower(&document, &options);
    findings.extend(more);
    findings.sort_by_key(|f| {
        let place = f.span.map_or((0, 0), |s| (s.file.0, s.line));
        match f.code {
            // said before any line is read
            TRUNCATED => (false, (0, 0)),
            _ if f.is_late() => (true, (0, 0)),
            _ => (false, place),
        }
    });
    if !options.whole {
        // a large file's words would take up room while the plan is made
        document.sections.retain(|s| s.kind().is("defaults"));
    }
    if names == Names::MayFail {
        for server in config.proxies.iter_mut().flat_map(|p| &mut p.servers) {
            let server = Arc::make_mut(server);
            if server.init_addr.is_empty() {
                server.init_addr.extend([InitAddr::Last, InitAddr::Libc]);
            }
            server.init_addr.push(InitAddr::None);
        }
    }
    let (plan, more) = match diag::is_fatal(&findings) {
        false => plan::build(&config, files, wake),
        true => plan::build(&config, &Unasked(files), wake),
    };
    findings.extend(more);
    Loaded {
        document,
        config,
        plan,
        findings,
    }
}

/// A machine whose name service is not asked: a configuration that is refused already shall not
/// wait for it. HAProxy resolves names only after everything else was right, too.
struct Unasked<'a>(&'a dyn Files);

impl Files for Unasked<'_> {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.0.read(path)
    }
    fn resolve(&self, _host: &str, _family: Family) -> Vec<IpAddr> {
        vec![IpAddr::V4(Ipv4Addr::UNSPECIFIED)]
    }
    fn user(&self, name: &str) -> Option<(u32, u32)> {
        self.0.user(name)
    }
    fn group(&self, name: &str) -> Option<u32> {
        self.0.group(name)
    }
    fn socket(&self, fd: i32) -> Result<(), &'static str> {
        self.0.socket(fd)
    }
    fn present(&self) -> bool {
        self.0.present()
    }
}
