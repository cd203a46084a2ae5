//! Keywords: what may stand at the start of a line of a section.

use super::life::{Arity, Life, Part};
use super::value::Value;
use super::{nearest, table};
use std::cmp::Ordering;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../grammar/keywords.tsv");

/// No name has more words (`capture request header`).
const MOST_WORDS: usize = 3;

/// What HAProxy 3.4 does with a keyword of proxies in a proxy section that is not made for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// Warns that it is ignored there for lack of the capability.
    Ignored,
    /// Refuses the file.
    Refused,
    /// Takes it without a word.
    Taken,
}

/// A keyword in the sections where it means the same. A name that means different things in
/// different sections (`log`, `user`, `server`) has a row for each.
#[derive(Clone, Debug)]
pub struct Keyword {
    /// One to three words: `mode`, `option httplog`, `capture request header`.
    pub name: &'static str,
    /// Where it may stand.
    pub sections: Vec<&'static str>,
    /// In `defaults` only in a named one.
    pub named_defaults_only: bool,
    /// Words after the name.
    pub args: Arity,
    /// Whether `no` may stand before it.
    pub no: bool,
    /// Whether `default` may stand before it.
    pub default: bool,
    /// Since when and until when.
    pub life: Life,
    /// Who brings it to life.
    pub part: Part,
    /// Why it has no effect in hapax by design; `None` when it has one.
    pub inert: Option<&'static str>,
    /// What happens in proxy sections that are not in `sections`.
    pub elsewhere: Vec<(&'static str, Elsewhere)>,
    /// Its arguments in short.
    pub syntax: &'static str,
    /// What its one argument must be; `None` where that is not so simple.
    pub value: Option<Value>,
}

impl Keyword {
    /// Whether it may stand in a section of that kind.
    pub fn allowed_in(&self, section: &str) -> bool {
        self.sections.contains(&section)
    }

    /// What HAProxy 3.4 does with it in a proxy section where it does not belong.
    pub fn elsewhere_in(&self, section: &str) -> Option<Elsewhere> {
        self.elsewhere
            .iter()
            .find(|(name, _)| *name == section)
            .map(|&(_, what)| what)
    }
}

static KEYWORDS: LazyLock<Vec<Keyword>> = LazyLock::new(|| {
    table::rows(TEXT)
        .map(|row| {
            let mut sections = row.list("sections");
            let mut named_defaults_only = false;
            for section in &mut sections {
                if let Some(name) = section.strip_suffix('!') {
                    *section = name;
                    named_defaults_only = true;
                }
            }
            let prefix = row.cell("prefix");
            Keyword {
                name: row.cell("name"),
                sections,
                named_defaults_only,
                args: row.arity(),
                no: prefix.split(',').any(|p| p == "no"),
                default: prefix.split(',').any(|p| p == "default"),
                life: row.life(),
                part: row.part(),
                inert: row.optional("inert"),
                elsewhere: row
                    .list("elsewhere")
                    .into_iter()
                    .filter_map(elsewhere)
                    .collect(),
                syntax: row.cell("syntax"),
                value: Value::parse(row.cell("value")),
            }
        })
        .collect()
});

fn elsewhere(text: &'static str) -> Option<(&'static str, Elsewhere)> {
    let (section, what) = text.split_once(':')?;
    let what = match what {
        "ignored" => Elsewhere::Ignored,
        "refused" => Elsewhere::Refused,
        "taken" => Elsewhere::Taken,
        _ => return None,
    };
    Some((section, what))
}

/// All keywords, by name and then by section.
pub fn keywords() -> &'static [Keyword] {
    &KEYWORDS
}

/// The keywords that may stand in a section of that kind, by name.
pub fn keywords_in(section: &str) -> impl Iterator<Item = &'static Keyword> {
    KEYWORDS.iter().filter(move |k| k.allowed_in(section))
}

/// The keyword of that full name (`option httplog`) in a section of that kind.
pub fn keyword(section: &str, name: &[u8]) -> Option<&'static Keyword> {
    keyword_anywhere(name)
        .iter()
        .find(|k| k.allowed_in(section))
}

/// All keywords of that full name, in whatever section.
pub fn keyword_anywhere(name: &[u8]) -> &'static [Keyword] {
    range(|candidate| candidate.as_bytes().cmp(name))
}

fn range(order: impl Fn(&str) -> Ordering) -> &'static [Keyword] {
    let from = KEYWORDS.partition_point(|k| order(k.name) == Ordering::Less);
    let to = KEYWORDS.partition_point(|k| order(k.name) != Ordering::Greater);
    KEYWORDS.get(from..to).unwrap_or(&[])
}

/// Compares a name of the table with words of a line, as if these were joined by blanks.
fn order(name: &str, words: &[&[u8]]) -> Ordering {
    let joined = words.iter().enumerate().flat_map(|(i, word)| {
        let blank: &[u8] = if i == 0 { b"" } else { b" " };
        blank.iter().chain(word.iter())
    });
    name.as_bytes().iter().cmp(joined)
}

/// What the beginning of a line is.
#[derive(Clone, Copy, Debug)]
pub enum Lookup {
    /// A keyword of this section.
    Here {
        /// The keyword.
        keyword: &'static Keyword,
        /// How many words of the line its name takes.
        words: usize,
    },
    /// A name that HAProxy knows, but not in this section.
    Elsewhere {
        /// All its rows; never empty.
        keywords: &'static [Keyword],
        /// How many words of the line its name takes.
        words: usize,
    },
    /// The first word or words begin names of this section (`option`, `capture request`), but
    /// what follows them does not, or nothing follows.
    Family {
        /// How many words of the line belong to the family; the next one is the faulty one.
        words: usize,
        /// The full name that may have been meant.
        nearest: Option<&'static str>,
    },
    /// Nothing known.
    Unknown {
        /// The word that may have been meant in the place of the first one.
        nearest: Option<&'static str>,
    },
}

/// Looks a line up by its words, the keyword first (after `no` or `default`).
///
/// The longest name that fits wins, and a name of this section wins over one that is known only
/// elsewhere. A parenthesis ends a word of a name, so that `http-check set-var(check.x)` is found.
pub fn look_up<'w>(section: &str, line: impl IntoIterator<Item = &'w [u8]>) -> Lookup {
    let mut buffer: [&[u8]; MOST_WORDS] = [b""; MOST_WORDS];
    let mut length = 0;
    for (place, word) in buffer.iter_mut().zip(line) {
        *place = if length == 0 {
            word
        } else {
            word.split(|&b| b == b'(').next().unwrap_or(word)
        };
        length += 1;
    }
    let words = buffer.get(..length).unwrap_or(&[]);
    let mut known: Option<Lookup> = None;
    for count in (1..=length).rev() {
        let Some(words) = words.get(..count) else {
            continue;
        };
        let rows = range(|name| order(name, words));
        if let Some(keyword) = rows.iter().find(|k| k.allowed_in(section)) {
            return Lookup::Here {
                keyword,
                words: count,
            };
        }
        if known.is_none() && !rows.is_empty() {
            known = Some(Lookup::Elsewhere {
                keywords: rows,
                words: count,
            });
        }
    }
    let family = family(section, words);
    match (family, known) {
        // `option` alone is a keyword of another section; here it begins many names.
        (Some(Lookup::Family { words: f, nearest }), Some(Lookup::Elsewhere { words: k, .. }))
            if k <= f =>
        {
            Lookup::Family { words: f, nearest }
        }
        (_, Some(known)) => known,
        (Some(family), None) => family,
        (None, None) => Lookup::Unknown {
            nearest: words.first().and_then(|word| {
                let first = |name: &'static str| name.split(' ').next().unwrap_or(name);
                nearest(word, keywords_in(section).map(|k| first(k.name)))
            }),
        },
    }
}

fn family(section: &str, words: &[&[u8]]) -> Option<Lookup> {
    (1..=words.len()).rev().find_map(|count| {
        let mut start = words.get(..count)?.join(&b' ');
        start.push(b' ');
        let members = || {
            keywords_in(section)
                .filter(|k| k.name.as_bytes().starts_with(&start))
                .filter_map(|k| Some((k.name, k.name.get(start.len()..)?)))
        };
        members().next()?;
        let nearest = words.get(count).and_then(|word| {
            let found = nearest(
                word,
                members().map(|(_, rest)| rest.split(' ').next().unwrap_or(rest)),
            )?;
            members()
                .find(|(_, rest)| rest.split(' ').next() == Some(found))
                .map(|(name, _)| name)
        });
        Some(Lookup::Family {
            words: count,
            nearest,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLOBAL: usize = 315;
    const OPTIONS: usize = 60;
    const DROPPED: usize = 57;

    fn here(section: &str, line: &str) -> (&'static str, usize) {
        match look_up(section, line.split(' ').map(str::as_bytes)) {
            Lookup::Here { keyword, words } => (keyword.name, words),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_table_is_well_formed() {
        table::check_form(TEXT, &["name", "sections"]);
        for row in table::rows(TEXT) {
            assert!(Arity::parse(row.cell("args")).is_some(), "{row:?}");
            assert!(Part::parse(row.cell("part")).is_some(), "{row:?}");
            assert!(row.life().since.is_some(), "no version: {row:?}");
            for column in ["since", "deprecated", "removed"] {
                let cell = row.cell(column);
                assert!(
                    cell.is_empty() || super::super::Version::parse(cell).is_some(),
                    "{row:?}"
                );
            }
            let cell = row.cell("value");
            assert!(cell.is_empty() || Value::parse(cell).is_some(), "{row:?}");
            for word in row.list("prefix") {
                assert!(["no", "default"].contains(&word), "{row:?}");
            }
            for item in row.list("elsewhere") {
                assert!(elsewhere(item).is_some(), "{row:?}");
            }
            assert!(!row.list("sections").is_empty(), "{row:?}");
            for section in row.list("sections") {
                let name = section.trim_end_matches('!');
                assert!(
                    super::super::sections().iter().any(|s| s.name == name),
                    "{row:?}"
                );
            }
            assert!(row.cell("name").split(' ').count() <= MOST_WORDS, "{row:?}");
        }
    }

    /// The table was held against HAProxy 3.4's and 2.6's own lists of keywords, name by name;
    /// these counts see to it that no row gets lost.
    #[test]
    fn the_counts_are_those_of_the_lists() {
        let count = |test: &dyn Fn(&Keyword) -> bool| keywords().iter().filter(|k| test(k)).count();
        let current = |k: &Keyword| k.life.known_in(super::super::Version::CURRENT);
        assert_eq!(count(&|k| k.allowed_in("global") && current(k)), GLOBAL);
        assert_eq!(
            count(&|k| k.name.starts_with("option ") && k.allowed_in("listen") && current(k)),
            OPTIONS
        );
        assert_eq!(count(&|k| k.life.removed.is_some()), DROPPED);
    }

    #[test]
    fn a_name_has_one_row_per_section() {
        for row in keywords() {
            for section in &row.sections {
                let rows = keyword_anywhere(row.name.as_bytes());
                let count = rows.iter().filter(|k| k.allowed_in(section)).count();
                assert_eq!(count, 1, "{} in {section}", row.name);
            }
        }
    }

    #[test]
    fn the_longest_name_wins() {
        assert_eq!(
            here("defaults", "option httplog clf"),
            ("option httplog", 2)
        );
        assert_eq!(here("backend", "timeout server 5s"), ("timeout server", 2));
        assert_eq!(
            here("frontend", "capture request header Host len 20"),
            ("capture request header", 3)
        );
        assert_eq!(here("global", "stats socket /x"), ("stats socket", 2));
        assert_eq!(
            here("backend", "http-check set-var(check.x) int(1)"),
            ("http-check set-var", 2)
        );
        assert_eq!(here("listen", "mode"), ("mode", 1));
        assert_eq!(here("frontend", "http-request deny"), ("http-request", 1));
    }

    #[test]
    fn the_same_name_differs_by_section() {
        assert_eq!(keyword("global", b"user").unwrap().part, Part::Number(2));
        assert_eq!(keyword("userlist", b"user").unwrap().part, Part::Number(4));
        assert!(keyword("backend", b"user").is_none());
        assert!(keyword_anywhere(b"user").len() > 1);
        assert!(keyword_anywhere(b"usre").is_empty());
    }

    #[test]
    fn faults_are_told_apart() {
        let look = |section: &str, line: &str| look_up(section, line.split(' ').map(str::as_bytes));
        assert!(matches!(
            look("frontend", "balance roundrobin"),
            Lookup::Elsewhere { keywords, words: 1 }
                if keywords[0].elsewhere_in("frontend") == Some(Elsewhere::Ignored)
        ));
        assert!(matches!(
            look("defaults", "option httplgo"),
            Lookup::Family {
                words: 1,
                nearest: Some("option httplog")
            }
        ));
        assert!(matches!(
            look("defaults", "timeout"),
            Lookup::Family {
                words: 1,
                nearest: None
            }
        ));
        assert!(matches!(
            look("frontend", "capture request haeder x"),
            Lookup::Family {
                words: 2,
                nearest: Some("capture request header")
            }
        ));
        assert!(matches!(
            look("backend", "blance roundrobin"),
            Lookup::Unknown {
                nearest: Some("balance")
            }
        ));
        assert!(matches!(
            look("backend", "zzz"),
            Lookup::Unknown { nearest: None }
        ));
        assert!(matches!(
            look_up("backend", []),
            Lookup::Unknown { nearest: None }
        ));
    }

    #[test]
    fn prefixes_are_those_of_3_4() {
        let one = |section, name: &str| keyword(section, name.as_bytes()).unwrap();
        assert!(one("defaults", "option httpclose").no);
        assert!(!one("defaults", "option httpclose").default);
        assert!(one("defaults", "option abortonclose").default);
        assert!(!one("defaults", "option httplog").no);
        assert!(one("global", "log").no);
        assert!(!one("global", "daemon").no);
    }

    #[test]
    fn the_historic_ones_are_there() {
        for (section, name) in [
            ("backend", "appsession"),
            ("frontend", "block"),
            ("listen", "reqirep"),
            ("listen", "rspidel"),
            ("defaults", "contimeout"),
            ("defaults", "redispatch"),
            ("global", "nbproc"),
            ("defaults", "option forceclose"),
            ("defaults", "monitor-net"),
        ] {
            let row = keyword(section, name.as_bytes()).unwrap();
            assert!(row.life.removed.is_some(), "{name}");
            assert!(row.life.replacement.is_some(), "{name}");
        }
    }
}
