//! Sample fetches: one file per family, one line per family in the registry here.

use super::args::{Arg, Kind};
use super::compile::Compile;
use super::places::Places;
use super::value::{Sample, Type};
use super::view::Eval;
use std::fmt;

mod acl;
mod auth;
mod base32;
mod body;
mod captures;
mod certificate;
mod connection;
mod cookies;
mod counters;
mod distcc;
mod dump_all_vars;
mod headers;
mod hello;
mod internal;
mod last_rule;
mod layer4;
mod payload;
mod profiling;
mod progress;
mod proxies;
mod proxy_protocol;
mod request;
mod response;
mod ssl;
mod timeouts;
mod variables;

pub use captures::{path_of, remembered_target};
pub use connection::{asks_server_connection, fault_named, fault_number};
pub use ssl::cipher;

/// Evaluates a fetch; `None`: no such value.
pub type FetchFn = for<'a> fn(&'a [Arg], &Eval<'a>, &mut Cursor) -> Option<Sample<'a>>;

/// Checks and prepares arguments when compiling.
pub type Check = fn(&mut Vec<Arg>, &mut Compile<'_>) -> Result<(), String>;

/// A sample fetch.
pub struct Fetch {
    /// Its name.
    pub name: &'static str,
    /// What its arguments must be.
    pub args: &'static [Kind],
    /// How many of them it cannot do without.
    pub required: usize,
    /// The type of its value.
    pub out: Type,
    /// Where its value comes from.
    pub source: &'static Source,
    /// Checks arguments when compiling.
    pub check: Option<Check>,
    /// Evaluates it.
    pub eval: FetchFn,
    /// What it gives, for `explain` and editors.
    pub doc: &'static str,
    /// Examples, run as tests.
    pub examples: &'static [Example],
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// An expression and its value on the example transaction, or on a request of its own.
pub struct Example {
    /// The expression.
    pub expr: &'static str,
    /// A request (or response) head of its own, without the final empty line.
    pub head: Option<&'static str>,
    /// Its value as text; `None` if there is none.
    pub value: Option<&'static str>,
}

impl Example {
    /// On the example transaction.
    pub const fn of(expr: &'static str, value: &'static str) -> Example {
        Example {
            expr,
            head: None,
            value: Some(value),
        }
    }
    /// Without a value on the example transaction.
    pub const fn none(expr: &'static str) -> Example {
        Example {
            expr,
            head: None,
            value: None,
        }
    }
    /// On a head of its own.
    pub const fn on(head: &'static str, expr: &'static str, value: &'static str) -> Example {
        Example {
            expr,
            head: Some(head),
            value: Some(value),
        }
    }
}

/// How far an iteration over the values of a fetch is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    /// All values in turn are wanted, not just the one that the fetch means by itself.
    pub all: bool,
    /// There may be another value: call again.
    pub more: bool,
    /// More data may give a value or change it: the answer is not final.
    pub not_yet: bool,
    /// The fetch's own: which field.
    pub field: u32,
    /// The fetch's own: where in it.
    pub offset: u32,
}

impl Cursor {
    /// One value only.
    pub fn once() -> Self {
        Self::default()
    }
    /// All values in turn.
    pub fn all() -> Self {
        Cursor {
            all: true,
            ..Self::default()
        }
    }
}

/// Where a value comes from, which decides where the fetch can be used.
#[derive(Debug)]
pub struct Source {
    /// HAProxy's words for it.
    pub name: &'static str,
    /// Where it is known.
    pub places: Places,
}

macro_rules! sources {
    ($($(#[$doc:meta])* $id:ident = $name:literal, $places:expr;)*) => {
        $($(#[$doc])* pub static $id: Source = Source { name: $name, places: $places };)*
    };
}

sources! {
    /// Known when the configuration is read.
    CONSTANT = "configuration", Places::ANYWHERE;
    /// The process.
    INTERNAL = "internal state", Places::INTERNAL;
    /// The front end and its listener.
    FRONTEND = "frontend", Places::FRONTEND;
    /// The client's address.
    CLIENT = "client address", Places::CLIENT;
    /// The client's connection.
    CLIENT_CONNECTION = "client-side connection", Places::SESSION;
    /// What the connection to the server brought.
    SERVER_CONNECTION = "server-side connection", Places::SERVER_CONNECTION;
    /// Bytes of the request.
    REQUEST_BUFFER = "request buffer", Places::REQUEST;
    /// The request's head.
    REQUEST_HEADERS = "HTTP request headers", Places::REQUEST;
    /// What is remembered of the request.
    REQUEST = "HTTP request", Places::TRANSACTION;
    /// The head of either message.
    HEADERS = "HTTP request headers,HTTP response headers", Places::MESSAGE;
    /// Bytes of either message.
    BUFFER = "request buffer,response buffer", Places::MESSAGE;
    /// The back end.
    BACKEND = "backend", Places::BACKEND;
    /// The server.
    SERVER = "server", Places::SERVER_CHOSEN;
    /// What passed while the response did.
    TRANSFER = "response buffer statistics", Places::TRANSFER;
    /// What passed of the request.
    REQUEST_STATISTICS = "request buffer statistics", Places::TRANSACTION;
    /// The transaction so far.
    STATISTICS = "transaction statistics", Places::TRANSACTION;
    /// The server's address.
    SERVER_ADDRESS = "server address", Places::SERVER_CONNECTION;
    /// Bytes of the response.
    RESPONSE_BUFFER = "response buffer", Places::RESPONSE;
    /// The response's head.
    RESPONSE_HEADERS = "HTTP response headers", Places::RESPONSE;
    /// What is remembered of the response.
    RESPONSE = "HTTP response", Places::SERVER_CONNECTION;
}

/// The registry, in the order of the manual.
static FAMILIES: &[&[Fetch]] = &[
    acl::FETCHES,
    auth::FETCHES,
    internal::FETCHES,
    proxies::FETCHES,
    layer4::FETCHES,
    connection::FETCHES,
    proxy_protocol::FETCHES,
    counters::FETCHES,
    counters::ARRAYS,
    counters::STATES,
    counters::TABLES,
    ssl::FETCHES,
    ssl::LISTS,
    ssl::SECRETS,
    ssl::SERVERS,
    certificate::CLIENTS,
    certificate::OWN,
    certificate::SERVERS,
    certificate::CHAINS,
    payload::FETCHES,
    distcc::FETCHES,
    hello::FETCHES,
    hello::RDP,
    hello::OLD_RDP,
    request::FETCHES,
    base32::FETCHES,
    body::FETCHES,
    progress::FETCHES,
    profiling::FETCHES,
    headers::FETCHES,
    cookies::FETCHES,
    response::FETCHES,
    captures::FETCHES,
    timeouts::FETCHES,
    variables::FETCHES,
    dump_all_vars::FETCHES,
    last_rule::FETCHES,
];

/// Every fetch that hapax executes.
pub fn all() -> impl Iterator<Item = &'static Fetch> {
    FAMILIES.iter().flat_map(|f| f.iter())
}

/// The fetch of a name.
pub fn find(name: &[u8]) -> Option<&'static Fetch> {
    all().find(|f| f.name.as_bytes() == name)
}
