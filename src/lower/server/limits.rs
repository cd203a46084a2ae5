//! How much a server gets: `weight`, `maxconn`, `minconn`, `maxqueue`, `slowstart`,
//! `strict-maxconn`.

use super::{Fault, ServerDraft, ServerOption, argument, of_server};
use crate::base::units::{self, TimeError, TimeUnit};
use crate::config::args::{Args, atol};
use crate::lower::proxy::timeout::character;

/// `weight N`
pub const WEIGHT: ServerOption = ServerOption::new(&["weight"], weight);
/// `maxconn N`
pub const MAXCONN: ServerOption = ServerOption::new(&["maxconn"], limit);
/// `minconn N`
pub const MINCONN: ServerOption = ServerOption::new(&["minconn"], limit);
/// `maxqueue N`
pub const MAXQUEUE: ServerOption = ServerOption::new(&["maxqueue"], limit);
/// `slowstart TIME`
pub const SLOWSTART: ServerOption = ServerOption::new(&["slowstart"], slowstart);
/// `strict-maxconn`
pub const STRICT_MAXCONN: ServerOption = ServerOption::new(&["strict-maxconn"], strict);

/// The largest weight.
const MAX_WEIGHT: i64 = 256;

fn weight(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let Some(word) = args.next_word() else {
        made.server.weight = 0; // as HAProxy reads a missing number
        return Ok(());
    };
    let value = atol(&word.text).0;
    match u32::try_from(value) {
        Ok(weight) if value <= MAX_WEIGHT => made.server.weight = weight,
        _ => {
            let text = format!(
                "weight of {} is not within 0 and {MAX_WEIGHT} ({value})..",
                of_server(made)
            );
            return Err(Fault::at(word.span, text));
        }
    }
    Ok(())
}

fn limit(made: &mut ServerDraft, name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let value = args.next_word().map_or(0, |w| atol(&w.text).0);
    let value = u32::try_from(value).ok().filter(|v| *v > 0);
    match name {
        "maxconn" => made.server.maxconn = value,
        "minconn" => made.server.minconn = value,
        _ => made.server.maxqueue = value,
    }
    Ok(())
}

fn slowstart(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "unexpected character '.")?;
    let whose = of_server(made);
    match units::time(&word.text, TimeUnit::Millisecond) {
        // The ramp is counted in whole seconds.
        Ok(time) => {
            made.server.slowstart = Some(time.value.div_ceil(1000) * 1000).filter(|ms| *ms > 0);
        }
        Err(TimeError::Overflow) => {
            let text = format!(
                "overflow in argument <{}> to <slowstart> of {whose}, maximum value is 2147483647 ms (~24.8 days)..",
                word.display()
            );
            return Err(Fault::at(word.span, text));
        }
        Err(TimeError::Unexpected(at)) => {
            let text = format!(
                "unexpected character '{}' in 'slowstart' argument of {whose}..",
                character(word, at)
            );
            return Err(Fault::at(word.span, text));
        }
    }
    Ok(())
}

fn strict(made: &mut ServerDraft, name: &str, _args: &mut Args<'_, '_>) -> Result<(), Fault> {
    made.server.strict_maxconn = name == "strict-maxconn";
    Ok(())
}
