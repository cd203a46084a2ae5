//! `hapax migrate` on whole files: what 3.4 refused is taken afterwards, and only that is changed.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fixtures(dir: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(dir);
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "cfg"))
        .collect();
    files.sort();
    files
}

fn hapax(args: &[&str], file: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hapax"))
        .args(args)
        .arg(file)
        .output()
        .unwrap()
}

/// Whether 3.4 would take the file, as far as lines alone tell.
fn is_taken(file: &Path) -> bool {
    let checked = hapax(&["check", "--offline", "--for", "3.4"], file);
    checked.status.success()
}

#[test]
fn what_34_refuses_is_taken_afterwards() {
    let scratch = tempdir("taken");
    let mut mended = Vec::new();
    for file in fixtures("migrate") {
        assert!(
            !is_taken(&file),
            "{}: 3.4 takes it as it is",
            file.display()
        );
        let done = hapax(&["migrate"], &file);
        assert_eq!(done.status.code(), Some(0), "{}", file.display());
        let name = file.file_name().unwrap();
        let new = scratch.join(name);
        fs::write(&new, &done.stdout).unwrap();
        assert!(is_taken(&new), "{}", String::from_utf8_lossy(&done.stdout));
        let again = hapax(&["migrate", "--quiet"], &new);
        assert_eq!(again.stdout, done.stdout, "{}", file.display());
        mended.push(name.to_string_lossy().into_owned());
    }
    assert!(!mended.is_empty());
    fs::remove_dir_all(scratch).unwrap();
}

#[test]
fn what_34_takes_keeps_its_bytes() {
    for file in fixtures("config/ok") {
        let done = hapax(&["migrate", "--quiet"], &file);
        let scratch = tempdir("bytes");
        let new = scratch.join("new.cfg");
        fs::write(&new, &done.stdout).unwrap();
        if is_taken(&file) {
            assert!(is_taken(&new), "{}", file.display());
        }
        let again = hapax(&["migrate", "--quiet"], &new);
        assert_eq!(again.stdout, done.stdout, "{}", file.display());
        fs::remove_dir_all(scratch).unwrap();
    }
}

#[test]
fn the_ways_to_show_and_to_write() {
    let scratch = tempdir("ways");
    let file = scratch.join("old.cfg");
    let old = "# top\ndefaults\n  mode http\n  clitimeout 5s # slow\n\n\n\n\nlisten web :8080\n  reqrep ^(.*)$ x";
    fs::write(&file, old).unwrap();
    let diff = hapax(&["migrate", "--diff"], &file);
    assert_eq!(diff.status.code(), Some(1), "one line has no equivalent");
    let text = String::from_utf8(diff.stdout).unwrap();
    let name = file.display();
    assert_eq!(
        text,
        format!(
            "--- {name}\n+++ {name}\n@@ -1,10 +1,11 @@\n # top\n defaults\n   mode http\n-  clitimeout 5s # slow\n+  timeout client 5s # slow\n \n \n \n \n-listen web :8080\n-  reqrep ^(.*)$ x\n\\ No newline at end of file\n+listen web\n+  bind :8080\n+  reqrep ^(.*)$ x\n"
        )
    );
    let told = String::from_utf8(diff.stderr).unwrap();
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(told.len(), 5, "{told:?}");
    assert!(
        told[0].contains(":4: changed [renamed-keyword] `clitimeout`"),
        "{told:?}"
    );
    assert!(told[3].contains(":10: cannot migrate [reqrep]"), "{told:?}");
    assert!(told[4].ends_with("3 changed, 0 of them to look at, 1 cannot be migrated"));
    assert_eq!(fs::read_to_string(&file).unwrap(), old);
    let written = hapax(&["migrate", "--write"], &file);
    assert!(written.stdout.is_empty());
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .contains("  bind :8080\n")
    );
    let missing = hapax(&["migrate"], &scratch.join("none.cfg"));
    assert_eq!(missing.status.code(), Some(2));
    fs::remove_dir_all(scratch).unwrap();
}

#[test]
fn requests_prove_it() {
    let scratch = tempdir("prove");
    let cases = scratch.join("cases.toml");
    let text = r#"
[[case]]
request = "GET http://www.shop.example:8080/shop/shoes"
headers = ["X-Forwarded-For: 1.2.3.4"]
response = """HTTP/1.1 200 OK
Server: origin
"""
[case.expect]

[[case]]
request = "GET http://shop.example:8080/cgi-bin/x"
[case.expect]

[[case]]
request = "GET http://shop.example:8080/a/VIRUS.EXE"
[case.expect]

[[case]]
request = "GET http://shop.example:8080/;JSESSIONID=abc"
cookies = { JSESSIONID = "abc" }
repeat = 3
[case.expect]

[[case]]
request = "GET http://shop.example:8081/shop/shoes"
[case.expect]
"#;
    fs::write(&cases, text).unwrap();
    let file = &fixtures("migrate")[1];
    assert!(file.ends_with("shop-1.4.cfg"));
    let cases = cases.to_str().unwrap();
    let done = hapax(&["migrate", "--quiet", "--prove", cases], file);
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(
        told.ends_with("5 requests as before, 0 otherwise\n"),
        "{told}"
    );
    assert_eq!(done.status.code(), Some(0));
    fs::remove_dir_all(scratch).unwrap();
}

fn tempdir(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("hapax-migrate-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}
