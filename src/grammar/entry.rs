//! Everything that the tables name, in one walk: for lists of what is executed and what is not.

use super::Part;

/// The kind of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A section.
    Section,
    /// A keyword at the start of a line.
    Keyword,
    /// An option of `bind`.
    BindOption,
    /// An option of `server`.
    ServerOption,
    /// An action of a rule set.
    Action,
    /// A sample fetch.
    Fetch,
    /// A converter.
    Converter,
    /// An ACL keyword.
    Acl,
    /// A command of the runtime API.
    Command,
    /// A filter.
    Filter,
    /// A service.
    Service,
    /// An alias of log formats.
    LogAlias,
}

/// One name of the language.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its kind.
    pub class: Class,
    /// Its name.
    pub name: &'static str,
    /// The sections of a keyword, the rule set of an action; empty for the others.
    pub places: Vec<&'static str>,
    /// Who brings it to life.
    pub part: Part,
    /// Why it has no effect in hapax by design.
    pub inert: Option<&'static str>,
}

/// All names of the language.
pub fn entries() -> impl Iterator<Item = Entry> {
    let plain = |class, name, part, inert| Entry {
        class,
        name,
        places: Vec::new(),
        part,
        inert,
    };
    let sections = super::sections()
        .iter()
        .map(move |s| plain(Class::Section, s.name, s.part, None));
    let keywords = super::keywords().iter().map(|k| Entry {
        class: Class::Keyword,
        name: k.name,
        places: k.sections.clone(),
        part: k.part,
        inert: k.inert,
    });
    let bind = super::bind_options()
        .iter()
        .map(move |o| plain(Class::BindOption, o.name, o.part, o.inert));
    let server = super::server_options()
        .iter()
        .map(move |o| plain(Class::ServerOption, o.name, o.part, o.inert));
    let actions = super::actions().iter().map(|a| Entry {
        class: Class::Action,
        name: a.name,
        places: vec![a.ruleset],
        part: a.part,
        inert: a.inert,
    });
    let fetches = super::fetches()
        .iter()
        .map(move |f| plain(Class::Fetch, f.name, f.part, f.inert));
    let converters = super::converters()
        .iter()
        .map(move |c| plain(Class::Converter, c.name, c.part, c.inert));
    let acls = super::acls()
        .iter()
        .map(move |a| plain(Class::Acl, a.name, a.part, None));
    let commands = super::cli_commands()
        .iter()
        .map(move |c| plain(Class::Command, c.name, c.part, None));
    let filters = super::filters()
        .iter()
        .map(move |f| plain(Class::Filter, f.name, f.part, None));
    let services = super::services()
        .iter()
        .map(move |s| plain(Class::Service, s.name, s.part, None));
    let aliases = super::log_aliases()
        .iter()
        .map(move |a| plain(Class::LogAlias, a.name, a.part, None));
    sections
        .chain(keywords)
        .chain(bind)
        .chain(server)
        .chain(actions)
        .chain(fetches)
        .chain(converters)
        .chain(acls)
        .chain(commands)
        .chain(filters)
        .chain(services)
        .chain(aliases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_takes_part() {
        let classes: std::collections::BTreeSet<Class> = entries().map(|e| e.class).collect();
        assert_eq!(classes.len(), 12);
        assert!(entries().count() > 2000);
        assert!(entries().any(|e| e.name == "noepoll" && e.inert.is_some()));
    }
}
