//! `accept-proxy`: connections begin with a PROXY protocol header (configuration manual 5.1).

use super::BindOption;

/// `accept-proxy`
pub const ACCEPT_PROXY: BindOption = BindOption {
    name: "accept-proxy",
    lower: |bind, _| {
        bind.accept_proxy = true;
        Ok(())
    },
};
