use super::*;
use crate::base::span::FileId;

fn word(text: &str) -> Word {
    Word {
        text: text.into(),
        span: Span {
            file: FileId(0),
            line: 1,
            start: 10,
            end: 10 + u32::try_from(text.len()).unwrap_or_default(),
        },
    }
}

fn said(text: &str, kind: Kind) -> String {
    match parse(&word(text), kind) {
        Ok(address) => address.to_string(),
        Err(finding) => format!("! {}", finding.message),
    }
}

/// What 3.4.0 took on a `bind` line.
#[test]
fn bind_addresses() {
    let cases = [
        ("*:80", "*:80"),
        (":80", "*:80"),
        ("0.0.0.0:80", "*:80"),
        ("0:80", "*:80"),
        ("00:80", "*:80"),
        ("1:80", "0.0.0.1:80"),
        ("1.2.3:80", "1.2.0.3:80"),
        ("1.2.3.4:080", "1.2.3.4:80"),
        ("[1.2.3.4]:80", "1.2.3.4:80"),
        ("1.2.3.4:80-90", "1.2.3.4:80-90"),
        ("1.2.3.4:80-80", "1.2.3.4:80"),
        ("[::]:80", "[::]:80"),
        (":::80", "[::]:80"),
        ("::1:80", "[::1]:80"),
        ("ipv6@:80", "[::]:80"),
        ("ipv6@*:80", "[::]:80"),
        ("ipv4@*:80", "*:80"),
        ("ip@:80", "*:80"),
        ("tcp6@[::1]:80", "[::1]:80"),
        ("::ffff:1.2.3.4:80", "[::ffff:1.2.3.4]:80"),
        ("stream+:80", "*:80"),
        ("dgram+tcp@:80", "*:80"),
        ("mptcp6@:80", "mptcp@[::]:80"),
        ("quic+ipv4@:80", "quic4@*:80"),
        ("quic6@:80", "quic6@[::]:80"),
        ("localhost:80", "localhost:80"),
        ("ipv6@1.2.3.4:80", "ipv6@1.2.3.4:80"),
        ("foo@1.2.3.4:80", "ip@foo@1.2.3.4:80"),
        ("unix@", "unix@"),
        ("/tmp/s", "unix@/tmp/s"),
        ("uxst@s", "unix@s"),
        ("abns@foo", "abns@foo"),
        ("abnsz@foo", "abnsz@foo"),
        ("fd@3", "fd@3"),
        ("sockpair@3", "sockpair@3"),
        ("rhttp@b/s", "rhttp@b/s"),
    ];
    for (text, expected) in cases {
        assert_eq!(said(text, Kind::BIND), expected, "{text}");
    }
}

/// Texts of 3.4.0, which stand behind `'bind' : `.
#[test]
fn bind_faults() {
    let cases = [
        ("*", "missing port specification in '*'"),
        ("80", "missing port specification in '80'"),
        ("1.2.3.4:", "missing port specification in '1.2.3.4:'"),
        ("[::1]", "missing port specification in '[::1]'"),
        ("::", "missing port specification in '::'"),
        ("tcp@/tmp/x", "missing port specification in 'tcp@/tmp/x'"),
        (
            "1.2.3.4:x",
            "invalid character 'x' in port number 'x' in '1.2.3.4:x'",
        ),
        (
            "1.2.3.4:80x",
            "invalid character 'x' in port number '80x' in '1.2.3.4:80x'",
        ),
        (
            "1.2.3.4: 80",
            "invalid character ' ' in port number ' 80' in '1.2.3.4: 80'",
        ),
        ("1.2.3.4:0", "invalid port '0'"),
        ("1.2.3.4:65536", "invalid port '65536'"),
        ("1.2.3.4:99999999999", "invalid port '99999999999'"),
        (
            "1.2.3.4:-1",
            "port offset not permitted here in '1.2.3.4:-1'",
        ),
        (
            "1.2.3.4:+1",
            "port offset not permitted here in '1.2.3.4:+1'",
        ),
        ("1.2.3.4:90-80", "invalid port range '90-80'"),
        ("1.2.3.4:80-", "invalid port ''"),
        (
            "1.2.3.4:80-x",
            "invalid character 'x' in port number 'x' in '1.2.3.4:80-x'",
        ),
        (
            "1.2.3.4:80-90-100",
            "invalid character '-' in port number '90-100' in '1.2.3.4:80-90-100'",
        ),
        (
            "1.2.3.4:x-9",
            "invalid character 'x' in port number 'x-9' in '1.2.3.4:x-9'",
        ),
        (
            "1.2.3.4:8x-9",
            "invalid character 'x' in port number '8x' in '1.2.3.4:8x-9'",
        ),
        ("fd@", "file descriptor '' is not a valid integer in 'fd@'"),
        (
            "fd@3x",
            "file descriptor '3x' is not a valid integer in 'fd@3x'",
        ),
        (
            "fd@-1",
            "file descriptor '-1' is not a valid integer in 'fd@-1'",
        ),
        (
            "sockpair@x",
            "file descriptor 'x' is not a valid integer in 'sockpair@x'",
        ),
        (
            "udp@1.2.3.4:80",
            "dgram-type address not acceptable in 'udp@1.2.3.4:80'",
        ),
        (
            "uxdg@/tmp/s",
            "dgram-type address not acceptable in 'uxdg@/tmp/s'",
        ),
        (
            "",
            "'' resolves to an empty address (environment variable missing?)",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(said(text, Kind::BIND), format!("! {expected}"), "{text}");
    }
    let path = |length: usize| format!("unix@/{}", "x".repeat(length - 1));
    assert!(parse(&word(&path(97)), Kind::BIND).is_ok());
    assert_eq!(
        said(&path(98), Kind::BIND),
        format!("! socket path '{}' too long (max 97)", path(98))
    );
    let name = |length: usize| format!("abns@{}", "x".repeat(length));
    assert!(parse(&word(&name(107)), Kind::BIND).is_ok());
    assert_eq!(
        said(&name(108), Kind::BIND),
        format!("! socket path '{}' too long (max 107)", name(108))
    );
}

/// What 3.4.0 said about addresses on a `server` line.
#[test]
fn server_addresses() {
    let cases = [
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:0", "1.2.3.4"),
        ("1.2.3.4:-1", "1.2.3.4:-1"),
        ("1.2.3.4:+10", "1.2.3.4:+10"),
        ("[::1]", "[::1]"),
        ("[::1]:", "[::1]"),
        (
            "1.2.3.4:80-90",
            "! port range not permitted here in '1.2.3.4:80-90'",
        ),
        (
            "1.2.3.4:80-x",
            "! port range not permitted here in '1.2.3.4:80-x'",
        ),
        (
            "1.2.3.4:80,",
            "! invalid character ',' in port number '80,' in '1.2.3.4:80,'",
        ),
        (
            "fd@99",
            "! a file descriptor is not acceptable here in 'fd@99'",
        ),
        (
            "fd@x",
            "! file descriptor 'x' is not a valid integer in 'fd@x'",
        ),
        ("*:+5", "*:+5"),
        ("[::1]80", "[::1]80"),
        ("::", "::"),
    ];
    for (text, expected) in cases {
        assert_eq!(said(text, Kind::SERVER), expected, "{text}");
    }
}

/// What 3.4.0 said elsewhere: faults of the port come before those of the transport.
#[test]
fn other_places() {
    let cases = [
        (Kind::LOG, "127.0.0.1", "dgram+127.0.0.1"),
        (Kind::LOG, "tcp@127.0.0.1:5", "127.0.0.1:5"),
        (Kind::LOG, "/dev/log", "dgram+unix@/dev/log"),
        (Kind::LOG, "uxst@/x", "unix@/x"),
        (Kind::LOG, "fd@1", "dgram+fd@1"),
        (
            Kind::LOG,
            "127.0.0.1:1-5",
            "! port range not permitted here in '127.0.0.1:1-5'",
        ),
        (
            Kind::NAMESERVER,
            "127.0.0.1",
            "! missing port specification in '127.0.0.1'",
        ),
        (Kind::NAMESERVER, "tcp@127.0.0.1:5", "127.0.0.1:5"),
        (
            Kind::NAMESERVER,
            "fd@1",
            "! a file descriptor is not acceptable here in 'fd@1'",
        ),
        (Kind::PEER, "127.0.0.1:0", "! invalid port '0'"),
        (
            Kind::PEER,
            "udp@127.0.0.1",
            "! missing port specification in 'udp@127.0.0.1'",
        ),
        (Kind::DGRAM_BIND, "127.0.0.1:1-5", "dgram+127.0.0.1:1-5"),
        (
            Kind::DGRAM_BIND,
            "tcp4@127.0.0.1",
            "! missing port specification in 'tcp4@127.0.0.1'",
        ),
        (
            Kind::DGRAM_BIND,
            "tcp@127.0.0.1:5",
            "! stream-type address not acceptable in 'tcp@127.0.0.1:5'",
        ),
        (Kind::SERVER_SOURCE, "127.0.0.1:1-5", "127.0.0.1:1-5"),
        (
            Kind::PLAIN,
            "127.0.0.1:1-5",
            "! port range not permitted here in '127.0.0.1:1-5'",
        ),
        (Kind::PLAIN, "127.0.0.1:0", "127.0.0.1"),
        (
            Kind::PLAIN,
            "udp@127.0.0.1",
            "! dgram-type address not acceptable in 'udp@127.0.0.1'",
        ),
    ];
    for (kind, text, expected) in cases {
        assert_eq!(said(text, kind), expected, "{text}");
    }
}

#[test]
fn lists_and_their_places() {
    let (addresses, findings) = list(&word("1.2.3.4:80,[::1]:81-83,"), Kind::BIND);
    let shown: Vec<String> = addresses.iter().map(Address::to_string).collect();
    assert_eq!(shown, ["1.2.3.4:80", "[::1]:81-83"]);
    assert!(findings.is_empty());
    assert_eq!((addresses[1].span.start, addresses[1].span.end), (21, 32));
    let (addresses, findings) = list(&word(":80,,:81"), Kind::BIND);
    assert_eq!((addresses.len(), findings.len()), (2, 1));
    assert_eq!(findings[0].span.map(|s| s.start), Some(14));
    let (addresses, findings) = list(&word(",:80"), Kind::BIND);
    assert_eq!((addresses.len(), findings.len()), (1, 1));
}

#[test]
fn what_is_shown_reads_the_same() {
    for text in [
        "mptcp@[::1]:5",
        "dgram+*:5",
        "dgram+[::]:5",
        "quic4@1.2.3.4:5",
        "quic6@[::1]:5",
        "dgram+unix@/s",
        "dgram+fd@4",
        "ipv4@name:5",
        "name:5",
    ] {
        let kind = Kind {
            datagram: true,
            ..Kind::BIND
        };
        assert_eq!(said(text, kind), text);
    }
}
