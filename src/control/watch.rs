//! Tells on the standard error stream what happens to servers while the process runs in the
//! foreground, as HAProxy does.

use crate::balance::event::ServerEvent;
use crate::base::diag::Severity;
use crate::base::diag::{Diagnostic, Form};
use crate::base::render::HaProxy;
use crate::base::span::Sources;
use crate::engine::events::Listener;
use crate::plan::BackendPlan;
use parking_lot::Mutex;
use std::io::Write;
use std::sync::Arc;

/// Writes what happens to servers.
pub struct Watch {
    /// `None`: nothing is shown (`-q`, the background).
    renderer: Mutex<Option<HaProxy>>,
}

impl Watch {
    /// Shows everything by `renderer`, nothing without one.
    pub fn new(renderer: Option<HaProxy>) -> Arc<Watch> {
        Arc::new(Watch {
            renderer: Mutex::new(renderer),
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
        self.0.tell(Severity::Warning, &event.to_string());
        if event.backend_lost() {
            let text = format!("{} '{}' has no server available!", be.kind(), event.backend);
            self.0.tell(Severity::Alert, &text);
        }
    }
}
