//! `retry-on`: which statuses of a server are worth another attempt.

use crate::ir::proxy::RetryOn;

/// The `retry-on` event of a status.
pub(super) fn of_status(status: u16) -> Option<RetryOn> {
    Some(match status {
        401 => RetryOn::S401,
        403 => RetryOn::S403,
        404 => RetryOn::S404,
        408 => RetryOn::S408,
        421 => RetryOn::S421,
        425 => RetryOn::S425,
        429 => RetryOn::S429,
        500 => RetryOn::S500,
        501 => RetryOn::S501,
        502 => RetryOn::S502,
        503 => RetryOn::S503,
        504 => RetryOn::S504,
        _ => return None,
    })
}
