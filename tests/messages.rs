//! What is said about wrong and doubtful configurations: `fixtures/config/messages.txt` holds small
//! ones and the lines that HAProxy 3.4 prints about each.
//!
//! HAProxy stops reading at some faults; hapax tells of those behind them, too. Which of the two
//! closing lines ("Error(s) found", "Fatal errors found") stand there is not compared.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DEFAULTS: &str =
    "defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n";

/// One configuration and HAProxy's word on it.
#[derive(Default)]
struct Case {
    name: String,
    text: String,
    exit: i32,
    lines: Vec<String>,
    stops: bool,
    reason: Option<String>,
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config/messages.txt");
    let all = fs::read_to_string(path).unwrap();
    all.split("\n=== ").skip(1).map(case).collect()
}

fn case(text: &str) -> Case {
    let (name, rest) = text.split_once('\n').unwrap();
    let (config, said) = rest.split_once("\n--- ").unwrap();
    let mut lines = said.lines();
    let mut case = Case {
        name: name.to_owned(),
        text: format!("{config}\n").replace("@D\n", DEFAULTS),
        exit: lines.next().unwrap().parse().unwrap(),
        ..Case::default()
    };
    for line in lines {
        match line.strip_prefix("~ ") {
            Some(reason) => case.reason = Some(reason.to_owned()),
            None => case.lines.push(line.to_owned()),
        }
    }
    case.stops = case.exit == 1 && !case.lines.iter().any(|l| l.contains("Fatal errors found"));
    case.lines.retain(|l| !closing(l));
    case
}

fn closing(line: &str) -> bool {
    line.contains("Error(s) found in") || line.contains("Fatal errors found in")
}

/// The exit status and the lines of hapax, as the file writes them.
fn hapax(dir: &Path) -> (i32, Vec<String>) {
    let out = Command::new(env!("CARGO_BIN_EXE_hapax"))
        .args(["-c", "-L", "here", "-f", "t.cfg"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in String::from_utf8_lossy(&out.stderr).lines() {
        if line.starts_with('[') && line.contains(") : ") {
            let text = line.split_once(") : ").unwrap().1;
            goes_on = line.starts_with("[ALERT]") || line.starts_with("[WARNING]");
            if goes_on {
                lines.push(format!("{} {text}", &line[1..2]));
            }
        } else if goes_on && !line.is_empty() && !line.starts_with("   |") {
            lines.push(format!("| {line}"));
        }
    }
    lines.retain(|l| !closing(l));
    (out.status.code().unwrap_or(-1), lines)
}

/// Whether `all` holds the lines of `some` in their order.
fn holds(all: &[String], some: &[String]) -> bool {
    let mut all = all.iter();
    some.iter().all(|line| all.any(|l| l == line))
}

#[test]
fn the_lines_are_those_of_haproxy() {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("messages");
    let mut faults = Vec::new();
    let cases = cases();
    for (number, case) in cases.iter().enumerate() {
        let dir = root.join(number.to_string());
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("t.cfg"), &case.text).unwrap();
        let (exit, lines) = hapax(&dir);
        let same = match case.stops {
            true => holds(&lines, &case.lines),
            false => lines == case.lines,
        };
        match (exit == case.exit && same, &case.reason) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(_)) => faults.push(format!("{}: agrees by now: take ~ away", case.name)),
            (false, None) => faults.push(format!(
                "{}: exit {exit}, not {}\n  hapax {lines:#?}\n  HAProxy {:#?}",
                case.name, case.exit, case.lines
            )),
        }
    }
    assert!(cases.len() > 200);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
