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

    /// Sets the variables that HAProxy sets before it reads a line, whatever was there: its branch
    /// (`3.4` of version `3.4.0`) and the log formats.
    pub fn set_constants(&mut self, version: &str) {
        let branch = match version.match_indices('.').nth(1) {
            Some((dot, _)) => version.get(..dot).unwrap_or(version),
            None => version.split('-').next().unwrap_or(version),
        };
        self.set("HAPROXY_BRANCH", branch);
        for (name, format) in LOG_FORMATS {
            self.set(*name, *format);
        }
        for (name, side, gap) in KEY_LOG_FORMATS {
            self.set(*name, key_log_format(side, gap));
        }
    }

    /// Sets what HAProxy says about the process at its start: the version, the name of the local
    /// peer (`-L`, else the host's name), the files read.
    pub fn set_process(&mut self, version: &str, local_peer: &str, files: &[impl AsRef<str>]) {
        self.set("HAPROXY_STARTUP_VERSION", version);
        self.set("HAPROXY_LOCALPEER", local_peer);
        let files: Vec<&str> = files.iter().map(AsRef::as_ref).collect();
        self.set("HAPROXY_CFGFILES", files.join(";"));
    }

    /// The name of a variable that is nearest to one that is not set.
    pub fn nearest(&self, name: &[u8]) -> Option<&str> {
        let names = self.variables.keys();
        crate::grammar::nearest(name, names.filter_map(|n| std::str::from_utf8(n).ok()))
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

/// The log formats by the names that configurations refer to them by (configuration manual 2.3).
const LOG_FORMATS: &[(&str, &str)] = &[
    (
        "HAPROXY_HTTP_LOG_FMT",
        "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r",
    ),
    (
        "HAPROXY_HTTP_CLF_LOG_FMT",
        "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl",
    ),
    (
        "HAPROXY_HTTPS_LOG_FMT",
        "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc",
    ),
    (
        "HAPROXY_TCP_LOG_FMT",
        "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq",
    ),
    (
        "HAPROXY_TCP_CLF_LOG_FMT",
        "%{+Q}o %{-Q}ci - - [%T] \"TCP \" 000 %B \"\" \"\" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- %ac %fc %bc %sc %rc %sq %bq \"\" \"\" ",
    ),
];

/// The formats of key logs: their name, the side of the connection, the gap in their first line.
const KEY_LOG_FORMATS: &[(&str, &str, &str)] = &[
    ("HAPROXY_KEYLOG_FC_LOG_FMT", "fc", " "),
    ("HAPROXY_KEYLOG_BC_LOG_FMT", "bc", "  "),
];

/// One line per secret, in the form of the NSS key log.
fn key_log_format(side: &str, gap: &str) -> String {
    let random = format!("%[ssl_{side}_client_random,hex]");
    let secrets = [
        "client_early_traffic_secret",
        "client_handshake_traffic_secret",
        "server_handshake_traffic_secret",
        "client_traffic_secret_0",
        "server_traffic_secret_0",
        "exporter_secret",
        "early_exporter_secret",
    ];
    let mut format = format!("CLIENT_RANDOM {random}{gap}%[ssl_{side}_session_key,hex]");
    for secret in secrets {
        let label = secret.to_ascii_uppercase();
        format.push_str(&format!("\n{label} {random} %[ssl_{side}_{secret}]"));
    }
    format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_replace_what_was_there() {
        let mut env: Environment = [("HAPROXY_BRANCH", "9")].into_iter().collect();
        env.set_constants("3.4.0");
        assert_eq!(env.get(b"HAPROXY_BRANCH"), Some(&b"3.4"[..]));
        let key_log = env.get(b"HAPROXY_KEYLOG_FC_LOG_FMT").unwrap_or_default();
        assert_eq!(key_log.split(|b| *b == b'\n').count(), 8);
        assert!(key_log.ends_with(
            b"EARLY_EXPORTER_SECRET %[ssl_fc_client_random,hex] %[ssl_fc_early_exporter_secret]"
        ));
        env.set_constants("3.4-dev5");
        assert_eq!(env.get(b"HAPROXY_BRANCH"), Some(&b"3.4"[..]));
    }

    #[test]
    fn process_and_near_names() {
        let mut env = Environment::default();
        env.set_process("3.4.0", "me", &["a.cfg", "b.cfg"]);
        assert_eq!(env.get(b"HAPROXY_CFGFILES"), Some(&b"a.cfg;b.cfg"[..]));
        assert_eq!(env.nearest(b"HAPROXY_LOCALPER"), Some("HAPROXY_LOCALPEER"));
        assert_eq!(env.nearest(b"HOME"), None);
    }
}
