//! `option forwardfor`, `option originalto`, `option forwarded` (RFC 7239).

use super::Stream;
use crate::ir::proxy::{Forwarded, ForwardedExpr, ForwardedHeader};
use crate::proto::h1::HeaderId;
use crate::sample::view::{Direction, Eval, StreamView};
use crate::sample::{Sample, conv};
use std::io::Write;
use std::net::IpAddr;

impl Stream {
    /// Adds what the two proxies ask for.
    pub(super) fn forwarded_headers(&mut self) {
        let fe = &self.s.fe;
        let Some(be) = &self.be else { return };
        let wants = |f: &Option<ForwardedHeader>| f.is_some();
        if wants(&fe.forwardfor) || wants(&be.forwardfor) {
            let (fe, be) = (self.s.fe.clone(), be.clone());
            if let Some(src) = self.src() {
                self.address_header(&fe.forwardfor, &be.forwardfor, b"x-forwarded-for", src.ip());
            }
        }
        let (fe, Some(be)) = (&self.s.fe, &self.be) else {
            return;
        };
        if wants(&fe.originalto) || wants(&be.originalto) {
            let (fe, be) = (fe.clone(), be.clone());
            if let Some(dst) = self.dst() {
                self.address_header(&fe.originalto, &be.originalto, b"x-original-to", dst.ip());
            }
        }
        let Some(be) = &self.be else { return };
        if let Some(f) = be.forwarded.clone() {
            self.forwarded(&f);
        }
    }

    /// The header of `forwardfor` or `originalto`: an address excepted by either side is not
    /// told; the back end's header name is taken before the front end's; `if-none` counts when
    /// every side that asks for the header says so.
    fn address_header(
        &mut self,
        fe: &Option<ForwardedHeader>,
        be: &Option<ForwardedHeader>,
        default: &[u8],
        address: IpAddr,
    ) {
        let sides = || [be.as_ref(), fe.as_ref()].into_iter().flatten();
        if sides().any(|s| s.except.is_some_and(|net| contains(net, address))) {
            return;
        }
        let name = sides()
            .map(|s| &s.header[..])
            .find(|h| !h.is_empty())
            .unwrap_or(default);
        if sides().all(|s| s.if_none) && self.req.header(name).is_some() {
            return;
        }
        let mut text = AddressText::default();
        text.set(address);
        self.req.add_header(name, text.bytes());
    }

    fn forwarded(&mut self, f: &Forwarded) {
        let mut value: Vec<u8> = Vec::new();
        let t = self.s.t;
        let mut scratch = t.scratch.borrow_mut();
        scratch.reset();
        let e = Eval {
            view: self,
            scratch: &scratch,
            direction: Direction::Request,
            last: true,
        };
        let begin = |value: &mut Vec<u8>, name: &[u8]| {
            if !value.is_empty() {
                value.push(b';');
            }
            value.extend_from_slice(name);
            value.push(b'=');
        };
        if f.proto {
            begin(&mut value, b"proto");
            let proto: &[u8] = if self.is_tls() { b"https" } else { b"http" };
            value.extend_from_slice(proto);
        }
        if f.host || f.host_expr.is_some() {
            let host = match &f.host_expr {
                Some(_) => match value_of(&f.host_expr, &e) {
                    None | Some(Sample::Meth(_)) => &[],
                    Some(host) => host.text(&scratch),
                },
                None => self.req.host().unwrap_or_default(),
            };
            begin(&mut value, b"host");
            value.push(b'"');
            value.extend_from_slice(conv::host_or_nothing(host));
            value.push(b'"');
        }
        let sides = [
            (
                &b"by"[..],
                f.by,
                self.dst(),
                &f.by_expr,
                f.by_port,
                &f.by_port_expr,
            ),
            (
                b"for",
                f.for_,
                self.src(),
                &f.for_expr,
                f.for_port,
                &f.for_port_expr,
            ),
        ];
        for (name, plain, address, expr, port, port_expr) in sides {
            if !plain && expr.is_none() {
                continue;
            }
            let name_of = match expr {
                Some(_) => value_of(expr, &e),
                None => address.map(|a| a.ip().into()),
            };
            let port_of = match port_expr {
                Some(_) => value_of(port_expr, &e),
                None if port => address.map(|a| Sample::Int(a.port().into())),
                None => None,
            };
            begin(&mut value, name);
            let from = value.len();
            conv::write_node_name(name_of, &scratch, &mut value);
            conv::write_node_port(port_of, &scratch, &mut value);
            // a token has no colon; where a port was asked for there may have been one
            let quoted = port || port_expr.is_some() || value.get(from) == Some(&b'[');
            if quoted {
                value.insert(from, b'"');
                value.push(b'"');
            }
        }
        drop(scratch);
        let last = self
            .req
            .fields()
            .iter()
            .rposition(|f| f.id == HeaderId::Forwarded)
            .map(|i| (i, self.req.fields().get(i)));
        let Some((place, Some(field))) = last else {
            return self.req.add_header(b"forwarded", &value);
        };
        let joined = [self.req.value(field), b",", &value].concat();
        self.req.replace_value(place, &joined);
    }
}

fn value_of<'a>(wanted: &'a Option<ForwardedExpr>, e: &Eval<'a>) -> Option<Sample<'a>> {
    wanted.as_ref()?.expr.as_ref()?.eval(e)
}

/// An address as text, without an allocation and, for IPv4, without the formatting machinery,
/// which costs more than the rest of the header.
struct AddressText {
    /// Any address fits.
    text: [u8; 48],
    len: usize,
}

impl Default for AddressText {
    fn default() -> Self {
        AddressText {
            text: [0; 48],
            len: 0,
        }
    }
}

impl AddressText {
    fn bytes(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or_default()
    }

    fn push(&mut self, b: u8) {
        if let Some(slot) = self.text.get_mut(self.len) {
            *slot = b;
            self.len += 1;
        }
    }

    fn set(&mut self, address: IpAddr) {
        let IpAddr::V4(v4) = address else {
            let mut rest = &mut self.text[..];
            let _ = write!(rest, "{address}");
            self.len = 48 - rest.len();
            return;
        };
        for (i, n) in v4.octets().into_iter().enumerate() {
            if i > 0 {
                self.push(b'.');
            }
            if n >= 100 {
                self.push(b'0' + n / 100);
            }
            if n >= 10 {
                self.push(b'0' + n / 10 % 10);
            }
            self.push(b'0' + n % 10);
        }
    }
}

/// Whether a network holds an address.
pub fn contains((net, bits): (IpAddr, u8), address: IpAddr) -> bool {
    match (net, address) {
        (IpAddr::V4(n), IpAddr::V4(a)) => {
            let shift = 32 - u32::from(bits.min(32));
            u32::from(n).checked_shr(shift) == u32::from(a).checked_shr(shift)
        }
        (IpAddr::V6(n), IpAddr::V6(a)) => {
            let shift = 128 - u32::from(bits.min(128));
            u128::from(n).checked_shr(shift) == u128::from(a).checked_shr(shift)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_the_standard_library_writes_them() {
        for text in [
            "0.0.0.0",
            "127.0.0.1",
            "255.210.99.100",
            "10.9.100.7",
            "::1",
            "2001:db8::ff",
        ] {
            let mut t = AddressText::default();
            t.set(text.parse().unwrap());
            assert_eq!(t.bytes(), text.as_bytes());
        }
    }
}
