//! Header fields as ranges.

/// Offsets with this bit set lie in the edit buffer, the others in the received bytes.
pub(super) const EDITED: u32 = 1 << 31;

/// A range of a message's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub off: u32,
    pub len: u32,
}

impl Text {
    pub(super) fn received(from: usize, to: usize) -> Text {
        Text {
            off: from as u32,
            len: to.saturating_sub(from) as u32,
        }
    }
    pub(super) fn edited(from: usize, to: usize) -> Text {
        Text {
            off: from as u32 | EDITED,
            len: to.saturating_sub(from) as u32,
        }
    }
    pub(super) fn is_edited(self) -> bool {
        self.off & EDITED != 0
    }
    /// The text itself.
    #[inline]
    pub(super) fn of<'a>(self, received: &'a [u8], edits: &'a [u8]) -> &'a [u8] {
        let from = if self.is_edited() { edits } else { received };
        let off = (self.off & !EDITED) as usize;
        from.get(off..off + self.len as usize).unwrap_or_default()
    }
    pub(super) fn end(self) -> u32 {
        self.off.wrapping_add(self.len)
    }
}

/// One header field of a message: where its name and value lie, and which field it is.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub(super) name: Text,
    pub(super) value: Text,
    /// Which of the fields that HAProxy treats specially this is.
    pub id: HeaderId,
    /// The line stands in the received bytes just as it would be sent (`name: value` CR LF).
    pub(super) verbatim: bool,
}

macro_rules! header_ids {
    ($($(#[$doc:meta])* $id:ident = $name:literal,)*) => {
        /// Header fields identified while parsing, so that later passes compare one byte.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum HeaderId {
            /// Any field not listed here.
            #[default]
            Other,
            $($(#[$doc])* $id,)*
        }
        impl HeaderId {
            /// The lower-case name; empty for `Other`.
            pub fn name(self) -> &'static str {
                match self {
                    HeaderId::Other => "",
                    $(HeaderId::$id => $name,)*
                }
            }
        }
    };
}

header_ids! {
    /// `host`
    Host = "host",
    /// `connection`
    Connection = "connection",
    /// `content-length`
    ContentLength = "content-length",
    /// `transfer-encoding`
    TransferEncoding = "transfer-encoding",
    /// `upgrade`
    Upgrade = "upgrade",
    /// `expect`
    Expect = "expect",
    /// `te`
    Te = "te",
    /// `sec-websocket-key`
    SecWebsocketKey = "sec-websocket-key",
    /// `sec-websocket-accept`
    SecWebsocketAccept = "sec-websocket-accept",
    /// `cookie`
    Cookie = "cookie",
    /// `set-cookie`
    SetCookie = "set-cookie",
    /// `set-cookie2`
    SetCookie2 = "set-cookie2",
    /// `keep-alive`
    KeepAlive = "keep-alive",
    /// `proxy-connection`
    ProxyConnection = "proxy-connection",
    /// `trailer`
    Trailer = "trailer",
    /// `cache-control`
    CacheControl = "cache-control",
    /// `pragma`
    Pragma = "pragma",
    /// `expires`
    Expires = "expires",
    /// `x-forwarded-for`
    XForwardedFor = "x-forwarded-for",
    /// `forwarded`
    Forwarded = "forwarded",
    /// `content-type`
    ContentType = "content-type",
    /// `content-encoding`
    ContentEncoding = "content-encoding",
    /// `accept-encoding`
    AcceptEncoding = "accept-encoding",
    /// `authorization`
    Authorization = "authorization",
    /// `user-agent`
    UserAgent = "user-agent",
    /// `referer`
    Referer = "referer",
    /// `location`
    Location = "location",
    /// `vary`
    Vary = "vary",
    /// `etag`
    Etag = "etag",
}

impl HeaderId {
    /// The parser looks into the values of such fields; they come first.
    #[inline]
    pub(super) fn is_interpreted(self) -> bool {
        self != HeaderId::Other && self as u8 <= HeaderId::SecWebsocketAccept as u8
    }

    /// The field of a lower-case name. By length first: most names are told apart by it alone.
    pub fn of(lower: &[u8]) -> HeaderId {
        match lower.len() {
            2 => match lower {
                b"te" => HeaderId::Te,
                _ => HeaderId::Other,
            },
            4 => match lower {
                b"host" => HeaderId::Host,
                b"vary" => HeaderId::Vary,
                b"etag" => HeaderId::Etag,
                _ => HeaderId::Other,
            },
            6 => match lower {
                b"cookie" => HeaderId::Cookie,
                b"expect" => HeaderId::Expect,
                b"pragma" => HeaderId::Pragma,
                _ => HeaderId::Other,
            },
            7 => match lower {
                b"upgrade" => HeaderId::Upgrade,
                b"trailer" => HeaderId::Trailer,
                b"expires" => HeaderId::Expires,
                b"referer" => HeaderId::Referer,
                _ => HeaderId::Other,
            },
            8 => match lower {
                b"location" => HeaderId::Location,
                _ => HeaderId::Other,
            },
            9 => match lower {
                b"forwarded" => HeaderId::Forwarded,
                _ => HeaderId::Other,
            },
            10 => match lower {
                b"connection" => HeaderId::Connection,
                b"set-cookie" => HeaderId::SetCookie,
                b"keep-alive" => HeaderId::KeepAlive,
                b"user-agent" => HeaderId::UserAgent,
                _ => HeaderId::Other,
            },
            11 => match lower {
                b"set-cookie2" => HeaderId::SetCookie2,
                _ => HeaderId::Other,
            },
            12 => match lower {
                b"content-type" => HeaderId::ContentType,
                _ => HeaderId::Other,
            },
            13 => match lower {
                b"cache-control" => HeaderId::CacheControl,
                b"authorization" => HeaderId::Authorization,
                _ => HeaderId::Other,
            },
            14 => match lower {
                b"content-length" => HeaderId::ContentLength,
                _ => HeaderId::Other,
            },
            15 => match lower {
                b"x-forwarded-for" => HeaderId::XForwardedFor,
                b"accept-encoding" => HeaderId::AcceptEncoding,
                _ => HeaderId::Other,
            },
            16 => match lower {
                b"proxy-connection" => HeaderId::ProxyConnection,
                b"content-encoding" => HeaderId::ContentEncoding,
                _ => HeaderId::Other,
            },
            17 => match lower {
                b"transfer-encoding" => HeaderId::TransferEncoding,
                b"sec-websocket-key" => HeaderId::SecWebsocketKey,
                _ => HeaderId::Other,
            },
            20 => match lower {
                b"sec-websocket-accept" => HeaderId::SecWebsocketAccept,
                _ => HeaderId::Other,
            },
            _ => HeaderId::Other,
        }
    }
}
