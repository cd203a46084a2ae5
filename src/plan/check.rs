//! The steps of health checks, complete: connections and requests that nobody wrote down, and the
//! ready-made checks of protocols.

use super::build::Builder;
use crate::ir::check::{
    Act, CheckKind, CheckStatus, Connect, Expect, MysqlLogin, Pattern, Reader, Rules, Step, Steps,
};
use crate::ir::proxy::Settings;
use crate::ir::{Proxy, Server};
use crate::sample::compile::NoNames;
use crate::sample::logformat::Purpose;
use crate::sample::regex::Regex;
use crate::sample::{Compile, Expr, LogFormat, Places};
use std::sync::Arc;

/// How servers with `check` are checked.
#[derive(Clone, Debug)]
pub enum CheckPlan {
    /// By these steps.
    Steps(Arc<Steps>),
    /// By a program.
    External(Arc<ExternalPlan>),
}

/// `option external-check`
#[derive(Clone, Debug)]
pub struct ExternalPlan {
    /// The program.
    pub command: String,
    /// `PATH` of its environment; `None`: that of this process.
    pub path: Option<String>,
}

impl CheckPlan {
    /// Whether one of the steps speaks TLS by itself.
    pub fn speaks_tls(&self) -> bool {
        match self {
            CheckPlan::Steps(steps) => steps.list.iter().any(|step| match &step.act {
                Act::Connect(c) => c.ssl,
                _ => false,
            }),
            CheckPlan::External(_) => false,
        }
    }
}

impl Builder<'_> {
    /// How a proxy's servers are checked.
    pub(super) fn check_plan(&mut self, proxy: &Proxy) -> CheckPlan {
        let settings = &proxy.settings;
        if let (CheckKind::External, Some(command)) =
            (&settings.check, &settings.external_check.command)
        {
            return CheckPlan::External(Arc::new(ExternalPlan {
                command: command.clone(),
                path: settings.external_check.path.clone(),
            }));
        }
        CheckPlan::Steps(self.check_steps(settings))
    }

    /// The steps that settings ask for.
    fn check_steps(&mut self, settings: &Settings) -> Arc<Steps> {
        let mut steps = steps(settings);
        for step in &mut steps.list {
            if let Act::Connect(connect) = &mut step.act
                && let Some(addr) = &mut connect.addr
            {
                self.literal(addr, "'connect' : 'addr'");
            }
        }
        Arc::new(steps)
    }

    /// The check of one server: as its back end says, or as the section that it names.
    pub(super) fn server_check(&mut self, server: &Server, of_backend: &CheckPlan) -> CheckPlan {
        let config = self.config;
        let named = |name: &String| config.healthchecks.iter().find(|(n, _)| n == name);
        match server.healthcheck.as_ref().and_then(named) {
            Some((_, settings)) => CheckPlan::Steps(self.check_steps(settings)),
            None => of_backend.clone(),
        }
    }
}

/// The steps of a proxy's check.
fn steps(settings: &Settings) -> Steps {
    let mut steps = match &settings.check {
        CheckKind::Connect | CheckKind::External => Steps::default(),
        CheckKind::Tcp => Steps {
            list: settings.tcp_check.steps.clone(),
            told: true,
            ..Steps::default()
        },
        CheckKind::Http => Steps {
            list: http(&settings.http_check),
            http: true,
            disable_on_404: settings.disable_on_404,
            send_state: settings.send_state,
            ..Steps::default()
        },
        ready => Steps {
            list: ready_made(ready),
            ..Steps::default()
        },
    };
    let aside = |s: &&Step| matches!(s.act, Act::Comment | Act::Set(_) | Act::Unset(..));
    let acting = steps.list.iter().find(|s| !aside(s));
    if !acting.is_some_and(|s| matches!(s.act, Act::Connect(_))) {
        let at = steps.list.iter().take_while(|s| aside(s)).count();
        let connect = Connect {
            default: true,
            ..Connect::default()
        };
        let step = Step::new(0, Act::Connect(Box::new(connect)));
        steps.list.insert(at, step);
    }
    steps
}

/// `http-check` rules with the request of `option httpchk` and the usual expectation.
fn http(rules: &Rules) -> Vec<Step> {
    let mut list = rules.steps.clone();
    let sent = list.iter_mut().find_map(|step| match &mut step.act {
        Act::Request(send) => Some(send),
        _ => None,
    });
    match (sent, &rules.request) {
        (Some(send), Some(request)) => send.complete(request),
        (None, Some(request)) => {
            let connected = list.iter().position(|s| matches!(s.act, Act::Connect(_)));
            let at = connected.map_or(0, |at| at + 1);
            list.insert(at, Step::new(0, Act::Request(Box::new(request.clone()))));
        }
        _ => {}
    }
    let acting = |s: &&Step| matches!(s.act, Act::Connect(_) | Act::Request(_) | Act::Expect(_));
    let last = list.iter().rfind(acting);
    if last.is_some_and(|s| matches!(s.act, Act::Request(_))) {
        let expect = Expect::new(Pattern::Status(vec![(200, 399)]));
        list.push(Step::new(0, Act::Expect(Box::new(expect))));
    }
    for (step, number) in list.iter_mut().zip(1..) {
        step.number = number;
    }
    list
}

/// A step that reads.
fn expect(pattern: Pattern, adjust: impl FnOnce(&mut Expect)) -> Act {
    let mut made = Expect::new(pattern);
    adjust(&mut made);
    Act::Expect(Box::new(made))
}

fn compile() -> Compile<'static> {
    Compile::new(Places::CHECK, &NoNames)
}

/// A message of this file.
fn format(text: &str) -> Option<LogFormat> {
    LogFormat::parse_for(Purpose::Check, text.as_bytes(), &mut compile()).ok()
}

fn custom(reader: Reader) -> Act {
    expect(Pattern::Custom(Some(reader)), |_| {})
}

/// A pattern of this file.
fn regex(text: &[u8]) -> Pattern {
    match Regex::new(text, false) {
        Ok(regex) => Pattern::Regex(regex),
        Err(_) => Pattern::Custom(None),
    }
}

/// A pattern of this file for hexadecimal digits.
fn hex_regex(text: &[u8]) -> Pattern {
    match Regex::new(text, false) {
        Ok(regex) => Pattern::BinaryRegex(regex),
        Err(_) => Pattern::Custom(None),
    }
}

/// The checks of protocols (configuration manual 4.2, `option ...-check`), their packets and
/// statuses as HAProxy 3.4 sends and judges them.
fn ready_made(kind: &CheckKind) -> Vec<Step> {
    let connect = |linger| {
        Act::Connect(Box::new(Connect {
            default: true,
            linger,
            ..Connect::default()
        }))
    };
    let acts: Vec<Act> = match kind {
        CheckKind::SslHello => vec![
            Act::SendHex(format(&ssl_hello()).unwrap_or_default()),
            expect(hex_regex(b"^1[56]"), |e| {
                e.min_recv = 5;
                e.ok = CheckStatus::L6Ok;
                e.error = CheckStatus::L6Response;
                e.timeout = CheckStatus::L6Timeout;
            }),
        ],
        CheckKind::Smtp(greeting) => smtp(greeting, connect(true)),
        CheckKind::Mysql(login) => mysql(login, connect(true)),
        CheckKind::Pgsql(user) => pgsql(user, connect(true)),
        CheckKind::Redis => vec![
            Act::Send(b"*1\r\n$4\r\nPING\r\n".to_vec()),
            expect(Pattern::String(b"+PONG\r\n".to_vec()), |e| {
                e.error = CheckStatus::L7Status;
                e.on_success = Some(LogFormat::text(b"Redis server is ok"));
                e.on_error = format("%[res.payload(0,0),cut_crlf]");
            }),
        ],
        CheckKind::Ldap => vec![
            // a bind as nobody, LDAPv3 (RFC 4511, 4.2)
            Act::Send(b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00".to_vec()),
            expect(hex_regex(b"^30"), |e| {
                e.min_recv = 14;
                e.on_error = Some(LogFormat::text(b"Not LDAPv3 protocol"));
            }),
            custom(Reader::Ldap),
        ],
        CheckKind::Spop => vec![
            connect(false),
            Act::Send(spop_hello()),
            expect(Pattern::Custom(Some(Reader::Spop)), |e| e.min_recv = 4),
        ],
        _ => Vec::new(),
    };
    acts.into_iter()
        .zip(1..)
        .map(|(act, number)| Step::new(number, act))
        .collect()
}

/// An SSLv3 hello with the time, a fixed "random" part and the suites of its day, in hexadecimal.
fn ssl_hello() -> String {
    use std::fmt::Write;
    let mut hello = b"HAPROXYSSLCHK\nHAPROXYSSLCHK\n\x00".to_vec();
    let suites: Vec<u8> = (0x01..=0x1b).chain(0x2f..=0x3a).collect();
    hello.extend_from_slice(&length(suites.len() * 2));
    hello.extend(suites.iter().flat_map(|suite| [0, *suite]));
    hello.extend_from_slice(&[1, 0]);
    // version and time come before it
    let size = hello.len() + 6;
    let [high, low] = length(size);
    let [outer_high, outer_low] = length(size + 4);
    let mut text = format!(
        "160300{outer_high:02x}{outer_low:02x}0100{high:02x}{low:02x}0300%[date,htonl,hex]"
    );
    for byte in hello {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Two bytes, the higher one first.
fn length(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_be_bytes()
}

fn smtp(greeting: &[u8], connect: Act) -> Vec<Act> {
    let answer = |pattern: &[u8], min, error| {
        expect(regex(pattern), |e| {
            e.min_recv = min;
            e.error = error;
            e.on_error = format(match error {
                CheckStatus::L7Response => "%[res.payload(0,0),cut_crlf]",
                _ => "%[res.payload(4,0),cut_crlf]",
            });
            e.on_success = format("%[res.payload(4,0),cut_crlf]");
            e.code = Expr::parse(b"res.payload(0,3)", &mut compile()).ok();
        })
    };
    vec![
        connect,
        answer(b"^[0-9]{3}[ \r]", 4, CheckStatus::L7Response),
        answer(b"^2[0-9]{2}[ \r]", 4, CheckStatus::L7Status),
        Act::Send(greeting.to_vec()),
        answer(
            b"^(2[0-9]{2}-[^\r]*\r\n)*2[0-9]{2}[ \r]",
            -1,
            CheckStatus::L7Status,
        ),
        Act::Send(b"QUIT\r\n".to_vec()),
        answer(b"^2[0-9]{2}[- \r]", 4, CheckStatus::L7Status),
    ]
}

/// A MySQL packet: its length, its number, its contents.
fn mysql_packet(number: u8, contents: &[u8]) -> Vec<u8> {
    let size = u32::try_from(contents.len()).unwrap_or(0).to_le_bytes();
    let mut packet = vec![size[0], size[1], size[2], number];
    packet.extend_from_slice(contents);
    packet
}

fn mysql(login: &MysqlLogin, connect: Act) -> Vec<Act> {
    let (flags, user, plugin): (&[u8], _, &[u8]) = match login {
        MysqlLogin::None => {
            return vec![connect, custom(Reader::MysqlGreeting)];
        }
        MysqlLogin::Pre41(user) => (b"\x00\x80\x00\x00\x01", user, b"\0"),
        MysqlLogin::Post41(user) => (b"\x00\x82\x00\x00\x00\x80\x00\x01\x21", user, b"\0"),
        MysqlLogin::Post80(user) => (
            b"\x00\x82\x08\x00\x00\x80\x00\x01\x21",
            user,
            b"\0mysql_native_password\0",
        ),
    };
    let mut contents = flags.to_vec();
    if flags.len() > 5 {
        contents.extend_from_slice(&[0; 23]);
    }
    contents.extend_from_slice(user);
    contents.push(0);
    contents.extend_from_slice(plugin);
    let mut packets = mysql_packet(1, &contents);
    // and good-bye
    packets.extend_from_slice(&mysql_packet(0, b"\x01"));
    vec![
        connect,
        Act::Send(packets),
        custom(Reader::MysqlGreeting),
        custom(Reader::MysqlLogin),
    ]
}

fn pgsql(user: &[u8], connect: Act) -> Vec<Act> {
    let mut start = b"\0\x03\0\0user\0".to_vec();
    start.extend_from_slice(user);
    start.extend_from_slice(b"\0\0");
    let size = u32::try_from(start.len() + 4).unwrap_or(0);
    let mut packet = size.to_be_bytes().to_vec();
    packet.extend_from_slice(&start);
    vec![
        connect,
        Act::Send(packet),
        expect(regex(b"^E"), |e| {
            e.inverse = true;
            e.min_recv = 5;
            e.on_error = format("%[res.payload(6,0)]");
        }),
        expect(hex_regex(b"^52000000[0-9A-F]{2}000000[0-9A-F]{2}"), |e| {
            e.min_recv = 9;
            e.error = CheckStatus::L7Status;
            e.on_success = Some(LogFormat::text(b"PostgreSQL server is ok"));
            e.on_error = Some(LogFormat::text(b"PostgreSQL unknown error"));
        }),
    ]
}

/// The greeting to a stream processing agent (SPOE manual 3.2.4), with `healthcheck` set.
fn spop_hello() -> Vec<u8> {
    let mut frame = b"\x01\0\0\0\x01\0\0".to_vec();
    frame.extend_from_slice(b"\x12supported-versions\x08\x032.0");
    frame.extend_from_slice(b"\x0emax-frame-size\x03\xfc\xf0\x06");
    frame.extend_from_slice(b"\x0ccapabilities\x08\x00\x0bhealthcheck\x11");
    let size = u32::try_from(frame.len()).unwrap_or(0);
    let mut packet = size.to_be_bytes().to_vec();
    packet.extend_from_slice(&frame);
    packet
}
