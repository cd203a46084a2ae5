//! HTTP/1: one transaction from the request's first byte to the response's last.

mod answer;
mod body;
mod capture;
mod compression;
mod count;
mod exchange;
mod finish;
mod forwarded;
mod keep;
mod lines;
mod log;
mod pause;
mod persist;
mod request;
mod response;
mod retry;
mod route;
mod server;
mod service;
mod stream;
mod upgrade;
mod view;
mod wait;

pub(super) use answer::plain_page;
pub use forwarded::contains;
pub use stream::{End, Stream};

use super::pool::ServerConn;
use super::session::Session;
use super::streams::until_ended;
use crate::balance::ServerState;
use crate::plan::BackendId;
use crate::proto::h1::Message;
use std::pin::pin;
use std::sync::Arc;

/// A server connection that only one session may use, between two of its requests.
pub struct KeptConn {
    /// Its back end.
    pub backend: BackendId,
    /// Its server.
    pub server: u32,
    /// The connection.
    pub conn: ServerConn,
    /// It was authenticated for this client.
    pub bound: bool,
    /// `priv_idle_cur` of its server has it.
    _counted: Option<Private>,
}

/// One in `priv_idle_cur` of a server for as long as it lives.
struct Private(Arc<ServerState>);

impl Private {
    fn new(server: Arc<ServerState>) -> Private {
        server.counters.private_idle.enter();
        Private(server)
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.0.counters.private_idle.leave();
    }
}

/// Runs one transaction; what comes after it stands in the session returned.
pub async fn transaction(session: Box<Session>, message: Box<Message>) -> Box<Session> {
    let mut stream = Stream::new(session, message);
    let mark = stream.listed.mark();
    let ended = {
        let run = pin!(stream.run());
        until_ended(mark, run).await
    };
    let next = match ended {
        Ok(Ok(next)) => next,
        Ok(Err(end)) => stream.answer(end).await,
        Err(cause) => stream.killed(cause),
    };
    stream.leave_backend();
    stream.count_end();
    stream.log_end();
    stream.into_session(next)
}
