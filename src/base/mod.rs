//! Floor 0: what every other module may use and what uses none of them.

pub mod clock;
pub mod diag;
pub mod events;
pub mod growing;
pub mod hash;
pub mod rate;
pub mod render;
pub mod span;
pub mod sys;
pub mod units;
pub mod version;
