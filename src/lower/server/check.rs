//! Health checks of a server: `check`, `inter`, `fastinter`, `downinter`, `rise`, `fall`, `port`,
//! `addr`.

use super::{Fault, ServerDraft, ServerOption, argument, of_server};
use crate::base::diag::Form;
use crate::base::units::{self, TimeError, TimeUnit};
use crate::config::address::{self, Kind};
use crate::config::args::{Args, atol};
use crate::lower::proxy::timeout::{character, suspicious};

/// `check`, `no-check`
pub const CHECK: ServerOption = ServerOption::new(&["check", "no-check"], check);
/// `inter TIME`
pub const INTER: ServerOption = ServerOption::new(&["inter"], inter);
/// `fastinter TIME`
pub const FASTINTER: ServerOption = ServerOption::new(&["fastinter"], inter);
/// `downinter TIME`
pub const DOWNINTER: ServerOption = ServerOption::new(&["downinter"], inter);
/// `rise N`
pub const RISE: ServerOption = ServerOption::new(&["rise"], count);
/// `fall N`
pub const FALL: ServerOption = ServerOption::new(&["fall"], count);
/// `port N`
pub const PORT: ServerOption = ServerOption::new(&["port"], port);
/// `addr ADDRESS`
pub const ADDR: ServerOption = ServerOption::new(&["addr"], addr);

fn check(made: &mut ServerDraft, name: &str, _args: &mut Args<'_, '_>) -> Result<(), Fault> {
    made.checked = name == "check";
    Ok(())
}

fn inter(made: &mut ServerDraft, name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let ms = interval(made, name, args)?;
    match name {
        "inter" => made.check.inter = ms,
        "fastinter" => made.check.fastinter = Some(ms),
        _ => made.check.downinter = Some(ms),
    }
    Ok(())
}

/// A time between checks, milliseconds.
pub(super) fn interval(
    made: &ServerDraft,
    name: &str,
    args: &mut Args<'_, '_>,
) -> Result<u32, Fault> {
    let word = argument(args, &format!("'{name}' expects a delay as argument.."))?;
    let whose = of_server(made);
    let ms = match units::time(&word.text, TimeUnit::Millisecond) {
        Ok(time) if time.value > 0 => time.value,
        Ok(_) => {
            let text = format!("invalid value 0 for argument '{name}' of {whose}..");
            return Err(Fault::at(word.span, text));
        }
        Err(TimeError::Overflow) => {
            let text = format!(
                "timer overflow in argument <{}> to <{name}> of {whose}, maximum value is 2147483647 ms (~24.8 days)..",
                word.display()
            );
            return Err(Fault::at(word.span, text));
        }
        Err(TimeError::Unexpected(at)) => {
            let text = format!(
                "unexpected character '{}' in '{name}' argument of {whose}..",
                character(word, at)
            );
            return Err(Fault::at(word.span, text));
        }
    };
    if let Some(mut finding) = suspicious(word, name, &format!("server '{}'", made.server.name), ms)
    {
        finding.message.insert_str(0, &made.place);
        args.report(finding.form(Form::Bracket));
    }
    Ok(ms)
}

fn count(made: &mut ServerDraft, name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, &format!("'{name}' expects an integer argument.."))?;
    let value = u32::try_from(atol(&word.text).0).ok().filter(|v| *v > 0);
    let Some(value) = value else {
        return Err(Fault::at(word.span, format!("'{name}' has to be > 0..")));
    };
    match name {
        "rise" => made.check.rise = value,
        _ => made.check.fall = value,
    }
    Ok(())
}

fn port(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "'port' expects a port number as argument..")?;
    made.check.port = u16::try_from(atol(&word.text).0).ok().filter(|p| *p > 0);
    Ok(())
}

fn addr(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "'addr' expects <ipv4|ipv6> as argument..")?;
    match address::parse(word, Kind::PLAIN) {
        Ok(address) => made.check.addr = Some(address),
        Err(finding) => {
            let text = format!("'addr' : {}.", finding.message);
            return Err(Fault::at(word.span, text));
        }
    }
    Ok(())
}

/// `healthcheck SECTION`
pub const HEALTHCHECK: ServerOption = ServerOption::new(&["healthcheck"], |made, _, args| {
    let missing = "'healthcheck' expects a healthcheck name as argument..";
    let word = argument(args, missing)?;
    made.server.healthcheck = Some(word.display().to_string());
    Ok(())
});
