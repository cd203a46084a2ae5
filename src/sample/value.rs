//! Sample values, their types and the casts between them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A sample's type, as HAProxy names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `any`: known only when evaluated
    Any,
    /// `same`: a converter that hands its input's type on
    Same,
    /// `bool`
    Bool,
    /// `sint`: 64 bits, signed
    Sint,
    /// `addr`: IPv4 or IPv6
    Addr,
    /// `ipv4`
    Ipv4,
    /// `ipv6`
    Ipv6,
    /// `str`
    Str,
    /// `bin`
    Bin,
    /// `meth`
    Meth,
}

/// One value. Bytes are borrowed: from the message, the expression or the scratch memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample<'a> {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// Text (any bytes).
    Str(&'a [u8]),
    /// Binary data.
    Bin(&'a [u8]),
    /// A method, as it stood in the request.
    Meth(&'a [u8]),
}

impl Sample<'_> {
    /// Its type.
    pub fn kind(&self) -> Type {
        match self {
            Sample::Bool(_) => Type::Bool,
            Sample::Int(_) => Type::Sint,
            Sample::V4(_) => Type::Ipv4,
            Sample::V6(_) => Type::Ipv6,
            Sample::Str(_) => Type::Str,
            Sample::Bin(_) => Type::Bin,
            Sample::Meth(_) => Type::Meth,
        }
    }
}

impl From<IpAddr> for Sample<'_> {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Sample::V4(v4),
            IpAddr::V6(v6) => Sample::V6(v6),
        }
    }
}
