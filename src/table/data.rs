//! What an entry may store.

/// A data type (configuration manual 11.1, `store`). The order is that of the peers protocol's
/// numbers and of listings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Data {
    /// `server_id`
    ServerId,
    /// `gpt0`
    Gpt0,
    /// `gpc0`
    Gpc0,
    /// `gpc0_rate(period)`
    Gpc0Rate,
    /// `conn_cnt`
    ConnCnt,
    /// `conn_rate(period)`
    ConnRate,
    /// `conn_cur`
    ConnCur,
    /// `sess_cnt`
    SessCnt,
    /// `sess_rate(period)`
    SessRate,
    /// `http_req_cnt`
    HttpReqCnt,
    /// `http_req_rate(period)`
    HttpReqRate,
    /// `http_err_cnt`
    HttpErrCnt,
    /// `http_err_rate(period)`
    HttpErrRate,
    /// `bytes_in_cnt`
    BytesInCnt,
    /// `bytes_in_rate(period)`
    BytesInRate,
    /// `bytes_out_cnt`
    BytesOutCnt,
    /// `bytes_out_rate(period)`
    BytesOutRate,
    /// `gpc1`
    Gpc1,
    /// `gpc1_rate(period)`
    Gpc1Rate,
    /// `server_key`: the server's name or address
    ServerKey,
    /// `http_fail_cnt`
    HttpFailCnt,
    /// `http_fail_rate(period)`
    HttpFailRate,
    /// `gpt(number)`
    Gpt,
    /// `gpc(number)`
    Gpc,
    /// `gpc_rate(number,period)`
    GpcRate,
    /// `glitch_cnt`
    GlitchCnt,
    /// `glitch_rate(period)`
    GlitchRate,
}

/// What one element of a data type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A signed number of 32 bits.
    Signed,
    /// A number of 32 bits.
    Count,
    /// A sum of 64 bits.
    Sum,
    /// Events per period.
    Rate,
    /// A name out of the table's dictionary.
    Name,
}

impl Form {
    /// Words of 32 bits that one element takes.
    pub fn words(self) -> usize {
        match self {
            Form::Signed | Form::Count | Form::Name => 1,
            Form::Sum => 2,
            Form::Rate => 3,
        }
    }
}

/// Number of data types.
pub(super) const TYPES: usize = 27;

/// All of them in order, with their names.
const ALL: [(Data, &str, Form); TYPES] = [
    (Data::ServerId, "server_id", Form::Signed),
    (Data::Gpt0, "gpt0", Form::Count),
    (Data::Gpc0, "gpc0", Form::Count),
    (Data::Gpc0Rate, "gpc0_rate", Form::Rate),
    (Data::ConnCnt, "conn_cnt", Form::Count),
    (Data::ConnRate, "conn_rate", Form::Rate),
    (Data::ConnCur, "conn_cur", Form::Count),
    (Data::SessCnt, "sess_cnt", Form::Count),
    (Data::SessRate, "sess_rate", Form::Rate),
    (Data::HttpReqCnt, "http_req_cnt", Form::Count),
    (Data::HttpReqRate, "http_req_rate", Form::Rate),
    (Data::HttpErrCnt, "http_err_cnt", Form::Count),
    (Data::HttpErrRate, "http_err_rate", Form::Rate),
    (Data::BytesInCnt, "bytes_in_cnt", Form::Sum),
    (Data::BytesInRate, "bytes_in_rate", Form::Rate),
    (Data::BytesOutCnt, "bytes_out_cnt", Form::Sum),
    (Data::BytesOutRate, "bytes_out_rate", Form::Rate),
    (Data::Gpc1, "gpc1", Form::Count),
    (Data::Gpc1Rate, "gpc1_rate", Form::Rate),
    (Data::ServerKey, "server_key", Form::Name),
    (Data::HttpFailCnt, "http_fail_cnt", Form::Count),
    (Data::HttpFailRate, "http_fail_rate", Form::Rate),
    (Data::Gpt, "gpt", Form::Count),
    (Data::Gpc, "gpc", Form::Count),
    (Data::GpcRate, "gpc_rate", Form::Rate),
    (Data::GlitchCnt, "glitch_cnt", Form::Count),
    (Data::GlitchRate, "glitch_rate", Form::Rate),
];

impl Data {
    /// All data types in the order of listings.
    pub fn all() -> impl Iterator<Item = Data> {
        ALL.iter().map(|(data, _, _)| *data)
    }

    /// The one of a name.
    pub fn named(name: &[u8]) -> Option<Data> {
        let found = ALL.iter().find(|(_, n, _)| n.as_bytes() == name);
        found.map(|(data, _, _)| *data)
    }

    /// Its number in the peers protocol.
    pub fn number(self) -> usize {
        self as usize
    }

    /// The one of a number of the peers protocol.
    pub fn numbered(number: usize) -> Option<Data> {
        ALL.get(number).map(|(data, _, _)| *data)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        ALL.get(self.number()).map_or("", |(_, name, _)| name)
    }

    /// What its elements are.
    pub fn form(self) -> Form {
        ALL.get(self.number()).map_or(Form::Count, |(_, _, f)| *f)
    }

    /// It has several elements (`gpc(3)`).
    pub fn is_array(self) -> bool {
        matches!(self, Data::Gpt | Data::Gpc | Data::GpcRate)
    }

    /// Counted in blocks of `brates-factor` bytes.
    pub fn is_byte_rate(self) -> bool {
        matches!(self, Data::BytesInRate | Data::BytesOutRate)
    }
}
