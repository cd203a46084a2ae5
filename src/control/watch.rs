//! Tells on the standard error stream what happens to servers while the process runs in the
//! foreground, as HAProxy does, and remembers how their last noted checks ended.

use crate::balance::event::{CheckStatus, ServerEvent};
use crate::base::diag::Severity;
use crate::base::diag::{Diagnostic, Form};
use crate::base::render::HaProxy;
use crate::base::span::Sources;
use crate::engine::events::Listener;
use crate::plan::{BackendId, BackendPlan};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

/// Writes what happens to servers.
pub struct Watch {
    /// `None`: nothing is shown (`-q`, the background).
    renderer: Mutex<Option<HaProxy>>,
    checks: Mutex<HashMap<(BackendId, Box<str>), CheckStatus>>,
}

impl Watch {
    /// Shows everything by `renderer`, nothing without one.
    pub fn new(renderer: Option<HaProxy>) -> Arc<Watch> {
        Arc::new(Watch {
            renderer: Mutex::new(renderer),
            checks: Mutex::default(),
        })
    }

    /// Shows a message.
    pub fn tell(&self, severity: Severity, text: &str) {
        if let Some(renderer) = self.renderer.lock().as_mut() {
            let message = Diagnostic::new(severity, "", text).form(Form::Plain);
            let text = renderer.render(&message, &Sources::default());
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
    }

    /// How the check ended that last changed a server's state.
    pub fn last_check(&self, backend: BackendId, server: &str) -> Option<CheckStatus> {
        let checks = self.checks.lock();
        checks.get(&(backend, Box::from(server))).copied()
    }
}

/// The engine owns its listeners; this one is shared.
pub struct Shown(pub Arc<Watch>);

impl Listener for Shown {
    fn text(&self, level: u8, text: &str) {
        let severity = match level {
            0 => Severity::Alert,
            _ => Severity::Warning,
        };
        self.0.tell(severity, text);
    }
    fn server(&self, be: &BackendPlan, event: &ServerEvent<'_>) {
        if let Some(check) = &event.check {
            let mut checks = self.0.checks.lock();
            checks.insert((be.id, Box::from(event.server)), check.status);
        }
        self.0.tell(Severity::Warning, &event.to_string());
        if event.backend_lost() {
            let text = format!("backend '{}' has no server available!", event.backend);
            self.0.tell(Severity::Alert, &text);
        }
    }
}
