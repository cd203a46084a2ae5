//! `hapax lint` and `hapax fmt` as a build service calls them.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const BAD: &str = "defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout http-request 10s

listen www
    bind :80
    acl spare path_beg /spare
    http-request set-header X-A b if TRUE
    server a 10.0.0.1:8443 ssl verify none check
";

/// A directory of its own, removed when the test ends.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Dir {
        let path = std::env::temp_dir().join(format!("hapax-lint-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Dir(path)
    }
    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn hapax(dir: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hapax"))
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn run(dir: &Dir, args: &[&str]) -> (i32, String) {
    let out = hapax(&dir.0, args, "");
    let text =
        String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (out.status.code().unwrap(), text)
}

#[test]
fn the_status_says_what_was_found() {
    let dir = Dir::new("status");
    dir.write("bad.cfg", BAD);
    let (code, text) = run(&dir, &["lint", "--format", "short", "bad.cfg"]);
    assert_eq!(code, 1, "{text}");
    assert_eq!(
        text,
        "bad.cfg:10:9: warning: no condition of listen www uses 'spare' (unused-acl) [HC007]\n\
         bad.cfg:11:35: notice: this is always so (redundant-condition) [HY008]\n\
         bad.cfg:12:39: warning: whoever answers is taken for the server (server-verify-none) [HS002]\n"
    );
    let quiet = ["lint", "--ignore", "HC007,redundant-*,security", "bad.cfg"];
    assert_eq!(run(&dir, &quiet), (0, "nothing found\n".to_owned()));
    assert_eq!(run(&dir, &["lint", "--exit-zero", "bad.cfg"]).0, 0);
    assert_eq!(run(&dir, &["lint", "--fail-on", "error", "bad.cfg"]).0, 0);
    assert_eq!(run(&dir, &["lint", "nowhere.cfg"]).0, 2);
    let (code, text) = run(&dir, &["lint", "--ignore", "unusd-acl", "bad.cfg"]);
    assert_eq!(
        (code, text.as_str()),
        (
            2,
            "hapax: 'unusd-acl' is no rule, code or category; did you mean 'unused-acl'?\n"
        )
    );
    dir.write("broken.cfg", "defaults\n    mode htp\n");
    let (code, text) = run(&dir, &["lint", "--format", "short", "broken.cfg"]);
    assert_eq!(code, 1);
    assert!(text.contains("error: "), "{text}");
}

#[test]
fn every_format_is_written() {
    let dir = Dir::new("formats");
    dir.write("bad.cfg", BAD);
    for (format, piece) in [
        ("human", "warning[HS002]"),
        ("json", "\"code\":\"HS002\""),
        ("sarif", "\"ruleId\":\"HS002\""),
        ("github", "::warning file=bad.cfg,line=12"),
        ("gitlab", "\"check_name\":\"HS002\""),
        ("junit", "<testsuite name=\"hapax lint\""),
        ("rdjson", "\"code\":{\"value\":\"HS002\"}"),
    ] {
        let (code, text) = run(&dir, &["lint", "--format", format, "bad.cfg"]);
        assert!(code == 1 && text.contains(piece), "{format}: {text}");
    }
}

#[test]
fn fixes_are_shown_or_written() {
    let dir = Dir::new("fix");
    dir.write("bad.cfg", BAD);
    let (code, text) = run(&dir, &["lint", "--diff", "--unsafe", "bad.cfg"]);
    assert_eq!(code, 1);
    assert!(text.contains("-    acl spare path_beg /spare\n"), "{text}");
    assert_eq!(dir.read("bad.cfg"), BAD);
    run(&dir, &["lint", "--fix", "bad.cfg"]);
    assert_eq!(dir.read("bad.cfg"), BAD.replace(" if TRUE", ""));
    run(&dir, &["lint", "--fix", "--unsafe", "bad.cfg"]);
    let text = BAD
        .replace(" if TRUE", "")
        .replace("    acl spare path_beg /spare\n", "");
    assert_eq!(dir.read("bad.cfg"), text);
}

#[test]
fn a_project_has_its_settings() {
    let dir = Dir::new("settings");
    dir.write("bad.cfg", BAD);
    dir.write("hapax.toml", "[lint]\nselect = ['style']\n[lint.per-file-ignores]\n'b*.cfg' = ['redundant-condition']\n[fmt]\nindent = 2\n");
    assert_eq!(
        run(&dir, &["lint", "bad.cfg"]),
        (0, "nothing found\n".to_owned())
    );
    assert_eq!(run(&dir, &["lint", "--config", "none", "bad.cfg"]).0, 1);
    let out = hapax(&dir.0, &["fmt", "-"], "global\n\tdaemon   # d");
    assert_eq!(
        String::from_utf8_lossy(&out.stdout),
        "global\n  daemon # d\n"
    );
    dir.write("hapax.toml", "[lint]\nselct = []\n");
    assert_eq!(run(&dir, &["lint", "bad.cfg"]).0, 2);
}

#[test]
fn formatting_is_checked() {
    let dir = Dir::new("fmt");
    dir.write("a.cfg", "global\n  daemon\n");
    assert_eq!(
        run(&dir, &["fmt", "--check", "."]),
        (1, "./a.cfg\n".to_owned())
    );
    let (code, text) = run(&dir, &["fmt", "--diff", "a.cfg"]);
    assert!(
        code == 1 && text.contains("-  daemon\n+    daemon\n"),
        "{text}"
    );
    assert_eq!(run(&dir, &["fmt", "."]).0, 0);
    assert_eq!(dir.read("a.cfg"), "global\n    daemon\n");
    assert_eq!(run(&dir, &["fmt", "--check", "."]), (0, String::new()));
}

#[test]
fn what_the_environment_lacks_is_no_fault() {
    let dir = Dir::new("environment");
    let text = BAD
        .replace(
            "10.0.0.1:8443 ssl verify none",
            "\"${HAPAX_T_HOST}:${HAPAX_T_PORT}\"",
        )
        .replace("spare", "s")
        .replace(" if TRUE", " if s");
    dir.write("a.cfg", &text);
    assert_eq!(
        run(&dir, &["lint", "a.cfg"]),
        (0, "nothing found\n".to_owned())
    );
}

#[test]
fn rules_are_listed_and_explained() {
    let dir = Dir::new("rules");
    let (code, text) = run(&dir, &["rules"]);
    assert!(code == 0 && text.lines().count() >= 50, "{text}");
    for word in ["unused-acl", "HC007", "hc007"] {
        let (code, text) = run(&dir, &["explain", word]);
        assert!(code == 0 && text.contains("Write instead"), "{text}");
    }
}
