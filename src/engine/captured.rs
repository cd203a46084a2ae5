//! The last message of each proxy that could not be understood (`show errors`, management guide
//! 9.3). Written only when one comes.

use super::session::Session;
use crate::base::clock;
use crate::plan::{BackendId, FrontendId};
use crate::proto::h1::ErrorKind;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Such a message.
#[derive(Clone, Debug)]
pub struct Captured {
    /// How many there were before it, of all proxies.
    pub number: u32,
    /// When it came, since 1970.
    pub at: Duration,
    /// A response; else a request.
    pub response: bool,
    /// The front end of its client.
    pub frontend: FrontendId,
    /// The back end, once chosen.
    pub backend: Option<BackendId>,
    /// The server, once chosen.
    pub server: Option<u32>,
    /// Index of the listener in the plan.
    pub listener: u32,
    /// The client, when it has an address.
    pub src: Option<SocketAddr>,
    /// What was received.
    pub bytes: Box<[u8]>,
    /// The byte that decided.
    pub position: usize,
    /// The rule that was broken; `None`: a body's coding.
    pub kind: Option<ErrorKind>,
}

/// What one proxy keeps: its place, and whether responses are meant.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Request(FrontendId),
    Response(BackendId),
}

/// The last ones, by proxy and direction.
#[derive(Default)]
pub struct Captures {
    list: Mutex<(u32, HashMap<Place, Arc<Captured>>)>,
}

impl Captures {
    /// How many there were, and those kept, oldest proxies first.
    pub fn all(&self) -> (u32, Vec<Arc<Captured>>) {
        let list = self.list.lock();
        (list.0, list.1.values().cloned().collect())
    }

    /// Keeps a request that could not be understood.
    pub fn request(&self, s: &Session, bytes: &[u8], position: usize, kind: Option<ErrorKind>) {
        let place = Place::Request(s.fe.id);
        self.keep(place, s, None, bytes, position, kind);
    }

    /// Keeps a response that could not be understood.
    pub fn response(
        &self,
        s: &Session,
        from: (BackendId, Option<u32>),
        bytes: &[u8],
        position: usize,
        kind: ErrorKind,
    ) {
        let place = Place::Response(from.0);
        self.keep(place, s, Some(from), bytes, position, Some(kind));
    }

    fn keep(
        &self,
        place: Place,
        s: &Session,
        from: Option<(BackendId, Option<u32>)>,
        bytes: &[u8],
        position: usize,
        kind: Option<ErrorKind>,
    ) {
        let mut list = self.list.lock();
        let captured = Captured {
            number: list.0,
            at: clock::unix_time(),
            response: matches!(place, Place::Response(_)),
            frontend: s.fe.id,
            backend: from.map(|(backend, _)| backend),
            server: from.and_then(|(_, server)| server),
            listener: s.listener,
            src: s.src,
            bytes: bytes.into(),
            position,
            kind,
        };
        list.0 = list.0.wrapping_add(1);
        list.1.insert(place, Arc::new(captured));
    }
}
