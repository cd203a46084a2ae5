//! `show activity`: how busy the threads are, in HAProxy 3.4's fields and order. What hapax does
//! not count, or has no use for, is 0.

use super::{Call, Command, Flow, shown};
use crate::base::clock;
use crate::ir::bind::CliLevel;

/// `show activity [-1|0|<thread>]`
pub const COMMAND: Command = Command {
    words: &["show", "activity"],
    usage: "show activity [-1|0|thread_num]",
    meaning: "shows how busy the threads are (for developers)",
    level: CliLevel::Operator,
    run,
};

/// Fields, the last one of its kind filled in by [`value`].
const FIELDS: &[&str] = &[
    "ctxsw",
    "tasksw",
    "empty_rq",
    "long_rq",
    "curr_rq",
    "loops",
    "wake_tasks",
    "wake_signal",
    "poll_io",
    "poll_exp",
    "poll_drop_fd",
    "poll_skip_fd",
    "conn_dead",
    "stream_calls",
    "pool_fail",
    "buf_wait",
    "cpust_ms_tot",
    "cpust_ms_1s",
    "cpust_ms_15s",
    "avg_cpu_pct",
    "avg_loop_us",
    "accepted",
    "accq_pushed",
    "accq_full",
    "accq_ring",
    "fd_takeover",
    "check_adopted",
    "check_started",
    "check_active",
    "check_running",
];

fn run(call: &mut Call<'_>) -> Flow {
    let numbers = call.world.numbers();
    let threads = numbers.threads.max(1) as usize;
    // the sum and each thread, only the sum, only one thread, neither
    let word = shown(call.arg(0));
    let (sum, only) = match (word.as_str(), word.parse::<i64>()) {
        ("", _) => (true, None),
        (_, Ok(-1)) => (true, Some(0)),
        (_, Ok(n)) => match usize::try_from(n) {
            Ok(n) if n <= threads => (false, Some(n)),
            _ => return call.error("Thread ID number must be between -1 and nbthread"),
        },
        (_, Err(_)) => (false, Some(0)),
    };
    let now = clock::unix_time();
    let up = numbers.uptime_ms;
    let first = only.filter(|n| *n > 0).unwrap_or(1);
    call.line(&format!("thread_id: {first} (1..{threads})"));
    call.line(&format!(
        "date_now: {}.{:06}",
        now.as_secs(),
        now.subsec_micros()
    ));
    call.line(&format!(
        "uptime_now: {}.{:06}",
        up / 1000,
        up % 1000 * 1000
    ));
    for field in FIELDS {
        let of = |thread: usize| value(call, field, thread);
        let each: Vec<u64> = (0..threads).map(of).collect();
        let total: u64 = each.iter().sum();
        let list = || each.iter().map(|n| format!("{n} ")).collect::<String>();
        let line = match (sum, only) {
            (true, None) if threads > 1 => format!("{field}: {total} [ {}]", list()),
            (true, _) => format!("{field}: {total}"),
            (false, Some(0)) => format!("{field}:"),
            (false, only) => {
                let one = only.and_then(|n| each.get(n - 1)).copied();
                format!("{field}: {}", one.unwrap_or(0))
            }
        };
        call.line(&line);
    }
    Flow::More
}

fn value(call: &Call<'_>, field: &str, thread: usize) -> u64 {
    let Some(shared) = call.world.shared() else {
        return 0;
    };
    match field {
        "curr_rq" => shared.loads.get(thread).map_or(0, |load| load.cur().into()),
        _ => 0,
    }
}
