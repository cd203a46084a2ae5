//! `hapax keywords`: what of HAProxy's language hapax executes, and what becomes of the rest.

use crate::action::{self, RuleSets};
use crate::balance;
use crate::control::cli;
use crate::grammar::{self, Class, Entry};
use crate::lower;
use crate::sample::logformat::alias;
use crate::sample::{conv, fetch};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Lists the names of HAProxy's language and what hapax does with each.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Keywords {
    /// Only what is executed: name and kind, separated by a tab
    #[arg(long, conflicts_with = "status")]
    pub executed: bool,
    /// Every name: kind, name, sections, status, separated by tabs
    #[arg(long)]
    pub status: bool,
}

/// What hapax does with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Executed,
    Inert(&'static str),
    Pending(grammar::Part),
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Section => "section",
        Class::Keyword => "keyword",
        Class::BindOption => "bind",
        Class::ServerOption => "server",
        Class::Action => "action",
        Class::Fetch => "fetch",
        Class::Converter => "converter",
        Class::Acl => "acl",
        Class::Command => "command",
        Class::Filter => "filter",
        Class::Service => "service",
        Class::LogAlias => "log alias",
    }
}

/// What is executed: (kind, name).
pub(super) fn executed() -> BTreeSet<(&'static str, String)> {
    let mut all = BTreeSet::new();
    for (kind, _, name) in lower::executed() {
        all.insert((kind, name.to_string()));
        if let Some(filter) = name.strip_prefix("filter ") {
            all.insert(("filter", filter.to_string()));
        }
    }
    for entry in balance::ALGORITHMS {
        all.insert(("balance", entry.name.to_string()));
    }
    all.extend(fetch::all().map(|f| ("fetch", f.name.to_string())));
    all.extend(conv::all().map(|c| ("converter", c.name.to_string())));
    all.extend(action::all().map(|a| ("action", a.name.to_string())));
    all.extend(alias::all().map(|a| ("log alias", a.name.to_string())));
    all.extend(cli::COMMANDS.iter().map(|c| ("command", c.words.join(" "))));
    let master = crate::control::master::COMMANDS.iter();
    all.extend(master.map(|c| ("command", c.name())));
    let proxies = ["global", "defaults", "frontend", "backend", "listen"];
    for name in proxies.iter().chain(lower::section::EXECUTED) {
        all.insert(("section", (*name).to_string()));
    }
    all
}

fn status(entry: &Entry, executed: &BTreeSet<(&'static str, String)>) -> Status {
    let kind = class_name(entry.class);
    let done = match entry.class {
        Class::Keyword => entry.places.iter().any(|s| lower::executes(s, entry.name)),
        Class::Action => entry.places.iter().any(|set| runs_action(set, entry.name)),
        // an ACL keyword is a fetch and a match method
        Class::Acl => grammar::acl(entry.name.as_bytes())
            .is_some_and(|a| executed.contains(&("fetch", a.fetch.to_string()))),
        _ => executed.contains(&(kind, entry.name.to_string())),
    };
    if done {
        return Status::Executed;
    }
    match entry.inert {
        Some(reason) => Status::Inert(reason),
        None => Status::Pending(entry.part),
    }
}

/// The names that are executed or have no effect by design.
#[cfg(test)]
pub(super) fn not_pending() -> impl Iterator<Item = String> {
    let executed = executed();
    grammar::entries()
        .filter(move |e| !matches!(status(e, &executed), Status::Pending(_)))
        .map(|e| e.name.to_owned())
}

/// Whether an action is executed in the rule set of this name.
pub(super) fn runs_action(set: &str, name: &str) -> bool {
    action::all().any(|a| a.name == name && stands_in(a.sets, set))
}

/// Whether these rule sets hold the one of a name of the tables.
fn stands_in(sets: RuleSets, name: &str) -> bool {
    let set = match name {
        "http-request" => RuleSets::REQUEST,
        "http-response" => RuleSets::RESPONSE,
        "http-after-response" => RuleSets::AFTER,
        "tcp-request connection" => RuleSets::TCP_CONNECTION,
        "tcp-request session" => RuleSets::TCP_SESSION,
        "tcp-request content" => RuleSets::TCP_CONTENT,
        "tcp-response content" => RuleSets::TCP_RESPONSE,
        _ => return false,
    };
    sets.contains(set)
}

/// Runs it.
pub fn run(keywords: &Keywords) -> ExitCode {
    let text = if keywords.executed {
        list_executed()
    } else if keywords.status {
        list_status()
    } else {
        summary()
    };
    super::print(&text);
    ExitCode::SUCCESS
}

fn list_executed() -> String {
    executed()
        .iter()
        .fold(String::new(), |mut out, (kind, name)| {
            let _ = writeln!(out, "{name}\t{kind}");
            out
        })
}

fn list_status() -> String {
    let executed = executed();
    let mut out = String::new();
    for entry in grammar::entries() {
        let (kind, places) = (class_name(entry.class), entry.places.join(","));
        let status = match status(&entry, &executed) {
            Status::Executed => "executed".to_string(),
            Status::Inert(reason) => format!("inert: {reason}"),
            Status::Pending(part) => format!("pending: {part}"),
        };
        let _ = writeln!(out, "{kind}\t{}\t{places}\t{status}", entry.name);
    }
    out
}

/// How many names of each kind there are in each state.
fn summary() -> String {
    let executed = executed();
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for entry in grammar::entries() {
        let row = counts.entry(class_name(entry.class)).or_default();
        let [done, inert, pending] = row;
        match status(&entry, &executed) {
            Status::Executed => *done += 1,
            Status::Inert(_) => *inert += 1,
            Status::Pending(_) => *pending += 1,
        }
    }
    let mut out = format!(
        "{:<10} {:>8} {:>8} {:>8}\n",
        "kind", "executed", "inert", "pending"
    );
    for (kind, [done, inert, pending]) in counts {
        let _ = writeln!(out, "{kind:<10} {done:>8} {inert:>8} {pending:>8}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_with_their_kind() {
        let text = list_executed();
        for line in [
            "timeout client\tkeyword",
            "check\tserver",
            "name\tbind",
            "path\tfetch",
            "roundrobin\tbalance",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}");
        }
    }

    #[test]
    fn every_name_of_the_language_has_a_status() {
        let text = list_status();
        assert!(text.lines().all(|l| l.split('\t').count() == 4));
        let of = |name: &str| text.lines().find(|l| l.contains(name)).unwrap_or_default();
        assert!(
            of("keyword\tbalance\t").ends_with("executed"),
            "{}",
            of("keyword\tbalance\t")
        );
        assert!(of("keyword	lua-load	").contains("pending"));
    }
}
