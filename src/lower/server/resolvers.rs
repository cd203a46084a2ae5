//! `resolvers`, `resolve-prefer`, `resolve-net`, `resolve-opts`: how a server's name is looked up
//! while the process runs (configuration manual 5.2, 5.3).

use super::{Fault, ServerDraft, ServerOption, argument};
use crate::config::args::Args;
use crate::lower::option::network;

/// `resolvers SECTION`
pub const RESOLVERS: ServerOption = ServerOption::new(&["resolvers"], |made, _, args| {
    let word = args.next_word();
    let name = word.map_or_else(String::new, |w| w.display().to_string());
    made.server.resolution.resolvers = Some(name);
    Ok(())
});
/// `resolve-prefer ipv4|ipv6`
pub const RESOLVE_PREFER: ServerOption = ServerOption::new(&["resolve-prefer"], |made, _, args| {
    const EXPECTS: &str = "'resolve-prefer' expects either ipv4 or ipv6 as argument..";
    let word = argument(args, EXPECTS)?;
    made.server.resolution.prefer_v4 = match word.bytes() {
        b"ipv4" => true,
        b"ipv6" => false,
        _ => return Err(Fault::at(word.span, EXPECTS)),
    };
    Ok(())
});
/// `resolve-net NETWORK[,NETWORK...]`
pub const RESOLVE_NET: ServerOption = ServerOption::new(&["resolve-net"], nets);
/// `resolve-opts OPTION[,OPTION...]`
pub const RESOLVE_OPTS: ServerOption = ServerOption::new(&["resolve-opts"], opts);

fn nets(made: &mut ServerDraft, _: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "'resolve-net' expects a list of networks..")?;
    let text = word.display().to_string();
    let mut found = Vec::new();
    for part in text.split(',') {
        let net = network(part);
        found.push(net.ok_or_else(|| {
            Fault::at(
                word.span,
                format!("'resolve-net' invalid network '{part}'.."),
            )
        })?);
    }
    made.server.resolution.nets = found;
    Ok(())
}

fn opts(made: &mut ServerDraft, _: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let Some(word) = args.next_word() else {
        return Ok(());
    };
    let text = word.display().to_string();
    let resolution = &mut made.server.resolution;
    for option in text.split(',').filter(|o| !o.is_empty()) {
        match option {
            "allow-dup-ip" => resolution.allow_dup_ip = true,
            "prevent-dup-ip" => resolution.allow_dup_ip = false,
            "ignore-weight" => resolution.ignore_weight = true,
            _ => {
                let text = format!(
                    "'resolve-opts' : unknown resolve-opts option '{option}', supported methods are 'allow-dup-ip', 'ignore-weight', and 'prevent-dup-ip'.."
                );
                return Err(Fault::at(word.span, text));
            }
        }
    }
    Ok(())
}
