//! Target forms, and what an authority and a `Host` field have to do with each other
//! (RFC 9112 section 3.2, as HAProxy 3.4 reads it).

use super::field::{HeaderId, Text};
use super::head::{Fault, Head};
use super::limits::{ErrorKind, Limits};
use super::method::Method;
use super::scan::{self, HOST};
use super::target;

/// Whether HAProxy takes a text for a host with or without a port.
pub fn is_host(text: &[u8]) -> bool {
    let rest = match text {
        [b'[', rest @ ..] => match rest.iter().position(|&b| !scan::is(b, HOST)) {
            Some(at) if rest.get(at) == Some(&b']') => match rest.get(at + 1..) {
                Some(port @ ([] | [b':', ..])) => port,
                _ => return false,
            },
            _ => return false,
        },
        _ => text,
    };
    scan::all_of(rest, HOST)
}

/// Splits `host:port`; the port is `None` without a colon, and may be empty.
fn split_port(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let digits = text.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let (front, port) = text.split_at(text.len() - digits);
    match front {
        [name @ .., b':'] => (name, Some(port)),
        _ => (text, None),
    }
}

impl Head {
    /// Whether the target has a form that its method allows.
    pub(super) fn check_form(&self, target: &[u8], limits: &Limits) -> Result<(), ErrorKind> {
        match (self.method_id, target) {
            (Method::Connect, [b'*' | b'/', ..]) => Err(ErrorKind::Authority),
            (Method::Connect, _) if target::scheme_end(target).is_some() => {
                Err(ErrorKind::Authority)
            }
            (Method::Connect, _) => {
                let authority = target::before_slash(target);
                let host = target::without_user(authority);
                let ported = matches!(split_port(host), (_, Some([_, ..])));
                if limits.relaxed || (ported && is_host(host)) {
                    Ok(())
                } else {
                    Err(ErrorKind::Authority)
                }
            }
            (_, [b'/', ..]) => Ok(()),
            (Method::Options | Method::Other, b"*") => Ok(()),
            _ if target::scheme_end(target).is_some() => Ok(()),
            _ => Err(ErrorKind::Target),
        }
    }

    /// Compares the target's authority with `Host`, leaves a default port out and completes an
    /// empty path; a target that was changed so brings `Host` into line with it.
    pub(super) fn reconcile_host(
        &mut self,
        buf: &[u8],
        edits: &mut Vec<u8>,
        limits: &Limits,
    ) -> Result<(), Fault> {
        let at = self.target.off as usize;
        let fault = || Fault::new(ErrorKind::Authority, at);
        let target = buf.get(at..self.target.end() as usize).unwrap_or_default();
        let host_index = self.host.map(usize::from);
        let host_field = host_index.and_then(|i| self.fields.get(i)).map(|f| f.value);
        let host = host_field.and_then(|t| buf.get(t.off as usize..t.end() as usize));
        if self.method_id == Method::Connect {
            let Some((host, field)) = host.zip(host_field) else {
                return Ok(());
            };
            let (name, port) = split_port(target::without_user(target::before_slash(target)));
            let (host_name, host_port) = split_port(host);
            let default = matches!(port, Some(b"80" | b"443"));
            let same_name = name.eq_ignore_ascii_case(host_name);
            let same_port = match host_port {
                None | Some(b"") => default,
                given => given == port,
            };
            let same = same_name && same_port;
            if !(same || limits.relaxed) {
                return Err(fault());
            }
            // HTTP/2 keeps it (observed)
            if default && same_name && host_port == port && self.version < (2, 0) {
                self.set_host(Text {
                    off: field.off,
                    len: host_name.len() as u32,
                });
            }
            return Ok(());
        }
        let Some(scheme_end) = target::scheme_end(target) else {
            return Ok(());
        };
        let scheme = target.get(..scheme_end).unwrap_or_default();
        let authority = target::before_slash(target.get(scheme_end..).unwrap_or_default());
        let path_at = scheme_end + authority.len();
        let bare = target::without_user(authority);
        let (name, port) = split_port(bare);
        if !limits.relaxed && !is_host(bare) {
            return Err(fault());
        }
        let default: Option<&[u8]> = if scheme.eq_ignore_ascii_case(b"http://") {
            Some(b"80")
        } else if scheme.eq_ignore_ascii_case(b"https://") {
            Some(b"443")
        } else {
            None
        };
        let told =
            |port: Option<&'_ [u8]>| port.is_some_and(|p| !p.is_empty() && default != Some(p));
        if let (Some(host), false) = (host, limits.relaxed) {
            let (host_name, host_port) = split_port(host);
            let same_port = host_port == port || (!told(port) && !told(host_port));
            if !(same_port && name.eq_ignore_ascii_case(host_name)) {
                return Err(fault());
            }
        }
        let strip = port.is_some() && !told(port);
        let slash = path_at == target.len() && self.method_id != Method::Options;
        if !strip && !slash {
            return Ok(());
        }
        let cut_at = if strip {
            path_at - port.map_or(0, |p| p.len() + 1)
        } else {
            path_at
        };
        let from = edits.len();
        edits.extend_from_slice(target.get(..cut_at).unwrap_or_default());
        edits.extend_from_slice(target.get(path_at..).unwrap_or_default());
        if slash {
            edits.push(b'/');
        }
        let name = Text::received(at + path_at - bare.len(), at + cut_at);
        self.target = Text::edited(from, edits.len());
        self.start_line_end = 0;
        if host.is_some() {
            self.set_host(name);
        }
        Ok(())
    }

    fn set_host(&mut self, value: Text) {
        if let Some(field) = self.fields.iter_mut().find(|f| f.id == HeaderId::Host) {
            field.value = value;
            field.verbatim = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for good in [
            "", "a:80", "a:x", "::1", "[::1]", "[zz]:", "[]", "a%20b", "(a)",
        ] {
            assert!(is_host(good.as_bytes()), "{good}");
        }
        for bad in [
            "a b", "a,b", "u@a", "a/", "a?", "a#", "[::1", "[::1]x", "a[b]c", "[[a]]", "é",
        ] {
            assert!(!is_host(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn ports() {
        assert_eq!(split_port(b"a:80"), (&b"a"[..], Some(&b"80"[..])));
        assert_eq!(split_port(b"a:"), (&b"a"[..], Some(&b""[..])));
        assert_eq!(split_port(b"[::1]"), (&b"[::1]"[..], None));
        assert_eq!(split_port(b"a:x"), (&b"a:x"[..], None));
        assert_eq!(split_port(b"80"), (&b"80"[..], None));
    }
}
