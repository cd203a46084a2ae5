//! `compression` and the filters of that name (HAProxy configuration manual 4.2, 9.2).

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is; everything but the bytes of the body is as if it were coded.
    Identity,
    /// RFC 1952
    Gzip,
    /// RFC 1950
    Deflate,
    /// RFC 1951, under the name of the one above
    RawDeflate,
}

impl Coding {
    /// All of them with their names in files.
    pub const NAMES: [(&'static str, Coding); 4] = [
        ("identity", Coding::Identity),
        ("gzip", Coding::Gzip),
        ("deflate", Coding::Deflate),
        ("raw-deflate", Coding::RawDeflate),
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        let mut all = Self::NAMES.iter();
        all.find(|(_, c)| *c == self).map_or("", |(n, _)| n)
    }

    /// By its name in files.
    pub fn named(name: &[u8]) -> Option<Coding> {
        let mut all = Self::NAMES.iter();
        all.find(|(n, _)| n.as_bytes() == name).map(|(_, c)| *c)
    }

    /// Its name in messages.
    pub fn token(self) -> &'static [u8] {
        match self {
            Coding::Identity => b"identity",
            Coding::Gzip => b"gzip",
            Coding::Deflate | Coding::RawDeflate => b"deflate",
        }
    }
}

/// What is said about messages of one direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coded {
    /// The codings in the order in which they are tried: the last one said comes first.
    pub codings: Vec<Coding>,
    /// Beginnings of the values of `Content-Type`; none: all but `multipart`.
    pub types: Vec<Vec<u8>>,
    /// Smaller bodies stay as they are, bytes.
    pub min_size: u64,
}

/// Directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directions {
    /// Requests to servers.
    pub requests: bool,
    /// Responses to clients.
    pub responses: bool,
}

/// What a proxy says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compression {
    /// About requests.
    pub requests: Coded,
    /// About responses.
    pub responses: Coded,
    /// `compression offload`: servers do not hear which codings the client takes.
    pub offload: bool,
    /// `compression direction`
    pub direction: Option<Directions>,
    /// `filter comp-req` and `filter comp-res`, where filters are named; then nothing else is
    /// coded.
    pub filters: Option<Directions>,
    /// `filter compression`: what `direction` says is coded.
    pub filter: bool,
}

impl Compression {
    /// What is coded.
    pub fn directions(&self) -> Directions {
        let usual = Directions {
            requests: false,
            responses: true,
        };
        let said = self.direction.unwrap_or(usual);
        match self.filters {
            None => said,
            Some(named) => {
                let both = Directions {
                    requests: true,
                    responses: true,
                };
                let let_through = self.direction.unwrap_or(both);
                Directions {
                    requests: named.requests && let_through.requests
                        || self.filter && said.requests,
                    responses: named.responses && let_through.responses
                        || self.filter && said.responses,
                }
            }
        }
    }
}
