//! Dialogues recorded from HAProxy 3.4.0 (texts of its own replaced by hapax's where they are
//! prose).

use super::*;
use crate::balance::counters::LastCheck;
use crate::balance::event::CheckStatus;
use crate::balance::queue::Wake;
use crate::base::diag::Severity;
use crate::config::condition::Facts;
use crate::config::environment::Environment;
use crate::config::read::{self, Input};
use crate::control::world::Numbers;
use crate::plan::{AbsentFiles, FrontendId, Plan};
use parking_lot::Mutex;
use std::sync::Arc;

/// A process that serves a small configuration, without an engine.
struct Fixed {
    environment: Environment,
    sockets: Vec<(String, CliLevel)>,
    plan: Plan,
    told: Mutex<Vec<String>>,
}

const CONFIGURATION: &str = "defaults\n mode http\n timeout client 1s\n timeout server 1s\n \
    timeout connect 1s\nfrontend f\n bind 127.0.0.1:18610\nbackend b\n server s1 127.0.0.1:1\n\
    backend c\n balance roundrobin\n server s1 127.0.0.1:18610 weight 20 maxconn 3 cookie x\n \
    server s2 127.0.0.1:18610 weight 10 check\n server s3 127.0.0.1:2 backup disabled id 77\n \
    server s5 unix@/tmp/x.s\n server s7 [::1]:99\n";

struct Nobody;

impl Wake for Nobody {
    fn wake(&self, _token: u64) {}
}

fn plan() -> Plan {
    let inputs = vec![Input {
        name: "t.cfg".to_string(),
        text: CONFIGURATION.into(),
    }];
    let mut env = Environment::default();
    let (document, _) = read::read(inputs, &mut env, &Facts::default());
    let (config, findings) = crate::lower::lower(&document, &Default::default());
    assert!(!crate::base::diag::is_fatal(&findings), "{findings:?}");
    let wake: Arc<dyn Wake> = Arc::new(Nobody);
    crate::plan::build(&config, &AbsentFiles, &wake).0.unwrap()
}

impl World for Fixed {
    fn numbers(&self) -> Numbers {
        Numbers {
            threads: 2,
            uptime_ms: 93_784_500,
            maxconn: 500,
            hard_maxconn: 500,
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
        &self.plan
    }
    fn startup_logs(&self) -> String {
        "[NOTICE]   (1) : hello\n".to_string()
    }
    fn tell(&self, _severity: Severity, text: &str) {
        self.told.lock().push(text.to_string());
    }
    fn set_maxconn(&self, number: u32) {
        self.told.lock().push(format!("maxconn {number}"));
    }
    fn set_frontend_maxconn(&self, frontend: FrontendId, number: u32) {
        self.told
            .lock()
            .push(format!("maxconn {frontend:?} {number}"));
    }
}

fn world() -> Fixed {
    Fixed {
        environment: [("FOO", "bar"), ("ZED", "")].into_iter().collect(),
        sockets: vec![
            ("unix@/s".to_string(), CliLevel::Admin),
            ("ipv4@127.0.0.1:1".to_string(), CliLevel::User),
        ],
        plan: plan(),
        told: Mutex::default(),
    }
}

fn session(level: CliLevel) -> Session {
    Session::new(Terms {
        peer: None,
        listener: 1,
        level,
        severity: crate::ir::bind::Severity::None,
        timeout_ms: 10_000,
        bufsize: 16_384,
        max_payload: 20_000,
    })
}

/// Sends lines to one process; the answers without the empty line that ends each.
fn ask(world: &Fixed, lines: &[&str]) -> Vec<String> {
    let mut session = session(CliLevel::Admin);
    session.prompt = Prompt::Interactive;
    lines
        .iter()
        .map(|line| {
            let mut out = Vec::new();
            session.feed(format!("{line}\n").as_bytes(), world, &mut out, &mut |_| {
                true
            });
            let text = String::from_utf8(out).unwrap();
            text.strip_suffix("\n").unwrap().to_string()
        })
        .collect()
}

/// Feeds chunks; each answer, and whether the connection was closed in the end.
fn talk(level: CliLevel, chunks: &[&str]) -> (Vec<String>, bool) {
    let mut session = session(level);
    let mut answers = Vec::new();
    for chunk in chunks {
        let mut out = Vec::new();
        let flow = session.feed(chunk.as_bytes(), &world(), &mut out, &mut |_| true);
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
    let mut session = session(CliLevel::User);
    let mut out = Vec::new();
    session.feed(
        b"prompt i;set timeout cli 5\n",
        &world(),
        &mut out,
        &mut |_| true,
    );
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
    let dialogues: [(&[&str], &[&str]); 7] = [
        (&["echo a <<\n", "x\n", "\n"], &["\n", "", "", "a\n\n"]),
        (
            &["echo a <<E\n", "x\n\ny\n", "E\n"],
            &["\n", "", "", "a\n\n"],
        ),
        (
            &["echo a; echo b <<\n", "x\n", "\n"],
            &["\n", "", "", "a\n\nb\n\n"],
        ),
        (&["echo a <<; echo b\n"], &["\n", "a <<\n\nb\n\n"]),
        (&["echo a << \n"], &["\n", "a <<\n\n"]),
        (&["<<\n", "x\n", "\n"], &["\n", "", "", "\n"]),
        (&["echo a\\\n", "echo b\n"], &["\n", "", "a\necho b\n\n"]),
    ];
    for (sent, expected) in dialogues {
        let sent: Vec<&str> = [&["prompt i\n"], sent].concat();
        assert_eq!(talk(CliLevel::Admin, &sent).0, expected, "{sent:?}");
    }
    let (answers, _) = talk(
        CliLevel::Admin,
        &["prompt\n", "echo a <<E\n", "x\n", "\n", "E\n"],
    );
    assert_eq!(answers, ["\n> ", "+ ", "+ ", "+ ", "a\n\n> "]);
    let mark = "x".repeat(64);
    let long = format!("echo a <<{mark}\n");
    let (answers, _) = talk(CliLevel::Admin, &[&long, "y\n", &format!("{mark}\n")]);
    assert_eq!(answers, ["", "", "a\n\n"]);
    let longer = format!("<<{mark}x");
    assert_eq!(one(&format!("echo {longer}")), format!("{longer}\n\n"));
}

#[test]
fn a_payload_may_be_longer_than_a_line() {
    let payload = format!("{}\n\n", "a".repeat(17_000));
    let (answers, _) = talk(CliLevel::Admin, &["echo b <<\n", &payload]);
    assert_eq!(answers, ["", "b\n\n"]);
    let payload = "a".repeat(20_001);
    let (answers, closed) = talk(CliLevel::Admin, &["echo b <<\n", &payload]);
    assert!(closed);
    assert!(answers[1].contains("tune.cli.max-payload-size"));
}

#[test]
fn answers_are_sent_before_they_grow_large() {
    let world = world();
    let line = format!("{}\n", vec!["show schema json"; 900].join(";"));
    let (mut session, mut out, mut most, mut total) = (session(CliLevel::Admin), Vec::new(), 0, 0);
    session.feed(line.as_bytes(), &world, &mut out, &mut |out| {
        (most, total) = (most.max(out.len()), total + out.len());
        out.clear();
        true
    });
    assert!(total > 1_000_000 && most < 100_000, "{total} {most}");
    // who reads nothing is not worked for
    let mut asked = 0;
    let flow = session.feed(line.as_bytes(), &world, &mut out, &mut |_| {
        asked += 1;
        false
    });
    assert_eq!((flow, asked), (Flow::Close, 1));
}

#[test]
fn a_command_has_at_most_64_words() {
    let words = |n: usize| vec!["x"; n].join(" ");
    assert_eq!(
        one(&format!("echo {}", words(63))),
        format!("{}\n\n", words(63))
    );
    assert_eq!(
        one(&format!("echo {}", words(64))),
        "Too many arguments. Commands must have at most 64 arguments.\n\n"
    );
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
    assert_eq!(names.len(), 79, "all of HAProxy's, without the description");
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

#[test]
fn weights_are_shown_and_changed() {
    let world = world();
    let table = [
        ("get weight", "Require 'backend/server'.\n"),
        ("get weight c", "Require 'backend/server'.\n"),
        ("get weight x/y", "No such backend.\n"),
        ("get weight c/s9", "No such server.\n"),
        ("get weight c/s1", "20 (initial 20)\n"),
        ("get weight #4/#1", "20 (initial 20)\n"),
        ("set weight c/s1", "Require <weight> or <weight%>.\n"),
        ("set weight c/s1 50%", ""),
        ("get weight c/s1", "10 (initial 20)\n"),
        ("set server c/s1 weight 7", ""),
        ("get weight c/s1", "7 (initial 20)\n"),
        (
            "set weight c/s1 300",
            "Absolute weight can only be between 0 and 256 inclusive.\n",
        ),
        ("set weight c/s1 5x", "Trailing garbage in weight string\n"),
    ];
    for (line, expected) in table {
        assert_eq!(ask(&world, &[line]), [expected], "{line}");
    }
}

#[test]
fn servers_enter_and_leave_maintenance_and_drain() {
    let world = world();
    let said = |lines: &[&str]| {
        world.told.lock().clear();
        let answers = ask(&world, lines);
        assert!(answers.iter().all(String::is_empty), "{answers:?}");
        std::mem::take(&mut *world.told.lock())
    };
    let left = " 3 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in \
                queue.";
    assert_eq!(
        said(&["disable server c/s1", "disable server c/s1"]),
        [format!("Server c/s1 is going DOWN for maintenance.{left}")]
    );
    assert_eq!(
        said(&["enable server c/s1", "enable server c/s1"]),
        ["Server c/s1 is UP/READY (leaving forced maintenance)."]
    );
    assert_eq!(
        said(&["set server c/s1 state drain"]),
        [
            "Server c/s1 enters drain state. 3 active and 0 backup servers online. 0 sessions \
          requeued, 0 total in queue."
        ]
    );
    assert_eq!(
        said(&["set server c/s1 state ready"]),
        ["Server c/s1 is UP (leaving forced drain)."]
    );
    assert_eq!(
        said(&["set server c/s1 state maint", "set server c/s1 state drain"])[1..],
        [
            "Server c/s1 is UP/DRAIN (leaving forced maintenance).",
            "Server c/s1 remains in forced drain mode."
        ]
    );
    assert_eq!(
        said(&["set server c/s2 health down", "set server c/s2 state maint"]),
        [
            "Server c/s2 is DOWN, changed from CLI. 2 active and 0 backup servers left. 0 sessions \
             active, 0 requeued, 0 remaining in queue.",
            "Server c/s2 was DOWN and now enters maintenance."
        ]
    );
    assert_eq!(
        said(&["disable server b/s1"])[1..],
        ["backend 'b' has no server available!"]
    );
    let table = [
        ("disable server", "Require 'backend/server'.\n"),
        ("set server c/s9 state ready", "No such server.\n"),
        (
            "set server c/s1 state",
            "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n",
        ),
        (
            "set server c/s1 health",
            "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n",
        ),
        (
            "set server c/s1 check-port 7",
            "health checks are not enabled on this server\n",
        ),
        (
            "set server c/s1 foo",
            "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | \
             agent-send | check-addr | check-port | fqdn | health | ssl | state | weight\n",
        ),
    ];
    for (line, expected) in table {
        assert_eq!(ask(&world, &[line]), [expected], "{line}");
    }
}

#[test]
fn limits_are_changed() {
    let world = world();
    let table = [
        ("set maxconn global", "Expects an integer value.\n"),
        ("set maxconn global 99999", "Value out of range.\n"),
        ("set maxconn global 100", ""),
        ("set maxconn global x", ""),
        ("set maxconn frontend", "A frontend name is expected.\n"),
        ("set maxconn frontend f", "Integer value expected.\n"),
        ("set maxconn frontend g 5", "No such frontend.\n"),
        ("set maxconn frontend f 5", ""),
        ("set maxconn server c/s1", "Require <maxconn>.\n"),
        (
            "set maxconn server c/s1 x",
            "maxconn string empty or preceded by garbage\n",
        ),
        ("set maxconn server c/s1 9", ""),
    ];
    for (line, expected) in table {
        assert_eq!(ask(&world, &[line]), [expected], "{line}");
    }
    assert_eq!(
        *world.told.lock(),
        ["maxconn 100", "maxconn 500", "maxconn FrontendId(0) 5"]
    );
    let server = world.plan.backends[1].state.server(0).unwrap();
    assert_eq!(server.maxconn(), 9);
}

#[test]
fn servers_are_shown_in_the_form_of_a_state_file() {
    let world = world();
    let backend = world
        .plan
        .backends
        .iter()
        .find(|b| &*b.name == "c")
        .unwrap();
    let checked = backend.state.server(1).unwrap();
    checked.set_score(4);
    *checked.counters.last_check.lock() = Some(LastCheck {
        status: CheckStatus::L4Ok,
        code: None,
        info: "".into(),
        duration_ms: 0,
    });
    let answers = ask(
        &world,
        &["set server c/s1 state drain", "show servers state c"],
    );
    let expected = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state \
        srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result \
        srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn \
        srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n\
        4 c 1 s1 127.0.0.1 2 8 20 20 0 1 0 0 0 0 0 0 - 18610 - 0 0 - - 0\n\
        4 c 2 s2 127.0.0.1 2 0 10 10 0 6 3 4 6 0 0 0 - 18610 - 0 0 - - 0\n\
        4 c 77 s3 127.0.0.1 0 5 1 1 0 1 0 0 8 0 0 1 - 2 - 0 0 - - 0\n\
        4 c 4 s5 - 2 0 1 1 0 1 0 0 0 0 0 0 - 0 - 0 0 - - 0\n\
        4 c 5 s7 ::1 2 0 1 1 0 1 0 0 0 0 0 0 - 99 - 0 0 - - 0\n";
    let columns = |text: &str| {
        text.lines()
            .map(|l| {
                let mut words: Vec<String> = l.split(' ').map(str::to_string).collect();
                if let Some(since) = words.get_mut(9).filter(|w| w.parse::<u32>().is_ok()) {
                    *since = "0".to_string();
                }
                words.join(" ")
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(columns(&answers[1]), columns(expected));
    assert_eq!(
        ask(
            &world,
            &[
                "show servers state nope",
                "show backend",
                "show servers conn b"
            ]
        ),
        [
            "Can't find backend.\n",
            "# name\nb\nc\n",
            "# bkname/svname bkid/svid addr port - purge_delay served used_cur used_max need_est \
             idle_sess unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[2]\n\
             b/s1 3/1 127.0.0.1 1 - 5000 0 0 0 0 0 0 0 -1 0 0 0\n"
        ]
    );
    assert_eq!(
        ask(&world, &["show startup-logs"]),
        ["[NOTICE]   (1) : hello\n"]
    );
}

#[test]
fn every_command_stands_in_the_tables() {
    for command in COMMANDS {
        let name = command.words.join(" ");
        let known = crate::grammar::cli_commands()
            .iter()
            .any(|c| c.name == name);
        assert!(
            known || command.usage.is_empty() || name == "set timeout",
            "{name}"
        );
    }
}

/// Commands that a HAProxy 3.4 with every library lists, and that hapax does not have yet.
const MISSING: usize = 49;

#[test]
fn what_haproxy_lists_is_there_or_belongs_to_a_later_part() {
    let mut missing = Vec::new();
    for known in crate::grammar::cli_commands() {
        let hidden = known.expert || known.experimental || known.name.starts_with(['_', '@']);
        let listed = known.worker && !hidden;
        let have = COMMANDS.iter().any(|c| {
            let name = c.words.join(" ");
            name == known.name
        });
        if !listed || have {
            continue;
        }
        let part = known.part;
        assert!(
            part > crate::grammar::Part::Number(2),
            "{} is due",
            known.name
        );
        missing.push(format!("{} ({part})", known.name));
    }
    println!("{} missing: {}", missing.len(), missing.join(", "));
    assert!(missing.len() <= MISSING, "{missing:?}");
}

#[test]
fn everybody_is_told_of_every_command() {
    let of = |level| talk(level, &["help\n"]).0.concat();
    let all = of(CliLevel::Admin);
    assert_eq!(of(CliLevel::Operator), all);
    assert_eq!(of(CliLevel::User), all);
    // each line begins with the command's words, as scripts look for them
    for command in COMMANDS.iter().filter(|c| !c.usage.is_empty()) {
        let line = format!("  {}", command.words.join(" "));
        assert!(all.lines().any(|l| l.starts_with(&line)), "{line}");
    }
}
