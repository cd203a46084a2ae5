//! Log targets with their addresses resolved, and the formats of lines compiled.

use super::Files;
use super::files::Family;
use super::ring::RingPlan;
use crate::ir;
use crate::ir::address::Host;
use crate::ir::log::{LogAddress, LogEntry, LogStyle, LogTarget, Profile};
use crate::ir::proxy::Options;
use crate::sample::compile::{Compile, NoNames};
use crate::sample::logformat::{LogFormat, Purpose};
use crate::sample::places::Places;
use crate::sample::view::LogStep;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Port of syslog (RFC 5426 section 3.3).
const SYSLOG_PORT: u16 = 514;

/// Lines of connections, requests and events.
const CONNECT: &str = "Connect from %ci:%cp to %fi:%fp (%f/";
const TCP: &str = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";
const HTTP: &str = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc \
                    %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";
const CLF: &str = "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr \
                   %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl";
const TCP_CLF: &str = "%{+Q}o %{-Q}ci - - [%T] \"TCP \" 000 %B \"\" \"\" %cp %ms %ft %b %s %Th %Tw \
                       %Tc %Tt %U %ts-- %ac %fc %bc %sc %rc %sq %bq \"\" \"\" ";
/// What `option httpslog` adds: errors of the connection (none, once there is a stream), TLS.
const HTTPS_TAIL: &str = " %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc";

/// One target.
#[derive(Debug)]
pub struct TargetPlan {
    /// Where to.
    pub to: TargetAddress,
    /// The line.
    pub settings: LogTarget,
    /// `profile`
    pub profile: Option<Arc<Profile>>,
    /// Messages so far, for `sample`.
    count: AtomicU32,
}

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetAddress {
    /// UDP.
    Udp(SocketAddr),
    /// A datagram socket's path.
    Unix(Vec<u8>),
    /// An open descriptor.
    Fd(i32),
    /// Memory.
    Ring(Arc<RingPlan>),
}

impl TargetPlan {
    /// Whether it takes a message of that level; counts it for `sample`.
    pub fn wants(&self, level: u8) -> bool {
        level <= self.settings.max_level && self.sampled()
    }

    /// Counts a message; whether `sample` lets it through.
    fn sampled(&self) -> bool {
        let Some(sample) = &self.settings.sample else {
            return true;
        };
        let n = self.count.fetch_add(1, Ordering::Relaxed) % sample.size.max(1) + 1;
        sample
            .ranges
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&n))
    }
}

/// What one proxy logs.
#[derive(Debug)]
pub struct LogPlan {
    /// Where to.
    pub targets: Box<[Arc<TargetPlan>]>,
    /// The line of a stream; `None`: one line per connection, when it begins.
    pub format: Option<LogFormat>,
    /// `error-log-format`: the line of what did not become a stream
    pub error: Option<LogFormat>,
    /// `log-format-sd`
    pub sd: Option<LogFormat>,
    /// The line of a connection.
    pub connect: LogFormat,
    /// When lines are written, as bits of `LogStep`.
    pub steps: u16,
    /// The one step is that of `option logasap`, or of a format that needs no more; a stream that
    /// ends before gets its line at its end.
    pub one_line: bool,
    /// `option logasap`
    pub asap: bool,
    /// `option dontlognull`
    pub skips_null: bool,
    /// `option dontlog-normal`
    pub skips_normal: bool,
    /// `option log-separate-errors`
    pub separates_errors: bool,
    /// Lines so far, if a format shows their number (`%lc`).
    pub lines: Option<AtomicU32>,
    /// `log-tag`, else `haproxy`
    pub tag: String,
    /// `log-send-hostname`
    pub hostname: Option<String>,
}

impl LogPlan {
    /// Whether a line is written at a step.
    pub fn logs(&self, step: LogStep) -> bool {
        self.steps & step.bit() != 0
    }
}

/// Builds the log plans of all proxies; targets of the `global` section are shared.
#[derive(Clone, Default)]
pub(super) struct LogBuilder {
    global: Vec<Arc<TargetPlan>>,
    tag: String,
    hostname: Option<String>,
    pub(super) profiles: Box<[Arc<Profile>]>,
    pub(super) rings: Box<[Arc<RingPlan>]>,
}

impl LogBuilder {
    pub(super) fn new(config: &ir::Config, files: &dyn Files) -> LogBuilder {
        let global = &config.global;
        let hostname = global
            .log_hostname
            .clone()
            .map(|name| match name.is_empty() {
                true => rustix::system::uname()
                    .nodename()
                    .to_string_lossy()
                    .into_owned(),
                false => name,
            });
        let rings = super::ring::plan(config, files);
        let profiles: Box<[_]> = config.log_profiles.iter().cloned().map(Arc::new).collect();
        LogBuilder {
            global: global
                .logs
                .iter()
                .filter_map(|t| target(t, &profiles, &rings, files))
                .collect(),
            tag: global
                .log_tag
                .clone()
                .unwrap_or_else(|| "haproxy".to_owned()),
            hostname,
            profiles,
            rings,
        }
    }

    /// The plan of the process itself, for messages that no proxy sends; `None` when it logs
    /// nothing.
    pub(super) fn own(&self) -> Option<Arc<LogPlan>> {
        (!self.global.is_empty()).then(|| {
            Arc::new(LogPlan {
                targets: self.global.clone().into(),
                format: None,
                error: None,
                sd: None,
                connect: LogFormat::default(),
                steps: 0,
                one_line: false,
                asap: false,
                skips_null: false,
                skips_normal: false,
                separates_errors: false,
                lines: None,
                tag: self.tag.clone(),
                hostname: self.hostname.clone(),
            })
        })
    }

    /// The plan of one proxy; `None` when it logs nothing.
    pub(super) fn plan(&self, proxy: &ir::Proxy, files: &dyn Files) -> Option<Arc<LogPlan>> {
        let settings = &proxy.settings;
        let mut targets: Vec<Arc<TargetPlan>> = Vec::new();
        for entry in &settings.logs {
            match entry {
                LogEntry::Global => targets.extend(self.global.iter().cloned()),
                LogEntry::Target(t) => {
                    targets.extend(target(t, &self.profiles, &self.rings, files));
                }
            }
        }
        if targets.is_empty() {
            return None;
        }
        let http = settings.mode == ir::Mode::Http;
        let mode = if http { "HTTP)" } else { "TCP)" };
        let style = settings.log_style.as_ref().map(|(style, _)| style);
        let format = style.and_then(|style| match style {
            LogStyle::Custom(_) => proxy.formats.format.clone().filter(|f| !f.is_empty()),
            // in a proxy of TCP mode HAProxy falls back to tcplog
            style if style.is_http() && !http => Some(compiled(TCP)),
            LogStyle::Tcp => Some(compiled(TCP)),
            LogStyle::TcpClf => Some(compiled(TCP_CLF)),
            LogStyle::Http => Some(compiled(HTTP)),
            LogStyle::HttpClf => Some(compiled(CLF)),
            LogStyle::Https => Some(compiled(&[HTTP, HTTPS_TAIL].concat())),
        });
        let asap = settings.options.contains(Options::LOGASAP);
        let early = if http {
            LogStep::Response
        } else {
            LogStep::Connect
        };
        let whole = format.as_ref().is_some_and(LogFormat::tells_the_end);
        let (steps, one_line) = match (settings.log_steps, &format) {
            (Some(steps), _) if !asap => (steps, false),
            (None, None) => (0, false),
            _ if asap || !whole => (early.bit(), true),
            _ => (LogStep::Close.bit(), true),
        };
        let formats = &proxy.formats;
        let all = [format.as_ref(), formats.error.as_ref(), formats.sd.as_ref()];
        let counts = all.into_iter().flatten().any(LogFormat::counts_lines);
        Some(Arc::new(LogPlan {
            targets: targets.into(),
            format,
            error: formats.error.clone(),
            sd: formats.sd.clone(),
            connect: compiled(&[CONNECT, mode].concat()),
            steps,
            one_line,
            asap,
            skips_null: settings.options.contains(Options::DONTLOGNULL),
            skips_normal: settings.options.contains(Options::DONTLOG_NORMAL),
            separates_errors: settings.options.contains(Options::LOG_SEPARATE_ERRORS),
            lines: counts.then(AtomicU32::default),
            tag: settings.log_tag.clone().unwrap_or_else(|| self.tag.clone()),
            hostname: self.hostname.clone(),
        }))
    }
}

/// Our own formats always compile: a test holds them to it.
fn compiled(text: &str) -> LogFormat {
    let mut cx = Compile::new(Places::LOG, &NoNames);
    LogFormat::parse_for(Purpose::Log, text.as_bytes(), &mut cx).unwrap_or_default()
}

fn target(
    t: &LogTarget,
    profiles: &[Arc<Profile>],
    rings: &[Arc<RingPlan>],
    files: &dyn Files,
) -> Option<Arc<TargetPlan>> {
    let to = match &t.to {
        LogAddress::Ring(name) => {
            let ring = rings.iter().find(|r| r.settings.name == *name)?;
            // the ring says how its messages look
            let own = LogTarget {
                format: ring.settings.format,
                len: ring.settings.maxlen.saturating_add(1),
                ..t.clone()
            };
            return Some(plan(TargetAddress::Ring(ring.clone()), &own, profiles));
        }
        LogAddress::Fd(fd) => TargetAddress::Fd(*fd),
        LogAddress::Socket(a) => {
            let port = if a.port == 0 { SYSLOG_PORT } else { a.port };
            let ip: IpAddr = match &a.host {
                Host::Unix(path) => {
                    return Some(plan(TargetAddress::Unix(path.clone()), t, profiles));
                }
                Host::Ip(ip) => *ip,
                Host::AnyV4 => Ipv4Addr::LOCALHOST.into(),
                Host::AnyV6 => Ipv6Addr::LOCALHOST.into(),
                Host::Name { name, .. } => *files.resolve(name, Family::Any).first()?,
                _ => return None,
            };
            TargetAddress::Udp(SocketAddr::new(ip, port))
        }
    };
    Some(plan(to, t, profiles))
}

fn plan(to: TargetAddress, t: &LogTarget, profiles: &[Arc<Profile>]) -> Arc<TargetPlan> {
    Arc::new(TargetPlan {
        to,
        settings: t.clone(),
        // a name that no section has is none, as in HAProxy
        profile: profiles
            .iter()
            .find(|p| Some(&p.name) == t.profile.as_ref())
            .cloned(),
        count: AtomicU32::new(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_formats_compile() {
        for text in [CONNECT, TCP, TCP_CLF, HTTP, CLF, HTTPS_TAIL] {
            let mut cx = Compile::new(Places::LOG, &NoNames);
            let format = LogFormat::parse_for(Purpose::Log, text.as_bytes(), &mut cx);
            assert!(format.is_ok() && cx.diags.is_empty(), "{text}");
        }
    }
}
