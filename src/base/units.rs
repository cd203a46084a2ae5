//! Times and sizes as configuration lines write them.
