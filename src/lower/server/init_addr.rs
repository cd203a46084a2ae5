//! `init-addr`: how a server's name becomes an address at start.

use super::{Fault, ServerDraft, ServerOption, argument};
use crate::config::args::Args;
use crate::ir::server::InitAddr;

/// `init-addr METHOD[,METHOD...]`
pub const INIT_ADDR: ServerOption = ServerOption::new(&["init-addr"], lower);

fn lower(made: &mut ServerDraft, name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(
        args,
        &format!("'{name}' expects <method>[,...] as argument.."),
    )?;
    let text = word.display().to_string();
    let mut methods = Vec::new();
    for method in text.split(',').filter(|m| !m.is_empty()) {
        methods.push(match method {
            "last" => InitAddr::Last,
            "libc" => InitAddr::Libc,
            "none" => InitAddr::None,
            _ => match method.parse() {
                Ok(ip) => InitAddr::Ip(ip),
                Err(_) => {
                    let text = format!(
                        "'init-addr' : unknown init-addr method '{method}', supported methods are 'libc', 'last', 'none'.."
                    );
                    return Err(Fault::at(word.span, text));
                }
            },
        });
    }
    made.server.init_addr = methods;
    Ok(())
}
