//! What the threads do about servers that are added and deleted at run time.

use super::reactor::{InboxMessage, TaskRef, Worker};
use super::shared::Shared;
use super::{check, warmup};
use crate::balance::ServerState;
use crate::plan::{BackendId, BackendPlan};

impl Shared {
    /// A server was added: its checks can be made, its weight can grow.
    pub fn server_came(&self, backend: BackendId, index: u32) {
        // the same thread every time, so that no check runs twice
        self.on((index as usize) % self.loads.len().max(1), move |t| {
            if let Some(be) = t.shared.plan.backend(backend) {
                check::enter(t, be, index);
            }
        });
        let server = self
            .plan
            .backend(backend)
            .and_then(|b| b.state.server(index));
        if server.is_some_and(|s| s.slowstart > 0) {
            self.on(0, warmup::needed);
        }
    }

    /// A server was deleted: idle connections to it are closed, its checks end.
    pub fn server_went(&self, backend: &BackendPlan, state: &ServerState) {
        self.close_idle(backend.id, state.index);
        if let Some(task) = state.check_task() {
            self.hub.wake_task(TaskRef::from_token(task));
        }
    }

    /// Closes the idle connections to a server on all threads.
    pub fn close_idle(&self, backend: BackendId, server: u32) {
        self.everywhere(move |_| {
            super::with_thread(|t| {
                t.idle.forget(backend, server);
                t.h2.leave(backend, server);
            });
        });
    }

    fn on(&self, thread: usize, job: impl Fn(&'static super::thread::Thread) + Send + 'static) {
        if let Some(inbox) = self.hub.inbox(thread) {
            inbox.send(InboxMessage::Run(Box::new(move |_: &'static Worker| {
                super::with_thread(&job);
            })));
        }
    }
}
