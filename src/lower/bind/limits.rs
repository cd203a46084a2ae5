//! `maxconn`, `backlog`, `nice` of a `bind` line.

use super::{BindOption, Fault, argument};
use crate::config::args::{Args, atol};
use crate::ir::Bind;

/// `maxconn N`
pub const MAXCONN: BindOption = BindOption {
    name: "maxconn",
    lower: maxconn,
};
/// `backlog N`
pub const BACKLOG: BindOption = BindOption {
    name: "backlog",
    lower: backlog,
};
/// `nice N`
pub const NICE: BindOption = BindOption {
    name: "nice",
    lower: nice,
};

fn maxconn(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "maxconn", "missing value")?;
    let value = atol(&word.text).0;
    if value < 0 {
        let text = format!("invalid value {value}, must be >= 0");
        return Err(Fault::about("maxconn", word.span, text));
    }
    bind.maxconn = u32::try_from(value).ok().filter(|v| *v > 0);
    Ok(())
}

fn backlog(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "backlog", "missing value")?;
    let value = atol(&word.text).0;
    if value < 0 {
        let text = format!("invalid value {value}, must be > 0");
        return Err(Fault::about("backlog", word.span, text));
    }
    bind.backlog = u32::try_from(value).ok().filter(|v| *v > 0);
    Ok(())
}

fn nice(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "nice", "missing value")?;
    let value = atol(&word.text).0;
    match i32::try_from(value) {
        Ok(value) if (-1024..=1024).contains(&value) => bind.nice = value,
        _ => {
            let text = format!("invalid value {value}, allowed range is -1024..1024");
            return Err(Fault::about("nice", word.span, text));
        }
    }
    Ok(())
}
