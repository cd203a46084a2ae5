//! Each migration on its lines, and what holds for all of them.

use super::{MIGRATIONS, Outcome, migrate};
use std::collections::BTreeSet;

/// The new text of an old one.
fn new(old: &str) -> String {
    String::from_utf8(migrate(old.as_bytes()).text).unwrap()
}

/// The new lines of lines in a listening HTTP section, without its head and indentation.
fn section(lines: &str) -> String {
    let head = "defaults\n  mode http\nlisten l\n";
    let lines: String = lines.lines().map(|l| format!("  {l}\n")).collect();
    let new = new(&format!("{head}{lines}"));
    let body = new.strip_prefix(head).unwrap();
    let body: Vec<&str> = body
        .lines()
        .map(|l| l.strip_prefix("  ").unwrap())
        .collect();
    body.join("\n")
}

#[test]
fn lines_of_proxies() {
    let table: &[(&str, &str)] = &[
        ("clitimeout 5000 # ms", "timeout client 5000 # ms"),
        ("timeout  contimeout 5s", "timeout connect 5s"),
        ("redispatch", "option redispatch"),
        ("no option forceclose", "no option httpclose"),
        ("option http-use-htx # old", "# old"),
        ("block if !METH_GET", "http-request deny if !METH_GET"),
        (
            "reqadd X-Proto:\\ 100%\\ sure unless secure",
            "http-request add-header X-Proto '100%% sure' unless secure",
        ),
        ("rspadd A:1", "http-response add-header A 1"),
        ("rspidel ^Server:.*", "http-response del-header Server"),
        ("reqdel ^X-For", "http-request del-header X-For -m beg"),
        (
            "rspidel ^Set-cookie:\\ IP=",
            "http-response replace-header Set-cookie (?i)^IP= %[str()]",
        ),
        (
            "reqirep ^Host:\\ www.(.*)$ Host:\\ \\1 if host_www",
            "http-request replace-header Host (?i)^www.(.*)$ '\\1' if host_www",
        ),
        (
            "reqrep ^([^\\ :]*)\\ /static/(.*) \\1\\ /\\2",
            "http-request replace-pathq ^/static/(.*) '/\\1'",
        ),
        (
            "reqrep ^GET\\ /a\\ (HTTP/1.[01]) GET\\ /b\\ \\1 if x or y",
            "http-request replace-pathq ^/a$ /b if { method GET } x or { method GET } y",
        ),
        (
            "reqirep ^[^\\ ]*\\ /img[/\\ ].* \\0\\nCookie:\\ backend=2",
            "http-request add-header Cookie backend=2 if { url -m reg -i ^/img(/|$) }",
        ),
        (
            "reqirep ^(X-Forwarded-For:)(.*) X-Old:\\2",
            "http-request add-header X-Old %[req.fhdr(X-Forwarded-For)] if { req.fhdr(X-Forwarded-For) -m found }\nhttp-request del-header X-Forwarded-For",
        ),
        (
            "reqirep ^OPTIONS\\ /.*HTTP/1\\.[01]$ OPTIONS\\ \\\\*\\ HTTP/1.0",
            "http-request replace-pathq ^/.*$ '\\*' if { method OPTIONS }",
        ),
        (
            "reqtarpit ^[^:\\ ]*\\ /bad unless ok fine",
            "http-request tarpit if { url -m reg ^/bad } !ok or { url -m reg ^/bad } !fine",
        ),
        (
            "reqideny evil",
            "http-request deny if { url -m reg -i evil }\nhttp-request deny if { req.hdrs -m reg -i evil }",
        ),
        ("reqpass ^[^:\\ ]*:", ""),
        (
            "use_backend a\nreqsetbe ^[^\\ ]*\\ /img b",
            "use_backend b if { url -m reg ^/img }\nuse_backend a",
        ),
        (
            "appsession JS len 52 timeout 3h request-learn",
            "stick-table type string len 52 size 1m expire 3h\nstick on req.cook(JS)\nstick on urlp(JS,;)\nstick store-response res.cook(JS)",
        ),
        (
            "option httpchk GET /x HTTP/1.1\\r\\nHost:\\ a.example # c",
            "option httpchk GET /x HTTP/1.1 # c\nhttp-check send hdr Host a.example",
        ),
        (
            "monitor-net 10.0.0.0/8",
            "http-request return status 200 if { src 10.0.0.0/8 }",
        ),
        ("mode health", "mode http\nhttp-request return status 200"),
        ("dispatch 10.0.0.1:80", "server dispatch 10.0.0.1:80"),
        ("transparent", "server transparent 0.0.0.0"),
        ("bind :80 process 2 name x", "bind :80 thread 2 name x"),
        ("bind :80 process all name x", "bind :80 name x"),
        (
            "server a 1.1.1.1\nserver a 1.1.1.2 check",
            "server a 1.1.1.1\nserver a-2 1.1.1.2 check",
        ),
        (
            "http-send-name-header Host\nserver a 1.1.1.1",
            "http-request set-header Host a\nserver a 1.1.1.1",
        ),
        // in the order in which they were executed
        (
            "reqdeny ^GET\\ /x\nhttp-request set-path /y\nblock if b",
            "http-request deny if b\nhttp-request set-path /y\nhttp-request deny if { method GET } { url -m reg ^/x }",
        ),
        (
            "reqadd A:\\ 1\nhttp-request del-header A\nreqadd B:\\ 1",
            "http-request del-header A\nhttp-request add-header A 1\nhttp-request add-header B 1",
        ),
    ];
    for (old, expected) in table {
        assert_eq!(section(old), *expected, "{old}");
    }
}

#[test]
fn whole_files() {
    let table: &[(&str, &str)] = &[
        ("global\n  nbproc 1\n  debug", "global\n"),
        (
            "global\n\tnbproc 4\n\tcpu-map 2 1\n",
            "global\n\tnbthread 4\n\tcpu-map 1/2 1\n",
        ),
        (
            "listen a 0.0.0.0:80,:81 # web\n\tmode tcp\n",
            "listen a # web\n\tbind 0.0.0.0:80,:81\n\tmode tcp\n",
        ),
        ("frontend f :80\r\n", "frontend f\r\n    bind :80\r\n"),
        (
            "frontend x\n use_backend x if { fe_conn(x) gt 5 }\nbackend x\n",
            "frontend x-frontend\n use_backend x if { fe_conn(x-frontend) gt 5 }\nbackend x\n",
        ),
        (
            "frontend x\n stick-table type ip size 1k\n tcp-request content track-sc0 src table x\nbackend x\n",
            "frontend x-frontend\n stick-table type ip size 1k\n tcp-request content track-sc0 src table x-frontend\nbackend x\n",
        ),
        ("listen a\nlisten a\n", "listen a\nlisten a-2\n"),
        (
            "frontend f\n default_backend default\nbackend default\n",
            "frontend f\n default_backend default-backend\nbackend default-backend\n",
        ),
        (
            "defaults\n mode http\n monitor-net 10.0.0.0/8\nfrontend f\nbackend b\n",
            "defaults\n mode http\nfrontend f\n http-request return status 200 if { src 10.0.0.0/8 }\nbackend b\n",
        ),
    ];
    for (old, expected) in table {
        assert_eq!(new(old), *expected, "{old}");
    }
}

#[test]
fn what_has_no_equivalent_is_said() {
    for line in [
        "reqrep ^(.*)$ x",
        "rsprep ^HTTP/1.1\\ 200 HTTP/1.1\\ 201",
        "appsession J prefix",
        "http-send-name-header Host",
        "reqdeny evil\\ thing",
    ] {
        let old = format!("listen l\n  {line}\n");
        let done = migrate(old.as_bytes());
        assert!(done.incomplete(), "{line}");
        assert_eq!(done.text, old.as_bytes(), "{line}");
        assert_eq!(done.changes.len(), 1, "{line}: {:?}", done.changes);
        assert_eq!(done.changes[0].line, 2);
    }
    assert!(migrate(b"program p\n  command x\n").incomplete());
}

#[test]
fn a_modern_file_keeps_its_bytes() {
    let modern = b"# c\r\nglobal\n  log  stdout  local0 # x\n\nfrontend f\n  bind :80\n  use_backend %[path]\n\n\n";
    let done = migrate(modern);
    assert_eq!(done.text, modern);
    assert!(done.changes.is_empty());
}

#[test]
fn names_are_their_own_and_told() {
    let names: BTreeSet<&str> = MIGRATIONS.iter().map(|m| m.name).collect();
    assert_eq!(names.len(), MIGRATIONS.len());
    assert!(MIGRATIONS.iter().all(|m| !m.about.is_empty()));
}

#[test]
fn changes_say_where_and_why() {
    let done = migrate(b"listen l :80\n  nothing\n  redispatch\n");
    let lines: Vec<(u32, Outcome)> = done.changes.iter().map(|c| (c.line, c.outcome)).collect();
    assert_eq!(lines, [(1, Outcome::Exact), (3, Outcome::Exact)]);
    assert_eq!(done.origins, [1, 1, 2, 3]);
    assert!(done.changes.iter().all(|c| !c.why.is_empty()));
}
