//! One request or response: the received bytes plus an index of ranges into them.

/// A message head and the bytes received behind it.
#[derive(Debug, Default)]
pub struct Message {
    buf: Vec<u8>,
}
impl Message {
    /// The bytes received so far.
    pub fn received(&self) -> &[u8] {
        &self.buf
    }
}
