//! `option forwardfor`: X-Forwarded-For.

use super::negated;
use crate::config::args::Args;
use crate::ir::proxy::ForwardedHeader;
use crate::lower::{Context, KeywordHandler, Sections};
use std::net::{IpAddr, Ipv4Addr};

/// `option forwardfor [except NET] [header NAME] [if-none]`
pub const FORWARDFOR: KeywordHandler =
    KeywordHandler::new(&["option forwardfor"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if negated(args, "forwardfor") {
        return;
    }
    let Some(header) = header(args, "forwardfor", b"X-Forwarded-For", true) else {
        return;
    };
    cx.set(|s| s.forwardfor = Some(header));
}

/// The arguments that `forwardfor` and `originalto` share.
pub(super) fn header(
    args: &mut Args<'_, '_>,
    name: &str,
    default: &[u8],
    if_none: bool,
) -> Option<ForwardedHeader> {
    let mut said = ForwardedHeader {
        header: default.to_vec(),
        except: None,
        if_none: false,
    };
    while let Some(word) = args.next_word() {
        if word.is("except") {
            let message = format!("'option {name} except' expects <address>[/mask] as argument.");
            let net = args.word(&message)?;
            said.except = net.as_str().and_then(network);
            if said.except.is_none() {
                args.alert("HX0247", net.span, message);
                return None;
            }
        } else if word.is("header") {
            let message = format!("'option {name} header' expects <header_name> as argument.");
            said.header = args.word(&message)?.text.to_vec();
        } else if if_none && word.is("if-none") {
            said.if_none = true;
        } else {
            let list = if if_none {
                "'except', 'header' and 'if-none'"
            } else {
                "'except' and 'header'"
            };
            let message = format!("'option {name}' only supports optional values: {list}.");
            args.alert("HX0162", word.span, message);
            return None;
        }
    }
    Some(said)
}

/// `ADDRESS[/BITS]` or, for IPv4, `ADDRESS/MASK`.
pub fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, mask) = match text.split_once('/') {
        Some((address, mask)) => (address, Some(mask)),
        None => (text, None),
    };
    let ip: IpAddr = match address.parse() {
        Ok(ip) => ip,
        Err(_) => IpAddr::V4(short_v4(address)?),
    };
    let widest = if ip.is_ipv4() { 32 } else { 128 };
    let bits = match mask {
        None => widest,
        Some(mask) => match mask.parse::<u8>() {
            Ok(bits) => bits,
            Err(_) => {
                let mask = u32::from(mask.parse::<Ipv4Addr>().ok()?);
                let bits = mask.leading_ones();
                // A mask with holes has no length.
                (mask.count_ones() == bits).then_some(u8::try_from(bits).ok()?)?
            }
        },
    };
    (bits <= widest).then_some((ip, bits))
}

/// `10` and `10.1` are networks with the missing numbers 0.
fn short_v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        match parts.next() {
            Some(part) => *octet = part.parse().ok()?,
            None => break,
        }
    }
    parts.next().is_none().then(|| octets.into())
}
