//! Networks, by mask.

use super::slots::Slots;
use crate::sample::args::{mask4, mask6};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks by mask, the longest mask first, with the numbers of their lines.
pub(super) type Networks<T> = Vec<(T, HashMap<T, Slots>)>;

pub(super) fn insert<T: Copy + Ord + std::hash::Hash>(
    list: &mut Networks<T>,
    mask: T,
    net: T,
    slot: u32,
) {
    let at = list.partition_point(|(m, _)| *m > mask);
    if list.get(at).is_none_or(|(m, _)| *m != mask) {
        list.insert(at, (mask, HashMap::new()));
    }
    if let Some((_, nets)) = list.get_mut(at) {
        match nets.entry(net) {
            Entry::Occupied(mut e) => e.get_mut().push(slot),
            Entry::Vacant(e) => {
                e.insert(Slots::of(slot));
            }
        }
    }
}

pub(super) fn remove<T: Copy + Eq + std::hash::Hash>(
    list: &mut Networks<T>,
    mask: T,
    net: T,
    slot: u32,
) {
    for (_, nets) in list.iter_mut().filter(|(m, _)| *m == mask) {
        if nets.get_mut(&net).is_some_and(|slots| slots.remove(slot)) {
            nets.remove(&net);
        }
    }
}

/// The line of the smallest network that has the address.
pub(super) fn find<T: Copy + Eq + std::hash::Hash>(
    list: &Networks<T>,
    address: T,
    and: impl Fn(T, T) -> T,
) -> Option<u32> {
    list.iter()
        .find_map(|(mask, nets)| nets.get(&and(address, *mask)))
        .map(Slots::first)
}

/// A network of either family.
pub(super) enum Network {
    V4(Ipv4Addr, Ipv4Addr),
    V6(Ipv6Addr, Ipv6Addr),
}

/// A network, or an address alone; a host name is looked up by `resolve`.
pub(super) fn network(word: &[u8], resolve: &dyn Fn(&[u8]) -> Option<IpAddr>) -> Option<Network> {
    let (host, mask) = match memchr::memchr(b'/', word) {
        Some(at) => {
            let (host, mask) = word.split_at(at);
            (host, mask.get(1..))
        }
        None => (word, None),
    };
    let text = std::str::from_utf8(host).ok()?;
    if let Ok(a) = text.parse::<Ipv6Addr>() {
        let mask = match mask {
            Some(m) => mask6(m).filter(|_| m.iter().all(u8::is_ascii_digit))?,
            None => Ipv6Addr::from(u128::MAX),
        };
        return Some(Network::V6(a, mask));
    }
    let address = match inet_aton(text) {
        Some(a) => a,
        None => match resolve(host)? {
            IpAddr::V4(a) => a,
            IpAddr::V6(_) => return None,
        },
    };
    let mask = match mask {
        Some(m) => mask4(m)?,
        None => Ipv4Addr::BROADCAST,
    };
    Some(Network::V4(address, mask))
}

/// An IPv4 address as the C library reads it: one to four parts, the last filling the rest, each
/// decimal, octal (`0...`) or hexadecimal (`0x...`).
fn inet_aton(text: &str) -> Option<Ipv4Addr> {
    let mut value = 0u32;
    let parts: Vec<&str> = text.split('.').collect();
    let (last, head) = parts.split_last()?;
    let number = |part: &str| -> Option<u32> {
        if let Some(hex) = part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")) {
            return u32::from_str_radix(hex, 16).ok();
        }
        if !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        match part.strip_prefix('0') {
            Some(octal) if !octal.is_empty() => u32::from_str_radix(octal, 8).ok(),
            _ => part.parse().ok(),
        }
    };
    if head.len() > 3 {
        return None;
    }
    for part in head {
        let n = number(part).filter(|n| *n < 256)?;
        value = value << 8 | n;
    }
    let n = number(last)?;
    let room = 32 - 8 * u32::try_from(head.len()).ok()?;
    if room < 32 && n >> room != 0 {
        return None;
    }
    Some(Ipv4Addr::from(value.checked_shl(room).unwrap_or(0) | n))
}
