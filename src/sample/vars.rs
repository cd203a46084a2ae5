//! Variables: `proc.`, `sess.`, `txn.`, `req.`, `res.`, `check.`

use super::value::Sample;
use std::cell::RefCell;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Where a variable lives and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `proc`: the process
    Proc,
    /// `sess`: the client's connection
    Sess,
    /// `txn`: request and response
    Txn,
    /// `req`: until the request is sent
    Req,
    /// `res`: while the response is processed
    Res,
    /// `check`: one health check
    Check,
}

/// A value that outlives its evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owned {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// Text.
    Str(Vec<u8>),
    /// Binary data.
    Bin(Vec<u8>),
    /// A method.
    Meth(Vec<u8>),
}

impl From<Sample<'_>> for Owned {
    fn from(s: Sample<'_>) -> Self {
        match s {
            Sample::Bool(b) => Owned::Bool(b),
            Sample::Int(i) => Owned::Int(i),
            Sample::V4(a) => Owned::V4(a),
            Sample::V6(a) => Owned::V6(a),
            Sample::Str(s) => Owned::Str(s.to_vec()),
            Sample::Bin(s) => Owned::Bin(s.to_vec()),
            Sample::Meth(s) => Owned::Meth(s.to_vec()),
        }
    }
}

/// The variables of one scope of one stream; the engine owns one per scope and clears it when
/// the scope ends. Empty ones hold no memory.
#[derive(Debug, Default)]
pub struct VarStore {
    values: RefCell<Vec<(VarId, Owned)>>,
}

/// A variable's name, made a number when the configuration is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId(pub u32);

impl VarStore {
    /// Calls `f` with the value if it is set.
    pub fn with<R>(&self, id: VarId, f: impl FnOnce(&Owned) -> R) -> Option<R> {
        let values = self.values.borrow();
        values.iter().find(|(i, _)| *i == id).map(|(_, v)| f(v))
    }
    /// Sets it.
    pub fn set(&self, id: VarId, value: Owned) {
        let mut values = self.values.borrow_mut();
        match values.iter_mut().find(|(i, _)| *i == id) {
            Some((_, v)) => *v = value,
            None => values.push((id, value)),
        }
    }
    /// Unsets it.
    pub fn unset(&self, id: VarId) {
        self.values.borrow_mut().retain(|(i, _)| *i != id);
    }
    /// Forgets all (the scope ended).
    pub fn clear(&self) {
        self.values.borrow_mut().clear();
    }
}
