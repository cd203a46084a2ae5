//! What an algorithm of the `balance` line must be able to do.

/// One line of the registry [`super::ALGORITHMS`].
pub struct AlgorithmEntry {
    /// Word of the `balance` line.
    pub name: &'static str,
    /// Whether [`Algorithm::load`] must be told of every request taken and ended. Costs a lock
    /// per end of request.
    pub wants_load: bool,
    /// Makes one for a group (the active or the backup servers of one back end).
    pub make: fn() -> Box<dyn Algorithm>,
}

/// The order of choice within a group of servers: the active ones or the backup ones of a back
/// end. Lives under the back end's order lock, so it must neither block nor wake anybody.
///
/// Servers are named by their index in the back end.
pub trait Algorithm: Send {
    /// Server `server` may be chosen with this effective weight from now on; 0 takes it out.
    /// `load` is its present load, see [`Algorithm::load`].
    fn set_weight(&mut self, server: u32, weight: u32, load: u32);

    /// The servers of the file are all in; what is set from now on is a change.
    fn start(&mut self) {}

    /// Chooses a server. `take` tries to reserve a place on a server and says whether it had one
    /// (a full server is passed over); it is called for the chosen server last, with success.
    /// `avoid` is taken only if nothing else can be. `None`: all are full, or the group is empty.
    fn pick(&mut self, avoid: Option<u32>, take: &mut dyn FnMut(u32) -> bool) -> Option<u32>;

    /// The load (served and queued requests) of a server changed.
    fn load(&mut self, server: u32, load: u32) {
        let _ = (server, load);
    }

    /// Whether no server can be chosen at all.
    fn is_empty(&self) -> bool;
}
