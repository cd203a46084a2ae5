//! `mode`, `user`, `uid`, `group`, `gid`: owner and mode of a unix socket. Names are looked up by
//! `plan`.

use super::{BindOption, Fault, argument};
use crate::config::args::{Args, atol};
use crate::ir::Bind;

/// `mode OCTAL`
pub const MODE: BindOption = BindOption {
    name: "mode",
    lower: mode,
};
/// `user NAME`
pub const USER: BindOption = BindOption {
    name: "user",
    lower: user,
};
/// `uid N`
pub const UID: BindOption = BindOption {
    name: "uid",
    lower: uid,
};
/// `group NAME`
pub const GROUP: BindOption = BindOption {
    name: "group",
    lower: group,
};
/// `gid N`
pub const GID: BindOption = BindOption {
    name: "gid",
    lower: gid,
};

fn mode(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let here = args.here();
    let text = args
        .next_word()
        .map_or_else(String::new, |w| w.display().to_string());
    match u32::from_str_radix(&text, 8) {
        Ok(bits) => bind.unix.mode = Some(bits),
        Err(_) => {
            let text = format!("missing or invalid mode '{text}' (octal integer expected)");
            return Err(Fault::about("mode", here, text));
        }
    }
    Ok(())
}

fn user(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "user", "missing user name")?;
    bind.unix.user = Some((word.display().to_string(), word.span));
    Ok(())
}

fn group(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "group", "missing group name")?;
    bind.unix.group = Some((word.display().to_string(), word.span));
    Ok(())
}

fn uid(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "uid", "missing value")?;
    bind.unix.uid = u32::try_from(atol(&word.text).0).ok();
    Ok(())
}

fn gid(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "gid", "missing value")?;
    bind.unix.gid = u32::try_from(atol(&word.text).0).ok();
    Ok(())
}
