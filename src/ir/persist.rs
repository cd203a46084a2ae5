//! Persistence: `cookie` and `appsession`.

use crate::base::span::Span;
use crate::sample::{Condition, Expr};
use crate::table::Table;
use std::sync::Arc;

/// A back end's `cookie` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name, case-sensitive.
    pub name: Vec<u8>,
    /// What is done with it.
    pub mode: CookieMode,
    /// `indirect`
    pub indirect: bool,
    /// `nocache`
    pub nocache: bool,
    /// `postonly`
    pub postonly: bool,
    /// `preserve`
    pub preserve: bool,
    /// `httponly`
    pub httponly: bool,
    /// `secure`
    pub secure: bool,
    /// `domain`, each with its leading dot as written
    pub domains: Vec<String>,
    /// `maxidle`, seconds
    pub maxidle: Option<u32>,
    /// `maxlife`, seconds
    pub maxlife: Option<u32>,
    /// `attr`
    pub attrs: Vec<Vec<u8>>,
    /// `dynamic`
    pub dynamic: bool,
    /// The line.
    pub span: Span,
}

impl Cookie {
    /// A cookie with every option at its default.
    pub fn new(name: Vec<u8>, span: Span) -> Cookie {
        Cookie {
            name,
            mode: CookieMode::Passive,
            indirect: false,
            nocache: false,
            postonly: false,
            preserve: false,
            httponly: false,
            secure: false,
            domains: Vec::new(),
            maxidle: None,
            maxlife: None,
            attrs: Vec::new(),
            dynamic: false,
            span,
        }
    }
}

/// `stick on`, `match`, `store-request`, `store-response`
#[derive(Clone, Debug)]
pub struct StickRule {
    /// It names the server of a request.
    pub matches: bool,
    /// The request's server is entered.
    pub stores: bool,
    /// It is about the response, whose server is entered.
    pub response: bool,
    /// The key.
    pub expr: Expr,
    /// Where it is looked for and entered.
    pub table: Arc<Table>,
    /// When it applies; `None`: always.
    pub condition: Option<Condition>,
}

/// Who makes the cookie's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieMode {
    /// Neither word given: only read, never set.
    Passive,
    /// `insert`
    Insert,
    /// `rewrite`
    Rewrite,
    /// `prefix`
    Prefix,
}

/// `appsession NAME len L timeout T [request-learn] [prefix] [mode M]` (configuration manual of
/// 1.5, 4.2; dropped in 1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSession {
    /// Name of the application's cookie, case-sensitive.
    pub name: Vec<u8>,
    /// How many bytes of the value count.
    pub len: u32,
    /// How long an unused value is remembered, milliseconds.
    pub timeout: u32,
    /// `request-learn`
    pub request_learn: bool,
    /// `prefix`
    pub prefix: bool,
    /// `mode`
    pub mode: AppSessionMode,
    /// The line.
    pub span: Span,
}

/// Where in the URL the value is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AppSessionMode {
    /// `;NAME=value`
    #[default]
    PathParameters,
    /// `?NAME=value`, `&NAME=value`
    QueryString,
}
