//! Floor 4: what ties a visitor to a server.
//!
//! [`cookie`] is the `cookie` line, [`appsession`] the keyword of HAProxy 1.5; both work on raw
//! header values and leave what to change in an [`Edits`], so they need neither a socket nor a
//! message type.

pub mod appsession;
mod cacheable;
pub mod cookie;
mod crumbs;
mod edits;
mod flags;

pub use appsession::AppSessions;
pub use cacheable::{cacheable, exposes_cookie};
pub use cookie::{CookieRules, RequestFlag, RequestOutcome, ResponseFlag};
pub use edits::Edits;

#[cfg(test)]
mod tests;
