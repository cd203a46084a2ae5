//! What happened to servers and back ends, for whoever writes it down.

use crate::balance::event::ServerEvent;
use crate::plan::BackendPlan;
use parking_lot::RwLock;

/// Receives events of servers.
pub trait Listener: Send + Sync {
    /// A server of `be` changed its state.
    fn server(&self, be: &BackendPlan, event: &ServerEvent<'_>);
    /// Something that was logged with a syslog level.
    fn text(&self, level: u8, text: &str);
}

/// Those who listen.
#[derive(Default)]
pub struct Events {
    listeners: RwLock<Vec<Box<dyn Listener>>>,
}

impl Events {
    /// Adds a listener.
    pub fn add(&self, listener: Box<dyn Listener>) {
        self.listeners.write().push(listener);
    }

    /// Tells all of them a text.
    pub fn text(&self, level: u8, text: &str) {
        for l in self.listeners.read().iter() {
            l.text(level, text);
        }
    }

    /// Tells all of them.
    pub fn server(&self, be: &BackendPlan, event: &ServerEvent<'_>) {
        for l in self.listeners.read().iter() {
            l.server(be, event);
        }
    }
}
