//! Files to a plan: the stages of the configuration side, one after the other.

use crate::balance::queue::Wake;
use crate::base::diag::{self, Diagnostic};
use crate::base::version;
use crate::config::condition::Facts;
use crate::config::directive::Document;
use crate::config::environment::Environment;
use crate::config::read::{self, Input};
use crate::ir;
use crate::lower;
use crate::plan::{self, Files, Plan};
use std::sync::Arc;

use super::haproxy::features;

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
        tls: None,
    }
}

/// The variables that HAProxy defines before it reads the first line (configuration manual 2.3):
/// its version, the local peer, the files, and its default log formats.
pub fn environment(peer: Option<&str>, inputs: &[Input]) -> Environment {
    let mut env = Environment::of_process();
    env.set("HAPROXY_STARTUP_VERSION", version::FULL);
    env.set("HAPROXY_BRANCH", version::BRANCH);
    let peer = match peer {
        Some(name) => Some(name.to_string()),
        None => nix::unistd::gethostname()
            .ok()
            .and_then(|n| n.into_string().ok()),
    };
    if let Some(peer) = peer {
        env.set("HAPROXY_LOCALPEER", peer);
    }
    let names: Vec<&str> = inputs.iter().map(|i| i.name.as_str()).collect();
    env.set("HAPROXY_CFGFILES", names.join(";"));
    for (name, value) in LOG_FORMATS {
        env.set(*name, *value);
    }
    env
}

/// Format strings that configurations extend: `log-format "${HAPROXY_HTTP_LOG_FMT} ..."`.
const LOG_FORMATS: &[(&str, &str)] = &[
    (
        "HAPROXY_HTTP_LOG_FMT",
        "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq \
         %hr %hs %{+Q}r",
    ),
    (
        "HAPROXY_HTTP_CLF_LOG_FMT",
        "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac \
         %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl",
    ),
    (
        "HAPROXY_HTTPS_LOG_FMT",
        "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq \
         %hr %hs %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/\
         %[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc",
    ),
    (
        "HAPROXY_TCP_LOG_FMT",
        "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq",
    ),
    (
        "HAPROXY_TCP_CLF_LOG_FMT",
        "%{+Q}o %{-Q}ci - - [%T] \"TCP \" 000 %B \"\" \"\" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U \
         %ts-- %ac %fc %bc %sc %rc %sq %bq \"\" \"\" ",
    ),
];

/// Runs every stage, whatever the one before found, so that one run reports all faults.
pub fn load(
    inputs: Vec<Input>,
    env: &mut Environment,
    facts: &Facts,
    options: &lower::Options,
    files: &dyn Files,
    wake: &Arc<dyn Wake>,
) -> Loaded {
    let (document, mut findings) = read::read(inputs, env, facts);
    let (config, more) = lower::lower(&document, options);
    findings.extend(more);
    let (plan, more) = plan::build(&config, files, wake);
    findings.extend(more);
    Loaded {
        document,
        config,
        plan,
        findings,
    }
}
