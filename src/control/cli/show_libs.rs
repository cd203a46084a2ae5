//! `show libs` and `show fd`: what the system says about the process. Inside a chroot without
//! `/proc` both are empty.

use super::{Command, Flow};
use crate::ir::bind::CliLevel;
use std::collections::BTreeMap;

/// `show libs`
pub const LIBS: Command = Command {
    words: &["show", "libs"],
    usage: "show libs",
    meaning: "lists the program and its libraries in memory",
    level: CliLevel::Operator,
    run: |call| {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        for (path, from, to) in libraries(&maps) {
            let last = to.saturating_sub(1);
            let size = to.saturating_sub(from);
            call.line(&format!("{from:#018x}-{last:#018x} ({size:#09x}) {path}"));
        }
        Flow::More
    },
};

/// `show fd [-!plcfbsd]* [<number>]`
pub const FD: Command = Command {
    words: &["show", "fd"],
    usage: "show fd [-!plcfbsd]* [num]",
    meaning: "lists the open descriptors",
    level: CliLevel::Operator,
    run: |call| {
        let word = call.args.iter().find(|w| !w.starts_with(b"-"));
        let only = match word {
            None => None,
            Some(word) => match std::str::from_utf8(word).ok().and_then(|w| w.parse().ok()) {
                Some(number) => Some(number),
                None => return call.error("Invalid FD type"),
            },
        };
        for (number, what) in descriptors() {
            // those of a terminal or a supervisor are nobody's business
            if number > 2 && only.is_none_or(|n: u32| n == number) {
                call.line(&format!("{number:>7} : {what}"));
            }
        }
        Flow::More
    },
};

/// Files mapped as programs, with the addresses that they cover, lowest first.
fn libraries(maps: &str) -> Vec<(&str, u64, u64)> {
    let mut found: BTreeMap<&str, (u64, u64, bool)> = BTreeMap::new();
    for line in maps.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(range), Some(rights)) = (words.next(), words.next()) else {
            continue;
        };
        let Some(path) = words.nth(3).filter(|p| p.starts_with('/')) else {
            continue;
        };
        let address = |text| u64::from_str_radix(text, 16).ok();
        let Some((from, to)) = range.split_once('-') else {
            continue;
        };
        let (Some(from), Some(to)) = (address(from), address(to)) else {
            continue;
        };
        let place = found.entry(path).or_insert((from, to, false));
        *place = (
            place.0.min(from),
            place.1.max(to),
            place.2 || rights.contains('x'),
        );
    }
    let mut list: Vec<_> = found
        .into_iter()
        .filter(|(_, (.., program))| *program)
        .map(|(path, (from, to, _))| (path, from, to))
        .collect();
    list.sort_by_key(|(_, from, _)| *from);
    list
}

/// Open descriptors and what they lead to.
fn descriptors() -> BTreeMap<u32, String> {
    let entries = std::fs::read_dir("/proc/self/fd").into_iter().flatten();
    entries
        .flatten()
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            let target = std::fs::read_link(entry.path()).ok()?;
            Some((number, target.to_string_lossy().into_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::libraries;

    #[test]
    fn a_program_and_its_libraries_are_found_in_the_map() {
        let maps = "7f00-8000 r--p 00000000 08:01 11 /lib/b.so\n\
                    8000-9000 r-xp 00001000 08:01 11 /lib/b.so\n\
                    1000-2000 r-xp 00000000 08:01 12 /bin/a\n\
                    3000-4000 rw-p 00000000 00:00 0 [heap]\n\
                    5000-6000 r--p 00000000 08:01 13 /etc/data\n";
        assert_eq!(
            libraries(maps),
            [("/bin/a", 0x1000, 0x2000), ("/lib/b.so", 0x7f00, 0x9000)]
        );
    }
}
