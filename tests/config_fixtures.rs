//! Whole configurations of `fixtures/config` and the verdicts that HAProxy gave on them.
//!
//! `ok` holds what HAProxy 3.4 takes (and the one of 2010 that only old versions take), `bad` what
//! it refuses, `old` what 1.5 took and 3.4 refuses. Beside `NAME.cfg` stands what HAProxy said:
//! `NAME.cfg.haproxy-3.4.txt`, `-2.6.txt` where 2.6 differs, `-1.5.txt` for old files.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a program said about a file: exit status, and lines with ALERT or WARNING.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    exit: i32,
    lines: Vec<String>,
    /// Numbers of lines that hapax says it cannot execute yet: nobody checked their arguments.
    pending: BTreeSet<u32>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Configurations of one directory, as paths from `fixtures`.
fn configs(dir: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(fixtures().join("config").join(dir))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".cfg"))
        .map(|name| format!("config/{dir}/{name}"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

/// The line without its process number.
fn masked(line: &str) -> String {
    match (line.find('('), line.find(") : ")) {
        (Some(open), Some(close)) if open < close => {
            format!("{}(PID{}", &line[..open], &line[close..])
        }
        _ => line.to_owned(),
    }
}

fn check(program: &Path, config: &str) -> Verdict {
    let out = Command::new(program)
        .args(["-c", "-L", "here", "-f", config])
        .current_dir(fixtures())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    Verdict {
        pending: text
            .lines()
            .filter(|line| line.contains(" yet"))
            .filter_map(|line| line_number(line, config))
            .collect(),
        exit: out.status.code().unwrap_or(-1),
        lines: text
            .lines()
            .filter(|l| l.starts_with("[ALERT]") || l.starts_with("[WARNING]"))
            .map(masked)
            .collect(),
    }
}

fn hapax(config: &str) -> Verdict {
    check(Path::new(env!("CARGO_BIN_EXE_hapax")), config)
}

/// A recorded verdict and the version it comes from.
fn recorded(config: &str, version: &str) -> Option<(String, Verdict)> {
    let text = fs::read(fixtures().join(format!("{config}.haproxy-{version}.txt"))).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut lines = text.lines();
    let version = lines.next()?.strip_prefix("# HAProxy ")?.to_owned();
    let exit = lines.next()?.strip_prefix("exit ")?.parse().ok()?;
    let lines = lines.map(str::to_owned).collect();
    let pending = BTreeSet::new();
    Some((
        version,
        Verdict {
            exit,
            lines,
            pending,
        },
    ))
}

/// Numbers of the lines of `config` that messages of this level name.
fn named_lines(verdict: &Verdict, config: &str, level: &str) -> BTreeSet<u32> {
    verdict
        .lines
        .iter()
        .filter(|line| line.starts_with(level) && !line.contains(" yet"))
        .filter_map(|line| line_number(line, config))
        .collect()
}

/// The number in `[config:N]`.
fn line_number(message: &str, config: &str) -> Option<u32> {
    let place = format!("[{config}:");
    let rest = &message[message.find(&place)? + place.len()..];
    rest.split(']').next()?.parse().ok()
}

/// The file was refused for nothing else than what is pending.
fn refused_as_pending(verdict: &Verdict) -> bool {
    let summary = ["Error(s) found in", "Fatal errors found in"];
    let mut alerts = verdict
        .lines
        .iter()
        .filter(|line| line.starts_with("[ALERT]") && !summary.iter().any(|s| line.contains(s)));
    !verdict.pending.is_empty() && alerts.all(|line| line.contains(" yet"))
}

fn assert_none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn what_haproxy_takes_is_taken() {
    let mut faults = Vec::new();
    for config in configs("ok") {
        let ours = hapax(&config);
        let (_, theirs) = recorded(&config, "3.4").unwrap();
        if ours.exit != 0 && !refused_as_pending(&ours) {
            faults.push(format!("{config}: exit {}: {:#?}", ours.exit, ours.lines));
        }
        if theirs.exit == 0 {
            let own = named_lines(&ours, &config, "[WARNING]");
            let known = named_lines(&theirs, &config, "[WARNING]");
            if known
                .difference(&own)
                .any(|line| !ours.pending.contains(line))
                || !own.is_subset(&known)
            {
                faults.push(format!(
                    "{config}: warnings on {own:?}, HAProxy on {known:?}"
                ));
            }
        }
    }
    assert_none(faults);
}

#[test]
fn what_haproxy_refuses_is_refused_at_the_same_lines() {
    let mut faults = Vec::new();
    for config in configs("bad") {
        let ours = hapax(&config);
        let (_, theirs) = recorded(&config, "3.4").unwrap();
        if ours.exit != theirs.exit && ours.pending.is_empty() {
            faults.push(format!("{config}: exit {}, not {}", ours.exit, theirs.exit));
        }
        let own = named_lines(&ours, &config, "[ALERT]");
        let missing: Vec<u32> = named_lines(&theirs, &config, "[ALERT]")
            .difference(&own)
            .copied()
            .filter(|line| !ours.pending.contains(line))
            .collect();
        if !missing.is_empty() {
            faults.push(format!(
                "{config}: nothing about lines {missing:?}, only {own:?}"
            ));
        }
    }
    assert_none(faults);
}

/// What old versions took runs, and every line that 3.4 refuses gets a warning.
#[test]
fn what_old_versions_took_is_taken_with_a_warning() {
    let mut faults = Vec::new();
    let zope = "config/ok/zope.cfg".to_owned();
    for config in configs("old").into_iter().chain([zope]) {
        let ours = hapax(&config);
        let (_, old) = recorded(&config, "1.5").unwrap();
        assert_eq!(old.exit, 0, "{config} was taken by 1.5");
        if ours.exit != 0 && !refused_as_pending(&ours) {
            faults.push(format!("{config}: exit {}: {:#?}", ours.exit, ours.lines));
            continue;
        }
        let (_, mut new) = recorded(&config, "3.4").unwrap();
        // What follows a section head that 3.4 refuses is no fault of its own.
        new.lines
            .retain(|line| !line.contains("'listen' or 'defaults' expected"));
        let own = named_lines(&ours, &config, "[WARNING]");
        let silent: Vec<u32> = named_lines(&new, &config, "[ALERT]")
            .difference(&own)
            .copied()
            .filter(|line| !ours.pending.contains(line))
            .collect();
        if !silent.is_empty() {
            faults.push(format!("{config}: no warning about lines {silent:?}"));
        }
    }
    assert_none(faults);
}

#[test]
fn the_main_configuration_gets_one_warning_per_outdated_line() {
    let ours = hapax("config/ok/zope.cfg");
    assert_eq!(ours.exit, 0);
    assert_eq!(ours.lines.len(), 2, "{:#?}", ours.lines);
    assert!(ours.lines[0].contains("zope.cfg:6]") && ours.lines[0].contains("nbthread"));
    assert!(ours.lines[1].contains("zope.cfg:27]") && ours.lines[1].contains("stick"));
}

/// The recorded verdicts are those of the real program, where one is installed.
#[test]
fn an_installed_haproxy_agrees_with_its_records() {
    let Some(program) = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"]
        .map(Path::new)
        .into_iter()
        .find(|path| path.is_file())
    else {
        return;
    };
    let version = Command::new(program).arg("-v").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let mut faults = Vec::new();
    for dir in ["ok", "bad"] {
        for config in configs(dir) {
            let record = recorded(&config, "2.6").or_else(|| {
                // One record stands for both versions where they agree.
                recorded(&config, "3.4").map(|(_, verdict)| ("2.6.12".to_owned(), verdict))
            });
            let Some((recorded_version, theirs)) = record else {
                continue;
            };
            if version.contains(&format!("version {recorded_version}-")) {
                let now = check(program, &config);
                if (now.exit, &now.lines) != (theirs.exit, &theirs.lines) {
                    faults.push(format!("{config}: {now:#?}\nrecorded: {theirs:#?}"));
                }
            }
        }
    }
    assert_none(faults);
}
