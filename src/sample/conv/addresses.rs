//! Addresses (manual 7.3.1).

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind};
use crate::sample::value::{Sample, Type, v6_to_v4};
use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) static CONVS: &[Conv] = &[Conv {
    name: "ipmask",
    args: &[Kind::Mask4, Kind::Mask6],
    required: 1,
    input: Type::Addr,
    out: Type::Addr,
    check: None,
    eval: |args, v, _| {
        let v = match v {
            Sample::V6(a) => v6_to_v4(a).map_or(v, Sample::V4),
            other => other,
        };
        match (v, args) {
            (Sample::V4(a), [Arg::V4(mask), ..]) => {
                Some(Sample::V4(Ipv4Addr::from(u32::from(a) & u32::from(*mask))))
            }
            (Sample::V6(a), [_, Arg::V6(mask)]) => Some(Sample::V6(Ipv6Addr::from(
                u128::from(a) & u128::from(*mask),
            ))),
            _ => None,
        }
    },
    doc: "The network of an address: masks for IPv4 and IPv6. An IPv6 address that holds an IPv4 \
          one counts as that.",
    examples: &[
        Example::of("ipv4(1.2.3.4),ipmask(16)", "1.2.0.0"),
        Example::of("ipv6(2001:db8::1),ipmask(16,32)", "2001:db8::"),
        Example::none("ipv6(2001:db8::1),ipmask(16)"),
        Example::of("ipv6(::ffff:1.2.3.4),ipmask(16,32)", "1.2.0.0"),
        Example::of("ipv6(2002:102:304::1),ipmask(16,64)", "1.2.0.0"),
    ],
}];
