//! `-dK`: the keywords of this build by class, in HAProxy's form. Only what hapax executes is
//! listed, since tools that read the list want to know what they may write.

use crate::cmd::keywords;
use crate::grammar;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Classes: name, what it holds.
const CLASSES: &[(&str, &str)] = &[
    ("all", "list all keywords"),
    ("acl", "ACL keywords"),
    ("cfg", "configuration keywords"),
    ("cli", "CLI keywords"),
    ("cnv", "sample converter keywords"),
    ("flt", "filter names"),
    ("smp", "sample fetch functions"),
    ("svc", "service names"),
];

type Executed = BTreeSet<(&'static str, String)>;

/// Lists one class.
type List = fn(&Executed) -> String;

/// The lists of the classes asked for, each once and in a fixed order. Unknown classes are passed
/// over; `help` lists the classes.
pub fn text(wanted: &[String]) -> String {
    let executed = keywords::executed();
    let asked = |name: &str| {
        wanted
            .iter()
            .any(|w| w == name || (w == "all" && name != "help"))
    };
    let mut out = String::new();
    if asked("help") {
        out.push_str("# List of supported keyword classes:\n");
        for (name, meaning) in CLASSES {
            let _ = writeln!(out, "{name}: {meaning}");
        }
    }
    let lists: [(&str, List); 7] = [
        ("acl", acls),
        ("cfg", configuration),
        ("cli", commands),
        ("cnv", converters),
        ("flt", |_| {
            "# List of registered filter names:\n".to_string()
        }),
        ("smp", fetches),
        ("svc", |_| {
            "# List of registered service names:\n".to_string()
        }),
    ];
    for (class, list) in lists {
        if asked(class) {
            out.push_str(&list(&executed));
        }
    }
    out
}

fn has(executed: &Executed, kind: &'static str, name: &str) -> bool {
    executed.contains(&(kind, name.to_string()))
}

fn acls(executed: &Executed) -> String {
    let mut out = "# List of registered ACL keywords:\n".to_string();
    for acl in grammar::acls() {
        if has(executed, "fetch", acl.fetch) {
            let _ = writeln!(out, "{} = {} -m {}", acl.name, acl.fetch, acl.method);
        }
    }
    out
}

/// How many words follow, as `-dKcfg` shows it.
fn more(arity: &grammar::Arity) -> String {
    match arity.min {
        0 => String::new(),
        number => format!(" +{number}"),
    }
}

fn configuration(executed: &Executed) -> String {
    let mut out = "# List of registered configuration keywords:\n".to_string();
    let mut sections: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for keyword in grammar::keywords()
        .iter()
        .filter(|k| has(executed, "keyword", k.name))
    {
        // HAProxy lists the keywords of all proxies under "listen"
        let of_global = keyword.sections.contains(&"global");
        let section = if of_global { "global" } else { "listen" };
        sections.entry(section).or_default().insert(keyword.name);
    }
    for (section, names) in sections {
        let _ = writeln!(out, "{section}");
        for name in names {
            let _ = writeln!(out, "\t{name}");
        }
        if section != "listen" {
            continue;
        }
        for option in grammar::bind_options()
            .iter()
            .filter(|o| has(executed, "bind", o.name))
        {
            let _ = writeln!(out, "\tbind <addr> {}{}", option.name, more(&option.args));
        }
        for option in grammar::server_options()
            .iter()
            .filter(|o| has(executed, "server", o.name))
        {
            let _ = writeln!(
                out,
                "\tserver <name> <addr> {}{}",
                option.name,
                more(&option.args)
            );
        }
        for action in grammar::actions()
            .iter()
            .filter(|a| keywords::runs_action(a.ruleset, a.name))
        {
            let star = if action.prefix { "*" } else { "" };
            let _ = writeln!(out, "\t{} {}{star}", action.ruleset, action.name);
        }
    }
    out
}

fn commands(executed: &Executed) -> String {
    let mut out = "# List of registered CLI keywords:\n".to_string();
    for (_, name) in executed.iter().filter(|(kind, _)| *kind == "command") {
        let _ = writeln!(out, "{name} [WORKER] ");
    }
    out
}

fn signature(name: &str, args: &str) -> String {
    match args {
        "" => name.to_string(),
        args => format!("{name}({args})"),
    }
}

fn converters(executed: &Executed) -> String {
    let mut out = "# List of registered sample converter functions:\n".to_string();
    for conv in grammar::converters() {
        if has(executed, "converter", conv.name) {
            let name = signature(conv.name, conv.args);
            let _ = writeln!(out, "{name}: {} => {}", conv.takes, conv.yields);
        }
    }
    out
}

fn fetches(executed: &Executed) -> String {
    let mut out = "# List of registered sample fetch functions:\n".to_string();
    for fetch in grammar::fetches() {
        if has(executed, "fetch", fetch.name) {
            let places = fetch
                .places()
                .map(|may| if may { "Y" } else { "." })
                .join(" ");
            let name = signature(fetch.name, fetch.args);
            let _ = writeln!(out, "[ {places} ] {name}: {}", fetch.yields);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(classes: &str) -> String {
        let classes: Vec<String> = classes.split(',').map(str::to_string).collect();
        text(&classes)
    }

    #[test]
    fn every_class_is_listed_once_in_haproxys_form() {
        let all = of("all,acl");
        let heads: Vec<&str> = all.lines().filter(|l| l.starts_with("# List")).collect();
        assert_eq!(heads.len(), 7);
        assert!(all.contains("\npath_beg = path -m beg\n"));
        assert!(all.contains("\n\tbind <addr> maxconn +1\n"));
        assert!(all.contains("\n\tserver <name> <addr> backup\n"));
        assert!(all.contains("\nshow info [WORKER] \n"));
        assert!(all.contains("\nlower: str => str\n"));
        assert!(
            all.lines()
                .any(|l| l.starts_with("[ Y ") && l.ends_with("] src: addr")),
            "{all}"
        );
        assert_eq!(of("nothing"), "");
        assert!(of("help").starts_with("# List of supported keyword classes:\nall: "));
    }
}
