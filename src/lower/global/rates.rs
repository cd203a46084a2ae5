//! Limits of the whole process besides `maxconn`: `maxconnrate`, `maxsessrate`, `maxsslrate`,
//! `maxsslconn`, `maxcomprate` (configuration manual 3.2).

use crate::config::args::Args;
use crate::ir::global::ProcessRates;
use crate::lower::{Context, KeywordHandler, Sections};

macro_rules! limits {
    ($($(#[$doc:meta])* $id:ident $name:literal $field:ident;)*) => {
        $($(#[$doc])*
        pub const $id: KeywordHandler = KeywordHandler::new(&[$name], Sections::GLOBAL, |cx, args| {
            limit(cx, args, $name, |rates| &mut rates.$field);
        });)*
    };
}

limits! {
    /// `maxconnrate N`: connections per second.
    MAXCONNRATE "maxconnrate" connections;
    /// `maxsessrate N`: sessions per second.
    MAXSESSRATE "maxsessrate" sessions;
    /// `maxsslrate N`: TLS connections of clients per second.
    MAXSSLRATE "maxsslrate" tls;
    /// `maxsslconn N`: TLS connections at the same time.
    MAXSSLCONN "maxsslconn" tls_connections;
    /// `maxcomprate N`: kilobytes compressed per second.
    MAXCOMPRATE "maxcomprate" compressed;
}

fn limit(
    cx: &mut Context<'_>,
    args: &mut Args<'_, '_>,
    name: &str,
    field: fn(&mut ProcessRates) -> &mut u32,
) {
    let missing = format!("'{name}' expects an integer argument.");
    let here = args.here();
    if let Some(value) = args.lenient_int(&missing) {
        let field = field(&mut cx.global.rates);
        match u32::try_from(value) {
            Err(_) if name == "maxsslconn" => {
                let text = format!("'{name}' expects a positive numeric value.");
                args.alert("HX0164", here, text);
            }
            _ if *field != 0 && name != "maxsslconn" && name != "maxcomprate" => {
                let text = format!("'{name}' already specified. Continuing.");
                args.alert("HX0230", here, text);
            }
            value => *field = value.unwrap_or(0),
        }
    }
    args.end(name);
}
