//! `add ssl jwt`, `del ssl jwt`, `show ssl jwt`: which certificates JSON Web Tokens may be
//! verified and decrypted with (management guide 9.3).

use super::{Call, Command, Flow, shown};
use crate::ir::bind::CliLevel;

/// `add ssl jwt <certfile>`
pub const ADD: Command = Command {
    words: &["add", "ssl", "jwt"],
    usage: "add ssl jwt <certfile>",
    meaning: "lets tokens be verified and decrypted with a certificate",
    level: CliLevel::Admin,
    run: |call| allow(call, true),
};

/// `del ssl jwt <certfile>`
pub const DEL: Command = Command {
    words: &["del", "ssl", "jwt"],
    usage: "del ssl jwt <certfile>",
    meaning: "no longer lets tokens be verified and decrypted with a certificate",
    level: CliLevel::Admin,
    run: |call| allow(call, false),
};

/// `show ssl jwt`
pub const SHOW: Command = Command {
    words: &["show", "ssl", "jwt"],
    usage: "show ssl jwt",
    meaning: "lists the certificates that tokens may be verified and decrypted with",
    level: CliLevel::Operator,
    run: show,
};

fn allow(call: &mut Call<'_>, usable: bool) -> Flow {
    let name = shown(call.arg(0));
    if name.is_empty() {
        let verb = if usable { "add" } else { "del" };
        return call.error(&format!("'{verb} ssl cert' expects a filename"));
    }
    match call.world.plan().keys.allow(&name, usable) {
        true => Flow::More,
        false => {
            call.error("Can't display the certificate: Not found or the certificate is a bundle!")
        }
    }
}

fn show(call: &mut Call<'_>) -> Flow {
    call.line("# filename");
    for name in call.world.plan().keys.usable() {
        call.line(&name);
    }
    Flow::More
}
