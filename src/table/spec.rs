//! What a `stick-table` or `table` line says.

use super::data::Data;
use super::key::KeyType;

/// `srvkey`: what identifies a server in an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerKey {
    /// `name`
    #[default]
    Name,
    /// `addr`: address and port
    Address,
}

/// A table as declared (configuration manual 11.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The proxy's name, or `peers/table`.
    pub name: String,
    /// What the peers protocol calls it: the proxy's name, or `/table`.
    pub wire_name: String,
    /// `type`
    pub key: KeyType,
    /// `size`: most entries
    pub size: u32,
    /// `expire`, milliseconds; 0: never
    pub expire: u32,
    /// `nopurge`
    pub nopurge: bool,
    /// `recv-only`
    pub recv_only: bool,
    /// `write-to`
    pub write_to: Option<String>,
    /// `srvkey`
    pub server_key: ServerKey,
    /// `brates-factor`
    pub byte_factor: u32,
    /// The `peers` section that it is shared with.
    pub peers: Option<String>,
    /// `store`: what, how many elements (1 unless an array), over which period (ms; 0 without).
    pub stored: Vec<(Data, u32, u32)>,
}

impl Spec {
    /// A table of addresses that stores nothing.
    pub fn new(name: &str) -> Spec {
        Spec {
            name: name.to_owned(),
            wire_name: name.to_owned(),
            key: KeyType::Ip,
            size: 0,
            expire: 0,
            nopurge: false,
            recv_only: false,
            write_to: None,
            server_key: ServerKey::Name,
            byte_factor: 1,
            peers: None,
            stored: Vec::new(),
        }
    }
}
