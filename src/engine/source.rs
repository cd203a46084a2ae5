//! The address that a connection to a server comes from (`source`, `usesrc`; HAProxy configuration
//! manual 4.2).

use super::connect::Fault;
use crate::ir::Address;
use crate::ir::server::{Server, UseSource};
use crate::proto::h1::{Message, comma_list};
use crate::sample::value::parse_host;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

/// An address of this machine to bind to.
pub fn own(source: &Address) -> Option<SocketAddr> {
    Some(SocketAddr::new(source.host.ip()?, source.port))
}

/// The address of `usesrc`, which need not be this machine's; `None` when `source` alone counts.
///
/// # Errors
/// When the header that `hdr_ip` names is absent. (Its value may be anything: what is no address
/// leaves `source`. Both observed on HAProxy 2.6 and 3.4, though the manual has it otherwise.)
pub fn foreign(
    server: &Server,
    client: Option<SocketAddr>,
    request: Option<&Message>,
) -> Result<Option<SocketAddr>, Fault> {
    match &server.usesrc {
        None => Ok(None),
        Some(UseSource::Client) => Ok(client),
        Some(UseSource::ClientIp) => {
            let port = server.source.as_ref().map_or(0, |s| s.port);
            Ok(client.map(|c| SocketAddr::new(c.ip(), port)))
        }
        Some(UseSource::Address(address)) => Ok(own(address)),
        Some(UseSource::Header { occurrence: 0, .. }) => Ok(None),
        Some(UseSource::Header { name, occurrence }) => {
            let Some(request) = request else {
                return Ok(None);
            };
            let value = nth(request, name, *occurrence).ok_or(Fault::NoSource)?;
            Ok(parse_host(value).map(|ip| SocketAddr::new(ip, 0)))
        }
    }
}

/// The `n`th member of the comma-separated values of a header, from 1 or from the end as -1.
fn nth<'m>(request: &'m Message, name: &'m [u8], n: i32) -> Option<&'m [u8]> {
    let skip = usize::try_from(n.unsigned_abs()).ok()?.checked_sub(1)?;
    if n > 0 {
        return request.values_of(name).flat_map(comma_list).nth(skip);
    }
    let all = request.values_of(name).flat_map(comma_list).count();
    let skip = all.checked_sub(skip)?.checked_sub(1)?;
    request.values_of(name).flat_map(comma_list).nth(skip)
}

/// What tells connections to one server apart, so that only those alike are used for one another:
/// the address they come from, where they go to where that depends on the client, and how often
/// the server has moved ([`crate::plan::ServerPlan::epoch`]). 0 where all are alike.
pub fn kind(foreign: Option<SocketAddr>, to: Option<SocketAddr>, epoch: u32) -> u64 {
    if foreign.is_none() && to.is_none() && epoch == 0 {
        return 0;
    }
    let mut hash = DefaultHasher::new();
    (foreign, to, epoch).hash(&mut hash);
    hash.finish() | 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Span;
    use crate::ir::address::{Host, Proto};
    use crate::proto::h1::{Limits, Parsed};

    fn request(text: &[u8]) -> Message {
        let mut message = Message::with_capacity(1024);
        message.feed(text);
        assert!(matches!(
            message.parse_request(&Limits::new(1024, 128, 20)),
            Parsed::Done
        ));
        message
    }

    #[test]
    fn a_header_names_the_address() {
        let request =
            request(b"GET / HTTP/1.1\r\nHost: h\r\nX: 1.1.1.1\r\nx: 2.2.2.2, junk\r\n\r\n");
        let address = Address {
            host: Host::AnyV4,
            port: 0,
            port_end: 0,
            port_offset: None,
            proto: Proto::Stream,
            span: Span::default(),
        };
        let mut server = Server::new("s".to_owned(), address, Span::default());
        for (occurrence, want) in [
            (1, Ok(Some("1.1.1.1:0"))),
            (2, Ok(Some("2.2.2.2:0"))),
            (-1, Ok(None)),
            (-2, Ok(Some("2.2.2.2:0"))),
            (-3, Ok(Some("1.1.1.1:0"))),
            (0, Ok(None)),
            (4, Err(Fault::NoSource)),
            (-4, Err(Fault::NoSource)),
        ] {
            server.usesrc = Some(UseSource::Header {
                name: b"x".to_vec(),
                occurrence,
            });
            let found = foreign(&server, None, Some(&request));
            let want = want.map(|w: Option<&str>| w.map(|w| w.parse().unwrap()));
            assert_eq!(found, want, "{occurrence}");
        }
    }

    #[test]
    fn connections_of_one_kind_have_one_number() {
        let a: SocketAddr = "10.0.0.1:0".parse().unwrap();
        let b: SocketAddr = "10.0.0.2:0".parse().unwrap();
        assert_eq!(kind(None, None, 0), 0);
        assert_eq!(kind(Some(a), None, 0), kind(Some(a), None, 0));
        assert_ne!(kind(Some(a), None, 0), kind(Some(b), None, 0));
        assert_ne!(kind(None, Some(a), 0), kind(None, Some(b), 0));
        assert_ne!(kind(None, None, 0), kind(None, None, 1));
    }
}
