//! The master as service managers and init scripts drive it. What is expected was seen with
//! HAProxy 3.4.0.
#![allow(clippy::unwrap_used, reason = "test code")]
#![allow(
    clippy::disallowed_methods,
    reason = "patience with a real process is real time"
)]

mod process;

use process::{
    Dir, Manager, Running, answers, command, config, free_port, is_alive, signal, wait_for,
};

/// Numbers of the workers that `show proc` lists in a part of its table.
fn workers(table: &str, part: &str) -> Vec<i32> {
    let rest = table.split_once(part).map_or("", |(_, rest)| rest);
    let lines = rest
        .lines()
        .take_while(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
        .collect()
}

fn current(dir: &Dir) -> i32 {
    wait_for("a worker", || {
        let table = command(&dir.path("master"), "show proc").ok()?;
        workers(&table, "# workers\n").first().copied()
    })
}

fn started(name: &str, options: &str) -> (Dir, u16, Running) {
    let dir = Dir::new(name);
    let port = free_port();
    dir.write("c.cfg", &config(port, "one"));
    let master = dir.start(&format!("-W -f c.cfg -p pid -S unix@master {options}"));
    answers(port, "one");
    wait_for("the report", || {
        dir.read("log").contains("Loading success.").then_some(())
    });
    (dir, port, master)
}

/// The steps of a unit of `Type=notify`: check before the start, check before a reload, SIGUSR2 to
/// the main process, SIGTERM in the end.
#[test]
fn a_service_manager_starts_reloads_and_stops_it() {
    let dir = Dir::new("unit");
    let port = free_port();
    dir.write("c.cfg", &config(port, "one"));
    let manager = Manager::new(&dir.path("notify"));
    assert!(dir.run("-Ws -f c.cfg -c -q -S unix@master").success());
    let mut master = Running(
        dir.command("-Ws -f c.cfg -p pid -S unix@master")
            .env("NOTIFY_SOCKET", dir.path("notify"))
            .spawn()
            .unwrap(),
    );
    let pid = master.pid();
    let ready = format!("READY=1\nMAINPID={pid}\nSTATUS=Ready.\n");
    assert_eq!(manager.hear(), ready);
    assert_eq!(dir.pids(), [pid]);
    answers(port, "one");

    dir.write("c.cfg", &config(port, "two"));
    assert!(dir.run("-Ws -f c.cfg -c -q -S unix@master").success());
    master.signal("USR2");
    let reloading = manager.hear();
    let since = reloading
        .strip_prefix("RELOADING=1\nSTATUS=Reloading Configuration.\nMONOTONIC_USEC=")
        .unwrap();
    assert!(since.trim_end().parse::<u64>().unwrap() > 0);
    assert_eq!(manager.hear(), ready);
    answers(port, "two");

    // a file that the check refuses, and that the administrator forces upon it
    dir.write("c.cfg", "global\n  no-such-word\n");
    assert_eq!(dir.run("-Ws -f c.cfg -c -q -S unix@master").code(), Some(1));
    master.signal("USR2");
    assert!(manager.hear().starts_with("RELOADING=1\n"));
    assert_eq!(manager.hear(), "READY=1\nSTATUS=Reload failed!\n");
    answers(port, "two");
    let table = command(&dir.path("master"), "show proc").unwrap();
    assert!(table.contains("2 [failed: 1]"), "{table}");

    dir.write("c.cfg", &config(port, "three"));
    master.signal("HUP");
    assert!(manager.hear().starts_with("RELOADING=1\n"));
    assert_eq!(manager.hear(), ready);
    answers(port, "three");

    master.signal("TERM");
    assert_eq!(manager.hear(), "STOPPING=1");
    assert_eq!(master.end(), 0);
    let log = dir.read("log");
    for text in [
        "Loading success.",
        "Reloading HAProxy",
        "Exiting Master process...",
        "exited with code 143 (Terminated)",
    ] {
        assert!(log.contains(text), "{text} in {log}");
    }
}

/// The steps of an init script: start in the background, ask for the process of the pid file,
/// reload by a new process, stop.
#[test]
fn an_init_script_starts_reloads_and_stops_it() {
    for mode in ["", "-W"] {
        let dir = Dir::new(&format!("init{mode}"));
        let port = free_port();
        dir.write("c.cfg", &config(port, "one"));
        assert!(dir.run("-c -f c.cfg").success());
        assert!(dir.run(&format!("-f c.cfg -D -p pid {mode}")).success());
        let [first] = dir.pids()[..] else {
            panic!("one process")
        };
        let name = std::fs::read_to_string(format!("/proc/{first}/comm")).unwrap();
        assert_eq!(name, "hapax\n");
        answers(port, "one");
        dir.write("c.cfg", &config(port, "two"));
        assert!(
            dir.run(&format!("-f c.cfg -p pid -D -sf {first} {mode}"))
                .success()
        );
        let [second] = dir.pids()[..] else {
            panic!("one process")
        };
        assert_ne!(first, second);
        answers(port, "two");
        wait_for("the old process's end", || (!is_alive(first)).then_some(()));
        // a faulty file leaves everything as it was
        dir.write("c.cfg", "global\n  no-such-word\n");
        assert_eq!(dir.run("-c -f c.cfg").code(), Some(1));
        assert_eq!(
            dir.run(&format!("-f c.cfg -p pid -D -sf {second} {mode}"))
                .code(),
            Some(1)
        );
        assert_eq!(dir.pids(), [second]);
        answers(port, "two");
        signal(second, "TERM");
        wait_for("the end", || (!is_alive(second)).then_some(()));
        wait_for("the worker's end", || {
            process::ask(port).is_err().then_some(())
        });
    }
}

#[test]
fn commands_go_to_the_master_and_to_its_workers() {
    let (dir, port, mut master) = started("master-cli", "");
    let api = dir.path("master");
    let worker = current(&dir);
    let pid = |line: &str| {
        let text = command(&api, line).unwrap();
        let pid = text
            .lines()
            .find_map(|l| l.strip_prefix("Pid: ").map(str::to_string));
        pid.map_or(text, |pid| pid)
    };
    assert_eq!(pid("@1 show info"), worker.to_string());
    assert_eq!(pid(&format!("@!{worker} show info")), worker.to_string());
    assert_eq!(pid("@1; show info"), worker.to_string());
    assert_eq!(
        pid("@2 show info"),
        "Can't find the target PID matching the prefix '@2'\n"
    );
    let both = command(&api, "show cli level; @1 show cli level; @ show cli level").unwrap();
    assert_eq!(both, "admin\n\nadmin\n\nadmin\n\n");
    let lowered = command(&api, "operator; @1 set maxconn global 5; @1 show cli level").unwrap();
    assert_eq!(lowered, "Permission denied\n\noperator\n\n");
    // as 3.4: modes are not answered, and hold for the commands behind them
    let expert = command(
        &api,
        "@1; expert-mode on; debug dev delay 1; debug dev hash x",
    )
    .unwrap();
    assert_eq!(expert, "\nx\n\n");
    let operator = command(&api, "@1; operator; show cli level").unwrap();
    assert_eq!(operator, "operator\n\n");
    let env = command(
        &api,
        "show env HAPROXY_MASTER_CLI; @1 show env HAPROXY_MWORKER",
    )
    .unwrap();
    assert_eq!(
        env,
        "HAPROXY_MASTER_CLI=unix@master\n\nHAPROXY_MWORKER=1\n\n"
    );

    dir.write("c.cfg", &config(port, "two"));
    let answer = command(&api, "reload").unwrap();
    assert!(answer.starts_with("Success=1\n--\n"), "{answer}");
    assert!(answer.contains("Loading success.\n"), "{answer}");
    answers(port, "two");
    let next = current(&dir);
    assert_ne!(worker, next);
    dir.write("c.cfg", "global\n  no-such-word\n");
    let answer = command(&api, "reload").unwrap();
    assert!(answer.starts_with("Success=0\n--\n"), "{answer}");
    assert!(answer.contains("no-such-word"), "{answer}");
    let logs = command(&api, "show startup-logs").unwrap();
    assert!(logs.contains("Failed to load worker"), "{logs}");
    answers(port, "two");
    let table = command(&api, "show proc").unwrap();
    assert_eq!(workers(&table, "# old workers\n"), [next], "{table}");
    let prompt = command(&api, "prompt").unwrap();
    assert_eq!(prompt, "master[ReloadFailed]> ");
    master.signal("USR1");
    assert_eq!(master.end(), 0);
}

#[test]
fn a_rights_word_behind_the_masters_address_counts() {
    let dir = Dir::new("master-level");
    let port = free_port();
    dir.write("c.cfg", &config(port, "one"));
    let _master = dir.start("-W -f c.cfg -S unix@master,level,user,mode,600");
    answers(port, "one");
    let level = command(&dir.path("master"), "show cli level; reload").unwrap();
    assert_eq!(level, "user\n\nPermission denied\n\n");
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(dir.path("master"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_worker_that_dies_takes_the_master_along() {
    for (name, code) in [("KILL", 137), ("INT", 130), ("TERM", 0), ("USR1", 0)] {
        let (dir, _, mut master) = started(&format!("death-{name}"), "");
        signal(current(&dir), name);
        assert_eq!(master.end(), code, "{name}");
    }
    for (name, code) in [("INT", 130), ("TERM", 0), ("USR1", 0)] {
        let (_dir, _, mut master) = started(&format!("end-{name}"), "");
        master.signal(name);
        assert_eq!(master.end(), code, "{name}");
    }
}

#[test]
fn a_worker_does_not_outlive_its_master() {
    let (dir, _, mut master) = started("orphan", "");
    let worker = current(&dir);
    master.signal("KILL");
    assert_eq!(master.end(), 137);
    wait_for("the worker's end", || (!is_alive(worker)).then_some(()));
}

#[test]
fn old_workers_that_survive_too_many_reloads_are_ended() {
    let dir = Dir::new("max-reloads");
    let port = free_port();
    let text = config(port, "one").replace("global\n", "global\n  mworker-max-reloads 1\n");
    dir.write("c.cfg", &text);
    let mut master = dir.start("-W -f c.cfg -p pid -S unix@master");
    answers(port, "one");
    let first = current(&dir);
    use std::io::Write;
    let mut busy = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    busy.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(50));
    let api = dir.path("master");
    assert!(command(&api, "reload").unwrap().starts_with("Success=1"));
    let table = wait_for("the new master", || command(&api, "show proc").ok());
    assert_eq!(workers(&table, "# old workers\n"), [first], "{table}");
    assert!(is_alive(first));
    assert!(command(&api, "reload").unwrap().starts_with("Success=1"));
    wait_for("the oldest worker's end", || {
        (!is_alive(first)).then_some(())
    });
    wait_for("the word of it", || {
        dir.read("log")
            .contains("exited with code 143 (Terminated), as it exceeds max reloads (1)")
            .then_some(())
    });
    master.signal("TERM");
    assert_eq!(master.end(), 0);
}

#[test]
fn a_first_start_that_fails_ends_with_its_workers_status() {
    let dir = Dir::new("first-fails");
    dir.write("c.cfg", "global\n  no-such-word\n");
    for mode in ["-W", "-Ws", "-W -D"] {
        assert_eq!(
            dir.run(&format!("{mode} -f c.cfg -p pid")).code(),
            Some(1),
            "{mode}"
        );
        assert!(dir.pids().is_empty(), "{mode}");
    }
}
