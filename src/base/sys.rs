//! The system calls that no safe crate offers. The one module where `unsafe` is allowed.
