//! Addresses and ports of the connections (manual 7.3.3), and what of layer 5 needs no TLS.

use super::{CLIENT, CLIENT_CONNECTION, Example, Fetch, SERVER_ADDRESS};
use crate::sample::value::{Sample, Type};
use std::net::SocketAddr;

macro_rules! address {
    ($name:literal, $source:expr, |$e:ident| $addr:expr, $doc:literal, $value:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Addr,
            source: &$source,
            check: None,
            eval: |_, $e, _| $addr.map(|a| unmapped(a).ip().into()),
            doc: $doc,
            examples: &[Example::of($name, $value)],
        }
    };
}

macro_rules! port {
    ($name:literal, $source:expr, |$e:ident| $addr:expr, $doc:literal, $value:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Sint,
            source: &$source,
            check: None,
            // 0 is no port
            eval: |_, $e, _| {
                let port = $addr?.port();
                (port != 0).then(|| Sample::Int(port.into()))
            },
            doc: $doc,
            examples: &[Example::of($name, $value)],
        }
    };
}

macro_rules! flag {
    ($name:literal, $source:expr, |$e:ident| $test:expr, $doc:literal, $value:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Bool,
            source: &$source,
            check: None,
            eval: |_, $e, _| $test.map(Sample::Bool),
            doc: $doc,
            examples: &[Example::of($name, $value)],
        }
    };
}

pub(super) static FETCHES: &[Fetch] = &[
    address!(
        "src",
        CLIENT,
        |e| e.view.src(),
        "The client's address.",
        "192.0.2.7"
    ),
    address!(
        "dst",
        CLIENT,
        |e| e.view.dst(),
        "The address the client asked for.",
        "198.51.100.1"
    ),
    address!(
        "fc_src",
        CLIENT,
        |e| e.view.fc_src(),
        "The connection's source.",
        "192.0.2.7"
    ),
    address!(
        "fc_dst",
        CLIENT,
        |e| e.view.fc_dst(),
        "The connection's target.",
        "198.51.100.1"
    ),
    address!(
        "bc_src",
        SERVER_ADDRESS,
        |e| e.view.bc_src(),
        "The address the server sees.",
        "10.0.0.9"
    ),
    address!(
        "bc_dst",
        SERVER_ADDRESS,
        |e| e.view.bc_dst(),
        "The server's address.",
        "10.0.0.1"
    ),
    port!(
        "src_port",
        CLIENT,
        |e| e.view.src(),
        "The client's port.",
        "40000"
    ),
    port!(
        "dst_port",
        CLIENT,
        |e| e.view.dst(),
        "The port the client asked for.",
        "80"
    ),
    port!(
        "fc_src_port",
        CLIENT,
        |e| e.view.fc_src(),
        "The connection's source port.",
        "40000"
    ),
    port!(
        "fc_dst_port",
        CLIENT,
        |e| e.view.fc_dst(),
        "The connection's target port.",
        "80"
    ),
    port!(
        "bc_src_port",
        SERVER_ADDRESS,
        |e| e.view.bc_src(),
        "The port the server sees.",
        "50000"
    ),
    port!(
        "bc_dst_port",
        SERVER_ADDRESS,
        |e| e.view.bc_dst(),
        "The server's port.",
        "8080"
    ),
    flag!(
        "src_is_local",
        CLIENT,
        |e| e
            .view
            .src()
            .map(|a| e.view.world().is_local(unmapped(a).ip())),
        "Whether the client's address is one of this machine.",
        "0"
    ),
    flag!(
        "dst_is_local",
        CLIENT,
        |e| e
            .view
            .dst()
            .map(|a| e.view.world().is_local(unmapped(a).ip())),
        "Whether the address the client asked for is one of this machine.",
        "0"
    ),
    flag!(
        "fc_src_is_local",
        CLIENT,
        |e| e
            .view
            .fc_src()
            .map(|a| e.view.world().is_local(unmapped(a).ip())),
        "Whether the connection's source is an address of this machine.",
        "0"
    ),
    flag!(
        "fc_dst_is_local",
        CLIENT,
        |e| e
            .view
            .fc_dst()
            .map(|a| e.view.world().is_local(unmapped(a).ip())),
        "Whether the connection's target is an address of this machine.",
        "0"
    ),
    flag!(
        "fc_rcvd_proxy",
        CLIENT,
        |e| Some(e.view.received_proxy_header().is_some()),
        "Whether a PROXY protocol header came in front.",
        "0"
    ),
    flag!(
        "ssl_fc",
        CLIENT_CONNECTION,
        |e| Some(e.view.is_tls()),
        "Whether the client's connection is a TLS one.",
        "0"
    ),
    flag!(
        "ssl_fc_has_sni",
        CLIENT_CONNECTION,
        |e| Some(e.view.tls().is_some_and(|tls| tls.sni.is_some())),
        "Whether the client asked for a name in TLS.",
        "0"
    ),
    flag!(
        "ssl_fc_is_resumed",
        CLIENT_CONNECTION,
        |e| Some(e.view.tls().is_some_and(|tls| tls.resumed)),
        "Whether the client's TLS session was resumed.",
        "0"
    ),
    Fetch {
        name: "fc_glitches",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &CLIENT,
        check: None,
        eval: |_, e, _| Some(Sample::Int(e.view.glitches().into())),
        doc: "How many faults and oddities of the protocol the client's connection has shown.",
        examples: &[Example::of("fc_glitches", "0")],
    },
    Fetch {
        name: "fc_http_major",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &CLIENT,
        check: None,
        eval: |_, e, _| Some(Sample::Int(e.view.http_major().into())),
        doc: "The HTTP version that the client's connection speaks: 1 or 2.",
        examples: &[Example::of("fc_http_major", "1")],
    },
];

/// HAProxy's listeners on `::` with v4v6 show IPv4 clients as IPv4.
fn unmapped(a: SocketAddr) -> SocketAddr {
    match a {
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(v4) => SocketAddr::from((v4, v6.port())),
            None => a,
        },
        SocketAddr::V4(_) => a,
    }
}
