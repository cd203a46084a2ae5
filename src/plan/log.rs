//! Log targets with their addresses resolved, and the formats of lines compiled.

use super::Files;
use super::files::Family;
use crate::ir;
use crate::ir::address::Host;
use crate::ir::log::{LogAddress, LogEntry, LogStyle, LogTarget};
use crate::sample::compile::{Compile, NoNames};
use crate::sample::logformat::{LogFormat, Purpose};
use crate::sample::places::Places;
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

/// One target.
#[derive(Debug)]
pub struct TargetPlan {
    /// Where to.
    pub to: TargetAddress,
    /// The line.
    pub settings: LogTarget,
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
}

impl TargetPlan {
    /// Counts a message; whether `sample` lets it through.
    pub fn sampled(&self) -> bool {
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
    /// The line of a connection.
    pub connect: LogFormat,
    /// `log-tag`, else `haproxy`
    pub tag: String,
    /// `log-send-hostname`
    pub hostname: Option<String>,
}

/// Builds the log plans of all proxies; targets of the `global` section are shared.
pub(super) struct LogBuilder {
    global: Vec<Arc<TargetPlan>>,
    tag: String,
    hostname: Option<String>,
}

impl LogBuilder {
    pub(super) fn new(global: &ir::Global, files: &dyn Files) -> LogBuilder {
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
        LogBuilder {
            global: global
                .logs
                .iter()
                .filter_map(|t| target(t, files))
                .collect(),
            tag: global
                .log_tag
                .clone()
                .unwrap_or_else(|| "haproxy".to_owned()),
            hostname,
        }
    }

    /// The plan of one proxy; `None` when it logs nothing.
    pub(super) fn plan(&self, proxy: &ir::Proxy, files: &dyn Files) -> Option<Arc<LogPlan>> {
        let settings = &proxy.settings;
        let mut targets: Vec<Arc<TargetPlan>> = Vec::new();
        for entry in &settings.logs {
            match entry {
                LogEntry::Global => targets.extend(self.global.iter().cloned()),
                LogEntry::Target(t) => targets.extend(target(t, files)),
            }
        }
        if targets.is_empty() {
            return None;
        }
        let mode = if settings.mode == ir::Mode::Http {
            "HTTP)"
        } else {
            "TCP)"
        };
        let format = match settings.log_style {
            LogStyle::Connect => None,
            LogStyle::Tcp => Some(compiled(TCP)),
            // `option httplog` in a proxy of TCP mode falls back to tcplog, as HAProxy does
            _ if settings.mode != ir::Mode::Http => Some(compiled(TCP)),
            LogStyle::Http => Some(compiled(HTTP)),
            LogStyle::HttpClf => Some(compiled(CLF)),
        };
        Some(Arc::new(LogPlan {
            targets: targets.into(),
            format,
            connect: compiled(&[CONNECT, mode].concat()),
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

fn target(t: &LogTarget, files: &dyn Files) -> Option<Arc<TargetPlan>> {
    let to = match &t.to {
        LogAddress::Fd(fd) => TargetAddress::Fd(*fd),
        LogAddress::Socket(a) => {
            let port = if a.port == 0 { SYSLOG_PORT } else { a.port };
            let ip: IpAddr = match &a.host {
                Host::Unix(path) => {
                    return Some(plan(TargetAddress::Unix(path.clone()), t));
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
    Some(plan(to, t))
}

fn plan(to: TargetAddress, t: &LogTarget) -> Arc<TargetPlan> {
    Arc::new(TargetPlan {
        to,
        settings: t.clone(),
        count: AtomicU32::new(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_formats_compile() {
        for text in [CONNECT, TCP, HTTP, CLF] {
            let mut cx = Compile::new(Places::LOG, &NoNames);
            let format = LogFormat::parse_for(Purpose::Log, text.as_bytes(), &mut cx);
            assert!(format.is_ok() && cx.diags.is_empty(), "{text}");
        }
    }
}
