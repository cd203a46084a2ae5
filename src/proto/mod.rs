//! Floor 1: sans-IO codecs. Bytes in, events out; no socket, no clock.

pub mod dns;
pub mod h1;
pub mod h2;
pub mod probe;
pub mod proxy_protocol;
pub mod rdp;
pub mod tls_hello;
pub mod x509;
