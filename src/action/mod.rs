//! Floor 4: what rules do.

/// A compiled action.
#[derive(Clone, Debug)]
pub enum Action {
    /// `allow` / `accept`
    Allow,
}
