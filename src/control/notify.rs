//! What the service manager is told (sd_notify(3)).

use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Tells the service manager that named itself in `NOTIFY_SOCKET`, if one did, how things are.
pub fn tell(state: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let Ok(socket) = UnixDatagram::unbound() else {
        return;
    };
    let address = match path.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&path),
    };
    if let Ok(address) = address {
        // a manager that is gone or busy is no reason to stop
        let _ = socket.send_to_addr(state.as_bytes(), &address);
    }
}

/// The process `pid` serves.
pub fn ready(pid: u32) {
    tell(&format!("READY=1\nMAINPID={pid}\nSTATUS=Ready.\n"));
}

/// A new configuration is being read.
pub fn reloading() {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
    tell(&format!(
        "RELOADING=1\nSTATUS=Reloading Configuration.\nMONOTONIC_USEC={microseconds}\n"
    ));
}

/// The new configuration was refused, the old one still serves.
pub fn reload_failed() {
    tell("READY=1\nSTATUS=Reload failed!\n");
}

/// The end has begun.
pub fn stopping() {
    tell("STOPPING=1");
}
