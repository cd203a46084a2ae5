//! `slowstart`: servers that came back are given their weight step by step (configuration manual
//! 5.2). One task on the first thread, only where a server has it.

use super::thread::Thread;
use std::cell::Cell;
use std::sync::Arc;

/// How often servers are looked at while one of them is starting, and else, ms.
const PACE: (u32, u32) = (100, 500);

thread_local! {
    static RUNS: Cell<bool> = const { Cell::new(false) };
}

/// Starts the task, on the first thread, unless it runs already.
pub fn needed(t: &'static Thread) {
    if !RUNS.replace(true) {
        t.worker.spawn(run(t));
    }
}

/// Starts the task if this thread is to have it.
pub fn start(t: &'static Thread) {
    let mut servers = t
        .shared
        .plan
        .backends
        .iter()
        .flat_map(|b| b.state.servers());
    if t.worker.id == 0 && servers.any(|s| s.slowstart > 0) {
        needed(t);
    }
}

async fn run(t: &'static Thread) {
    let plan = Arc::clone(&t.shared.plan);
    loop {
        let mut starting = false;
        for be in &plan.backends {
            let slow = be.state.servers().iter().filter(|s| s.is_starting());
            for server in slow {
                starting = true;
                be.state.warm(server, t.worker.now_ms());
            }
        }
        t.worker.sleep(if starting { PACE.0 } else { PACE.1 }).await;
    }
}
