//! `setenv`, `presetenv`, `unsetenv`, `resetenv`: executed while the file is read, since they act
//! on the lines below them. Nothing is left to do here.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// All four
pub const ENVIRONMENT: KeywordHandler = KeywordHandler::new(
    &["setenv", "presetenv", "unsetenv", "resetenv"],
    Sections::GLOBAL,
    lower,
);

fn lower(_cx: &mut Context<'_>, _args: &mut Args<'_, '_>) {}
