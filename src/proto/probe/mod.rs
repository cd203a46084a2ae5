//! Answers to health checks, read just far enough to judge them.

pub mod agent;
pub mod ldap;
pub mod mysql;
pub mod spop;

/// What an answer says so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing yet.
    More,
    /// The server works; what it said about itself.
    Passed(Option<Vec<u8>>),
    /// The server speaks the protocol and refuses.
    Refused(u16, Vec<u8>),
    /// This is not the protocol.
    Foreign(&'static str),
}

/// The text up to its NUL.
fn text(bytes: &[u8]) -> Vec<u8> {
    let text = bytes.split(|b| *b == 0).next();
    text.unwrap_or_default().to_vec()
}
