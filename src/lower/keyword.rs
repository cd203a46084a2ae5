//! What a keyword's file exports, and how a line finds it.

use super::context::Context;
use crate::config::args::Args;
use crate::config::directive::Word;
use bitflags::bitflags;
use std::collections::HashMap;

bitflags! {
    /// Sections that a keyword may stand in. `listen` counts as front end and back end.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Sections: u32 {
        /// `global`
        const GLOBAL = 1;
        /// `defaults`
        const DEFAULTS = 2;
        /// `frontend`
        const FRONTEND = 4;
        /// `listen`
        const LISTEN = 8;
        /// `backend`
        const BACKEND = 16;
        /// `peers`
        const PEERS = 32;
        /// `resolvers`
        const RESOLVERS = 64;
        /// `userlist`
        const USERLIST = 128;
        /// `cache`
        const CACHE = 256;
        /// `http-errors`
        const HTTP_ERRORS = 512;
        /// `crt-store`
        const CRT_STORE = 1024;
        /// `fcgi-app`
        const FCGI_APP = 2048;
        /// `log-forward`
        const LOG_FORWARD = 4096;
        /// `mailers`
        const MAILERS = 8192;
        /// `ring`
        const RING = 16384;
        /// `traces`
        const TRACES = 32768;
        /// `healthcheck`
        const HEALTHCHECK = 65536;
        /// Every proxy section and `defaults`.
        const ANY_PROXY = 2 | 4 | 8 | 16;
        /// Every proxy section without `defaults`.
        const NAMED_PROXY = 4 | 8 | 16;
    }
}

impl Sections {
    /// Kinds of sections by the word that begins them.
    pub const NAMES: &[(&str, Sections)] = &[
        ("global", Sections::GLOBAL),
        ("defaults", Sections::DEFAULTS),
        ("frontend", Sections::FRONTEND),
        ("listen", Sections::LISTEN),
        ("backend", Sections::BACKEND),
        ("cache", Sections::CACHE),
        ("crt-store", Sections::CRT_STORE),
        ("fcgi-app", Sections::FCGI_APP),
        ("healthcheck", Sections::HEALTHCHECK),
        ("http-errors", Sections::HTTP_ERRORS),
        ("log-forward", Sections::LOG_FORWARD),
        ("mailers", Sections::MAILERS),
        ("peers", Sections::PEERS),
        ("resolvers", Sections::RESOLVERS),
        ("ring", Sections::RING),
        ("traces", Sections::TRACES),
        ("userlist", Sections::USERLIST),
    ];

    /// The kind of that name; empty for those whose lines have no handlers.
    pub fn named(name: &str) -> Sections {
        let found = Self::NAMES.iter().find(|(word, _)| *word == name);
        found.map_or(Sections::empty(), |(_, kind)| *kind)
    }
}

/// What a proxy must be for a line to have an effect in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Accepts connections.
    Frontend,
    /// Has servers.
    Backend,
}

/// When a line is lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// As it is read.
    Settings,
    /// After all sections: conditions and expressions may name any proxy or server.
    Rules,
}

/// Turns one line into IR. The cursor stands behind the keyword's own words.
pub type Lower = for<'d> fn(&mut Context<'d>, &mut Args<'d, '_>);

/// A keyword that hapax executes.
#[derive(Debug)]
pub struct KeywordHandler {
    /// Its names: one word (`maxconn`) or several (`timeout client`); the first is the usual one.
    pub names: &'static [&'static str],
    /// Where it may stand.
    pub sections: Sections,
    /// When it is lowered.
    pub phase: Phase,
    /// False for one whose arguments are checked, but whose effect comes with a later part.
    pub acts: bool,
    /// Does it.
    pub lower: Lower,
}

impl KeywordHandler {
    /// A keyword lowered as it is read.
    pub const fn new(names: &'static [&'static str], sections: Sections, lower: Lower) -> Self {
        KeywordHandler {
            names,
            sections,
            phase: Phase::Settings,
            acts: true,
            lower,
        }
    }
    /// A keyword whose arguments are checked as they are read, and that has no effect yet.
    pub const fn checked(names: &'static [&'static str], sections: Sections, lower: Lower) -> Self {
        Self::new(names, sections, lower).without_effect()
    }
    /// The same without an effect.
    pub const fn without_effect(mut self) -> Self {
        self.acts = false;
        self
    }
    /// A keyword lowered after all sections.
    pub const fn rules(names: &'static [&'static str], sections: Sections, lower: Lower) -> Self {
        KeywordHandler {
            names,
            sections,
            phase: Phase::Rules,
            acts: true,
            lower,
        }
    }
}

/// How many words of `line` the name `name` takes if the line begins with it.
pub fn words_of(name: &str, line: &[Word]) -> Option<usize> {
    let mut words = 0;
    for part in name.split(' ') {
        if !line.get(words)?.is(part) {
            return None;
        }
        words += 1;
    }
    Some(words)
}

/// A registry by the first words of its names: configurations have hundreds of thousands of lines.
#[derive(Debug)]
pub struct Index {
    first_words: HashMap<&'static [u8], Vec<(&'static KeywordHandler, &'static str)>>,
}

impl Index {
    /// Of a registry.
    pub fn of(registry: &[&'static [&'static KeywordHandler]]) -> Index {
        let mut first_words: HashMap<&[u8], Vec<_>> = HashMap::new();
        for handler in registry.iter().flat_map(|family| family.iter()) {
            for name in handler.names {
                let first = name.split(' ').next().unwrap_or(name);
                let list = first_words.entry(first.as_bytes()).or_default();
                list.push((*handler, *name));
            }
        }
        Index { first_words }
    }

    /// The handler with the longest name that a line begins with, that name and its word count.
    pub fn find(
        &self,
        section: Sections,
        line: &[Word],
    ) -> Option<(&'static KeywordHandler, &'static str, usize)> {
        let list = self.first_words.get(line.first()?.bytes())?;
        list.iter()
            .filter(|(h, _)| h.sections.intersects(section))
            .filter_map(|(h, n)| Some((*h, *n, words_of(n, line)?)))
            .max_by_key(|(_, _, words)| *words)
    }
}
