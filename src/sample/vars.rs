//! Variables: `proc.`, `sess.`, `txn.`, `req.`, `res.`, `check.`

use super::scratch::Scratch;
use super::value::Sample;
use super::view::{Eval, StreamView};
use bstr::BStr;
use parking_lot::RwLock;
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
    /// `psess`, `ptxn`, ...: those of a parent stream, which no stream has yet
    Parent,
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
    /// All that are set, by their names without the scope.
    pub fn named(&self) -> Vec<(Vec<u8>, Owned)> {
        let names = NAMES.read();
        let values = self.values.borrow();
        let named = values.iter().filter_map(|(id, value)| {
            let name = names.get(id.0 as usize)?;
            Some((name.clone(), value.clone()))
        });
        named.collect()
    }
    /// Forgets all (the scope ended).
    pub fn clear(&self) {
        self.values.borrow_mut().clear();
    }
}

/// Names known so far; a variable's number is its place here.
static NAMES: RwLock<Vec<Vec<u8>>> = RwLock::new(Vec::new());

/// The variables of the process.
static PROCESS: RwLock<Vec<(VarId, Owned)>> = RwLock::new(Vec::new());

/// The number of a variable named as in `txn.name`; the error is HAProxy's.
pub fn intern(name: &[u8]) -> Result<(Scope, VarId), String> {
    if name.is_empty() {
        return Err("Empty variable name cannot be accepted".into());
    }
    let unknown = || {
        format!(
            "invalid variable name '{}'. A variable name must start with its scope. The scope can \
             be 'proc', '(p)sess', '(p)txn', '(p)req', '(p)res' or 'check'",
            BStr::new(name)
        )
    };
    let dot = memchr::memchr(b'.', name).ok_or_else(unknown)?;
    let (scope, rest) = name.split_at(dot);
    let rest = rest.get(1..).unwrap_or_default();
    let scope = match scope {
        b"proc" => Scope::Proc,
        b"sess" => Scope::Sess,
        b"txn" => Scope::Txn,
        b"req" => Scope::Req,
        b"res" => Scope::Res,
        b"check" => Scope::Check,
        b"psess" | b"ptxn" | b"preq" | b"pres" => Scope::Parent,
        _ => return Err(unknown()),
    };
    if rest.is_empty() {
        return Err(unknown());
    }
    if let Some(&bad) = rest
        .iter()
        .find(|b| !(b.is_ascii_alphanumeric() || b"._".contains(b)))
    {
        return Err(format!("invalid syntax at char '{}'", char::from(bad)));
    }
    let mut names = NAMES.write();
    let at = names.iter().position(|n| n == rest).unwrap_or_else(|| {
        names.push(rest.to_vec());
        names.len() - 1
    });
    Ok((scope, VarId(u32::try_from(at).unwrap_or(u32::MAX))))
}

/// The number of a variable whose name is in use; `None` when nothing ever mentioned it.
pub fn known(name: &[u8]) -> Option<(Scope, VarId)> {
    let rest = name.get(memchr::memchr(b'.', name)? + 1..)?;
    let in_use = NAMES.read().iter().any(|n| n == rest);
    in_use.then(|| intern(name).ok()).flatten()
}

/// A variable of the process.
pub fn process(id: VarId) -> Option<Owned> {
    let all = PROCESS.read();
    all.iter().find(|(i, _)| *i == id).map(|(_, v)| v.clone())
}

/// A variable's value, copied so that it may be set again meanwhile.
pub fn read<'a>(e: &Eval<'a>, scope: Scope, id: VarId) -> Option<Sample<'a>> {
    let copy = |v: &Owned| v.borrow(e.scratch);
    match scope {
        Scope::Proc => {
            let all = PROCESS.read();
            all.iter().find(|(i, _)| *i == id).map(|(_, v)| copy(v))
        }
        _ => e.view.vars(scope)?.with(id, copy),
    }
}

/// Sets a variable, where its scope exists.
pub fn write(view: &dyn StreamView, scope: Scope, id: VarId, value: Owned) {
    match scope {
        Scope::Proc => {
            let mut all = PROCESS.write();
            match all.iter_mut().find(|(i, _)| *i == id) {
                Some((_, v)) => *v = value,
                None => all.push((id, value)),
            }
        }
        _ => {
            if let Some(store) = view.vars(scope) {
                store.set(id, value);
            }
        }
    }
}

/// The conditions behind a variable's name: `set-var(txn.x,ifnotset)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct When {
    exists: Option<bool>,
    empty: Option<bool>,
    set: Option<bool>,
    gt: bool,
    lt: bool,
}

impl When {
    /// Parses the words; the error is HAProxy's.
    pub fn parse<'w>(words: impl Iterator<Item = &'w [u8]>) -> Result<When, String> {
        let mut when = When::default();
        for word in words.filter(|w| !w.is_empty()) {
            match word {
                b"ifexists" => when.exists = Some(true),
                b"ifnotexists" => when.exists = Some(false),
                b"ifempty" => when.empty = Some(true),
                b"ifnotempty" => when.empty = Some(false),
                b"ifset" => when.set = Some(true),
                b"ifnotset" => when.set = Some(false),
                b"ifgt" => when.gt = true,
                b"iflt" => when.lt = true,
                other => return Err(format!("unknown condition \"{}\"", BStr::new(other))),
            }
        }
        Ok(when)
    }

    /// Its conditions as bits, to be kept as an argument.
    pub fn bits(self) -> i64 {
        let three = |b: Option<bool>| match b {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        };
        three(self.exists)
            | three(self.empty) << 2
            | three(self.set) << 4
            | i64::from(self.gt) << 6
            | i64::from(self.lt) << 7
    }

    /// The conditions again.
    pub fn from_bits(bits: i64) -> When {
        let three = |n: i64| match n & 3 {
            0 => None,
            n => Some(n == 2),
        };
        When {
            exists: three(bits),
            empty: three(bits >> 2),
            set: three(bits >> 4),
            gt: bits >> 6 & 1 == 1,
            lt: bits >> 7 & 1 == 1,
        }
    }

    /// Whether the variable may be set to the value.
    pub fn allows(self, scope: Scope, id: VarId, e: &Eval<'_>, value: Sample<'_>) -> bool {
        if let Some(wanted) = self.empty {
            // Numbers and addresses are never empty.
            let is_empty = matches!(value, Sample::Str([]) | Sample::Bin([]) | Sample::Meth([]));
            if is_empty != wanted {
                return false;
            }
        }
        if self.exists.is_none() && self.set.is_none() && !self.gt && !self.lt {
            return true;
        }
        let old = read(e, scope, id);
        // Variables that exist are set, but for those of the process.
        let exists = old.is_some() || scope == Scope::Proc;
        if self.exists.is_some_and(|wanted| exists != wanted)
            || self.set.is_some_and(|wanted| old.is_some() != wanted)
        {
            return false;
        }
        match (old, value) {
            (Some(Sample::Int(old)), Sample::Int(new)) => {
                (!self.gt || old > new) && (!self.lt || old < new)
            }
            _ => true,
        }
    }
}

/// Calls `f` with the name, without its scope, and the value of every variable of a scope.
pub fn each(view: &dyn StreamView, scope: Scope, f: &mut dyn FnMut(&[u8], &Owned)) {
    let values = match scope {
        Scope::Proc => PROCESS.read().clone(),
        _ => match view.vars(scope) {
            Some(store) => store.values.borrow().clone(),
            None => return,
        },
    };
    let names = NAMES.read();
    for (id, value) in &values {
        if let Some(name) = names.get(id.0 as usize) {
            f(name, value);
        }
    }
}

/// Unsets a variable.
pub fn unset(view: &dyn StreamView, scope: Scope, id: VarId) {
    match scope {
        Scope::Proc => PROCESS.write().retain(|(i, _)| *i != id),
        _ => {
            if let Some(store) = view.vars(scope) {
                store.unset(id);
            }
        }
    }
}

impl Owned {
    /// The value again as a sample, its bytes copied into `scratch`.
    pub fn borrow<'a>(&self, scratch: &'a Scratch) -> Sample<'a> {
        match self {
            Owned::Bool(b) => Sample::Bool(*b),
            Owned::Int(i) => Sample::Int(*i),
            Owned::V4(a) => Sample::V4(*a),
            Owned::V6(a) => Sample::V6(*a),
            Owned::Str(s) => Sample::Str(scratch.copy(s)),
            Owned::Bin(s) => Sample::Bin(scratch.copy(s)),
            Owned::Meth(s) => Sample::Meth(scratch.copy(s)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let (scope, a) = intern(b"txn.vars_test_a").unwrap();
        assert_eq!(scope, Scope::Txn);
        assert_eq!(intern(b"req.vars_test_a").unwrap(), (Scope::Req, a));
        assert_ne!(intern(b"txn.vars_test_b").unwrap().1, a);
        assert!(
            intern(b"foo")
                .unwrap_err()
                .starts_with("invalid variable name 'foo'.")
        );
        assert!(intern(b"txn.").is_err());
        assert_eq!(
            intern(b"txn.a-b").unwrap_err(),
            "invalid syntax at char '-'"
        );
    }
}
