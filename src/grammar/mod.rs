//! What the HAProxy language is: every name it knows, where it may stand, since when, until when.
//!
//! The tables are the tab-separated files of `grammar/`; each is read the first time somebody
//! asks for it and costs a few dozen microseconds. They say what HAProxy knows; whether hapax
//! executes a keyword is the business of the registries above.

mod action;
mod command;
mod diagnostic;
mod entry;
mod extension;
mod keyword;
mod life;
mod line_option;
mod log_alias;
mod nearest;
mod sample;
mod section;
mod statistics;
mod switched_off;
mod table;
mod value;

pub use action::{Action, action, actions, actions_of};
pub use command::{Command, cli_command, cli_commands};
pub use diagnostic::{DiagnosticCode, diagnostic, diagnostics};
pub use entry::{Class, Entry, entries};
pub use extension::{Extension, filter, filters, service, services};
pub use keyword::{
    Elsewhere, Keyword, Lookup, keyword, keyword_anywhere, keywords, keywords_in, look_up,
};
pub use life::{Arity, Life, Part, Version};
pub use line_option::{LineOption, bind_option, bind_options, server_option, server_options};
pub use log_alias::{LogAlias, log_alias, log_aliases};
pub use nearest::nearest;
pub use sample::{
    Acl, Converter, Fetch, PLACES, Place, acl, acls, converter, converters, fetch, fetches,
};
pub use section::{Section, section, sections};
pub use statistics::{InfoField, StatField, info_fields, stat_fields};
pub use switched_off::switched_off;
pub use value::Value;
