//! Entries against models, expiry, concurrent use.

use super::*;
use crate::base::clock;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

fn table(size: u32, expire: u32, stored: &[(Data, u32, u32)]) -> Arc<Table> {
    Table::new(Spec {
        key: KeyType::Integer,
        size,
        expire,
        stored: stored.to_vec(),
        ..Spec::new("t3")
    })
}

fn key(n: u32) -> [u8; 4] {
    n.to_le_bytes()
}

fn keys(table: &Table, now: u64) -> Vec<u32> {
    let rows = (0..).map_while(|shard| table.rows_of(shard, now)).flatten();
    rows.map(|r| u32::from_le_bytes(r.key().try_into().unwrap()))
        .collect()
}

#[test]
fn rates_fade_as_recorded() {
    // Recorded from HAProxy 3.4: events set at 0 ms, asked for at these moments, period 1 s.
    let read = |n, at: u32| {
        let mut words = [0; 3];
        rate::set(&mut words, 5, n);
        rate::read(&words, 1000, 5 + at)
    };
    for (n, at, want) in [
        (100, 999, 100),
        (100, 1007, 99),
        (100, 1500, 50),
        (100, 1986, 1),
        (100, 2008, 0),
        (7, 1131, 6),
        (7, 1144, 5),
        (2, 1007, 1),
        (2, 1503, 0),
        (1, 1986, 1),
        (1, 2008, 0),
    ] {
        assert_eq!(read(n, at), want, "{n} events after {at} ms");
    }
    // a new event: the period goes on from where the old one ended
    let mut words = [0; 3];
    rate::set(&mut words, 0, 50);
    assert_eq!(rate::add(&mut words, 1000, 1500, 1), 26);
    assert_eq!(rate::read(&words, 1000, 1900), 6);
    assert_eq!(rate::read(&words, 1000, 2050), 1);
    assert_eq!(rate::read(&words, 1000, 3100), 0);
}

#[test]
fn listings_come_in_the_order_of_haproxy() {
    // Recorded from HAProxy 3.4.
    let t = table(1000, 100_000, &[(Data::Gpc0, 1, 0)]);
    for n in 0..12 {
        t.upsert(&t.key(&key(n)), 1, |_| ()).unwrap();
    }
    assert_eq!(keys(&t, 1), [2, 1, 9, 11, 10, 5, 6, 3, 4, 7, 0, 8]);
}

#[test]
fn text_is_cut_and_blocks_are_filled_up() {
    let of = |key: KeyType| {
        Table::new(Spec {
            key,
            size: 10,
            ..Spec::new("t")
        })
    };
    let shown = |t: &Table| {
        let rows = (0..).map_while(|shard| t.rows_of(shard, 1)).flatten();
        let mut all: Vec<String> = rows
            .map(|r| {
                let mut text = String::new();
                t.key_type().show(r.key(), &mut text);
                text
            })
            .collect();
        all.sort();
        all
    };
    let text = of(KeyType::Str(3));
    for word in ["", "abc", "abcd", "a b"] {
        text.upsert(&text.key(word.as_bytes()), 1, |_| ()).unwrap();
    }
    assert_eq!(shown(&text), ["", "a\\ b", "abc"]);
    let block = of(KeyType::Bin(4));
    for word in ["ab", "ab\0\0", "abcdef"] {
        block
            .upsert(&block.key(word.as_bytes()), 1, |_| ())
            .unwrap();
    }
    assert_eq!(shown(&block), ["61620000", "61626364"]);
    assert_eq!(block.used(), 2);
}

#[test]
fn what_is_not_touched_expires() {
    let t = table(10, 1000, &[(Data::Gpc0, 1, 0)]);
    t.upsert(&t.key(&key(1)), 0, |e| e.set(Data::Gpc0, 0, 5))
        .unwrap();
    t.upsert(&t.key(&key(2)), 0, |_| ()).unwrap();
    // a look does not touch, a change does
    assert_eq!(
        t.read(&t.key(&key(1)), 600, |e| e.get(Data::Gpc0, 0)),
        Some(Some(5))
    );
    t.change(&t.key(&key(2)), 600, |_| ()).unwrap();
    assert!(t.read(&t.key(&key(1)), 1000, |_| ()).is_none());
    assert!(t.read(&t.key(&key(2)), 1599, |_| ()).is_some());
    t.expire(1600);
    assert_eq!(t.used(), 0);
}

#[test]
fn a_clock_that_is_a_little_behind_removes_nothing() {
    let t = table(10, 1000, &[(Data::Gpc0Rate, 1, 1000)]);
    t.upsert(&t.key(&key(1)), 5000, |e| e.add(Data::Gpc0Rate, 0, 3))
        .unwrap();
    let later = t.upsert(&t.key(&key(1)), 4999, |e| e.add(Data::Gpc0Rate, 0, 1));
    assert_eq!(later, Some(Some(4)));
}

#[test]
fn what_is_tracked_stays() {
    clock::freeze(0);
    let t = table(2, 1000, &[(Data::ConnCur, 1, 0)]);
    let first = t.track(&t.key(&key(1)), 0, |e| {
        e.add(Data::ConnCur, 0, 1);
    });
    let first = first.unwrap();
    t.expire(5000);
    assert_eq!(
        first.read(|e| (e.users(), e.get(Data::ConnCur, 0))),
        Some((1, Some(1)))
    );
    assert!(!t.remove(&t.key(&key(1))));
    // two places, one of them in use: the other one is given away again and again
    for n in 10..20 {
        assert!(t.upsert(&t.key(&key(n)), 5000, |_| ()).is_some());
    }
    assert_eq!(t.used(), 2);
    clock::freeze(6_000_000);
    drop(first);
    assert_eq!(
        t.read(&t.key(&key(1)), 6999, |e| (
            e.users(),
            e.get(Data::ConnCur, 0)
        )),
        Some((0, Some(0)))
    );
    assert!(t.read(&t.key(&key(1)), 7000, |_| ()).is_none());
}

#[test]
fn a_full_table_drops_the_oldest() {
    let t = table(5, 0, &[]);
    for n in 1..=8 {
        t.upsert(&t.key(&key(n)), n.into(), |_| ()).unwrap();
    }
    t.change(&t.key(&key(4)), 9, |_| ()).unwrap();
    t.upsert(&t.key(&key(20)), 10, |_| ()).unwrap();
    let left: HashSet<u32> = keys(&t, 10).into_iter().collect();
    assert_eq!(left, HashSet::from([4, 6, 7, 8, 20]));
    let strict = Table::new(Spec {
        nopurge: true,
        ..t.spec().clone()
    });
    for n in 1..=5 {
        strict.upsert(&strict.key(&key(n)), 1, |_| ()).unwrap();
    }
    assert!(strict.upsert(&strict.key(&key(6)), 1, |_| ()).is_none());
    assert!(strict.upsert(&strict.key(&key(5)), 1, |_| ()).is_some());
}

#[test]
fn an_array_stands_in_for_single_counters() {
    let t = table(
        5,
        0,
        &[
            (Data::Gpc, 2, 0),
            (Data::GpcRate, 2, 1000),
            (Data::Gpt, 1, 0),
        ],
    );
    let found = t.upsert(&t.key(&key(1)), 1, |e| {
        e.add(Data::Gpc1, 0, 3);
        e.add(Data::Gpc1Rate, 0, 3);
        [
            e.get(Data::Gpc, 1),
            e.get(Data::GpcRate, 1),
            e.get(Data::Gpc1, 0),
            e.add(Data::Gpc1, 0, 1),
            e.get(Data::Gpc, 2),
            e.get(Data::Gpt0, 0),
            e.get(Data::ConnCnt, 0),
        ]
    });
    let want = [Some(3), Some(3), Some(3), Some(4), None, Some(0), None];
    assert_eq!(found, Some(want));
}

#[test]
fn threads_count_together() {
    let t = table(1000, 0, &[(Data::Gpc0, 1, 0), (Data::BytesInCnt, 1, 0)]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..2000u32 {
                    let bytes = key(n % 10);
                    let tracked = t.track(&t.key(&bytes), 1, |e| {
                        e.add(Data::Gpc0, 0, 1);
                    });
                    tracked
                        .unwrap()
                        .change(|e| e.add(Data::BytesInCnt, 0, 1 << 30));
                }
            });
        }
    });
    assert_eq!(t.used(), 10);
    for n in 0..10 {
        let found = t.row(&t.key(&key(n)), 2).unwrap();
        assert_eq!(found.users(), 0);
        assert_eq!(found.get(Data::Gpc0, 0, 2), Some(800));
        assert_eq!(found.get(Data::BytesInCnt, 0, 2), Some(800 << 30));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Add(u32, u64),
    Read(u32),
    Remove(u32),
    Wait(u64),
    Find(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..40u32;
    prop_oneof![
        4 => (key.clone(), 0..1000u64).prop_map(|(k, n)| Step::Add(k, n)),
        2 => key.clone().prop_map(Step::Read),
        1 => key.clone().prop_map(Step::Remove),
        2 => (0..700u64).prop_map(Step::Wait),
        1 => key.prop_map(Step::Find),
    ]
}

proptest! {
    /// A table is a map whose entries vanish when they were not changed for long enough.
    #[test]
    fn a_table_is_a_map_that_forgets(steps in proptest::collection::vec(step(), 1..200)) {
        let t = table(1000, 1000, &[(Data::BytesOutCnt, 1, 0), (Data::Gpc0, 1, 0)]);
        let mut model: HashMap<u32, (u64, u64)> = HashMap::new();
        let mut now = 100u64;
        for step in steps {
            model.retain(|_, (_, touched)| now - *touched < 1000);
            match step {
                Step::Add(k, n) => {
                    let sum = model.entry(k).or_insert((0, now));
                    *sum = (sum.0 + n, now);
                    let found = t.upsert(&t.key(&key(k)), now, |e| e.add(Data::BytesOutCnt, 0, n));
                    prop_assert_eq!(found, Some(Some(i64::try_from(sum.0).unwrap())));
                }
                Step::Read(k) => {
                    let found = t.read(&t.key(&key(k)), now, |e| e.get(Data::BytesOutCnt, 0).unwrap());
                    let known = model.get(&k).map(|(sum, _)| i64::try_from(*sum).unwrap());
                    prop_assert_eq!(found, known);
                }
                Step::Remove(k) => {
                    model.remove(&k);
                    prop_assert!(t.remove(&t.key(&key(k))));
                }
                Step::Wait(ms) => now += ms,
                Step::Find(k) => {
                    let row = t.row(&t.key(&key(k)), now);
                    prop_assert_eq!(row.is_some(), model.contains_key(&k));
                    if let (Some(row), Some((_, touched))) = (row, model.get(&k)) {
                        prop_assert_eq!(u64::from(row.left), 1000 - (now - touched));
                        prop_assert_eq!(t.key_at(row.pointer), Some(key(k).to_vec()));
                    }
                }
            }
        }
        model.retain(|_, (_, touched)| now - *touched < 1000);
        let mut listed = keys(&t, now);
        listed.sort_unstable();
        let mut known: Vec<u32> = model.keys().copied().collect();
        known.sort_unstable();
        prop_assert_eq!(listed, known);
        prop_assert_eq!(t.used() as usize, model.len());
    }
}
