//! `-dK`: the keywords of this build by class, in HAProxy's form. Only what hapax executes or what
//! has no effect by design is listed, since tools that read the list want to know what they may
//! write. HAProxy leaves out the words that its parser knows by itself (`maxconn`, `server`); they
//! are listed here like all others.

use crate::cmd::keywords;
use crate::grammar;
use crate::lower;
use std::collections::BTreeSet;
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
        ("flt", filters),
        ("smp", fetches),
        ("svc", services),
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

/// Sections of `-dKcfg` in HAProxy's order, and behind them those that it does not list. The
/// keywords of all proxies stand under `listen`.
const SECTIONS: &[(&str, &[&str])] = &[
    ("global", &["global"]),
    ("listen", &["defaults", "frontend", "listen", "backend"]),
    ("userlist", &["userlist"]),
    ("peers", &["peers"]),
    ("crt-store", &["crt-store"]),
    ("traces", &["traces"]),
    ("acme", &["acme"]),
    ("cache", &["cache"]),
    ("fcgi-app", &["fcgi-app"]),
    ("http-errors", &["http-errors"]),
    ("log-forward", &["log-forward"]),
    ("mailers", &["mailers"]),
    ("resolvers", &["resolvers"]),
    ("ring", &["ring"]),
];

/// Options that mean something in HTTP only, besides those that begin with `http-`.
const HTTP_OPTIONS: &[&str] = &[
    "accept-unsafe-violations-in-http-request",
    "accept-unsafe-violations-in-http-response",
    "checkcache",
    "disable-h2-upgrade",
    "idle-close-on-response",
    "prefer-last-server",
];

/// Rule sets in HAProxy's order.
const RULE_SETS: &[&str] = &[
    "tcp-request connection",
    "tcp-request session",
    "tcp-request content",
    "tcp-response content",
    "http-request",
    "http-response",
    "http-after-response",
];

/// Whether a keyword may be written in one of these sections: it is executed there, or has no
/// effect by design.
fn usable(keyword: &grammar::Keyword, sections: &[&str]) -> bool {
    let current = keyword.life.known_in(grammar::Version::CURRENT);
    sections.iter().any(|s| {
        keyword.allowed_in(s)
            && (lower::executes(s, keyword.name) || current && keyword.inert.is_some())
    })
}

fn configuration(executed: &Executed) -> String {
    let mut out = "# List of registered configuration keywords:\n".to_string();
    for (section, kinds) in SECTIONS {
        let proxies = *section == "listen";
        let keywords = grammar::keywords().iter().filter(|k| usable(k, kinds));
        let (options, others): (Vec<_>, Vec<_>) =
            keywords.partition(|k| proxies && k.name.starts_with("option "));
        // of the families of proxies' keywords only the first word is listed
        let first = |name: &'static str| match proxies {
            true => name.split(' ').next().unwrap_or(name),
            false => name,
        };
        let names: BTreeSet<&str> = others.iter().map(|k| first(k.name)).collect();
        if names.is_empty() && *section != "peers" {
            continue;
        }
        let _ = writeln!(out, "{section}");
        for name in names {
            let _ = writeln!(out, "\t{name}");
        }
        if proxies {
            line_options(executed, &mut out);
            for option in options {
                proxy_option(option, &mut out);
            }
            rules(&mut out);
        }
    }
    out
}

fn line_options(executed: &Executed, out: &mut String) {
    let takes = |kind, o: &grammar::LineOption| {
        has(executed, kind, o.name)
            || o.inert.is_some() && o.life.known_in(grammar::Version::CURRENT)
    };
    for with_ssl in [false, true] {
        let ssl = if with_ssl { "ssl " } else { "" };
        let options = grammar::bind_options().iter();
        for option in options.filter(|o| o.needs_ssl == with_ssl && takes("bind", o)) {
            let more = more(&option.args);
            let _ = writeln!(out, "\tbind <addr> {ssl}{}{more}", option.name);
        }
    }
    let options = grammar::server_options().iter();
    for option in options.filter(|o| takes("server", o)) {
        let more = more(&option.args);
        let _ = writeln!(out, "\tserver <name> <addr> {}{more}", option.name);
    }
}

/// `option NAME [ FE BE HTTP ]`
fn proxy_option(keyword: &grammar::Keyword, out: &mut String) {
    let name = keyword.name.strip_prefix("option ").unwrap_or(keyword.name);
    let mut needs = String::new();
    for (section, side) in [("frontend", "FE "), ("backend", "BE ")] {
        if keyword.allowed_in(section) {
            needs.push_str(side);
        }
    }
    if name.starts_with("http-") || HTTP_OPTIONS.contains(&name) {
        needs.push_str("HTTP ");
    }
    let _ = writeln!(out, "\toption {name} [ {needs}]");
}

fn rules(out: &mut String) {
    for set in RULE_SETS {
        let actions = grammar::actions().iter().filter(|a| a.ruleset == *set);
        for action in actions.filter(|a| keywords::runs_action(a.ruleset, a.name)) {
            let star = if action.prefix { "*" } else { "" };
            let _ = writeln!(out, "\t{set} {}{star}", action.name);
        }
    }
}

fn commands(executed: &Executed) -> String {
    let mut out = "# List of registered CLI keywords:\n".to_string();
    let commands = grammar::cli_commands().iter();
    for command in commands.filter(|c| has(executed, "command", c.name)) {
        let marks = [
            (command.master, "[MASTER] "),
            (command.worker, "[WORKER] "),
            (command.expert, "[EXPERT] "),
            (command.experimental, "[EXPERIM] "),
        ];
        let marks = marks.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark);
        let _ = writeln!(out, "{} {}", command.name, marks.collect::<String>());
    }
    out
}

fn filters(executed: &Executed) -> String {
    let mut out = "# List of registered filter names:\n".to_string();
    let filters = grammar::filters().iter();
    for filter in filters.filter(|f| has(executed, "filter", f.name)) {
        let group = match filter.name.split('-').next() {
            Some("comp" | "compression") => "COMP".to_owned(),
            Some(first) => first.to_ascii_uppercase(),
            None => String::new(),
        };
        let _ = writeln!(out, "{} [{group}]", filter.name);
    }
    out
}

fn services(executed: &Executed) -> String {
    let mut out = "# List of registered service names:\n".to_string();
    let services = grammar::services().iter();
    for service in services.filter(|s| has(executed, "service", s.name)) {
        let _ = writeln!(out, "{}", service.name);
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
            // what it gives stands first
            let _ = writeln!(out, "{name}: {} => {}", conv.yields, conv.takes);
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
        assert!(all.contains("\n\tbind <addr> ssl crt +1\n"));
        assert!(all.contains("\n\toption logasap [ FE ]\n"));
        assert!(all.contains("\n\toption http-buffer-request [ FE BE HTTP ]\n"));
        assert!(
            all.contains("\n\tnoepoll\n"),
            "inert, but it may be written"
        );
        assert!(all.contains("\ncrt-store\n\tcrt-base\n\tkey-base\n\tload\n"));
        assert!(all.contains("\nhelp [MASTER] [WORKER] \n"));
        assert!(all.contains("\nb64dec: bin => str\n"));
        assert!(of("help").starts_with("# List of supported keyword classes:\nall: "));
    }

    /// Every line of the lists is a name of the tables that `hapax keywords` does not call pending.
    #[test]
    fn what_is_listed_may_be_written() {
        let known: BTreeSet<String> = keywords::not_pending().collect();
        let mut section = "";
        let text = of("cfg");
        for line in text.lines().skip(1) {
            let Some(entry) = line.strip_prefix('\t') else {
                section = line;
                continue;
            };
            let words: Vec<&str> = entry.split(' ').collect();
            let name = match words.as_slice() {
                ["bind", "<addr>", "ssl", name, ..] => *name,
                ["bind", "<addr>", name, ..] => *name,
                ["server", "<name>", "<addr>", name, ..] => *name,
                ["option", name, ..] => {
                    assert!(known.contains(&format!("option {name}")), "{entry}");
                    continue;
                }
                [.., name] if section == "listen" => name.trim_end_matches('*'),
                _ => entry,
            };
            let family = format!("{name} ");
            let found = known.iter().any(|k| k == name || k.starts_with(&family));
            assert!(found, "{section}: {entry}");
        }
        for class in ["cli", "cnv", "smp"] {
            for line in of(class).lines().skip(1) {
                let line = line
                    .rsplit("] ")
                    .next()
                    .filter(|_| class == "smp")
                    .unwrap_or(line);
                let name = line
                    .split(['(', ':', '['])
                    .next()
                    .unwrap_or(line)
                    .trim_end();
                assert!(known.contains(name), "{class}: {line}");
            }
        }
    }
}
