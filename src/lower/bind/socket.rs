//! Socket options of a `bind` line: `v4v6`, `v6only`, `mss`, `interface`, `defer-accept`, `tfo`,
//! `transparent`, `tcp-ut`.

use super::{BindOption, Fault, argument};
use crate::base::units::{self, TimeUnit};
use crate::config::args::{Args, atol};
use crate::ir::Bind;

/// `v4v6`
pub const V4V6: BindOption = BindOption {
    name: "v4v6",
    lower: v4v6,
};
/// `v6only`
pub const V6ONLY: BindOption = BindOption {
    name: "v6only",
    lower: v6only,
};
/// `defer-accept`
pub const DEFER_ACCEPT: BindOption = BindOption {
    name: "defer-accept",
    lower: defer_accept,
};
/// `tfo`
pub const TFO: BindOption = BindOption {
    name: "tfo",
    lower: tfo,
};
/// `transparent`
pub const TRANSPARENT: BindOption = BindOption {
    name: "transparent",
    lower: transparent,
};
/// `mss N`
pub const MSS: BindOption = BindOption {
    name: "mss",
    lower: mss,
};
/// `interface NAME`
pub const INTERFACE: BindOption = BindOption {
    name: "interface",
    lower: interface,
};
/// `tcp-ut TIME`
pub const TCP_UT: BindOption = BindOption {
    name: "tcp-ut",
    lower: tcp_ut,
};

fn v4v6(bind: &mut Bind, _args: &mut Args<'_, '_>) -> Result<(), Fault> {
    bind.v4v6 = true;
    Ok(())
}

fn v6only(bind: &mut Bind, _args: &mut Args<'_, '_>) -> Result<(), Fault> {
    bind.v6only = true;
    Ok(())
}

fn defer_accept(bind: &mut Bind, _args: &mut Args<'_, '_>) -> Result<(), Fault> {
    bind.defer_accept = true;
    Ok(())
}

fn tfo(bind: &mut Bind, _args: &mut Args<'_, '_>) -> Result<(), Fault> {
    bind.tfo = true;
    Ok(())
}

fn transparent(bind: &mut Bind, _args: &mut Args<'_, '_>) -> Result<(), Fault> {
    bind.transparent = true;
    Ok(())
}

fn mss(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "mss", "missing MSS value")?;
    match i32::try_from(atol(&word.text).0) {
        Ok(value) if (1..=65535).contains(&value.unsigned_abs()) => bind.mss = Some(value),
        _ => {
            return Err(Fault::about(
                "mss",
                word.span,
                "expects an MSS with and absolute value between 1 and 65535",
            ));
        }
    }
    Ok(())
}

fn interface(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "interface", "missing interface name")?;
    bind.interface = Some(word.display().to_string());
    Ok(())
}

fn tcp_ut(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "tcp-ut", "missing TCP User Timeout value")?;
    match units::time(&word.text, TimeUnit::Millisecond) {
        Ok(time) => bind.tcp_ut = Some(time.value).filter(|ms| *ms > 0),
        Err(_) => {
            return Err(Fault::about(
                "tcp-ut",
                word.span,
                "expects a positive delay in milliseconds",
            ));
        }
    }
    Ok(())
}
