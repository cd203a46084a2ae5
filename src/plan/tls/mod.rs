//! TLS settings made ready: certificates loaded, rustls's configurations built.
//!
//! `certificates` finds the one for a name, `pem` reads files, `crt_list` lists of them, `suites`
//! maps OpenSSL's names of ciphers and curves, `versions` finds which are left, `verify` judges the other side's certificate,
//! `bind` and `server` put it together.

mod bind;
mod certificates;
mod crt_list;
mod pem;
mod server;
mod suites;
mod verify;
mod versions;

pub use server::{ServerTlsPlan, name};

use rustls::sign::CertifiedKey;
use std::cell::RefCell;
use std::sync::Arc;

/// What the callbacks of a handshake learn of it, for the connection to keep.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The name that the client asked for.
    pub sni: Option<Box<str>>,
    /// OpenSSL's number of what is wrong with the other side's certificate; 0: nothing.
    pub verify: u32,
    /// The certificate that was shown.
    pub own: Option<Arc<CertifiedKey>>,
}

thread_local! {
    static OBSERVED: RefCell<Observed> = const { RefCell::new(Observed { sni: None, verify: 0, own: None }) };
}

/// Takes what the handshake steps since the last call have shown on this thread. The steps of a
/// connection and this call follow each other without another connection's in between.
pub fn take_observed() -> Observed {
    OBSERVED.take()
}

fn observe(f: impl FnOnce(&mut Observed)) {
    OBSERVED.with_borrow_mut(f);
}

/// The system's word for an error, without its number.
pub(in crate::plan) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}
