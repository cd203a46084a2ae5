//! What the log says about cookies.

/// What the request's cookie was, the third letter of the log's termination state (configuration
/// manual 8.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestFlag {
    /// `-`: the back end has no cookie
    #[default]
    Off,
    /// `N`: none
    None,
    /// `I`: of no server
    Invalid,
    /// `D`: of a server that is down
    Down,
    /// `V`: of a server that can be used
    Valid,
    /// `E`: unused for longer than `maxidle`
    Expired,
    /// `O`: older than `maxlife`
    Old,
    /// `U`: there, but the server was chosen otherwise
    Unused,
}

impl RequestFlag {
    /// Its letter.
    pub fn letter(self) -> u8 {
        match self {
            RequestFlag::Off => b'-',
            RequestFlag::None => b'N',
            RequestFlag::Invalid => b'I',
            RequestFlag::Down => b'D',
            RequestFlag::Valid => b'V',
            RequestFlag::Expired => b'E',
            RequestFlag::Old => b'O',
            RequestFlag::Unused => b'U',
        }
    }
}

/// What was done with the response's cookie, the fourth letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResponseFlag {
    /// `-`: the back end has no cookie
    #[default]
    Off,
    /// `N`: none, none inserted
    None,
    /// `I`: inserted
    Inserted,
    /// `D`: the server's own deleted
    Deleted,
    /// `P`: the server's own passed on
    Passed,
    /// `R`: the server's own rewritten
    Rewritten,
    /// `U`: inserted anew with a later date
    Updated,
}

impl ResponseFlag {
    /// Its letter.
    pub fn letter(self) -> u8 {
        match self {
            ResponseFlag::Off => b'-',
            ResponseFlag::None => b'N',
            ResponseFlag::Inserted => b'I',
            ResponseFlag::Deleted => b'D',
            ResponseFlag::Passed => b'P',
            ResponseFlag::Rewritten => b'R',
            ResponseFlag::Updated => b'U',
        }
    }
}
