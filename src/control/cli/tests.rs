//! Dialogues recorded from HAProxy 3.4.0 (texts of its own replaced by hapax's where they are
//! prose).

use super::*;
use crate::config::environment::Environment;
use crate::control::world::Numbers;
use crate::plan::Plan;

struct Fixed {
    environment: Environment,
    sockets: Vec<(String, CliLevel)>,
}

impl World for Fixed {
    fn numbers(&self) -> Numbers {
        Numbers {
            threads: 2,
            uptime_ms: 93_784_500,
            maxconn: 500,
            node: "n\"1".to_string(),
            ..Numbers::default()
        }
    }
    fn environment(&self) -> &Environment {
        &self.environment
    }
    fn sockets(&self) -> &[(String, CliLevel)] {
        &self.sockets
    }
    fn plan(&self) -> &Plan {
        unreachable!("no command of these tests asks for the plan")
    }
}

fn world() -> Fixed {
    Fixed {
        environment: [("FOO", "bar"), ("ZED", "")].into_iter().collect(),
        sockets: vec![
            ("unix@/s".to_string(), CliLevel::Admin),
            ("ipv4@127.0.0.1:1".to_string(), CliLevel::User),
        ],
    }
}

/// Feeds chunks; each answer, and whether the connection was closed in the end.
fn talk(level: CliLevel, chunks: &[&str]) -> (Vec<String>, bool) {
    let mut session = Session::new(level, 10_000, 16_384);
    let mut answers = Vec::new();
    for chunk in chunks {
        let mut out = Vec::new();
        let flow = session.feed(chunk.as_bytes(), &world(), &mut out);
        answers.push(String::from_utf8(out).unwrap());
        if flow == Flow::Close {
            return (answers, true);
        }
    }
    (answers, false)
}

fn one(line: &str) -> String {
    let (answers, closed) = talk(CliLevel::Admin, &[&format!("{line}\n")]);
    assert!(closed, "{line}");
    answers.concat()
}

const VERSION: &str = crate::base::version::FULL;

#[test]
fn a_plain_connection_takes_one_line() {
    assert_eq!(one("show version"), format!("{VERSION}\n\n"));
    assert_eq!(one(""), "\n");
    assert_eq!(
        one("show version;show version"),
        format!("{VERSION}\n\n{VERSION}\n\n")
    );
    assert_eq!(
        one("show version ; show  version;"),
        format!("{VERSION}\n\n{VERSION}\n\n\n")
    );
    let (answers, closed) = talk(CliLevel::Admin, &["show version\nshow version\n"]);
    assert_eq!(answers, [format!("{VERSION}\n\n")]);
    assert!(closed);
    let (answers, closed) = talk(CliLevel::Admin, &["show ver", "sion"]);
    assert_eq!(answers, ["", ""]);
    assert!(!closed);
}

#[test]
fn the_prompt_is_turned_on_and_off() {
    let (answers, closed) = talk(
        CliLevel::Admin,
        &["prompt\n", "show version\n", "\n", "prompt\n"],
    );
    assert_eq!(answers, ["\n> ", &format!("{VERSION}\n\n> "), "\n> ", "\n"]);
    assert!(closed);
    let (answers, closed) = talk(
        CliLevel::Admin,
        &[
            "prompt i\n",
            "show version;show version\n",
            "prompt p\n",
            "prompt n\n",
        ],
    );
    assert_eq!(
        answers,
        ["\n", &format!("{VERSION}\n\n{VERSION}\n\n"), "\n> ", "\n"]
    );
    assert!(closed);
    let (answers, _) = talk(CliLevel::Admin, &["prompt timed\n"]);
    assert_eq!(answers, ["\n[1:02:03:04]> "]);
    let (answers, closed) = talk(CliLevel::Admin, &["prompt\n", "quit\n"]);
    assert_eq!(answers, ["\n> ", ""]);
    assert!(closed);
    assert_eq!(one("quit"), "");
}

#[test]
fn words_are_split_at_blanks_and_commands_at_semicolons() {
    assert_eq!(one("echo a b  c"), "a b c\n\n");
    assert_eq!(one("echo"), "\n\n");
    assert_eq!(one("echo a\\;b;echo \"c d\" e"), "a;b\n\n\"c d\" e\n\n");
    assert_eq!(one("echo a\\ b"), "a b\n\n");
    assert_eq!(one("show version\r"), format!("{VERSION}\n\n"));
}

#[test]
fn rights_are_checked_and_can_only_be_given_up() {
    let (answers, _) = talk(
        CliLevel::Admin,
        &[
            "prompt\n",
            "show cli level\n",
            "operator\n",
            "show cli level\n",
            "user\n",
            "show cli level\n",
            "show env\n",
            "operator\n",
        ],
    );
    assert_eq!(
        answers,
        [
            "\n> ",
            "admin\n\n> ",
            "\n> ",
            "operator\n\n> ",
            "\n> ",
            "user\n\n> ",
            "Permission denied\n\n> ",
            "Permission denied\n\n> "
        ]
    );
    assert_eq!(
        one("show cli sockets"),
        "# socket lvl processes\nunix@/s admin all\nipv4@127.0.0.1:1 user all\n\n"
    );
}

#[test]
fn the_environment_is_shown() {
    assert_eq!(one("show env"), "FOO=bar\nZED=\n\n");
    assert_eq!(one("show env FOO"), "FOO=bar\n\n");
    assert_eq!(one("show env NOPE"), "Variable not found\n\n");
}

#[test]
fn the_timeout_of_the_connection_is_set() {
    assert_eq!(one("set timeout cli"), "Expects an integer value.\n\n");
    assert_eq!(
        one("set timeout foo 5"),
        "'set timeout' only supports 'cli'.\n\n"
    );
    assert_eq!(one("set timeout cli abc"), "Invalid timeout value.\n\n");
    let mut session = Session::new(CliLevel::User, 10_000, 16_384);
    let mut out = Vec::new();
    session.feed(b"prompt i;set timeout cli 5\n", &world(), &mut out);
    assert_eq!((out.as_slice(), session.timeout_ms), (&b"\n\n"[..], 5000));
}

#[test]
fn modes_are_turned_on_by_on_and_off_by_anything_else() {
    assert_eq!(one("expert-mode"), "expert-mode is OFF\n\n");
    assert_eq!(
        one("prompt i;expert-mode on;expert-mode;expert-mode x;expert-mode;prompt n"),
        "\n\nexpert-mode is ON\n\n\nexpert-mode is OFF\n\n\n"
    );
}

#[test]
fn messages_carry_their_weight_when_asked() {
    let (answers, _) = talk(
        CliLevel::Operator,
        &[
            "prompt i\n",
            "set severity-output number\n",
            "show version;show env NOPE\n",
            "set severity-output string\n",
            "show env NOPE\n",
            "set severity-output x\n",
        ],
    );
    assert_eq!(
        answers,
        [
            "\n",
            "\n",
            &format!("[6]: {VERSION}\n\n[3]: Variable not found\n\n"),
            "\n",
            "[err]: Variable not found\n\n",
            "[err]: one of 'none', 'number', 'string' is a required argument\n\n"
        ]
    );
}

#[test]
fn a_payload_ends_at_its_mark() {
    let (answers, closed) = talk(CliLevel::Admin, &["show version <<\n", "a b\n", "\n"]);
    assert_eq!(answers, ["", "", &format!("{VERSION}\n\n")]);
    assert!(closed);
    let (answers, closed) = talk(
        CliLevel::Admin,
        &["show version <<EOF\n", "a\n\nb\n", "EOF\n"],
    );
    assert_eq!(answers, ["", "", &format!("{VERSION}\n\n")]);
    assert!(closed);
}

#[test]
fn too_long_a_line_closes_the_connection() {
    let (answers, closed) = talk(CliLevel::Admin, &[&"a".repeat(20_000)]);
    assert!(closed);
    assert!(answers[0].starts_with("The command line is too big for the buffer size."));
}

#[test]
fn what_is_no_command_is_answered_with_what_resembles_it() {
    let answer = one("show versio");
    assert!(answer.starts_with(
        "Unknown command: 'show', but maybe one of the following ones is a better match:\n"
    ));
    let names: Vec<&str> = answer
        .lines()
        .skip(1)
        .filter_map(|l| l.split(" : ").next())
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    assert_eq!(
        names,
        [
            "show version",
            "help [<command>]",
            "prompt [help | n | i | p | timed ]*",
            "quit"
        ]
    );
    let help = one("help");
    assert!(help.starts_with("The following commands are valid at this level:\n"));
    assert_eq!(
        help.lines().filter(|l| l.starts_with("  ")).count(),
        COMMANDS.iter().filter(|c| !c.usage.is_empty()).count()
    );
}

#[test]
fn show_info_has_haproxys_fields() {
    let plain = one("show info");
    let names: Vec<&str> = plain
        .lines()
        .filter_map(|l| Some(l.split_once(": ")?.0))
        .collect();
    assert_eq!(
        names.len(),
        79 - 1,
        "all of HAProxy's, without the description"
    );
    assert_eq!(names[..4], ["Name", "Version", "Release_date", "Nbthread"]);
    assert!(plain.contains("\nUptime: 1d 2h03m04s\nUptime_sec: 93784\n"));
    assert!(plain.contains("\nMaxconn: 500\n"));
    let typed = one("show info typed");
    assert!(typed.starts_with("0.Name.1:POSV:str:HAProxy\n"));
    assert!(typed.contains("\n15.Maxconn.1:CLPV:u32:500\n"));
    assert!(one("show info float").contains("\nUptime_sec: 93784.500000\n"));
    assert!(one("show info desc").contains("\nNbthread: 2:\"threads\"\n"));
    let json = one("show info json");
    assert!(json.starts_with(
        "[{\"field\":{\"pos\":0,\"name\":\"Name\"},\"processNum\":1,\"tags\":{\"origin\":\"Product\",\
         \"nature\":\"Output\",\"scope\":\"Service\"},\"value\":{\"type\":\"str\",\"value\":\"HAProxy\"}},"
    ));
    assert!(json.contains("\"value\":\"n\\\"1\""));
    assert!(json.ends_with("]\n\n"));
}
