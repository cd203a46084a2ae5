//! Stickiness of one stream: the back end's cookie and `appsession`.

/// What is known of the stream's stickiness.
#[derive(Debug, Default)]
pub struct Persistence {
    /// The server the request asked for.
    pub pinned: Option<u32>,
    /// `force-persist` holds: even a server that is down is taken.
    pub force: bool,
}
