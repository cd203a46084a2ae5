//! Listeners: `bind` lines and the addresses of old `listen NAME ADDR` heads.

use super::address::Address;
use crate::base::span::Span;

/// One `bind` line. One line may open several addresses, each of which becomes a listener.
#[derive(Clone, Debug, PartialEq)]
pub struct Bind {
    /// The addresses, comma separated in the file.
    pub addresses: Vec<Address>,
    /// `name`
    pub name: Option<String>,
    /// `id`
    pub id: Option<u32>,
    /// `backlog`
    pub backlog: Option<u32>,
    /// `maxconn` of each listener of the line; `None`: no own limit.
    pub maxconn: Option<u32>,
    /// `nice`, -1024 to 1024
    pub nice: i32,
    /// `mss`; negative lowers the advertised size
    pub mss: Option<i32>,
    /// `interface`
    pub interface: Option<String>,
    /// `defer-accept`
    pub defer_accept: bool,
    /// `tfo`
    pub tfo: bool,
    /// `transparent`
    pub transparent: bool,
    /// `v4v6`
    pub v4v6: bool,
    /// `v6only`
    pub v6only: bool,
    /// `proto h2`: HTTP/2 is spoken from the first byte on
    pub h2: bool,
    /// `proto h1`: what looks like HTTP/2 is not taken for it
    pub h1: bool,
    /// `accept-proxy`
    pub accept_proxy: bool,
    /// `tcp-ut`, milliseconds
    pub tcp_ut: Option<u32>,
    /// `ssl` and what belongs to it
    pub tls: super::tls::BindTls,
    /// `mode`, `user`/`uid`, `group`/`gid` of a unix socket
    pub unix: UnixPermissions,
    /// `thread`: the threads that may accept; empty: all
    pub threads: Vec<ThreadSet>,
    /// `process` of old files: which of the `nbproc` processes; empty: all
    pub processes: Vec<ThreadSet>,
    /// `shards`; `None`: `tune.listener.default-shards`
    pub shards: Option<Shards>,
    /// `level`, `expose-fd listeners`, `severity-output` of a `stats socket`
    pub cli: CliAccess,
    /// The addresses as written.
    pub written: String,
    /// File and line: `haproxy.cfg:12`.
    pub place: String,
    /// How messages name the line: `'bind :80' in section 'frontend'`, `'stats socket'`.
    pub said: String,
    /// The whole line.
    pub span: Span,
}

impl Bind {
    /// A listener with every option at its default.
    pub fn new(addresses: Vec<Address>, span: Span) -> Bind {
        Bind {
            addresses,
            name: None,
            id: None,
            backlog: None,
            maxconn: None,
            nice: 0,
            mss: None,
            interface: None,
            defer_accept: false,
            tfo: false,
            transparent: false,
            v4v6: false,
            v6only: false,
            h2: false,
            h1: false,
            accept_proxy: false,
            tcp_ut: None,
            tls: super::tls::BindTls::default(),
            unix: UnixPermissions::default(),
            threads: Vec::new(),
            processes: Vec::new(),
            shards: None,
            cli: CliAccess::default(),
            written: String::new(),
            place: String::new(),
            said: String::new(),
            span,
        }
    }
}

impl Bind {
    /// The threads (from 0, of `threads` in `groups` groups) that may accept for this line; all of
    /// them when the line names none that exists.
    pub fn accepting_threads(&self, threads: usize, groups: u32) -> Vec<usize> {
        let group_size = u32::try_from(group_size(threads, groups)).unwrap_or(u32::MAX);
        let named: Vec<usize> = (0..threads)
            .filter(|i| {
                let number = u32::try_from(i + 1).unwrap_or(u32::MAX);
                self.threads.iter().any(|set| set.holds(number, group_size))
            })
            .collect();
        if named.is_empty() {
            (0..threads).collect()
        } else {
            named
        }
    }
}

/// How many threads one group has; the last one may have fewer.
pub fn group_size(threads: usize, groups: u32) -> usize {
    let groups = usize::try_from(groups).unwrap_or(1).max(1);
    threads.div_ceil(groups).max(1)
}

/// One `thread` word: `all`, `odd`, `even`, `3`, `1-4`, each also as `GROUP/...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadSet {
    /// Thread group, from 1; `None`: numbers count through all groups.
    pub group: Option<u32>,
    /// First number, from 1.
    pub first: u32,
    /// Last number.
    pub last: u32,
    /// 2 for `odd` and `even`, else 1.
    pub step: u32,
}

impl ThreadSet {
    /// Whether thread `number` (from 1, through all groups) is in it, with groups of
    /// `group_size` threads.
    pub fn holds(&self, number: u32, group_size: u32) -> bool {
        let number = match self.group {
            None => number,
            Some(group) => {
                let skipped = group.saturating_sub(1).saturating_mul(group_size);
                if number <= skipped || number > skipped.saturating_add(group_size) {
                    return false;
                }
                number - skipped
            }
        };
        (self.first..=self.last).contains(&number)
            && (number - self.first).is_multiple_of(self.step.max(1))
    }
}

/// How many sockets one address of a line opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shards {
    /// `by-thread` (hapax's default where the kernel offers SO_REUSEPORT)
    ByThread,
    /// `by-group`
    ByGroup,
    /// A number.
    Count(u32),
}

/// Owner and mode of a unix socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnixPermissions {
    /// `mode`, octal in the file
    pub mode: Option<u32>,
    /// `user`
    pub user: Option<(String, Span)>,
    /// `uid`
    pub uid: Option<u32>,
    /// `group`
    pub group: Option<(String, Span)>,
    /// `gid`
    pub gid: Option<u32>,
}

/// `unix-bind`: what the unix sockets of `bind` lines have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnixBind {
    /// `prefix`: stands before their paths
    pub prefix: Vec<u8>,
    /// Owner and mode of those that give none.
    pub permissions: UnixPermissions,
}

/// What a `stats socket` line allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CliAccess {
    /// `level`
    pub level: CliLevel,
    /// `expose-fd listeners`
    pub expose_fd_listeners: bool,
    /// `severity-output`
    pub severity_output: Severity,
}

/// `severity-output`: what stands before the answers of the runtime API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Severity {
    /// Nothing.
    #[default]
    None,
    /// `[6]:`
    Number,
    /// `[info]:`
    String,
}

/// Rights on the runtime API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CliLevel {
    /// `user`
    User,
    /// `operator`
    #[default]
    Operator,
    /// `admin`
    Admin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_threads_that_accept() {
        let mut bind = Bind::new(Vec::new(), Span::default());
        assert_eq!(bind.accepting_threads(3, 1), [0, 1, 2]);
        let set = |group, first, last, step| ThreadSet {
            group,
            first,
            last,
            step,
        };
        bind.threads = vec![set(None, 2, 3, 1)];
        assert_eq!(bind.accepting_threads(4, 1), [1, 2]);
        bind.threads = vec![set(Some(2), 1, u32::MAX, 2)];
        assert_eq!(bind.accepting_threads(4, 2), [2]);
        bind.threads = vec![set(None, 9, 9, 1)];
        assert_eq!(bind.accepting_threads(2, 1), [0, 1], "none of them exists");
    }
}
