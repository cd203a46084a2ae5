//! ACLs: a fetch, its converters, a match method and patterns.

/// One compiled ACL line (or anonymous `{ ... }`).
#[derive(Debug)]
pub struct Acl;
