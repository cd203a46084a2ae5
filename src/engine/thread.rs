//! What one thread of the engine owns: its loop, its buffers, its idle server connections.

use super::pool::IdlePool;
use super::reactor::Worker;
use super::shared::Shared;
use crate::proto::h1::{Limits, Message};
use crate::sample::capture::{Captures, Slots};
use crate::sample::scratch::Scratch;
use crate::stick::Edits;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// Unused messages and buffers of `tune.bufsize` kept per thread, each.
const KEPT_MESSAGES: usize = 2048;

/// Above so many messages in use, requests that wait keep nothing but their heads.
const CROWD: u32 = 64;

/// Bytes of a request's head that is kept while the server works on it.
const SMALL: usize = 2048;

/// One thread. Lives as long as the process.
pub struct Thread {
    /// Its loop.
    pub worker: &'static Worker,
    /// What all threads share.
    pub shared: Arc<Shared>,
    /// Its streams.
    pub streams: super::streams::Streams,
    /// Idle connections to servers.
    pub idle: IdlePool,
    /// HTTP/2 connections to servers.
    pub h2: super::h2::Servers,
    /// Small pieces are joined here before they are written; borrowed only between two awaits.
    pub joined: RefCell<Vec<u8>>,
    /// Outgoing heads are written here; borrowed only between two awaits.
    pub head: RefCell<Vec<u8>>,
    /// Memory for the evaluation of expressions.
    pub scratch: RefCell<Scratch>,
    /// Changes to headers are worked out here; borrowed only between two awaits.
    pub edits: RefCell<Edits>,
    /// Where log lines are sent.
    pub log: RefCell<super::log::Sender>,
    /// Log lines are formatted here.
    pub log_line: RefCell<Vec<u8>>,
    /// Structured data is formatted here.
    pub log_sd: RefCell<Vec<u8>>,
    /// Memory for the expressions of log formats, which rules may ask for while theirs run.
    pub log_scratch: RefCell<Scratch>,
    /// Captured values that no stream uses.
    #[allow(clippy::vec_box)]
    captures: RefCell<Vec<Box<Captures>>>,
    /// Idle connections that other threads hand over.
    pub answers: RefCell<Vec<super::takeover::Answer>>,
    // boxed: they move between this list, sessions and streams
    #[allow(clippy::vec_box)]
    messages: RefCell<Vec<Box<Message>>>,
    /// Messages that have a buffer of `tune.bufsize`, the one used last at the end.
    #[allow(clippy::vec_box)]
    ready: RefCell<Vec<Box<Message>>>,
    /// Messages given out and not given back; those that were dropped stay counted, which does no
    /// harm.
    in_use: Cell<u32>,
    /// Buffers of `tune.bufsize` that no message has, the one used last at the end: it is still
    /// in the CPU's cache.
    buffers: RefCell<Vec<Vec<u8>>>,
    /// Buffers for heads.
    small: RefCell<Vec<Vec<u8>>>,
    /// `tune.bufsize`
    pub bufsize: usize,
    /// How heads of requests are parsed.
    pub limits: Limits,
    random: Cell<u64>,
}

impl Thread {
    /// Makes a thread's context; it is never freed.
    pub fn new(worker: &'static Worker, shared: Arc<Shared>) -> &'static Thread {
        let tune = &shared.plan.global.settings.tune;
        let bufsize = tune.bufsize as usize;
        let mut limits = Limits::new(bufsize, tune.maxrewrite as usize, tune.http_maxhdr as usize);
        limits.accept_payload_with_any_method = shared
            .plan
            .global
            .settings
            .h1_accept_payload_with_any_method;
        limits.keep_on_insecure_transfer_encoding = shared
            .plan
            .global
            .settings
            .h1_keep_on_insecure_transfer_encoding;
        let counts = shared.idle.get(worker.id).cloned().unwrap_or_default();
        let seed = shared.plan.global.settings.seed;
        let idle = IdlePool::new(&shared.plan, counts);
        let plan = &shared.plan;
        let fronts = plan.frontends.iter().map(|f| &f.stats);
        let pages = fronts.chain(plan.backends.iter().map(|b| &b.stats));
        let mut servers = plan.backends.iter().flat_map(|b| b.servers.iter());
        let listed = !plan.global.stats_sockets.is_empty()
            || pages.flatten().next().is_some()
            || servers.any(|s| s.settings.shutdown_on_down || s.settings.shutdown_backup_on_up);
        Box::leak(Box::new(Thread {
            worker,
            streams: super::streams::Streams::new(listed),
            idle,
            h2: super::h2::Servers::default(),
            joined: RefCell::new(Vec::with_capacity(8192)),
            head: RefCell::new(Vec::with_capacity(bufsize)),
            scratch: RefCell::default(),
            edits: RefCell::default(),
            log: RefCell::default(),
            log_line: RefCell::default(),
            log_sd: RefCell::default(),
            log_scratch: RefCell::default(),
            captures: RefCell::default(),
            answers: RefCell::default(),
            messages: RefCell::default(),
            ready: RefCell::default(),
            in_use: Cell::new(0),
            buffers: RefCell::default(),
            small: RefCell::default(),
            bufsize,
            limits,
            random: Cell::new(
                0x9e37_79b9_7f4a_7c15
                    ^ (worker.id as u64) << 32
                    ^ seed.unwrap_or_else(crate::base::clock::now_us) << 1
                    | 1,
            ),
            shared,
        }))
    }

    /// An empty message from the thread's store.
    pub fn message(&self) -> Box<Message> {
        self.in_use.set(self.in_use.get().saturating_add(1));
        if let Some(message) = self.ready.borrow_mut().pop() {
            return message;
        }
        let mut message = self.messages.borrow_mut().pop().unwrap_or_default();
        let buffer = self.buffers.borrow_mut().pop();
        message.exchange_buffer(buffer.unwrap_or_else(|| vec![0; self.bufsize]));
        message
    }

    /// Gives a message back.
    pub fn recycle(&self, mut message: Box<Message>) {
        self.in_use.set(self.in_use.get().saturating_sub(1));
        message.clear();
        let kept = match message.capacity() == self.bufsize {
            true => &self.ready,
            false => {
                self.recycle_buffer(message.exchange_buffer(Vec::new()));
                &self.messages
            }
        };
        let mut kept = kept.borrow_mut();
        if kept.len() < KEPT_MESSAGES {
            kept.push(message);
        }
    }

    fn recycle_buffer(&self, buffer: Vec<u8>) {
        let kept = match buffer.len() {
            n if n == self.bufsize => &self.buffers,
            SMALL => &self.small,
            // it grew
            _ => return,
        };
        let mut kept = kept.borrow_mut();
        if kept.len() < KEPT_MESSAGES {
            kept.push(buffer);
        }
    }

    /// Keeps nothing of a request but its head, while it waits for its response: the buffer that
    /// held it is used for whatever comes next, and hundreds of waiting requests do not push each
    /// other out of the CPU's cache (measured with 512 connections: a tenth of the CPU time). A few
    /// fit there anyway.
    #[inline]
    pub fn keep_head(&self, message: &mut Message) {
        if self.in_use.get() > CROWD {
            self.shrink(message);
        }
    }

    fn shrink(&self, message: &mut Message) {
        let small = self.small.borrow_mut().pop();
        let small = small.unwrap_or_else(|| vec![0; SMALL]);
        let (Ok(unused) | Err(unused)) = message.keep_head(small);
        self.recycle_buffer(unused);
    }

    /// Captured values for the slots of a front end, if it has some.
    pub fn captures(&self, slots: &Slots) -> Option<Box<Captures>> {
        if slots.is_empty() {
            return None;
        }
        let mut captures = self.captures.borrow_mut().pop().unwrap_or_default();
        captures.begin(slots);
        Some(captures)
    }

    /// Gives captured values back.
    pub fn recycle_captures(&self, captures: Option<Box<Captures>>) {
        if let Some(captures) = captures {
            let mut kept = self.captures.borrow_mut();
            if kept.len() < KEPT_MESSAGES {
                kept.push(captures);
            }
        }
    }

    /// A pseudo-random number (xorshift64*), for `rand` and jitter: not for secrets.
    pub fn random(&self) -> u32 {
        let mut x = self.random.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.random.set(x);
        (x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }

    /// Whether the process's stop ends a client's connection after the answer at hand.
    pub fn ends_connection(&self) -> bool {
        let stopping = &self.shared.stopping;
        stopping.is_closing() && stopping.ends_connection(self.worker.now_ms(), self.random())
    }
}
