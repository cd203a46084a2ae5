//! `dns-accept-family`: which addresses of names are asked for and taken.

use crate::ir::resolvers::Families;
use crate::lower::{KeywordHandler, Sections};

/// `dns-accept-family ipv4|ipv6|auto[,...]`
pub const DNS_ACCEPT_FAMILY: KeywordHandler = KeywordHandler::new(
    &["dns-accept-family"],
    Sections::GLOBAL,
    |cx, args| {
        let word = args.next_word();
        let text = word.map_or_else(String::new, |w| w.display().to_string());
        let span = word.map_or(args.line().span, |w| w.span);
        let (mut v4, mut v6, mut auto) = (false, false, false);
        for family in text.split(',') {
            match family {
                "ipv4" => v4 = true,
                "ipv6" => v6 = true,
                "auto" => auto = true,
                other => {
                    let message = format!(
                        "'dns-accept-family' expects a comma-delimited list of 'ipv4' and 'ipv6' but got '{other}'."
                    );
                    args.alert("HX0162", span, message);
                    return;
                }
            }
        }
        cx.global.dns_families = match auto {
            true => Families::Auto,
            false => Families::Only { v4, v6 },
        };
        args.end("dns-accept-family");
    },
);
