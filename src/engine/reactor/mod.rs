//! One event loop per thread: tasks, readiness, deadlines, and messages from other threads.
//!
//! Why not tokio's runtime on the data plane: of the drivers measured for this project (CPU time
//! per request, same proxy logic), an own epoll loop was the cheapest in every column that is a
//! goal (keep-alive 0.78 of HAProxy against 0.81, 512 connections 0.59 against 0.68, new
//! connections 0.89 against 0.91, 185 bytes per idle connection against 878), and since a
//! connection already waits for "anything of mine became ready, or my deadline passed", a task is
//! woken by its number, without a `Waker` per wait. Tasks are ordinary `async` code; only
//! the leaf they wait on is [`Worker::park`].
//!
//! The contract of a task: try to read or write first; when nothing can move, `park`; after every
//! wake look at everything again. Sockets are registered edge-triggered and only once they have to
//! wait, so a connection that is served at once costs no `epoll_ctl`.

mod inbox;
pub(super) mod sock;
pub mod tls;
mod wheel;

pub use inbox::{Inbox, Message as InboxMessage, TaskRef};
pub use sock::{Detached, Io, Sock};
pub use wheel::NEVER;

use crate::base::clock;
use rustix::event::{Timespec, epoll};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use wheel::Wheel;

/// Token of the inbox's eventfd among the epoll events.
const INBOX_TOKEN: u64 = u64::MAX;
/// Size of the per-thread bulk buffer: the best of those measured for large bodies.
pub const SCRATCH: usize = 256 * 1024;
/// Tasks that run behind the others of a turn, at most: they may wake each other.
const SOON: usize = 512;
/// Where large bodies begin in buffers of the thread. rustls copies them twice, 16 kB at a time,
/// between buffers that begin at pages: copies to an address that follows their source's in the
/// low 12 bits take several times as long (measured).
pub const SKEW: usize = 2048;
/// "No task".
const NO_TASK: u32 = u32::MAX;

type TaskFuture = Pin<Box<dyn Future<Output = ()>>>;

#[derive(Default)]
struct TaskSlot {
    generation: u32,
    queued: bool,
    live: bool,
    /// Runs after the others (`nice` above 0).
    late: bool,
    future: Option<TaskFuture>,
}

/// Why a parked task runs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Something of it may have become ready.
    Ready,
    /// Its deadline passed.
    TimedOut,
}

/// One thread's loop. Lives as long as the process, so tasks hold `&'static Worker`.
pub struct Worker {
    /// Number of the thread, from 0.
    pub id: usize,
    epoll: OwnedFd,
    inbox: Arc<Inbox>,
    io: RefCell<sock::Slots>,
    tasks: RefCell<Vec<TaskSlot>>,
    free_tasks: RefCell<Vec<u32>>,
    run: RefCell<VecDeque<u32>>,
    /// Run after the others in the same turn.
    soon: RefCell<VecDeque<u32>>,
    /// Those that give way to others.
    late: RefCell<VecDeque<u32>>,
    current: Cell<u32>,
    now_us: Cell<u64>,
    wheel: RefCell<Wheel>,
    /// Bulk buffer; borrowed only between two awaits.
    pub scratch: RefCell<Vec<u8>>,
    /// Buffers of TLS connections; empty until one needs them.
    tls: RefCell<tls::Buffers>,
    stopping: Cell<bool>,
    live: Cell<usize>,
    panics: Cell<u64>,
}

impl Worker {
    /// Makes the loop of thread `id`; it is never freed.
    ///
    /// # Errors
    /// When the kernel refuses an epoll instance or an eventfd.
    pub fn new(id: usize) -> std::io::Result<&'static Worker> {
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let inbox = Arc::new(Inbox::new(id)?);
        epoll::add(
            &poll,
            inbox.eventfd(),
            epoll::EventData::new_u64(INBOX_TOKEN),
            // edge-triggered, so that nobody has to empty it: a message that came between two
            // sleeps costs one turn too many, not a loop that never sleeps again
            epoll::EventFlags::IN | epoll::EventFlags::ET,
        )?;
        let now_us = clock::now_us();
        Ok(Box::leak(Box::new(Worker {
            id,
            epoll: poll,
            inbox,
            io: RefCell::default(),
            tasks: RefCell::default(),
            free_tasks: RefCell::default(),
            run: RefCell::default(),
            soon: RefCell::default(),
            late: RefCell::default(),
            current: Cell::new(NO_TASK),
            now_us: Cell::new(now_us),
            wheel: RefCell::new(Wheel::new(now_us / 1000)),
            scratch: RefCell::new(vec![0; SCRATCH]),
            tls: RefCell::default(),
            stopping: Cell::new(false),
            live: Cell::new(0),
            panics: Cell::new(0),
        })))
    }

    /// Where other threads leave messages for this one.
    pub fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// Milliseconds on the monotonic clock, read once per turn of the loop.
    #[inline]
    pub fn now_ms(&self) -> u64 {
        self.now_us.get() / 1000
    }

    /// Microseconds on the monotonic clock, read once per turn of the loop.
    #[inline]
    pub fn now_us(&self) -> u64 {
        self.now_us.get()
    }

    /// The tick at which a time-out of `ms` milliseconds from now ends; `None` never does.
    #[inline]
    pub fn after(&self, ms: Option<u32>) -> u64 {
        ms.map_or(NEVER, |ms| self.now_ms().saturating_add(u64::from(ms)))
    }

    /// Tasks alive on this thread.
    pub fn live_tasks(&self) -> usize {
        self.live.get()
    }

    /// Tasks that ended by a panic since the start.
    pub fn panics(&self) -> u64 {
        self.panics.get()
    }

    /// Starts a task; it is polled for the first time in this turn of the loop.
    pub fn spawn(&'static self, future: impl Future<Output = ()> + 'static) -> TaskRef {
        self.spawn_boxed(Box::pin(future))
    }

    fn spawn_boxed(&'static self, future: TaskFuture) -> TaskRef {
        let mut tasks = self.tasks.borrow_mut();
        let id = self.free_tasks.borrow_mut().pop().unwrap_or_else(|| {
            tasks.push(TaskSlot::default());
            (tasks.len() - 1) as u32
        });
        let slot = &mut tasks[id as usize];
        slot.future = Some(future);
        slot.live = true;
        slot.queued = true;
        slot.late = false;
        self.live.set(self.live.get() + 1);
        self.run.borrow_mut().push_back(id);
        TaskRef {
            worker: self.id as u16,
            task: id,
            generation: slot.generation,
        }
    }

    /// As [`Worker::spawn`]; it is polled behind the tasks of this turn, before the next wait.
    pub fn spawn_soon(&'static self, future: impl Future<Output = ()> + 'static) -> TaskRef {
        let task = self.spawn(future);
        // taken back from the end of the ordinary queue
        let last = self.run.borrow_mut().pop_back();
        self.soon.borrow_mut().extend(last);
        task
    }

    /// Lets a task of this thread run again behind those of this turn, before the next wait.
    pub fn wake_soon(&self, task: TaskRef) {
        if let Some(t) = self.tasks.borrow_mut().get_mut(task.task as usize)
            && t.generation == task.generation
            && t.live
            && !t.queued
        {
            t.queued = true;
            self.soon.borrow_mut().push_back(task.task);
        }
    }

    /// Something became of the socket with this number: its task looks again.
    pub(in crate::engine) fn note(&self, slot: u32, flags: u8) {
        let task = self.io.borrow_mut().note(slot, flags);
        if task != NO_TASK {
            self.schedule(task);
        }
    }

    /// The running task, for a wake from elsewhere.
    pub fn current(&self) -> TaskRef {
        let task = self.current.get();
        let generation = self
            .tasks
            .borrow()
            .get(task as usize)
            .map_or(0, |t| t.generation);
        TaskRef {
            worker: self.id as u16,
            task,
            generation,
        }
    }

    #[inline]
    pub(super) fn current_id(&self) -> u32 {
        self.current.get()
    }

    /// Lets a task of this thread run again; false when it has ended.
    pub fn wake(&self, task: TaskRef) -> bool {
        let alive = self
            .tasks
            .borrow()
            .get(task.task as usize)
            .is_some_and(|t| t.live && t.generation == task.generation);
        if alive {
            self.schedule(task.task);
        }
        alive
    }

    #[inline]
    fn schedule(&self, id: u32) {
        if let Some(t) = self.tasks.borrow_mut().get_mut(id as usize)
            && !t.queued
            && t.live
        {
            t.queued = true;
            match t.late {
                false => self.run.borrow_mut().push_back(id),
                true => self.late.borrow_mut().push_back(id),
            }
        }
    }

    /// Lets the running task give way to the others from now on (`nice` above 0), or not.
    pub fn give_way(&self, late: bool) {
        if let Some(t) = self.tasks.borrow_mut().get_mut(self.current.get() as usize) {
            t.late = late;
        }
    }

    /// Runs those that give way: all if nobody else had anything to do, else a quarter of them.
    fn run_late(&'static self, others: usize) {
        let waiting = self.late.borrow().len();
        let turn = if others == 0 {
            waiting
        } else {
            waiting.div_ceil(4)
        };
        for _ in 0..turn {
            let Some(id) = self.late.borrow_mut().pop_front() else {
                break;
            };
            self.poll_task(id);
        }
    }

    /// Waits until something of the running task may be ready, or until the tick `until`.
    #[inline]
    pub fn park(&'static self, until: u64) -> Park {
        Park {
            worker: self,
            until,
            parked: false,
        }
    }

    /// Lets the other tasks run once.
    pub fn yield_now(&'static self) -> Park {
        self.schedule(self.current.get());
        Park {
            worker: self,
            until: NEVER,
            parked: false,
        }
    }

    /// Waits for a number of milliseconds.
    pub async fn sleep(&'static self, ms: u32) {
        let until = self.after(Some(ms));
        while self.park(until).await == Wake::Ready {
            if self.now_ms() >= until {
                break;
            }
        }
    }

    /// Lets every task look again.
    pub fn wake_everyone(&self) {
        let count = self.tasks.borrow().len() as u32;
        for id in 0..count {
            self.schedule(id);
        }
    }

    /// Makes [`Worker::run`] return after this turn.
    pub fn stop(&self) {
        self.stopping.set(true);
    }

    fn poll_task(&'static self, id: u32) {
        let Some(mut future) = self.tasks.borrow_mut().get_mut(id as usize).and_then(|t| {
            t.queued = false;
            t.future.take()
        }) else {
            return;
        };
        self.current.set(id);
        let mut cx = Context::from_waker(Waker::noop());
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            future.as_mut().poll(&mut cx)
        }));
        self.current.set(NO_TASK);
        if matches!(polled, Ok(Poll::Pending)) {
            if let Some(t) = self.tasks.borrow_mut().get_mut(id as usize) {
                t.future = Some(future);
            }
            return;
        }
        if polled.is_err() {
            self.panics.set(self.panics.get() + 1);
        }
        drop(future);
        if let Some(t) = self.tasks.borrow_mut().get_mut(id as usize) {
            t.live = false;
            t.queued = false;
            t.generation = t.generation.wrapping_add(1);
        }
        self.wheel.borrow_mut().disarm(id);
        self.live.set(self.live.get() - 1);
        self.free_tasks.borrow_mut().push(id);
    }

    /// Runs until [`Worker::stop`] is called on this thread. At most `most_events` events are taken
    /// from the kernel at once (`tune.maxpollevents`).
    ///
    /// # Errors
    /// When waiting for events fails for another reason than a signal.
    pub fn run(&'static self, most_events: usize) -> std::io::Result<()> {
        let mut events: Vec<epoll::Event> = Vec::with_capacity(most_events.max(1));
        while !self.stopping.get() {
            self.turn(&mut events)?;
        }
        Ok(())
    }

    /// Messages, tasks, then one wait for events.
    fn turn(&'static self, events: &mut Vec<epoll::Event>) -> std::io::Result<()> {
        self.drain_inbox();
        // no more than were queued at the start: what they wake runs after the next poll
        let ready = self.run.borrow().len();
        for _ in 0..ready {
            let Some(id) = self.run.borrow_mut().pop_front() else {
                break;
            };
            self.poll_task(id);
        }
        for _ in 0..SOON {
            let Some(id) = self.soon.borrow_mut().pop_front() else {
                break;
            };
            self.poll_task(id);
        }
        if !self.late.borrow().is_empty() {
            self.run_late(ready);
        }
        self.wait(events)?;
        let now = clock::now_us();
        self.now_us.set(now);
        self.wheel
            .borrow_mut()
            .advance(now / 1000, |task| self.schedule(task));
        for event in events.drain(..) {
            let (flags, token) = (event.flags, event.data.u64());
            if token != INBOX_TOKEN {
                let task = self.io.borrow_mut().event(token, flags);
                if task != NO_TASK {
                    self.schedule(task);
                }
            }
        }
        Ok(())
    }

    fn drain_inbox(&'static self) {
        for message in self.inbox.take() {
            match message {
                InboxMessage::Wake(task) => {
                    self.wake(task);
                }
                InboxMessage::Run(job) => job(self),
            }
        }
    }

    fn wait(&self, events: &mut Vec<epoll::Event>) -> std::io::Result<()> {
        let waiting = [&self.run, &self.late, &self.soon];
        let timeout = if waiting.iter().any(|list| !list.borrow().is_empty())
            || self.stopping.get()
            || !self.inbox.sleep()
        {
            Some(Timespec::default())
        } else {
            let wheel = self.wheel.borrow();
            wheel.next_tick().map(|tick| {
                // the tick is over when its millisecond has begun
                let us = (tick * 1000).saturating_sub(clock::now_us());
                Timespec {
                    tv_sec: (us / 1_000_000) as i64,
                    tv_nsec: (us % 1_000_000 * 1000) as i64,
                }
            })
        };
        let waited = epoll::wait(
            &self.epoll,
            rustix::buffer::spare_capacity(events),
            timeout.as_ref(),
        );
        self.inbox.awake();
        match waited {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}

/// Future of [`Worker::park`].
pub struct Park {
    worker: &'static Worker,
    until: u64,
    parked: bool,
}

impl Future for Park {
    type Output = Wake;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Wake> {
        if self.parked {
            let over = self.worker.now_ms() >= self.until;
            return Poll::Ready(if over { Wake::TimedOut } else { Wake::Ready });
        }
        self.parked = true;
        if self.until != NEVER {
            self.worker
                .wheel
                .borrow_mut()
                .arm(self.worker.current.get(), self.until);
        }
        Poll::Pending
    }
}
