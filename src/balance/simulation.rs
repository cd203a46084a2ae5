//! Queues and slots under random load: one thread with every step checked, then real threads.

use super::*;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

#[derive(Default)]
struct Inbox(Mutex<Vec<u64>>);
impl Wake for Inbox {
    fn wake(&self, token: u64) {
        self.0.lock().push(token);
    }
}

struct Dice(u64);
impl Dice {
    fn below(&mut self, n: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) % u64::from(n)) as u32
    }
}

fn backend(d: &mut Dice, wake: Arc<dyn Wake>) -> Arc<BackendState> {
    let count = 1 + d.below(4);
    let servers: Vec<ServerSettings> = (0..count)
        .map(|i| ServerSettings {
            name: format!("s{i}").into(),
            weight: 1 + d.below(5),
            maxconn: d.below(4),
            minconn: if d.below(4) == 0 { 1 + d.below(3) } else { 0 },
            maxqueue: if d.below(4) == 0 { 1 + d.below(3) } else { 0 },
            backup: d.below(5) == 0,
            ..ServerSettings::default()
        })
        .collect();
    let algorithm = &ALGORITHMS[d.below(ALGORITHMS.len() as u32) as usize];
    let settings = BackendSettings {
        name: "b".into(),
        algorithm,
        allbackups: d.below(2) == 0,
        fullconn: d.below(3) * 4,
        ..BackendSettings::default()
    };
    BackendState::new(settings, servers, wake)
}

enum Live {
    Served(#[expect(dead_code, reason = "kept for its drop")] Slot),
    Waiting(Waiter, Want),
}

/// One run of random steps; panics with what went wrong.
fn steps(seed: u64) {
    let mut d = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let inbox = Arc::new(Inbox::default());
    let b = backend(&mut d, inbox.clone());
    let n = b.servers().len() as u32;
    let mut live: BTreeMap<u64, Live> = BTreeMap::new();
    // The greatest limit a server has had: lowering it sends nobody away.
    let mut limit: Vec<u32> = b.servers().iter().map(|s| s.maxconn()).collect();
    let mut next = 0;
    let admins = [Admin::empty(), Admin::empty(), Admin::MAINT, Admin::DRAIN];
    for now in 0..120 {
        let draining = now >= 100;
        match d.below(if draining { 3 } else { 12 }) {
            0..=2 => {
                // End or abort one, preferring what is served.
                let ids: Vec<u64> = live.keys().copied().collect();
                if !ids.is_empty() {
                    live.remove(&ids[d.below(ids.len() as u32) as usize]);
                }
            }
            3 => {
                let s = b.server(d.below(n)).unwrap().clone();
                b.set_admin(&s, admins[d.below(4) as usize], now);
            }
            4 => {
                let s = b.server(d.below(n)).unwrap().clone();
                let to = [
                    Operational::Running,
                    Operational::Stopped,
                    Operational::Stopping,
                ];
                b.set_operational(&s, to[d.below(3) as usize], now);
            }
            5 => {
                let s = b.server(d.below(n)).unwrap().clone();
                b.set_weight(&s, d.below(4));
            }
            6 => {
                let s = b.server(d.below(n)).unwrap().clone();
                let to = 1 + d.below(3);
                let l = &mut limit[s.index as usize];
                *l = if *l == 0 { 0 } else { to.max(*l) };
                b.set_maxconn(&s, if *l == 0 { 0 } else { to });
            }
            k => {
                next += 1;
                let pinned = (k < 9).then(|| d.below(n));
                let pinned = pinned.filter(|i| b.server(*i).unwrap().running());
                let want = Want {
                    key: (d.below(2) == 0).then(|| d.below(1 << 30)),
                    class: [0, 0, -7, 300][d.below(4) as usize],
                    offset: [0, 0, -50, 50_000][d.below(4) as usize],
                    pinned,
                    avoid: (d.below(5) == 0).then(|| d.below(n)),
                    redispatch: d.below(2) == 0,
                    token: next,
                };
                ask(&b, &mut live, next, want, now);
            }
        }
        // Wakes arrive late, in any order, and some for requests that have gone.
        if d.below(3) > 0 {
            let mut woken = std::mem::take(&mut *inbox.0.lock());
            while !woken.is_empty() {
                let id = woken.swap_remove(d.below(woken.len() as u32) as usize);
                let Some(Live::Waiting(mut w, want)) = live.remove(&id) else {
                    continue;
                };
                match w.turn() {
                    Turn::Go(s) => {
                        live.insert(id, Live::Served(s));
                    }
                    Turn::Wait => panic!("seed {seed}: {id} woken for nothing"),
                    Turn::Redispatch => {
                        ask(
                            &b,
                            &mut live,
                            id,
                            Want {
                                pinned: None,
                                ..want
                            },
                            now,
                        );
                    }
                }
            }
        }
        check(seed, &b, &limit);
    }
    // All end: whoever waits gets a turn as long as there is a server for it.
    for s in b.servers() {
        b.set_operational(s, Operational::Running, 200);
        b.set_admin(s, Admin::empty(), 200);
        b.set_weight(s, 1);
    }
    for _ in 0..10_000 {
        for id in std::mem::take(&mut *inbox.0.lock()) {
            let Some(Live::Waiting(mut w, want)) = live.remove(&id) else {
                continue;
            };
            match w.turn() {
                Turn::Go(s) => {
                    live.insert(id, Live::Served(s));
                }
                Turn::Wait => panic!("seed {seed}: {id} woken for nothing"),
                Turn::Redispatch => ask(
                    &b,
                    &mut live,
                    id,
                    Want {
                        pinned: None,
                        ..want
                    },
                    200,
                ),
            }
        }
        let served = live.iter().find(|(_, l)| matches!(l, Live::Served(_)));
        let Some(id) = served.map(|(id, _)| *id) else {
            break;
        };
        live.remove(&id);
    }
    assert!(live.is_empty(), "seed {seed}: {} wait for ever", live.len());
    assert_eq!(
        (b.served(), b.waiting()),
        (0, 0),
        "seed {seed}: slots leaked"
    );
}

fn ask(b: &Arc<BackendState>, live: &mut BTreeMap<u64, Live>, id: u64, want: Want, now: u64) {
    match b.assign(&want, now) {
        Assigned::Slot(s) => {
            live.insert(id, Live::Served(s));
        }
        Assigned::Queued(w) => {
            live.insert(id, Live::Waiting(w, want));
        }
        Assigned::Full | Assigned::None => {}
    }
}

fn check(seed: u64, b: &BackendState, limit: &[u32]) {
    for (s, most) in b.servers().iter().zip(limit) {
        assert!(
            *most == 0 || s.served() <= *most.max(&s.minconn()),
            "seed {seed}: {} over its limit",
            s.name
        );
        // the limit of a server with "minconn" moves with every request that comes or goes
        let full = b.limit(s).is_some_and(|l| s.served() >= l);
        assert!(
            s.queued() == 0 || full || !s.running(),
            "seed {seed}: {} has room and a queue",
            s.name
        );
        assert!(
            b.queued() == 0 || !b.has_room(s),
            "seed {seed}: the back end has a queue and {} room",
            s.name
        );
    }
    assert!(
        b.queued() == 0 || !b.is_down(),
        "seed {seed}: a queue without a server"
    );
    let all: u32 = b.servers().iter().map(|s| s.queued()).sum();
    assert_eq!(
        all + b.queued(),
        b.waiting(),
        "seed {seed}: miscounted queues"
    );
}

#[test]
fn random_steps_keep_every_promise() {
    for seed in 1..=5000 {
        steps(seed);
    }
}

#[test]
fn first_come_first_served() {
    for pinned in [None, Some(0)] {
        let inbox = Arc::new(Inbox::default());
        let settings = BackendSettings {
            name: "b".into(),
            algorithm: &roundrobin::ENTRY,
            allbackups: false,
            fullconn: 0,
            ..BackendSettings::default()
        };
        let one = ServerSettings {
            maxconn: 1,
            ..ServerSettings::default()
        };
        let b = BackendState::new(settings, [one], inbox.clone());
        let want = |token| Want {
            pinned,
            token,
            ..Want::default()
        };
        let Assigned::Slot(first) = b.assign(&want(0), 0) else {
            panic!()
        };
        let mut waiters: Vec<Waiter> = (1..=9)
            .map(|i| match b.assign(&want(i), 5) {
                Assigned::Queued(w) => w,
                other => panic!("{other:?}"),
            })
            .collect();
        // The fourth leaves before its turn, the sixth after it was told to go.
        drop(waiters.remove(3));
        drop(first);
        let mut order = Vec::new();
        loop {
            let mut woken = std::mem::take(&mut *inbox.0.lock());
            assert!(woken.len() <= 1);
            let Some(id) = woken.pop() else { break };
            order.push(id);
            let at = if id < 4 { id - 1 } else { id - 2 } as usize;
            if id == 6 {
                let w = &mut waiters[at];
                let Assigned::Queued(other) = b.assign(&want(99), 6) else {
                    panic!()
                };
                let gone = std::mem::replace(w, other);
                drop(gone);
            } else if id == 99 {
                break;
            } else {
                let Turn::Go(slot) = waiters[at].turn() else {
                    panic!()
                };
                let queues = (slot.srv_queue(), slot.backend_queue());
                let place = if id < 4 { id } else { id - 1 } as u32;
                let expected = if pinned.is_some() {
                    (place, 0)
                } else {
                    (0, place)
                };
                assert_eq!(queues, expected, "of {id}");
            }
        }
        assert_eq!(order, [1, 2, 3, 5, 6, 7, 8, 9, 99]);
    }
}

/// Threads that take and give back slots as fast as they can.
#[test]
fn threads_never_exceed_a_limit_and_never_lose_a_turn() {
    struct Boxes(Vec<Mutex<Vec<u64>>>);
    impl Wake for Boxes {
        fn wake(&self, token: u64) {
            self.0[(token >> 32) as usize].lock().push(token);
        }
    }
    const THREADS: usize = 4;
    for seed in 1..=40u64 {
        let mut d = Dice(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) | 1);
        let boxes = Arc::new(Boxes((0..THREADS).map(|_| Mutex::default()).collect()));
        let servers: Vec<ServerSettings> = (0..1 + d.below(3))
            .map(|_| ServerSettings {
                maxconn: 1 + d.below(2),
                ..ServerSettings::default()
            })
            .collect();
        let n = servers.len() as u32;
        let settings = BackendSettings {
            name: "b".into(),
            algorithm: &ALGORITHMS[d.below(ALGORITHMS.len() as u32) as usize],
            allbackups: false,
            fullconn: 0,
            ..BackendSettings::default()
        };
        let b = BackendState::new(settings, servers, boxes.clone());
        let inside: Vec<AtomicU32> = (0..n).map(|_| AtomicU32::new(0)).collect();
        std::thread::scope(|scope| {
            for t in 0..THREADS {
                let (b, boxes, inside) = (&b, &boxes, &inside);
                scope.spawn(move || {
                    let mut d = Dice((seed << 8 | t as u64).wrapping_mul(0x9E37_79B9) | 1);
                    let enter = |s: &Slot| {
                        let now = inside[s.index() as usize].fetch_add(1, SeqCst) + 1;
                        assert!(now <= s.server().maxconn(), "seed {seed}: over the limit");
                    };
                    let leave = |s: Slot| {
                        inside[s.index() as usize].fetch_sub(1, SeqCst);
                    };
                    let mut held: Vec<Slot> = Vec::new();
                    let mut waiting: BTreeMap<u64, Waiter> = BTreeMap::new();
                    let (mut sent, mut idle) = (0u64, 0u32);
                    while sent < 300 || !held.is_empty() || !waiting.is_empty() {
                        if sent < 300 && d.below(2) == 0 {
                            sent += 1;
                            let token = (t as u64) << 32 | sent;
                            let pinned = (d.below(3) == 0).then(|| d.below(n));
                            match b.assign(
                                &Want {
                                    pinned,
                                    token,
                                    ..Want::default()
                                },
                                sent,
                            ) {
                                Assigned::Slot(s) => {
                                    enter(&s);
                                    held.push(s);
                                }
                                Assigned::Queued(w) => {
                                    waiting.insert(token, w);
                                }
                                other => panic!("{other:?}"),
                            }
                        }
                        for token in std::mem::take(&mut *boxes.0[t].lock()) {
                            idle = 0;
                            let Some(mut w) = waiting.remove(&token) else {
                                continue;
                            };
                            match w.turn() {
                                Turn::Go(s) => {
                                    enter(&s);
                                    held.push(s);
                                }
                                other => panic!("seed {seed}: {other:?}"),
                            }
                        }
                        if !held.is_empty() && d.below(2) == 0 {
                            leave(held.swap_remove(d.below(held.len() as u32) as usize));
                        } else if d.below(20) == 0 {
                            // The client leaves the queue.
                            waiting.pop_first();
                        }
                        if held.is_empty() {
                            idle += 1;
                            assert!(idle < 20_000_000, "seed {seed}: a turn was lost");
                            std::thread::yield_now();
                        }
                    }
                });
            }
        });
        assert_eq!((b.served(), b.waiting()), (0, 0), "seed {seed}");
    }
}

/// Whoever waits is served by class, then by time and offset, then by arrival, whatever queue it
/// stands in.
#[test]
fn classes_and_offsets_decide_the_order() {
    for seed in 1..=2000u64 {
        let mut d = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let inbox = Arc::new(Inbox::default());
        let one = ServerSettings {
            maxconn: 1,
            ..ServerSettings::default()
        };
        let b = BackendState::new(BackendSettings::default(), [one], inbox.clone());
        let mut waiting = BTreeMap::new();
        let mut expected = Vec::new();
        let first = b.assign(&Want::default(), 1000);
        let Assigned::Slot(mut served) = first else {
            panic!("{first:?}")
        };
        for token in 1..=2 + u64::from(d.below(12)) {
            let now = 1000 + token * u64::from(d.below(3));
            let want = Want {
                pinned: (d.below(2) == 0).then_some(0),
                class: d.below(3) as i16 - 1,
                offset: d.below(9) as i32 - 4,
                token,
                ..Want::default()
            };
            let Assigned::Queued(waiter) = b.assign(&want, now) else {
                panic!("seed {seed}: over the limit")
            };
            waiting.insert(token, waiter);
            let time = now as i64 + i64::from(want.offset);
            expected.push((want.class, time, token));
        }
        expected.sort_unstable();
        let mut order = Vec::new();
        while !waiting.is_empty() {
            drop(served);
            let woken = std::mem::take(&mut *inbox.0.lock());
            let [token] = woken[..] else {
                panic!("seed {seed}: {woken:?} woken")
            };
            let Some(Turn::Go(slot)) = waiting.remove(&token).map(|mut w| w.turn()) else {
                panic!("seed {seed}: {token} woken for nothing")
            };
            order.push(token);
            served = slot;
        }
        let expected: Vec<u64> = expected.iter().map(|(_, _, t)| *t).collect();
        assert_eq!(order, expected, "seed {seed}");
    }
}
