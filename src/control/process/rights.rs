//! Whose rights the process has, and what part of the file system it sees.

use super::Message;
use crate::base::diag::Severity;
use nix::unistd::{Gid, Uid};
use std::path::PathBuf;

/// Who the process becomes once its sockets are bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// `chroot`
    pub chroot: Option<PathBuf>,
    /// `uid` or the number of `user`; 0 changes nothing
    pub uid: Option<u32>,
    /// `gid` or the number of `group`; 0 changes nothing
    pub gid: Option<u32>,
}

/// Locks the process into its directory and gives up its rights, in this order. `program` is what
/// it was called as.
pub fn confine(rights: &Rights, program: &str) -> Vec<Message> {
    let mut messages = Vec::new();
    let fatal = |text: String| Message::fatal(format!("[{program}.main()] {text}"));
    let is_root = Uid::effective().is_root();
    if let Some(directory) = &rights.chroot {
        let done = nix::unistd::chroot(directory).and_then(|()| nix::unistd::chdir("/"));
        if done.is_err() {
            messages.push(fatal(format!("Cannot chroot({}).", directory.display())));
            return messages;
        }
    }
    if let Some(gid) = rights.gid.filter(|g| *g > 0) {
        if nix::unistd::setgroups(&[]).is_err() {
            messages.push(Message::new(
                Severity::Warning,
                format!(
                    "[{program}.main()] Failed to drop supplementary groups. Using 'gid'/'group' \
                     without 'uid'/'user' is generally useless."
                ),
            ));
        }
        if nix::unistd::setgid(Gid::from_raw(gid)).is_err() {
            messages.push(fatal(format!("Cannot set gid {gid}.")));
            return messages;
        }
    }
    if let Some(uid) = rights.uid.filter(|u| *u > 0) {
        if is_root && rights.gid.is_none() {
            let _ = nix::unistd::setgroups(&[]);
        }
        if nix::unistd::setuid(Uid::from_raw(uid)).is_err() {
            messages.push(fatal(format!("Cannot set uid {uid}.")));
            return messages;
        }
    }
    messages
}

/// What HAProxy 3.4 says to those who keep all rights, before [`confine`] runs.
pub fn advice(rights: &Rights, program: &str) -> Vec<Message> {
    let mut messages = Vec::new();
    if !Uid::effective().is_root() {
        return messages;
    }
    if rights.chroot.is_none() {
        messages.push(Message::new(
            Severity::Warning,
            format!(
                "[{program}.main()] HAProxy was started as root without any 'chroot' directive: an \
                 intruder would see the whole file system. Add 'chroot' with an empty directory \
                 to the global section, or 'chroot /' if this is meant."
            ),
        ));
    }
    if rights.uid.is_none() {
        messages.push(Message::new(
            Severity::Warning,
            format!(
                "[{program}.main()] HAProxy was started as the root user and does not make use of \
                 'user' nor 'uid' global options to drop the privileges. Add 'user', or 'uid 0' \
                 if this is meant."
            ),
        ));
    }
    messages
}

/// Rights that are needed as long as the process runs, asked for after [`confine`]: `usesrc` and
/// `interface` behind `source` set options of sockets that only root may set.
pub fn full_rights(needed: bool, program: &str) -> Option<Message> {
    (needed && !Uid::effective().is_root()).then(|| {
        Message::fatal(format!(
            "[{program}.main()] Some configuration options require full privileges, so global.uid \
             cannot be changed: 'usesrc' and 'interface' of 'source' work for root only."
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chroot_that_does_not_exist_ends_the_start() {
        let rights = Rights {
            chroot: Some("/nonexistent".into()),
            ..Rights::default()
        };
        let messages = confine(&rights, "haproxy");
        assert_eq!(messages.len(), 1);
        assert!(messages[0].fatal);
        assert_eq!(
            messages[0].text,
            "[haproxy.main()] Cannot chroot(/nonexistent)."
        );
    }
}
