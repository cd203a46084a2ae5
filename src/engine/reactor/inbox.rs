//! Messages from one thread to another: a list under a mutex and a flag that tells whether the
//! receiver sleeps, so that a running thread is never disturbed by a system call.

use super::Worker;
use parking_lot::Mutex;
use rustix::event::{EventfdFlags, eventfd};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU8, Ordering};

/// A task on some thread. A reference to a task that ended meets another generation and does
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskRef {
    /// The thread.
    pub worker: u16,
    /// The task's number on it.
    pub task: u32,
    /// Which of the tasks that had this number.
    pub generation: u32,
}

impl TaskRef {
    /// As one number, for queues that know nothing of tasks. Holds 24 bits of the task's number
    /// and 32 of the generation.
    pub fn token(self) -> u64 {
        u64::from(self.worker & 0xff) << 56
            | u64::from(self.task & 0xff_ffff) << 32
            | u64::from(self.generation)
    }

    /// Back from [`TaskRef::token`].
    pub fn from_token(token: u64) -> TaskRef {
        TaskRef {
            worker: (token >> 56) as u16,
            task: (token >> 32) as u32 & 0xff_ffff,
            generation: token as u32,
        }
    }
}

/// What a thread may be told.
pub enum Message {
    /// Run this task again.
    Wake(TaskRef),
    /// Do this on your thread.
    Run(Box<dyn FnOnce(&'static Worker) + Send>),
}

const RUNNING: u8 = 0;
const SLEEPING: u8 = 1;
const TOLD: u8 = 2;

/// The mailbox of one thread.
pub struct Inbox {
    /// The thread.
    pub worker: usize,
    list: Mutex<Vec<Message>>,
    state: AtomicU8,
    eventfd: OwnedFd,
}

impl Inbox {
    pub(super) fn new(worker: usize) -> std::io::Result<Inbox> {
        let eventfd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Inbox {
            worker,
            list: Mutex::default(),
            state: AtomicU8::new(RUNNING),
            eventfd,
        })
    }

    pub(super) fn eventfd(&self) -> &OwnedFd {
        &self.eventfd
    }

    /// Leaves a message; wakes the thread if it sleeps.
    pub fn send(&self, message: Message) {
        self.list.lock().push(message);
        if self.state.swap(TOLD, Ordering::AcqRel) == SLEEPING {
            // a full counter is as good as one more: the thread wakes either way
            let _ = rustix::io::write(&self.eventfd, &1u64.to_ne_bytes());
        }
    }

    pub(super) fn take(&self) -> Vec<Message> {
        if self.state.load(Ordering::Acquire) != TOLD {
            return Vec::new();
        }
        self.state.store(RUNNING, Ordering::Release);
        std::mem::take(&mut *self.list.lock())
    }

    /// Announces that the thread is about to sleep; false when a message is waiting.
    pub(super) fn sleep(&self) -> bool {
        self.state
            .compare_exchange(RUNNING, SLEEPING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// The thread runs again.
    pub(super) fn awake(&self) {
        // fails when a message came: the next look into the list takes it
        let _ = self
            .state
            .compare_exchange(SLEEPING, RUNNING, Ordering::AcqRel, Ordering::Acquire);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock;
    use std::sync::Arc;
    use std::time::Duration;

    /// Turns of an idle loop in 200 ms after `upset` had its way with the inbox.
    fn turns_after(upset: fn(&Inbox)) -> u32 {
        let worker = Worker::new(0).unwrap();
        upset(worker.inbox());
        let mut events = Vec::with_capacity(8);
        // again and again, so that no turn of the measured time waits without end
        worker.spawn(async {
            loop {
                worker.sleep(40).await;
            }
        });
        let (begin, mut turns) = (clock::now_ms(), 0);
        while clock::now_ms() < begin + 200 {
            worker.turn(&mut events).unwrap();
            turns += 1;
        }
        turns
    }

    #[test]
    fn a_wake_that_comes_late_does_not_keep_the_loop_awake() {
        // the thread woke for another reason between the sender's look at the state and its write
        let late = |inbox: &Inbox| {
            assert!(inbox.sleep());
            inbox.state.store(TOLD, Ordering::SeqCst);
            inbox.awake();
            assert!(inbox.take().is_empty());
            rustix::io::write(&inbox.eventfd, &1u64.to_ne_bytes()).unwrap();
        };
        assert!(turns_after(late) < 20);
    }

    #[test]
    fn every_message_wakes_a_sleeper() {
        let worker = Worker::new(0).unwrap();
        let inbox = Arc::clone(worker.inbox());
        let told = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let seen = Arc::clone(&told);
        let sender = std::thread::spawn(move || {
            for n in 0..50u64 {
                std::thread::sleep(Duration::from_micros(n * 37 % 1000));
                let told = Arc::clone(&told);
                inbox.send(Message::Run(Box::new(move |_| {
                    told.fetch_add(1, Ordering::SeqCst);
                })));
            }
            inbox.send(Message::Run(Box::new(|w: &'static Worker| w.stop())));
        });
        worker.run(8).unwrap();
        sender.join().unwrap();
        assert_eq!(seen.load(Ordering::SeqCst), 50);
    }
}
