//! What of a request the hashing algorithms look at.

use super::algorithm::KeyFunction;
use super::hash::HashType;
use crate::ir::balance::{Balance, UriKey};
use crate::sample::expr::Expr;
use crate::sample::view::Eval;
use std::sync::Arc;

/// The arguments of a hashing algorithm.
#[derive(Clone, Debug)]
pub enum Key {
    /// `source`
    Source,
    /// `uri`
    Uri(UriKey),
    /// `url_param`
    UrlParam(Box<[u8]>),
    /// `hdr`
    Header {
        /// Its name.
        name: Box<[u8]>,
        /// Only the label in front of the top-level domain.
        domain_only: bool,
    },
    /// `rdp-cookie`
    RdpCookie(Box<[u8]>),
    /// `hash`
    Expr(Arc<Expr>),
}

/// How the hash of a request is worked out.
#[derive(Clone, Debug)]
pub struct Selector {
    function: KeyFunction,
    key: Key,
    hash: HashType,
}

impl Selector {
    /// That of a `balance` line; `None` if its algorithm hashes nothing.
    pub fn new(balance: &Balance, expr: Option<&Arc<Expr>>, hash: HashType) -> Option<Selector> {
        let function = super::algorithm(balance.word())?.key?;
        let key = match balance {
            Balance::Source => Key::Source,
            Balance::Uri(uri) => Key::Uri(*uri),
            Balance::UrlParam { name } => Key::UrlParam(name.as_slice().into()),
            Balance::Header { name, domain_only } => Key::Header {
                name: name.as_slice().into(),
                domain_only: *domain_only,
            },
            Balance::RdpCookie { name } => Key::RdpCookie(name.as_slice().into()),
            Balance::Hash(_) => Key::Expr(expr?.clone()),
            _ => return None,
        };
        Some(Selector {
            function,
            key,
            hash,
        })
    }

    /// The hash of a request; `None` where it has not what is looked at.
    pub fn of(&self, e: &Eval<'_>) -> Option<u32> {
        (self.function)(&self.key, &self.hash, e)
    }

    /// Whether the body of a POST must be there first.
    pub fn wants_body(&self) -> bool {
        matches!(self.key, Key::UrlParam(_))
    }
}
