//! What a plan needs of the machine: files, names of hosts, users and groups.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;

/// Which addresses of a name are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Family {
    /// The resolver's first, whatever it is.
    #[default]
    Any,
    /// IPv4 only (`ipv4@`, `-4`).
    V4,
    /// IPv6 only (`ipv6@`).
    V6,
}

/// Disk, users and name service. [`RealFiles`] asks the machine; [`AbsentFiles`] knows nothing
/// and lets a configuration be checked on a machine that it is not meant for.
pub trait Files: Send + Sync {
    /// The whole content of a file.
    ///
    /// # Errors
    /// What the system says.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
    /// The names in a directory; `None` when the path is none.
    fn list(&self, _path: &str) -> Option<Vec<String>> {
        None
    }
    /// The addresses of a host name in the resolver's order; empty when it has none.
    fn resolve(&self, host: &str, family: Family) -> Vec<IpAddr>;
    /// Numeric id and primary group of a user.
    fn user(&self, name: &str) -> Option<(u32, u32)>;
    /// Numeric id of a group.
    fn group(&self, name: &str) -> Option<u32>;
    /// Whether this inherited descriptor is a socket.
    ///
    /// # Errors
    /// What the system would say about it.
    fn socket(&self, _fd: i32) -> Result<(), &'static str> {
        Ok(())
    }
    /// False for a machine that must not be asked: what it lacks is then no fault.
    fn present(&self) -> bool {
        true
    }
}

/// The machine we run on.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFiles;

impl Files for RealFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        std::fs::read(Path::new(path))
    }
    fn list(&self, path: &str) -> Option<Vec<String>> {
        let entries = std::fs::read_dir(Path::new(path)).ok()?;
        let names = entries.flatten().map(|e| e.file_name());
        Some(names.filter_map(|n| n.into_string().ok()).collect())
    }
    fn resolve(&self, host: &str, family: Family) -> Vec<IpAddr> {
        let Ok(found) = (host, 0u16).to_socket_addrs() else {
            return Vec::new();
        };
        let mut list: Vec<IpAddr> = Vec::new();
        for ip in found.map(|a| a.ip()) {
            let wanted = match family {
                Family::Any => true,
                Family::V4 => ip.is_ipv4(),
                Family::V6 => ip.is_ipv6(),
            };
            if wanted && !list.contains(&ip) {
                list.push(ip);
            }
        }
        list
    }
    fn user(&self, name: &str) -> Option<(u32, u32)> {
        let user = nix::unistd::User::from_name(name).ok()??;
        Some((user.uid.as_raw(), user.gid.as_raw()))
    }
    fn socket(&self, fd: i32) -> Result<(), &'static str> {
        match std::fs::read_link(format!("/proc/self/fd/{fd}")) {
            Ok(target) if target.to_string_lossy().starts_with("socket:") => Ok(()),
            Ok(_) => Err("Socket operation on non-socket"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match Path::new("/proc/self/fd").exists() {
                    true => Err("Bad file descriptor"),
                    false => Ok(()), // no /proc to ask: opening it will tell
                }
            }
            Err(_) => Ok(()),
        }
    }
    fn group(&self, name: &str) -> Option<u32> {
        Some(nix::unistd::Group::from_name(name).ok()??.gid.as_raw())
    }
}

/// No machine at all (`check --offline`).
#[derive(Clone, Copy, Debug, Default)]
pub struct AbsentFiles;

impl Files for AbsentFiles {
    fn read(&self, _path: &str) -> io::Result<Vec<u8>> {
        Err(io::Error::from(io::ErrorKind::NotFound))
    }
    fn resolve(&self, _host: &str, _family: Family) -> Vec<IpAddr> {
        Vec::new()
    }
    fn user(&self, _name: &str) -> Option<(u32, u32)> {
        None
    }
    fn group(&self, _name: &str) -> Option<u32> {
        None
    }
    fn present(&self) -> bool {
        false
    }
}
