//! The streams of one thread, as the runtime API lists and ends them (management guide 9.3,
//! `show sess`, `shutdown session`). Without a socket of the runtime API nothing is kept.

use super::reactor::TaskRef;
use super::shared::Shared;
use super::thread::Thread;
use crate::plan::{BackendId, FrontendId};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::Poll;

/// Method, target and version of a request.
pub type FirstLine<'a> = (&'a [u8], &'a [u8], (u8, u8));

/// How far a stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It has no server yet.
    Queued,
    /// A connection to its server is under way or stands.
    Attached,
}

/// What is known about a stream.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its number.
    pub id: u32,
    /// Its thread, from 0.
    pub thread: usize,
    /// Its front end.
    pub frontend: FrontendId,
    /// Index of its listener in the plan.
    pub listener: u32,
    /// Its client, when it has an address.
    pub src: Option<SocketAddr>,
    /// When it began, microseconds of `base::clock`.
    pub begin_us: u64,
    /// Its back end, once chosen.
    pub backend: Option<BackendId>,
    /// Its server, once chosen.
    pub server: Option<u32>,
    /// How far it has come.
    pub stage: Stage,
    /// The request's first line.
    pub uri: Vec<u8>,
    task: TaskRef,
    shown: bool,
    /// Was told to end, and why: the first letter of its termination state.
    ended: Option<u8>,
}

/// The streams of one thread.
pub struct Streams {
    enabled: bool,
    cards: RefCell<Vec<Card>>,
    free: RefCell<Vec<u32>>,
    /// Streams that were told to end and still live.
    ending: Cell<u32>,
}

impl Streams {
    /// A list, kept only when `enabled`.
    pub fn new(enabled: bool) -> Streams {
        Streams {
            enabled,
            cards: RefCell::default(),
            free: RefCell::default(),
            ending: Cell::new(0),
        }
    }

    /// Calls something with each stream.
    pub fn each(&self, mut f: impl FnMut(&Card)) {
        self.cards
            .borrow()
            .iter()
            .filter(|c| c.shown)
            .for_each(&mut f);
    }

    /// Ends those that are meant; returns how many.
    /// `cause` is the first letter of their termination states.
    pub fn end(&self, t: &Thread, cause: u8, meant: impl Fn(&Card) -> bool) -> u32 {
        let mut ended = 0;
        for card in self.cards.borrow_mut().iter_mut() {
            if card.shown && card.ended.is_none() && meant(card) {
                card.ended = Some(cause);
                self.ending.set(self.ending.get() + 1);
                t.worker.wake(card.task);
                ended += 1;
            }
        }
        ended
    }
}

/// Ends streams on all threads; returns how many. For threads outside the engine only.
pub fn end_everywhere(
    shared: &Shared,
    meant: impl Fn(&Card) -> bool + Send + Sync + 'static,
) -> u32 {
    let (send, receive) = mpsc::channel();
    let meant = Arc::new(meant);
    shared.everywhere(move |_| {
        super::with_thread(|t| {
            // nobody waits any more when this took too long
            let _ = send.send(t.streams.end(t, b'K', |card| meant(card)));
        });
    });
    receive.try_iter().sum()
}

/// A stream's place in the list, given up when dropped.
pub struct Listed {
    t: &'static Thread,
    at: Option<u32>,
}

/// Names a stream to [`until_ended`].
#[derive(Clone, Copy)]
pub struct Mark {
    t: &'static Thread,
    at: Option<u32>,
}

impl Listed {
    /// Enters the running task's stream.
    pub fn new(
        t: &'static Thread,
        id: u32,
        frontend: FrontendId,
        listener: u32,
        src: Option<SocketAddr>,
        begin_us: u64,
    ) -> Listed {
        let streams = &t.streams;
        if !streams.enabled {
            return Listed { t, at: None };
        }
        let mut cards = streams.cards.borrow_mut();
        let place = streams.free.borrow_mut().pop();
        let fresh = Card {
            id,
            thread: t.worker.id,
            frontend,
            listener,
            src,
            begin_us,
            backend: None,
            server: None,
            stage: Stage::Queued,
            uri: Vec::new(),
            task: t.worker.current(),
            shown: false,
            ended: None,
        };
        let at = match place {
            Some(at) => {
                if let Some(card) = cards.get_mut(at as usize) {
                    // the memory for the request's line is used again
                    let uri = std::mem::take(&mut card.uri);
                    *card = Card { uri, ..fresh };
                    card.uri.clear();
                }
                at
            }
            None => {
                cards.push(fresh);
                (cards.len() - 1) as u32
            }
        };
        Listed { t, at: Some(at) }
    }

    /// For [`until_ended`].
    pub fn mark(&self) -> Mark {
        Mark {
            t: self.t,
            at: self.at,
        }
    }

    fn change(&self, change: impl FnOnce(&mut Card)) {
        if let Some(at) = self.at
            && let Some(card) = self.t.streams.cards.borrow_mut().get_mut(at as usize)
        {
            change(card);
        }
    }

    /// It is a stream from now on: before, it was a connection that had not said what it wants.
    /// `request` is there where one was made: method, target, version.
    #[inline]
    pub fn show(&self, request: Option<FirstLine<'_>>) {
        self.change(|card| {
            card.shown = true;
            if let Some((method, target, (major, minor))) = request {
                card.uri.extend_from_slice(method);
                card.uri.push(b' ');
                card.uri.extend_from_slice(target);
                card.uri.extend_from_slice(b" HTTP/");
                card.uri.extend([major + b'0', b'.', minor + b'0']);
            }
        });
    }

    /// Its back end was chosen.
    pub fn backend(&self, backend: BackendId) {
        self.change(|card| card.backend = Some(backend));
    }

    /// Its server was chosen.
    pub fn server(&self, server: u32) {
        self.change(|card| (card.server, card.stage) = (Some(server), Stage::Attached));
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let Some(at) = self.at else { return };
        let streams = &self.t.streams;
        self.change(|card| {
            if card.ended.is_some() {
                streams.ending.set(streams.ending.get().saturating_sub(1));
            }
            (card.shown, card.ended) = (false, None);
        });
        streams.free.borrow_mut().push(at);
    }
}

/// Runs a stream until it ends, or until somebody ends it from outside.
///
/// # Errors
/// Ended from outside: the first letter of the termination state.
///
/// The future comes pinned: it is large, and one given by value would be moved into this one's.
pub async fn until_ended<F: Future>(mark: Mark, mut future: Pin<&mut F>) -> Result<F::Output, u8> {
    let ended = || {
        let streams = &mark.t.streams;
        if streams.ending.get() == 0 {
            return None;
        }
        let cards = streams.cards.borrow();
        cards.get(mark.at? as usize)?.ended
    };
    std::future::poll_fn(|cx| match ended() {
        Some(cause) => Poll::Ready(Err(cause)),
        None => future.as_mut().poll(cx).map(Ok),
    })
    .await
}
