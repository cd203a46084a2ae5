//! How a check ended.

/// How a check ended (`check_status` of the statistics, management guide 9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckStatus {
    /// `L4OK`: connected, nothing more asked
    L4Ok,
    /// `L4TOUT`
    L4Timeout,
    /// `L4CON`: refused, unreachable
    L4Connection,
    /// `L6OK`
    L6Ok,
    /// `L6TOUT`
    L6Timeout,
    /// `L6RSP`
    L6Response,
    /// `L7OK`
    L7Ok,
    /// `L7OKC`: answered with the condition that lets only persistence through (404)
    L7OkConditional,
    /// `L7TOUT`
    L7Timeout,
    /// `L7RSP`: not the protocol, or not the contents
    L7Response,
    /// `L7STS`: a status that counts as failure
    L7Status,
    /// `SOCKERR`
    SocketError,
    /// `PROCERR`: the program of an external check failed
    ProcessError,
    /// `PROCTOUT`: the program of an external check took too long
    ProcessTimeout,
    /// `PROCOK`: the program of an external check said yes
    ProcessOk,
    /// `CHECKED`: an agent said nothing of up or down
    Unchanged,
    /// `HANA`: traffic showed too many errors (`observe`)
    Observed,
}

/// What a check result means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Works.
    Passed,
    /// Works, but wants no new visitors.
    Conditional,
    /// Does not work.
    Failed,
}

/// Every status with its word in the statistics, its words in the log, and its number in server
/// state files.
const TABLE: [(CheckStatus, &str, &str, u32); 17] = {
    use CheckStatus as S;
    [
        (S::SocketError, "SOCKERR", "Socket error", 5),
        (S::L4Ok, "L4OK", "Layer4 check passed", 6),
        (S::L4Timeout, "L4TOUT", "Layer4 timeout", 7),
        (S::L4Connection, "L4CON", "Layer4 connection problem", 8),
        (S::L6Ok, "L6OK", "Layer6 check passed", 9),
        (S::L6Timeout, "L6TOUT", "Layer6 timeout", 10),
        (S::L6Response, "L6RSP", "Layer6 invalid response", 11),
        (S::L7Timeout, "L7TOUT", "Layer7 timeout", 12),
        (S::L7Response, "L7RSP", "Layer7 invalid response", 13),
        (S::L7Ok, "L7OK", "Layer7 check passed", 15),
        (
            S::L7OkConditional,
            "L7OKC",
            "Layer7 check conditionally passed",
            16,
        ),
        (S::L7Status, "L7STS", "Layer7 wrong status", 17),
        (S::ProcessError, "PROCERR", "External check error", 18),
        (S::ProcessTimeout, "PROCTOUT", "External check timeout", 19),
        (S::ProcessOk, "PROCOK", "External check passed", 20),
        (S::Unchanged, "CHECKED", "No status change", 3),
        (S::Observed, "HANA", "Health analyze", 4),
    ]
};

impl CheckStatus {
    fn row(self) -> (&'static str, &'static str, u32) {
        let row = TABLE.iter().find(|row| row.0 == self);
        row.map_or(("", "", 0), |row| (row.1, row.2, row.3))
    }
    /// The word of the CSV.
    pub fn code(self) -> &'static str {
        self.row().0
    }
    /// The words of the log.
    pub fn reason(self) -> &'static str {
        self.row().1
    }
    /// Its number in server state files.
    pub fn number(self) -> u32 {
        self.row().2
    }
    /// The status of a word of the CSV.
    pub fn named(word: &[u8]) -> Option<CheckStatus> {
        let row = TABLE.iter().find(|row| row.1.as_bytes() == word);
        row.map(|row| row.0)
    }
    /// The status of a number of a server state file.
    pub fn numbered(number: u32) -> Option<CheckStatus> {
        let row = TABLE.iter().find(|row| row.3 == number);
        row.map(|row| row.0)
    }
    /// Whether the server passed.
    pub fn verdict(self) -> Verdict {
        match self {
            CheckStatus::L4Ok | CheckStatus::L6Ok | CheckStatus::L7Ok | CheckStatus::ProcessOk => {
                Verdict::Passed
            }
            CheckStatus::L7OkConditional => Verdict::Conditional,
            _ => Verdict::Failed,
        }
    }
    /// Whether a code of the answer goes with it.
    pub fn has_code(self) -> bool {
        matches!(
            self,
            CheckStatus::L7Ok
                | CheckStatus::L7OkConditional
                | CheckStatus::L7Status
                | CheckStatus::ProcessError
                | CheckStatus::ProcessOk
        )
    }
}
