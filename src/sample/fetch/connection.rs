//! What the kernel and the protocol tell of connections, and what went wrong with them (manual
//! 7.3.3).

use super::{CLIENT, CLIENT_CONNECTION, Example, Fetch, RESPONSE, SERVER_ADDRESS};
use crate::base::sys::TcpFacts;
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::compile::Compile;
use crate::sample::value::{Sample, Type};
use crate::sample::view::{Connection, Eval};

/// Whether a fetch needs what is known of the server's connection.
pub fn asks_server_connection(name: &str) -> bool {
    [
        "bc_src",
        "bc_rtt",
        "bc_err",
        "bc_glitches",
        "bc_nb_streams",
        "bc_settings",
        "bc_http",
        "bs.",
        "ssl_bc",
        "ssl_s_",
    ]
    .iter()
    .any(|begin| name.starts_with(begin))
}

/// Asks something of the client's connection.
fn of_client<R>(e: &Eval<'_>, ask: impl FnOnce(&Connection) -> Option<R>) -> Option<R> {
    ask(&*e.view.client_connection()?)
}

/// Asks something of the server's connection.
fn of_server<R>(e: &Eval<'_>, ask: impl FnOnce(&Connection) -> Option<R>) -> Option<R> {
    ask(e.view.server_connection()?)
}

/// `us` or `ms`, which is what times are told in otherwise.
fn unit(args: &mut Vec<Arg>, _: &mut Compile<'_>) -> Result<(), String> {
    let per = match text(args, 0) {
        b"us" => 1,
        b"" | b"ms" => 1000,
        _ => return Err("failed to parse the time unit, supported units are 'us' and 'ms'".into()),
    };
    *args = vec![Arg::Int(per)];
    Ok(())
}

macro_rules! kernel {
    ($name:literal, $source:expr, $of:ident, $field:ident, timed, $doc:literal) => {
        Fetch {
            name: $name,
            args: &[Kind::Str],
            required: 0,
            out: Type::Sint,
            source: &$source,
            check: Some(unit),
            eval: |args, e, _| {
                let per = int(args, 0)?;
                $of(e, |c| i64::from(c.tcp?.$field).checked_div(per)).map(Sample::Int)
            },
            doc: $doc,
            examples: &[Example::none($name)],
        }
    };
    ($name:literal, $source:expr, $of:ident, $field:ident, $doc:literal) => {
        Fetch {
            name: $name,
            args: &[Kind::Str],
            required: 0,
            out: Type::Sint,
            source: &$source,
            check: None,
            eval: |_, e, _| {
                $of(e, |c| c.tcp.map(|t: TcpFacts| t.$field)).map(|n| Sample::Int(n.into()))
            },
            doc: $doc,
            examples: &[Example::none($name)],
        }
    };
}

macro_rules! number {
    ($name:literal, $source:expr, $of:ident, |$c:ident| $value:expr, $doc:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Sint,
            source: &$source,
            check: None,
            eval: |_, e, _| $of(e, |$c| $value).map(|n: u32| Sample::Int(n.into())),
            doc: $doc,
            examples: &[Example::none($name)],
        }
    };
}

macro_rules! named {
    ($name:literal, $source:expr, $of:ident, $part:ident, $doc:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Str,
            source: &$source,
            check: None,
            eval: |_, e, _| $of(e, |c| $part(c.fault)).map(|t| Sample::Str(t.as_bytes())),
            doc: $doc,
            examples: &[Example::none($name)],
        }
    };
}

/// A flag, as a number.
fn flag(set: bool) -> Option<u32> {
    Some(u32::from(set))
}

pub(super) static FETCHES: &[Fetch] = &[
    kernel!(
        "fc_rtt",
        CLIENT,
        of_client,
        rtt,
        timed,
        "The round trip time of the client's connection, ms or us."
    ),
    kernel!(
        "fc_rttvar",
        CLIENT,
        of_client,
        rttvar,
        timed,
        "How much the round trip time of the client's connection varies, ms or us."
    ),
    kernel!(
        "fc_unacked",
        CLIENT,
        of_client,
        unacked,
        "Segments that the client has not acknowledged."
    ),
    kernel!(
        "fc_sacked",
        CLIENT,
        of_client,
        sacked,
        "Segments that the client acknowledged out of order."
    ),
    kernel!(
        "fc_retrans",
        CLIENT,
        of_client,
        retrans,
        "Segments on their way to the client again."
    ),
    kernel!(
        "fc_fackets",
        CLIENT,
        of_client,
        fackets,
        "Segments acknowledged by FACK."
    ),
    kernel!(
        "fc_lost",
        CLIENT,
        of_client,
        lost,
        "Segments to the client that seem lost."
    ),
    kernel!(
        "fc_reordering",
        CLIENT,
        of_client,
        reordering,
        "How far segments arrive out of order at the client."
    ),
    kernel!(
        "bc_rtt",
        CLIENT,
        of_server,
        rtt,
        timed,
        "The round trip time of the server's connection, ms or us."
    ),
    kernel!(
        "bc_rttvar",
        CLIENT,
        of_server,
        rttvar,
        timed,
        "How much the round trip time of the server's connection varies, ms or us."
    ),
    number!(
        "fc_err",
        CLIENT,
        of_client,
        |c| Some(c.fault.into()),
        "The number of what went wrong with the client's connection; 0: nothing."
    ),
    named!(
        "fc_err_name",
        CLIENT,
        of_client,
        fault_name,
        "The name of what went wrong with the client's connection."
    ),
    named!(
        "fc_err_str",
        CLIENT,
        of_client,
        fault_text,
        "What went wrong with the client's connection, as error logs tell."
    ),
    number!(
        "bc_err",
        SERVER_ADDRESS,
        of_server,
        |c| Some(c.fault.into()),
        "The number of what went wrong with the server's connection; 0: nothing."
    ),
    named!(
        "bc_err_name",
        SERVER_ADDRESS,
        of_server,
        fault_name,
        "The name of what went wrong with the server's connection."
    ),
    named!(
        "bc_err_str",
        SERVER_ADDRESS,
        of_server,
        fault_text,
        "What went wrong with the server's connection."
    ),
    number!(
        "fc_nb_streams",
        CLIENT,
        of_client,
        |c| Some(c.streams),
        "Streams that are open on the client's connection."
    ),
    number!(
        "bc_nb_streams",
        SERVER_ADDRESS,
        of_server,
        |c| Some(c.streams),
        "Streams that are open on the server's connection."
    ),
    number!(
        "fc_settings_streams_limit",
        CLIENT_CONNECTION,
        of_client,
        |c| Some(c.stream_limit),
        "Streams that the client may open at once."
    ),
    number!(
        "bc_settings_streams_limit",
        SERVER_ADDRESS,
        of_server,
        |c| Some(c.stream_limit),
        "Streams that may be open on the server's connection at once."
    ),
    number!(
        "bc_glitches",
        SERVER_ADDRESS,
        of_server,
        |c| Some(c.glitches),
        "How many faults and oddities of the protocol the server's connection has shown."
    ),
    number!(
        "bc_http_major",
        SERVER_ADDRESS,
        of_server,
        |c| Some(c.http_major.into()),
        "The HTTP version that the server's connection speaks: 1 or 2."
    ),
    Fetch {
        name: "fs.id",
        args: &[],
        required: 0,
        out: Type::Str,
        source: &CLIENT_CONNECTION,
        check: None,
        eval: |_, e, _| of_client(e, |c| Some(Sample::Int(c.stream.into()))),
        doc: "The number of the stream in the client's connection; 0 in HTTP/1.",
        examples: &[Example::none("fs.id")],
    },
    number!(
        "fs.aborted",
        CLIENT_CONNECTION,
        of_client,
        |c| flag(c.aborted),
        "Whether the client gave the stream up."
    ),
    number!(
        "fs.rst_code",
        CLIENT_CONNECTION,
        of_client,
        |c| c.reset,
        "The code that the client gave the stream up with (RFC 9113 section 7)."
    ),
    number!(
        "bs.id",
        SERVER_ADDRESS,
        of_server,
        |c| Some(c.stream),
        "The number of the stream in the server's connection; 0 in HTTP/1."
    ),
    Fetch {
        name: "bs.aborted",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &SERVER_ADDRESS,
        check: None,
        eval: |_, e, _| {
            let known = e.view.server_connection();
            Some(Sample::Int(known.is_some_and(|c| c.aborted).into()))
        },
        doc: "Whether the server gave the stream up.",
        examples: &[Example::of("bs.aborted", "0")],
    },
    number!(
        "bs.rst_code",
        SERVER_ADDRESS,
        of_server,
        |c| c.reset,
        "The code that the server gave the stream up with (RFC 9113 section 7)."
    ),
    Fetch {
        name: "dst_conn",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &super::FRONTEND,
        check: None,
        eval: |_, e, _| e.view.listener_connections().map(|n| Sample::Int(n.into())),
        doc: "Current connections on the socket that the client came in on.",
        examples: &[Example::none("dst_conn")],
    },
    Fetch {
        name: "server_status",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &RESPONSE,
        check: None,
        eval: |_, e, _| e.view.server_status().map(|n| Sample::Int(n.into())),
        doc: "The status of the server's response, whatever rules made of it.",
        examples: &[Example::none("server_status")],
    },
    Fetch {
        name: "res.comp",
        args: &[],
        required: 0,
        out: Type::Bool,
        source: &RESPONSE,
        check: None,
        eval: |_, e, _| Some(Sample::Bool(e.view.response_coding().is_some())),
        doc: "Whether the response was compressed.",
        examples: &[Example::of("res.comp", "0")],
    },
    Fetch {
        name: "res.comp_algo",
        args: &[],
        required: 0,
        out: Type::Str,
        source: &RESPONSE,
        check: None,
        eval: |_, e, _| e.view.response_coding().map(|c| Sample::Str(c.as_bytes())),
        doc: "The algorithm that the response was compressed with.",
        examples: &[Example::none("res.comp_algo")],
    },
];

/// What may go wrong with a connection: HAProxy's number, name and words.
const FAULTS: &[(u8, &str, &str)] = &[
    (0, "", "Success"),
    (1, "CONF_FDLIM", "Reached configured maxconn value"),
    (2, "PROC_FDLIM", "Too many sockets on the process"),
    (3, "SYS_FDLIM", "Too many sockets on the system"),
    (4, "SYS_MEMLIM", "Out of system buffers"),
    (5, "NOPROTO", "Protocol or address family not supported"),
    (6, "SOCK_ERR", "General socket error"),
    (7, "PORT_RANGE", "Source port range exhausted"),
    (8, "CANT_BIND", "Can't bind to source address"),
    (9, "FREE_PORTS", "Out of local source ports on the system"),
    (10, "ADDR_INUSE", "Local source address already in use"),
    (
        11,
        "PRX_EMPTY",
        "Connection closed while waiting for PROXY protocol header",
    ),
    (
        12,
        "PRX_ABORT",
        "Connection error while waiting for PROXY protocol header",
    ),
    (
        13,
        "PRX_TIMEOUT",
        "Timeout while waiting for PROXY protocol header",
    ),
    (
        14,
        "PRX_TRUNCATED",
        "Truncated PROXY protocol header received",
    ),
    (
        15,
        "PRX_NOT_HDR",
        "Received something which does not look like a PROXY protocol header",
    ),
    (
        16,
        "PRX_BAD_HDR",
        "Received an invalid PROXY protocol header",
    ),
    (
        17,
        "PRX_BAD_PROTO",
        "Received an unhandled protocol in the PROXY protocol header",
    ),
    (24, "SSL_EMPTY", "Connection closed during SSL handshake"),
    (25, "SSL_ABORT", "Connection error during SSL handshake"),
    (26, "SSL_TIMEOUT", "Timeout during SSL handshake"),
    (27, "SSL_TOO_MANY", "Too many SSL connections"),
    (30, "SSL_CA_FAIL", "SSL client CA chain cannot be verified"),
    (31, "SSL_CRT_FAIL", "SSL client certificate not trusted"),
    (34, "SSL_HANDSHAKE", "SSL handshake failure"),
    // the manual's numbers are one less from here on
    (47, "EREFUSED", "ECONNREFUSED returned by OS"),
    (48, "ERESET", "ECONNRESET returned by OS"),
    (49, "EUNREACH", "ENETUNREACH returned by OS"),
];

/// The number of a fault in HAProxy's words; 0 for anything else.
pub fn fault_number(text: &str) -> u8 {
    let found = FAULTS.iter().find(|(_, _, t)| *t == text);
    found.map_or(0, |(number, _, _)| *number)
}

/// The number of a fault by its name; 0 for anything else.
pub fn fault_named(name: &str) -> u8 {
    let found = FAULTS.iter().find(|(_, n, _)| *n == name);
    found.map_or(0, |(number, _, _)| *number)
}

fn fault(number: u8) -> Option<&'static (u8, &'static str, &'static str)> {
    FAULTS.iter().find(|(n, _, _)| *n == number)
}

fn fault_name(number: u8) -> Option<&'static str> {
    fault(number)
        .map(|(_, name, _)| *name)
        .filter(|n| !n.is_empty())
}

fn fault_text(number: u8) -> Option<&'static str> {
    fault(number).map(|(_, _, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_by_their_words() {
        assert_eq!(fault_number("Timeout during SSL handshake"), 26);
        assert_eq!(fault_named("EREFUSED"), 47);
        assert_eq!(fault_name(0), None);
        assert_eq!(fault_text(47), Some("ECONNREFUSED returned by OS"));
        assert_eq!(fault_number("something else"), 0);
    }
}
