//! Orders of choice recorded from HAProxy, replayed.

use super::event::{CheckResult, CheckStatus, HealthNews, ServerEvent};
use super::hash::{HashFunction, HashType};
use super::health::Health;
use super::*;
use crate::ir::server::CheckSettings;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

#[derive(Default)]
struct Inbox(Mutex<Vec<u64>>);
impl Wake for Inbox {
    fn wake(&self, token: u64) {
        self.0.lock().push(token);
    }
}

/// One recorded case: a back end, then what was done to it and which servers were seen.
fn replay(file: &str, first_line: usize, lines: &[&str]) -> Result<(), String> {
    let mut algorithm_name = "roundrobin";
    let mut allbackups = false;
    let mut hash = HashType::default();
    let (mut fullconn, mut redispatch) = (0, false);
    let mut servers = Vec::new();
    let mut steps = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match *words.as_slice() {
            ["balance", a, ..] => algorithm_name = a,
            ["hash-type", method, ref rest @ ..] => {
                hash.consistent = method == "consistent";
                hash.avalanche = rest.contains(&"avalanche") || hash.consistent && rest.is_empty();
                hash.function = match rest.first() {
                    Some(&"djb2") => HashFunction::Djb2,
                    Some(&"wt6") => HashFunction::Wt6,
                    Some(&"crc32") => HashFunction::Crc32,
                    Some(&"none") => HashFunction::None,
                    _ => HashFunction::Sdbm,
                };
            }
            ["hash-balance-factor", n] => hash.balance_factor = n.parse().unwrap(),
            ["option", "allbackups"] => allbackups = true,
            ["option", "redispatch"] => redispatch = true,
            ["no", "option", "redispatch"] => redispatch = false,
            ["option", "http-server-close" | "abortonclose"] | ["cookie", ..] => {}
            ["fullconn", n] => fullconn = n.parse().unwrap(),
            ["server", name, ref rest @ ..] => {
                let mut s = ServerSettings {
                    name: name.into(),
                    id: servers.len() as u32 + 1,
                    ..ServerSettings::default()
                };
                let mut rest = rest.iter();
                while let Some(w) = rest.next() {
                    match *w {
                        "weight" => s.weight = rest.next().unwrap().parse().unwrap(),
                        "maxconn" => s.maxconn = rest.next().unwrap().parse().unwrap(),
                        "minconn" => s.minconn = rest.next().unwrap().parse().unwrap(),
                        "maxqueue" => s.maxqueue = rest.next().unwrap().parse().unwrap(),
                        "cookie" => s.cookie = Some(rest.next().unwrap().as_bytes().into()),
                        "id" => s.id = rest.next().unwrap().parse().unwrap(),
                        "backup" => s.backup = true,
                        "disabled" => s.disabled = true,
                        other => panic!("{file}: {other}"),
                    }
                }
                servers.push(s);
            }
            _ => steps.push((first_line + n, words)),
        }
    }
    let settings = BackendSettings {
        name: "b".into(),
        algorithm: algorithm(algorithm_name).unwrap(),
        allbackups,
        fullconn,
        hash,
        ..BackendSettings::default()
    };
    let inbox = Arc::new(Inbox::default());
    let b = BackendState::new(settings, servers, inbox.clone());
    let mut run = Run {
        b,
        hash,
        inbox,
        redispatch,
        live: BTreeMap::new(),
        now: 0,
    };
    for (n, words) in steps {
        if let Err(why) = run.step(&words) {
            let before: Vec<&str> = lines.iter().take(n - first_line).copied().collect();
            return Err(format!(
                "{file}:{}: {words:?}: {why}\n{}",
                n + 1,
                before.join("\n")
            ));
        }
    }
    Ok(())
}

/// A request that holds a slot or waits.
enum Live {
    Served(Slot),
    Waiting(Waiter, Want),
}

struct Run {
    b: Arc<BackendState>,
    hash: HashType,
    inbox: Arc<Inbox>,
    redispatch: bool,
    live: BTreeMap<u64, Live>,
    now: u64,
}

impl Run {
    fn find(&self, name: &str) -> Arc<ServerState> {
        self.b
            .servers()
            .iter()
            .find(|s| &*s.name == name)
            .unwrap()
            .clone()
    }

    /// Assigns a request and says where it went, in the recording's words.
    fn ask(&mut self, id: u64, mut want: Want) -> String {
        // As the engine does with a cookie of a server that is down or whose queue is full.
        if let Some(i) = want.pinned
            && !self.b.server(i).unwrap().running()
        {
            if !self.redispatch {
                want.redispatch = false;
            }
            want.pinned = None;
        }
        let mut got = self.b.assign(&want, self.now);
        if matches!(got, Assigned::Full) && self.redispatch {
            want.pinned = None;
            got = self.b.assign(&want, self.now);
        }
        match got {
            Assigned::Slot(s) => {
                let name = s.server().name.to_string();
                self.live.insert(id, Live::Served(s));
                name
            }
            Assigned::Queued(w) => {
                self.live.insert(id, Live::Waiting(w, want));
                "queued".into()
            }
            Assigned::Full | Assigned::None => {
                self.b.sessions.leave();
                "503".into()
            }
        }
    }

    /// Lets woken requests go on, as long as there are any.
    fn settle(&mut self) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            let mut woken = std::mem::take(&mut *self.inbox.0.lock());
            if woken.is_empty() {
                return seen;
            }
            woken.sort_unstable();
            for id in woken {
                let Some(Live::Waiting(mut w, want)) = self.live.remove(&id) else {
                    continue;
                };
                match w.turn() {
                    Turn::Go(s) => {
                        seen.push(format!("{id}@{}", s.server().name));
                        self.live.insert(id, Live::Served(s));
                    }
                    Turn::Wait => {
                        self.live.insert(id, Live::Waiting(w, want));
                    }
                    Turn::Redispatch => {
                        let to = self.ask(
                            id,
                            Want {
                                pinned: None,
                                ..want
                            },
                        );
                        match to.as_str() {
                            "queued" => {}
                            "503" => seen.push(format!("{id}!503")),
                            _ => seen.push(format!("{id}@{to}")),
                        }
                    }
                }
            }
        }
    }

    fn step(&mut self, words: &[&str]) -> Result<(), String> {
        self.now += 30;
        let mut expected: Vec<String> = Vec::new();
        let mut expect = |rest: &[&str]| expected.extend(rest.iter().map(|s| s.to_string()));
        match *words {
            ["pick", ref seen @ ..] => {
                let got: Vec<String> = seen
                    .iter()
                    .map(|_| match self.b.assign(&Want::default(), 0) {
                        Assigned::Slot(s) => s.server().name.to_string(),
                        _ => "-".into(),
                    })
                    .collect();
                if let Some(at) = got.iter().zip(seen).position(|(a, b)| a != b) {
                    let (h, m) = (seen.join(" "), got.join(" "));
                    return Err(format!("pick {at}\n  HAProxy {h}\n  here    {m}"));
                }
            }
            // key and server of consecutive requests
            ["keyed", ref seen @ ..] => {
                for pair in seen {
                    let (key, server) = pair.rsplit_once('=').unwrap();
                    let want = Want {
                        key: Some(self.hash.text(key.as_bytes())),
                        ..Want::default()
                    };
                    let got = match self.b.assign(&want, 0) {
                        Assigned::Slot(s) => s.server().name.to_string(),
                        _ => "-".into(),
                    };
                    if got != server {
                        return Err(format!("{key}: HAProxy {server}, here {got}"));
                    }
                }
            }
            ["req" | "pin" | "key", id, ref rest @ ..] => {
                let id: u64 = id.parse().unwrap();
                let (mut pinned, mut key) = (None, None);
                let rest = match (rest, words[0]) {
                    ([server, rest @ ..], "pin") => {
                        pinned = Some(self.find(server).index);
                        rest
                    }
                    ([text, rest @ ..], "key") => {
                        key = Some(self.hash.text(text.as_bytes()));
                        rest
                    }
                    (rest, _) => rest,
                };
                self.b.sessions.enter();
                let redispatch = self.redispatch;
                let to = self.ask(
                    id,
                    Want {
                        pinned,
                        key,
                        redispatch,
                        token: id,
                        ..Want::default()
                    },
                );
                if to != rest[0] {
                    return Err(format!("request {id}: HAProxy {}, here {to}", rest[0]));
                }
                expect(rest.get(2..).unwrap_or_default());
            }
            ["end", id, queues, ref then @ ..] => {
                let Some(Live::Served(slot)) = self.live.remove(&id.parse().unwrap()) else {
                    return Err(format!("{id} is not served"));
                };
                let got = format!("{}/{}", slot.srv_queue(), slot.backend_queue());
                if queues != "*" && got != queues {
                    return Err(format!("queues of {id}: HAProxy {queues}, here {got}"));
                }
                drop(slot);
                self.b.sessions.leave();
                expect(then);
            }
            ["abort", id, ref then @ ..] => {
                drop(self.live.remove(&id.parse().unwrap()));
                self.b.sessions.leave();
                expect(then);
            }
            ["weight", name, w, ref then @ ..] => {
                self.b.set_weight(&self.find(name), w.parse().unwrap());
                expect(then);
            }
            ["maxconn", name, n, ref then @ ..] => {
                self.b.set_maxconn(&self.find(name), n.parse().unwrap());
                expect(then);
            }
            [state @ ("maint" | "drain" | "ready"), name, ref then @ ..] => {
                let to = match state {
                    "maint" => Admin::MAINT,
                    "drain" => Admin::DRAIN,
                    _ => Admin::empty(),
                };
                self.b.set_admin(&self.find(name), to, self.now);
                expect(then);
            }
            _ => panic!("{words:?}"),
        }
        let mut got = self.settle();
        got.sort();
        expected.sort();
        if got != expected {
            return Err(format!("then HAProxy {expected:?}, here {got:?}"));
        }
        Ok(())
    }
}

#[test]
fn orders_recorded_from_haproxy() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/balance");
    let (mut cases, mut faults) = (0, Vec::new());
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "txt") || path.ends_with("health.txt") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let starts: Vec<usize> = (0..lines.len()).filter(|i| lines[*i] == "case").collect();
        for (i, start) in starts.iter().enumerate() {
            let end = starts.get(i + 1).copied().unwrap_or(lines.len());
            let name = path.file_name().unwrap().to_string_lossy();
            cases += 1;
            faults.extend(replay(&name, start + 1, &lines[start + 1..end]).err());
        }
    }
    assert!(cases > 0, "no recordings in {dir}");
    assert!(
        faults.is_empty(),
        "{} of {cases} cases differ:\n{}",
        faults.len(),
        faults
            .iter()
            .take(9)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    );
}

/// Answers of a server, the delay to the next check and the log lines, recorded from HAProxy.
fn replay_health(lines: &[&str]) -> Result<(), String> {
    let mut settings = CheckSettings {
        inter: 300,
        fastinter: Some(100),
        downinter: Some(200),
        ..CheckSettings::default()
    };
    let (mut on_404, mut log_checks, mut health) = (false, false, None);
    let mut servers = Vec::new();
    let mut b = None;
    let mut logged: Vec<String> = Vec::new();
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        match *words.as_slice() {
            ["rise", rise, "fall", fall, ref rest @ ..] => {
                settings.rise = rise.parse().unwrap();
                settings.fall = fall.parse().unwrap();
                let backup = !rest.is_empty();
                servers.push(ServerSettings {
                    name: "s".into(),
                    backup,
                    ..Default::default()
                });
            }
            ["http-check", ..] => on_404 = true,
            ["option", ..] => log_checks = true,
            ["server", name, ref rest @ ..] => servers.push(ServerSettings {
                name: name.into(),
                backup: rest.contains(&"backup"),
                disabled: rest.contains(&"disabled"),
                ..ServerSettings::default()
            }),
            ["check", answer, next] => {
                if let Some(left) = logged.pop() {
                    return Err(format!("not logged by HAProxy: {left}"));
                }
                let health = health.get_or_insert_with(|| Health::new(&settings));
                let b = b.get_or_insert_with(|| {
                    let settings = BackendSettings {
                        name: "b".into(),
                        algorithm: &roundrobin::ENTRY,
                        allbackups: false,
                        fullconn: 0,
                        ..BackendSettings::default()
                    };
                    BackendState::new(settings, servers.clone(), Arc::new(Inbox::default()))
                });
                let (status, code, info) = match answer {
                    "u" => (CheckStatus::L7Ok, 200, ""),
                    "d" => (CheckStatus::L7Status, 500, "Bad"),
                    _ if on_404 && health.state() != Operational::Stopped => {
                        (CheckStatus::L7OkConditional, 404, "")
                    }
                    _ => (CheckStatus::L7Status, 404, "Not Found"),
                };
                let judged = health.result(status);
                let server = b.servers()[0].clone();
                let check = CheckResult {
                    status: judged.status,
                    code: Some(code),
                    info,
                    duration_ms: Some(0),
                };
                let mut lines = Vec::new();
                if log_checks && judged.news {
                    let news = HealthNews {
                        kind: "Health",
                        backend: "b",
                        server: &server.name,
                        backup: server.backup,
                        check,
                        shown: health.shown(),
                    };
                    lines.push(format!("<133> {news}"));
                }
                if let Some(now) = judged.change {
                    let requeued = b.set_operational(&server, health.state(), 0);
                    let event = ServerEvent {
                        backend: "b",
                        server: &server.name,
                        backup: server.backup,
                        was: judged.was,
                        now,
                        check: (!log_checks).then_some(check),
                        active: b.usable_active(),
                        backup_left: b.usable_backup(),
                        sessions: server.served(),
                        requeued,
                        queued: server.queued(),
                    };
                    lines.push(format!("<{}> {event}", 128 + event.level()));
                    if event.backend_lost() {
                        lines.push("<128> backend b has no server available!".into());
                    }
                }
                lines.reverse();
                logged = lines;
                let delay = health.next_delay(0, 0);
                let word = match delay {
                    300 => "inter",
                    100 => "fastinter",
                    _ => "downinter",
                };
                if next != "end" && word != next {
                    return Err(format!("{line}: here {word}"));
                }
            }
            ["log", ..] => {
                let here = logged.pop().unwrap_or_default();
                if line.strip_prefix("log ") != Some(&here) {
                    return Err(format!("{line}\n    here {here}"));
                }
            }
            _ => panic!("{line}"),
        }
    }
    match logged.pop() {
        Some(left) => Err(format!("not logged by HAProxy: {left}")),
        None => Ok(()),
    }
}

#[test]
fn health_recorded_from_haproxy() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/balance/health.txt");
    let text = fs::read_to_string(path).unwrap();
    let cases: Vec<Vec<&str>> = text
        .split("case\n")
        .skip(1)
        .map(|c| c.lines().collect())
        .collect();
    assert!(cases.len() > 20);
    for c in &cases {
        if let Err(why) = replay_health(c) {
            panic!("{why}\n{}", c.join("\n"));
        }
    }
}

/// A server that comes back grows in whole seconds, weight and limit alike.
#[test]
fn slow_start_grows() {
    let server = ServerSettings {
        weight: 100,
        maxconn: 50,
        slowstart: 40_000,
        ..ServerSettings::default()
    };
    let b = BackendState::new(
        BackendSettings::default(),
        [server],
        Arc::new(Inbox::default()),
    );
    let s = b.server(0).unwrap().clone();
    assert_eq!((s.throttle(), b.limit(&s)), (100, Some(50)));
    b.set_operational(&s, Operational::Stopped, 1000);
    b.set_operational(&s, Operational::Running, 5000);
    let mut seen = Vec::new();
    for now in [5000, 6999, 7000, 25_000, 44_999, 45_000] {
        b.warm(&s, now);
        seen.push((s.is_starting(), s.throttle(), b.limit(&s)));
    }
    assert_eq!(
        seen,
        [
            (true, 6, Some(1)),
            (true, 6, Some(1)),
            (true, 6, Some(2)),
            (true, 56, Some(25)),
            (true, 100, Some(47)),
            (false, 100, Some(50)),
        ]
    );
    b.set_operational(&s, Operational::Stopped, 50_000);
    b.set_operational(&s, Operational::Running, 60_000);
    b.set_weight(&s, 200);
    assert_eq!((s.effective_weight(), s.throttle()), (200, 6));
}
