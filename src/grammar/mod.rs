//! What the HAProxy language is: every name it knows, where it may stand, since when, until when.
//!
//! The tables are the tab-separated files of `grammar/`; each is read the first time somebody
//! asks for it and costs a few dozen microseconds. They say what HAProxy knows; whether hapax
//! executes a keyword is the business of the registries above.

mod keyword;
mod life;
mod line_option;
mod nearest;
mod section;
mod table;

pub use keyword::{
    Elsewhere, Keyword, Lookup, keyword, keyword_anywhere, keywords, keywords_in, look_up,
};
pub use life::{Arity, Life, Part, Version};
pub use line_option::{LineOption, bind_option, bind_options, server_option, server_options};
pub use nearest::nearest;
pub use section::{Section, section, sections};
