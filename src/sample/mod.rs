//! Floor 3: samples, fetches, converters, patterns, ACLs and log formats: compiled once,
//! evaluated many times against a [`view::StreamView`].
//!
//! `fetch(args),conv(args),...` becomes a flat [`expr::Expr`]. Evaluating one borrows from the
//! message where it can and takes the rest from a per-thread [`scratch::Scratch`], so that the
//! plain path allocates nothing. What an expression may use where it stands is checked when it
//! is compiled ([`places`]).

pub mod acl;
pub mod args;
pub mod capture;
pub mod compile;
pub mod condition;
pub mod conv;
pub mod expr;
pub mod fetch;
pub mod file;
pub mod keys;
pub mod logformat;
pub mod pattern;
mod pending;
pub mod places;
pub mod reference;
pub mod regex;
pub mod scratch;
pub mod stick;
#[cfg(test)]
pub(crate) mod testing;
pub mod users;
pub mod value;
pub mod vars;
pub mod view;

pub use acl::{Acl, AclSet};
pub use compile::Compile;
pub use condition::{Condition, Term, Truth};
pub use expr::Expr;
pub use logformat::LogFormat;
pub use places::Places;
pub use scratch::Scratch;
pub use value::{Sample, Type};
pub use view::{Eval, StreamView, World};
