//! `hapax route` and `hapax test` as they are called.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn hapax(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hapax"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const SHOP: &str = "fixtures/route/shop.cfg";

#[test]
fn the_cases_of_the_fixture_pass() {
    let done = hapax(&["test", "fixtures/route"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stdout));
    assert!(text(&done.stdout).ends_with("12 passed, 0 failed\n"));
}

#[test]
fn the_way_of_a_request() {
    let request = "GET https://shop.example/cart";
    let line = [
        "route",
        "-f",
        SHOP,
        "--request",
        request,
        "-H",
        "X-User: me",
        "--cookie",
        "SRV=c2",
    ];
    let done = hapax(&line);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let shown = text(&done.stdout);
    for part in [
        "front end    shop\n",
        "shop.cfg:25: http-request del-header X-User\n                 - x-user: me\n",
        "shop.cfg:34: use_backend carts if cart\n                 back end carts\n",
        "variables    txn.tenant = main\n",
        "* cart2 (up, weight 1)\n",
        "persistence  the cookie chose the server\n",
        "to server    GET /cart HTTP/1.1\n             host: shop.example\n",
        "log state    --VN\n",
        "to client    HTTP/1.1 200 OK\n",
    ] {
        assert!(shown.contains(part), "{part:?} is not in\n{shown}");
    }
    let done = hapax(&[
        "route",
        "-f",
        SHOP,
        "--request",
        "GET http://a/",
        "--format",
        "json",
    ]);
    assert!(text(&done.stdout).starts_with("{\"frontend\":\"web\",\"rules\":[{\"kind\":"));
}

#[test]
fn what_cannot_be_asked() {
    for (line, status, told) in [
        (vec!["-f", SHOP, "--request", "GET"], 2, "is not METHOD URL"),
        (vec!["-f", SHOP, "--request", "GET /"], 0, ""),
        (
            vec![
                "-f",
                SHOP,
                "--request",
                "GET https://a/",
                "--frontend",
                "none",
            ],
            2,
            "front ends in HTTP mode: web, shop",
        ),
        (
            vec![
                "-f",
                SHOP,
                "--request",
                "GET https://a/",
                "--server",
                "carts/x=down",
            ],
            2,
            "no server is called `carts/x`",
        ),
        (vec!["-f", "none.cfg", "--request", "GET /"], 2, "none.cfg"),
    ] {
        let mut words = vec!["route"];
        words.extend(line);
        let done = hapax(&words);
        assert_eq!(done.status.code(), Some(status), "{words:?}");
        assert!(text(&done.stderr).contains(told), "{}", text(&done.stderr));
    }
}

#[test]
fn a_failure_in_all_formats() {
    let dir = std::env::temp_dir().join(format!("hapax-route-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join(SHOP);
    let cases = format!(
        "config = {config:?}\n[[case]]\nname = \"a < b\"\nrequest = \"GET https://a/\"\n[case.expect]\nstatus = 404\nbackend = \"pages\"\n"
    );
    let file: PathBuf = dir.join("cases.toml");
    std::fs::write(&file, cases).unwrap();
    let name = file.to_str().unwrap();
    for (format, part) in [
        (
            "human",
            "       status\n         - expected 404\n         + found    200\n",
        ),
        (
            "tap",
            "not ok 1 - a < b\n  ---\n  message: |\n    status: expected 404, found 200\n",
        ),
        (
            "junit",
            "name=\"a &lt; b\">\n      <failure message=\"status: expected 404, found 200\">",
        ),
    ] {
        let done = hapax(&["test", name, "--format", format]);
        assert_eq!(done.status.code(), Some(1), "{format}");
        assert!(text(&done.stdout).contains(part), "{}", text(&done.stdout));
    }
    std::fs::write(&file, "[[case]]\nrequest = \"GET /\"\nbogus = 1\n").unwrap();
    let done = hapax(&["test", name]);
    assert_eq!(done.status.code(), Some(2));
    assert!(
        text(&done.stderr).contains("knows no `bogus`"),
        "{}",
        text(&done.stderr)
    );
    std::fs::remove_dir_all(dir).unwrap();
}
