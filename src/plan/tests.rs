//! Plans of small configurations on a made-up machine.

use super::server::ServerAddress;
use super::*;
use crate::balance::Wake;
use crate::base::diag::Diagnostic;
use crate::config::condition::Facts;
use crate::config::environment::Environment;
use crate::config::read::{Input, read};
use crate::ir::proxy::Options;
use crate::lower;
use crate::plan::files::Family;
use crate::plan::listener::ListenAddress;
use std::io;
use std::net::IpAddr;

/// A machine with one user, one host and two files.
struct Machine;

/// A certificate with its key.
fn site() -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(["site.example".to_owned()]);
    let made = made.expect("a certificate");
    (made.cert.pem() + &made.signing_key.serialize_pem()).into_bytes()
}

impl Files for Machine {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        match path {
            "conf/sorry.http" => Ok(b"HTTP/1.0 503 Sorry\r\nServer: me\r\n\r\ngone".to_vec()),
            "bad.http" => Ok(b"no answer".to_vec()),
            "empty" => Ok(Vec::new()),
            "/etc/resolv.conf" => {
                Ok(b"# mine\nsearch example\nnameserver 192.0.2.53\nnameserver ::1\n".to_vec())
            }
            "site.pem" => Ok(site()),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        }
    }
    fn resolve(&self, host: &str, family: Family) -> Vec<IpAddr> {
        let all: [IpAddr; 2] = [[192, 0, 2, 1].into(), [0, 0, 0, 0, 0, 0, 0, 1].into()];
        let wanted = |ip: &IpAddr| match family {
            Family::Any => true,
            Family::V4 => ip.is_ipv4(),
            Family::V6 => ip.is_ipv6(),
        };
        match host {
            "known.example" => all.into_iter().filter(wanted).collect(),
            _ => Vec::new(),
        }
    }
    fn user(&self, name: &str) -> Option<(u32, u32)> {
        (name == "web").then_some((33, 33))
    }
    fn group(&self, name: &str) -> Option<u32> {
        (name == "web").then_some(34)
    }
}

struct Nobody;

impl Wake for Nobody {
    fn wake(&self, _token: u64) {}
}

/// The plan of a text, with a complete `defaults` above it.
fn built(files: &dyn Files, text: &str) -> (Option<Plan>, Vec<Diagnostic>) {
    let text = format!(
        "defaults\n mode http\n timeout client 10s\n timeout server 20s\n timeout connect 3s\n{text}"
    );
    let input = Input {
        name: "conf/t.cfg".to_owned(),
        text: text.into_bytes(),
    };
    let (document, mut diags) = read(vec![input], &mut Environment::default(), &Facts::default());
    let (config, more) = lower::lower(&document, &lower::Options::default());
    diags.extend(more);
    let wake: Arc<dyn Wake> = Arc::new(Nobody);
    let (plan, more) = build(&config, files, &wake);
    diags.extend(more);
    (plan, diags)
}

fn plan(text: &str) -> Plan {
    let (plan, diags) = built(&Machine, text);
    plan.unwrap_or_else(|| panic!("{diags:#?}"))
}

fn messages(text: &str) -> Vec<String> {
    let (_, diags) = built(&Machine, text);
    diags.into_iter().map(|d| d.message).collect()
}

#[test]
fn a_listen_gives_one_of_each() {
    let plan =
        plan("listen l\n bind 127.0.0.1:1001-1003\n bind /run/x.sock\n server a 127.0.0.1:80\n");
    assert_eq!(plan.frontends.len(), 1);
    assert_eq!(plan.backends.len(), 1);
    let ports: Vec<ListenAddress> = plan.listeners.iter().map(|l| l.address.clone()).collect();
    assert_eq!(
        ports,
        [
            ListenAddress::Inet(([127, 0, 0, 1], 1001).into()),
            ListenAddress::Inet(([127, 0, 0, 1], 1002).into()),
            ListenAddress::Inet(([127, 0, 0, 1], 1003).into()),
            ListenAddress::Unix(b"/run/x.sock".to_vec()),
        ]
    );
    let numbers: Vec<u32> = plan.listeners.iter().map(|l| l.uuid).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    let fe = &plan.frontends[0];
    assert_eq!(fe.default_backend, Some(BackendId(0)));
    assert_eq!(plan.backends[0].same_section, Some(fe.id));
    assert_eq!(plan.backend_by_name(b"l"), Some(BackendId(0)));
}

#[test]
fn timeouts_fall_back() {
    let plan = plan("listen l\n bind :1001\nlisten m\n bind :1002\n timeout http-request 1s\n");
    let l = &plan.frontends[0].timeouts;
    assert_eq!(
        (l.http_request, l.http_keep_alive),
        (Some(10_000), Some(10_000))
    );
    assert_eq!((l.queue, l.tarpit), (Some(3_000), Some(3_000)));
    assert_eq!((l.tunnel, l.client_fin, l.check), (None, None, None));
    let m = &plan.frontends[1].timeouts;
    assert_eq!(
        (m.http_request, m.http_keep_alive),
        (Some(1_000), Some(1_000))
    );
}

#[test]
fn abortonclose_is_on_in_http_back_ends() {
    let plan = plan(
        "backend a\nbackend b\n no option abortonclose\nbackend c\n mode tcp\nbackend d\n mode tcp\n option abortonclose\n",
    );
    let on: Vec<bool> = plan
        .backends
        .iter()
        .map(|b| b.options.contains(Options::ABORTONCLOSE))
        .collect();
    assert_eq!(on, [true, false, false, true]);
}

#[test]
fn servers_get_their_addresses() {
    let plan = plan(
        "backend b\n server a known.example:80 check port 81\n server b ipv6@known.example:80\n server c 127.0.0.1:+5\n server d lost.example:80 init-addr libc,none\n server e lost.example:80 init-addr last,192.0.2.9\n server f 127.0.0.1:80 check addr 127.0.0.2\n server g /run/g.sock check\n",
    );
    let be = &plan.backends[0];
    let at = |i: usize| be.servers[i].address.clone();
    assert_eq!(at(0), ServerAddress::Inet(([192, 0, 2, 1], 80).into()));
    assert_eq!(
        be.servers[0].check_address,
        Some(ServerAddress::Inet(([192, 0, 2, 1], 81).into()))
    );
    assert_eq!(
        at(1),
        ServerAddress::Inet(([0, 0, 0, 0, 0, 0, 0, 1], 80).into())
    );
    assert_eq!(
        at(2),
        ServerAddress::InetMapped(([127, 0, 0, 1], 0).into(), 5)
    );
    assert_eq!(at(3), ServerAddress::Unresolved);
    assert!(!be.state.servers()[3].usable());
    assert_eq!(at(4), ServerAddress::Inet(([192, 0, 2, 9], 80).into()));
    assert_eq!(
        be.servers[5].check_address,
        Some(ServerAddress::Inet(([127, 0, 0, 2], 80).into()))
    );
    assert_eq!(
        be.servers[6].check_address,
        Some(ServerAddress::Unix(b"/run/g.sock".to_vec()))
    );
}

#[test]
fn a_name_without_address_is_refused_in_haproxys_words() {
    let said = messages("backend b\n server a lost.example:80\n");
    assert_eq!(
        said,
        [
            "'server b/a' : could not resolve address 'lost.example'.",
            "Failed to initialize server(s) addr."
        ]
    );
    let (plan, diags) = built(&AbsentFiles, "backend b\n server a lost.example:80\n");
    assert!(plan.is_some(), "{diags:#?}");
    assert!(diags.is_empty(), "{diags:#?}");
}

#[test]
fn name_servers_are_those_of_the_lines_and_of_the_system() {
    let plan = plan(
        "resolvers r\n nameserver a 127.0.0.1:53\n parse-resolv-conf\n nameserver b tcp@known.example:54\n",
    );
    let names = |at: usize| -> Vec<String> {
        let shown = |n: &super::resolvers::NameserverPlan| {
            let way = if n.tcp { "tcp" } else { "udp" };
            format!("{} {way} {}", n.name, n.to)
        };
        plan.resolvers[at].nameservers.iter().map(shown).collect()
    };
    let wanted = [
        "a udp 127.0.0.1:53",
        "192.0.2.53 udp 192.0.2.53:53",
        "::1 udp [::1]:53",
        "b tcp 192.0.2.1:54",
    ];
    assert_eq!(names(0), wanted);
    // the one that nobody writes
    assert_eq!(plan.resolvers[1].settings.name, "default");
    assert_eq!(names(1), &wanted[1..3]);
}

#[test]
fn users_and_groups_are_looked_up() {
    let plan = plan("global\n user web\n group web\n");
    assert_eq!((plan.global.uid, plan.global.gid), (Some(33), Some(34)));
    let said = messages("global\n user nemo\n group nemo\n");
    assert_eq!(
        said,
        [
            "cannot find user id for 'nemo' (0:Success)",
            "cannot find group id for 'nemo' (0:Success)"
        ]
    );
}

#[test]
fn error_pages_are_read_from_where_default_path_says() {
    let plan = plan(
        "global\n default-path config\nlisten l\n bind :1001\n errorfile 503 sorry.http\n errorloc303 404 /elsewhere\n",
    );
    let errors = &plan.frontends[0].errors;
    let page = errors.page(503).unwrap();
    assert!(page.custom);
    assert_eq!(&page.bytes[page.body_at..], b"gone");
    let page = errors.page(404).unwrap();
    assert_eq!(page.status, 303);
    assert!(page.bytes.starts_with(b"HTTP/1.1 303 See Other\r\n"));
    assert!(page.bytes.ends_with(b"location: /elsewhere\r\n\r\n"));
    let page = errors.page(502).unwrap();
    assert!(!page.custom);
    assert!(page.bytes.starts_with(b"HTTP/1.1 502 Bad Gateway\r\n"));
}

#[test]
fn bad_error_files_are_refused() {
    for (file, wanted) in [
        (
            "bad.http",
            "errorfile : 'bad.http': unable to parse headers (error offset: 0)",
        ),
        ("lost.http", "errorfile : error opening file 'lost.http'."),
    ] {
        let said = messages(&format!("listen l\n bind :1001\n errorfile 503 {file}\n"));
        assert!(said.contains(&wanted.to_owned()), "{said:?}");
    }
    let plan = plan("listen l\n bind :1001\n errorfile 408 empty\n");
    let page = plan.frontends[0].errors.page(408).unwrap();
    assert!(page.custom && page.bytes.is_empty());
}

#[test]
fn fullconn_is_a_tenth_of_what_leads_there() {
    let plan = plan(
        "global\n maxconn 1000\nfrontend f\n bind :1001\n maxconn 300\n use_backend b if TRUE\nfrontend g\n bind :1002\n default_backend b\nbackend b\nbackend c\n fullconn 7\n",
    );
    assert_eq!(plan.backends[0].fullconn.of(1000), 130);
    assert_eq!(plan.backends[0].fullconn.of(5), 31);
    assert_eq!(plan.backends[1].fullconn.of(1000), 7);
}

#[test]
fn nbproc_becomes_threads_within_the_hard_limit() {
    assert_eq!(plan("global\n nbproc 4\n").global.nbthread, Some(4));
    assert_eq!(
        plan("global\n nbproc 4\n nbthread 2\n").global.nbthread,
        Some(2)
    );
    assert_eq!(
        plan("global\n nbthread 8\n thread-hard-limit 3\n")
            .global
            .nbthread,
        Some(3)
    );
}

#[test]
fn persistence_needs_http() {
    let text = "cookie S insert\n appsession A len 4 timeout 1s\n server a 127.0.0.1:1\n";
    let http = plan(&format!("backend b\n {text}"));
    assert!(http.backends[0].cookie.is_some() && http.backends[0].appsession.is_some());
    let tcp = plan(&format!("backend b\n mode tcp\n {text}"));
    assert!(tcp.backends[0].cookie.is_none() && tcp.backends[0].appsession.is_none());
}

#[test]
fn dynamic_cookies_are_made_from_key_and_address() {
    let text = "backend b\n cookie S insert dynamic\n dynamic-cookie-key secret\n server a 127.0.0.1:1\n server b 127.0.0.1:2\n server c 127.0.0.1:3 cookie own\n";
    let plan = plan(text);
    let values: Vec<_> = plan.backends[0]
        .servers
        .iter()
        .map(|s| s.settings.cookie.clone().unwrap())
        .collect();
    assert_eq!(values[0].len(), 16);
    assert_ne!(values[0], values[1]);
    assert_eq!(values[2], b"own");
    assert_eq!(plan.backends[0].server_by_cookie(b"own"), Some(2));
}

#[test]
fn disabled_proxies_are_not_there() {
    let plan = plan(
        "frontend f\n bind :1001\n use_backend off if TRUE\n default_backend on\nbackend off\n disabled\n server a lost.example:1\nbackend on\n",
    );
    assert_eq!(plan.backends.len(), 1);
    assert!(plan.frontends[0].use_backends.is_empty());
    assert_eq!(plan.frontends[0].default_backend, Some(BackendId(0)));
}

#[test]
fn spelling_of_headers_is_per_side() {
    let text = "global\n h1-case-adjust content-type Content-Type\nlisten l\n bind :1001\n option h1-case-adjust-bogus-server\n";
    let plan = plan(text);
    assert!(plan.frontends[0].case_map.is_none());
    let map = plan.backends[0].case_map.clone().unwrap();
    assert_eq!(map.adjust(b"content-type"), b"Content-Type");
}

/// What is said about the versions of a TLS listener and of a TLS server with these words.
fn about_versions(words: &str) -> Vec<String> {
    messages(&format!(
        "frontend f\n bind :1 ssl crt site.pem {words}\n default_backend b\nbackend b\n server s 127.0.0.1:1 ssl verify none {words}\n"
    ))
}

#[test]
fn limits_make_words_about_one_version_void() {
    for word in [
        "no-sslv3",
        "no-tlsv10",
        "no-tlsv11",
        "no-tlsv12",
        "no-tlsv13",
    ] {
        let said = about_versions(&format!("ssl-min-ver TLSv1.2 {word}"));
        assert_eq!(said.len(), 2, "{word}: {said:?}");
        assert!(
            said.iter().all(|m| m.contains("are ignored for")),
            "{said:?}"
        );
    }
}

#[test]
fn versions_that_nobody_speaks_are_refused() {
    for word in ["force-sslv3", "force-tlsv10", "force-tlsv11"] {
        let said = about_versions(word);
        assert_eq!(said.len(), 2, "{word}: {said:?}");
        let refused = |m: &&String| {
            m.contains("all SSL/TLS versions are disabled") || m.contains("newest version allowed")
        };
        assert_eq!(said.iter().filter(refused).count(), 2, "{said:?}");
    }
    assert_eq!(about_versions("ssl-max-ver TLSv1.1").len(), 3);
}
