//! What health checks do: lists of steps (`tcp-check`, `http-check`, the ready-made checks of
//! protocols; configuration manual 4.2).

mod status;

pub use status::{CheckStatus, Verdict};

use crate::config::address::Address;
use crate::sample::regex::Regex;
use crate::sample::vars::{Scope, VarId, When};
use crate::sample::{Expr, LogFormat};

/// Which check a proxy's servers get.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum CheckKind {
    /// A TCP connection.
    #[default]
    Connect,
    /// `option tcp-check`
    Tcp,
    /// `option httpchk`
    Http,
    /// `option ssl-hello-chk`
    SslHello,
    /// `option smtpchk`, with the greeting to send
    Smtp(Vec<u8>),
    /// `option mysql-check`
    Mysql(MysqlLogin),
    /// `option pgsql-check`, with the user's name
    Pgsql(Vec<u8>),
    /// `option redis-check`
    Redis,
    /// `option ldap-check`
    Ldap,
    /// `option spop-check`
    Spop,
    /// `option external-check`
    External,
}

/// `option mysql-check [user NAME [VERSION]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MysqlLogin {
    /// Only the server's greeting is read.
    None,
    /// `pre-41`
    Pre41(Vec<u8>),
    /// `post-41`, the default
    Post41(Vec<u8>),
    /// `post-80`
    Post80(Vec<u8>),
}

/// The rules of one protocol (`tcp-check`, `http-check`) in a section.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// In order.
    pub steps: Vec<Step>,
    /// The request of `option httpchk`, which the first `send` completes.
    pub request: Option<HttpSend>,
    /// Whether the section itself said them; those of `defaults` go with its first own one.
    pub own: bool,
    /// No option of the section asks for them.
    pub unused: bool,
}

/// A complete list of steps.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// In order; the first that is neither a comment nor a variable connects.
    pub list: Vec<Step>,
    /// The answers are HTTP.
    pub http: bool,
    /// Messages tell the step, as those about `option tcp-check` do.
    pub told: bool,
    /// `http-check disable-on-404`
    pub disable_on_404: bool,
    /// `http-check send-state`
    pub send_state: bool,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its number in messages, from 1; 0: the connection that nobody wrote down.
    pub number: u32,
    /// `comment`
    pub comment: Option<String>,
    /// What it does.
    pub act: Act,
}

impl Step {
    /// A step that was not written down by itself.
    pub fn new(number: u32, act: Act) -> Step {
        Step {
            number,
            comment: None,
            act,
        }
    }
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Act {
    /// `comment`
    Comment,
    /// `connect`
    Connect(Box<Connect>),
    /// `send`, `send-binary` of `tcp-check` and its ready-made companions
    Send(Vec<u8>),
    /// `send-lf`
    SendFormat(LogFormat),
    /// `send-binary-lf`
    SendHex(LogFormat),
    /// `http-check send`
    Request(Box<HttpSend>),
    /// `expect`
    Expect(Box<Expect>),
    /// `set-var`, `set-var-fmt`
    Set(Box<Set>),
    /// `unset-var`
    Unset(Scope, VarId),
}

/// `connect`
#[derive(Clone, Debug, Default)]
pub struct Connect {
    /// `default`: as the server's line says.
    pub default: bool,
    /// `port`
    pub port: Option<Port>,
    /// `addr`
    pub addr: Option<Address>,
    /// `linger`: ends the connection in order instead of with a reset.
    pub linger: bool,
    /// `send-proxy`
    pub send_proxy: bool,
    /// `via-socks4`
    pub via_socks4: bool,
    /// `ssl`
    pub ssl: bool,
    /// `sni`
    pub sni: Option<String>,
    /// `alpn`
    pub alpn: Option<Vec<Vec<u8>>>,
}

/// `port`
#[derive(Clone, Debug)]
pub enum Port {
    /// A number.
    Number(u16),
    /// An expression.
    Expr(Expr),
}

/// A request. What is not said comes from `option httpchk`, else it is `OPTIONS / HTTP/1.0`.
#[derive(Clone, Debug, Default)]
pub struct HttpSend {
    /// `meth`
    pub method: Option<Vec<u8>>,
    /// `uri`, `uri-lf`
    pub uri: Option<LogFormat>,
    /// `ver`; old files smuggle headers in here (`HTTP/1.1\r\nHost:\ www`)
    pub version: Option<Vec<u8>>,
    /// `hdr`, names in lower case
    pub headers: Vec<(Vec<u8>, LogFormat)>,
    /// `body`, `body-lf`
    pub body: Option<LogFormat>,
}

impl HttpSend {
    /// Fills what is missing with another's.
    pub fn complete(&mut self, other: &HttpSend) {
        let o = other.clone();
        self.method = self.method.take().or(o.method);
        self.uri = self.uri.take().or(o.uri);
        self.version = self.version.take().or(o.version);
        self.body = self.body.take().or(o.body);
        if self.headers.is_empty() {
            self.headers = o.headers;
        }
    }
}

/// `set-var`, `set-var-fmt`
#[derive(Clone, Debug)]
pub struct Set {
    /// Where the variable lives.
    pub scope: Scope,
    /// Which it is.
    pub id: VarId,
    /// Conditions behind its name.
    pub when: When,
    /// Its value.
    pub value: SetValue,
}

/// The value of a variable.
#[derive(Clone, Debug)]
pub enum SetValue {
    /// `set-var`
    Expr(Expr),
    /// `set-var-fmt`
    Format(LogFormat),
}

/// `expect`
#[derive(Clone, Debug)]
pub struct Expect {
    /// What is looked for.
    pub pattern: Pattern,
    /// `!`
    pub inverse: bool,
    /// `min-recv`: once so many bytes are there, they are judged; 0: as soon as there is any,
    /// -1: what does not match may yet come.
    pub min_recv: i64,
    /// `ok-status`
    pub ok: CheckStatus,
    /// `error-status`
    pub error: CheckStatus,
    /// `tout-status`
    pub timeout: CheckStatus,
    /// `on-success`
    pub on_success: Option<LogFormat>,
    /// `on-error`
    pub on_error: Option<LogFormat>,
    /// `status-code`
    pub code: Option<Expr>,
}

impl Expect {
    /// With the statuses that nothing was said about.
    pub fn new(pattern: Pattern) -> Expect {
        let error = match pattern {
            Pattern::Status(_) | Pattern::StatusRegex(_) | Pattern::Header(_) => {
                CheckStatus::L7Status
            }
            _ => CheckStatus::L7Response,
        };
        Expect {
            pattern,
            inverse: false,
            min_recv: -1,
            ok: CheckStatus::L7Ok,
            error,
            timeout: CheckStatus::L7Timeout,
            on_success: None,
            on_error: None,
            code: None,
        }
    }
}

/// What `expect` looks for.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// `string`
    String(Vec<u8>),
    /// `rstring`
    Regex(Regex),
    /// `string-lf`
    StringFormat(LogFormat),
    /// `binary`: the bytes, and how they were written
    Binary(Vec<u8>, String),
    /// `rbinary`: of hexadecimal digits in upper case
    BinaryRegex(Regex),
    /// `binary-lf`
    BinaryFormat(LogFormat),
    /// `custom`; the ready-made checks read the answer as one of these protocols
    Custom(Option<Reader>),
    /// `status`: ranges
    Status(Vec<(u16, u16)>),
    /// `rstatus`
    StatusRegex(Regex),
    /// `hdr`, `fhdr`
    Header(Box<HeaderPattern>),
}

/// `hdr`, `fhdr`
#[derive(Clone, Debug)]
pub struct HeaderPattern {
    /// Which headers.
    pub name: Matcher,
    /// What one of them has to be; `None`: anything.
    pub value: Option<Matcher>,
    /// `fhdr`: commas do not part values.
    pub full: bool,
}

/// A text to compare with.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// `-m str`
    Exact(LogFormat),
    /// `-m beg`
    Begin(LogFormat),
    /// `-m end`
    End(LogFormat),
    /// `-m sub`
    Sub(LogFormat),
    /// `-m reg`
    Regex(Regex),
}

/// Protocols that ready-made checks understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The greeting of a MySQL server
    MysqlGreeting,
    /// The answer to a MySQL login.
    MysqlLogin,
    /// The answer to an LDAP bind.
    Ldap,
    /// The answer to a SPOP hello.
    Spop,
}

/// `external-check command` and `external-check path`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExternalCheck {
    /// The program.
    pub command: Option<String>,
    /// `PATH` of its environment.
    pub path: Option<String>,
}
