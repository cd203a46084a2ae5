//! The environment variables as configuration lines see them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// A copy of the process's environment that `setenv` and its kin change while lines are read.
///
/// The process's own environment stays as it is until the caller applies this one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Environment {
    /// A copy of this process's environment.
    pub fn of_process() -> Self {
        let bytes = |(name, value): (OsString, OsString)| (name.into_vec(), value.into_vec());
        Environment {
            variables: std::env::vars_os().map(bytes).collect(),
        }
    }

    /// The value of a variable; `None` when it is not set (an empty one is set).
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.variables.get(name).map(Vec::as_slice)
    }

    /// `setenv`: sets or replaces. Values end at a NUL, as in C.
    pub fn set(&mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.variables.insert(name.into(), value.into());
    }

    /// `presetenv`: sets unless set already.
    pub fn preset(&mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.variables
            .entry(name.into())
            .or_insert_with(|| value.into());
    }

    /// `unsetenv`: removes; nothing happens when it was not set.
    pub fn unset(&mut self, name: &[u8]) {
        self.variables.remove(name);
    }

    /// `resetenv`: removes every variable but those named.
    pub fn retain(&mut self, names: &[&[u8]]) {
        self.variables.retain(|name, _| names.contains(&&name[..]));
    }

    /// All variables, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.variables.iter().map(|(n, v)| (&n[..], &v[..]))
    }
}

impl<N: Into<Vec<u8>>, V: Into<Vec<u8>>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Environment {
            variables: pairs
                .into_iter()
                .map(|(n, v)| (n.into(), v.into()))
                .collect(),
        }
    }
}
