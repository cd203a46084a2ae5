//! Agent checks of a server: `agent-check`, `agent-addr`, `agent-port`, `agent-inter`,
//! `agent-send` (configuration manual 5.2).

use super::check::interval;
use super::{Fault, ServerDraft, ServerOption, argument};
use crate::config::address::{self, Kind};
use crate::config::args::{Args, atol};

/// `agent-check`, `no-agent-check`
pub const CHECK: ServerOption =
    ServerOption::new(&["agent-check", "no-agent-check"], |made, name, _| {
        made.agent_checked = name == "agent-check";
        Ok(())
    });
/// `agent-addr ADDRESS`
pub const ADDR: ServerOption = ServerOption::new(&["agent-addr"], addr);
/// `agent-port N`
pub const PORT: ServerOption = ServerOption::new(&["agent-port"], |made, _, args| {
    let word = argument(args, "'agent-port' expects a port number as argument..")?;
    made.agent.port = u16::try_from(atol(&word.text).0).unwrap_or(0);
    Ok(())
});
/// `agent-inter TIME`
pub const INTER: ServerOption = ServerOption::new(&["agent-inter"], |made, name, args| {
    made.agent.inter = interval(made, name, args)?;
    Ok(())
});
/// `agent-send TEXT`
pub const SEND: ServerOption = ServerOption::new(&["agent-send"], |made, _, args| {
    let word = argument(args, "'agent-send' expects a string as argument..")?;
    made.agent.send = word.bytes().to_vec();
    Ok(())
});

fn addr(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "'agent-addr' expects an address as argument..")?;
    match address::parse(word, Kind::PLAIN) {
        Ok(address) => made.agent.addr = Some(address),
        Err(_) => {
            let text = format!(
                "parsing agent-addr failed. Check if '{}' is correct address..",
                word.display()
            );
            return Err(Fault::at(word.span, text));
        }
    }
    Ok(())
}
