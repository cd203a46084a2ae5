//! TLS settings made ready: certificates loaded, rustls's configurations built.
//!
//! `store` holds every certificate, authority and list by the name of its file, for the lines to
//! be made of and for the runtime API to see and change; `load` fills it; `pem` reads files,
//! `crt_list` lists of them. `bind` and `server` make lines of it; `certificates` finds the one
//! for a name, `suites` maps OpenSSL's names of ciphers and curves, `sigalgs` those of signatures,
//! `versions` finds which are left, `verify` judges the other side's certificate, `ticket` keeps
//! sessions.

mod bind;
mod certificates;
pub mod crt_list;
mod edit;
mod load;
pub mod pem;
mod server;
mod sigalgs;
pub mod store;
mod suites;
pub mod ticket;
mod verify;
mod versions;

pub use bind::{BindTlsPlan, Serving, Settings};
pub use edit::Kind;
pub use server::{ServerTlsPlan, Spoken, name};
pub use store::{Contents, Store};
pub use verify::{Clients, Judged};

use rustls::sign::CertifiedKey;
use std::cell::RefCell;
use std::sync::Arc;

/// What the callbacks of a handshake learn of it, for the connection to keep.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The name that the client asked for.
    pub sni: Option<Box<str>>,
    /// What was found of the other side's certificate.
    pub judged: Judged,
    /// The certificate that was shown.
    pub own: Option<Arc<CertifiedKey>>,
    /// The name of its file.
    pub file: Option<Arc<str>>,
    /// Secrets, where `tune.ssl.keylog` wants them.
    pub secrets: Secrets,
}

/// Secrets of a connection by their labels (`tune.ssl.keylog`).
pub type Secrets = Vec<(Box<str>, Box<[u8]>)>;

impl Observed {
    /// Adds what a later step has shown.
    pub fn add(&mut self, later: Observed) {
        self.sni = later.sni.or(self.sni.take());
        self.own = later.own.or(self.own.take());
        self.file = later.file.or(self.file.take());
        if later.judged != Judged::default() {
            self.judged = later.judged;
        }
        self.secrets.extend(later.secrets);
    }
}

thread_local! {
    static OBSERVED: RefCell<Option<Observed>> = const { RefCell::new(None) };
}

/// Takes what the handshake step that has just been made on this thread has shown.
pub fn take_observed() -> Option<Observed> {
    OBSERVED.take()
}

fn observe(f: impl FnOnce(&mut Observed)) {
    OBSERVED.with_borrow_mut(|o| f(o.get_or_insert_default()));
}

/// Remembers secrets for whom `tune.ssl.keylog` allows to ask for them.
#[derive(Debug)]
struct KeyLog;

impl rustls::KeyLog for KeyLog {
    fn log(&self, label: &str, random: &[u8], secret: &[u8]) {
        observe(|o| {
            if o.secrets.is_empty() {
                o.secrets.push(("".into(), random.into()));
            }
            o.secrets.push((label.into(), secret.into()));
        });
    }
}

/// The system's word for an error, without its number.
pub(in crate::plan) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}
