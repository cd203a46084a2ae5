//! Idle connections to a server: `pool-max-conn`, `pool-low-conn`, `pool-purge-delay`,
//! `max-reuse`.

use super::{Fault, ServerDraft, ServerOption, argument};
use crate::base::units::{self, TimeError, TimeUnit};
use crate::config::args::{Args, atol};
use crate::lower::proxy::timeout::character;

/// `pool-max-conn N`
pub const POOL_MAX_CONN: ServerOption = ServerOption::new(&["pool-max-conn"], max_conn);
/// `pool-conn-name EXPRESSION`
pub const POOL_CONN_NAME: ServerOption = ServerOption::new(&["pool-conn-name"], |made, _, args| {
    let missing = "'pool-conn-name' expects <value> as argument.";
    made.pool_conn_name = Some(argument(args, missing)?.clone());
    Ok(())
});
/// `pool-low-conn N`
pub const POOL_LOW_CONN: ServerOption = ServerOption::new(&["pool-low-conn"], low_conn);
/// `pool-purge-delay TIME`
pub const POOL_PURGE_DELAY: ServerOption = ServerOption::new(&["pool-purge-delay"], purge_delay);
/// `max-reuse N`: checked, but without effect, as the tables say
pub const MAX_REUSE: ServerOption = ServerOption::new(&["max-reuse"], max_reuse);

fn max_conn(made: &mut ServerDraft, name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, &format!("'{name}' expects <value> as argument.."))?;
    let value = atol(&word.text).0;
    if value < -1 {
        return Err(Fault::at(word.span, format!("'{name}' must be >= -1.")));
    }
    made.server.pool_max_conn = u32::try_from(value).ok();
    Ok(())
}

fn low_conn(made: &mut ServerDraft, name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, &format!("'{name}' expects <value> as argument.."))?;
    made.server.pool_low_conn = u32::try_from(atol(&word.text).0).unwrap_or(0);
    Ok(())
}

fn purge_delay(made: &mut ServerDraft, name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, &format!("'{name}' expects <value> as argument.."))?;
    match units::time(&word.text, TimeUnit::Millisecond) {
        Ok(time) => made.server.pool_purge_delay = time.value,
        Err(TimeError::Overflow) => {
            let text = format!(
                "timer overflow in argument '{}' to '{name}' (maximum value is 2147483647 ms or ~24.8 days).",
                word.display()
            );
            return Err(Fault::at(word.span, text));
        }
        Err(TimeError::Unexpected(at)) => {
            let text = format!(
                "unexpected character '{}' in argument to <{name}>..",
                character(word, at)
            );
            return Err(Fault::at(word.span, text));
        }
    }
    Ok(())
}

fn max_reuse(_: &mut ServerDraft, name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    argument(args, &format!("'{name}' expects <value> as argument..")).map(drop)
}
