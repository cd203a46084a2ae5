//! Sample fetches, converters and the keywords of ACLs.

use super::life::{Life, Part};
use super::table;
use std::sync::LazyLock;

const FETCHES: &str = include_str!("../../grammar/fetches.tsv");
const CONVERTERS: &str = include_str!("../../grammar/converters.tsv");
const ACLS: &str = include_str!("../../grammar/acls.tsv");

/// The places where a sample expression may be evaluated, in the order of HAProxy's own table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Place {
    /// `tcp-request connection` of a frontend.
    FrontendConnection,
    /// `tcp-request session` of a frontend.
    FrontendSession,
    /// `tcp-request content` of a frontend.
    FrontendRequestContent,
    /// `http-request` of a frontend, headers.
    FrontendRequestHeader,
    /// `http-request` of a frontend, body.
    FrontendRequestBody,
    /// `use_backend`.
    UseBackend,
    /// `tcp-request content` of a backend.
    BackendRequestContent,
    /// `http-request` of a backend, headers.
    BackendRequestHeader,
    /// `http-request` of a backend, body.
    BackendRequestBody,
    /// `use-server`, `balance`, `stick match`.
    SetServer,
    /// Choice of the source address towards the server.
    ServerSource,
    /// `tcp-response content` of a backend.
    BackendResponseContent,
    /// `http-response` of a backend, headers.
    BackendResponseHeader,
    /// `http-response` of a backend, body.
    BackendResponseBody,
    /// `stick store-response`.
    StickStore,
    /// `tcp-response content` of a frontend.
    FrontendResponseContent,
    /// `http-response` of a frontend, headers.
    FrontendResponseHeader,
    /// `http-response` of a frontend, body.
    FrontendResponseBody,
    /// Log formats.
    Log,
    /// `tcp-check` and `http-check` of a backend.
    Check,
    /// While the configuration is read.
    Configuration,
    /// The runtime API.
    RuntimeApi,
}

/// Number of [`Place`]s.
pub const PLACES: usize = 22;

/// A sample fetch.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Its name, without arguments.
    pub name: &'static str,
    /// Types of its arguments, optional ones in brackets: `string[,integer]`.
    pub args: &'static str,
    /// The type that it yields (`sint`, `str`, `addr`, `any`, ...).
    pub yields: &'static str,
    places: u32,
    /// Since when and until when.
    pub life: Life,
    /// Who brings it to life.
    pub part: Part,
    /// Why it has no effect in hapax by design.
    pub inert: Option<&'static str>,
}

impl Fetch {
    /// Whether it may be used there.
    pub fn available(&self, place: Place) -> bool {
        self.places & (1 << place as u8) != 0
    }
    /// The same for every place, in the order of [`Place`].
    pub fn places(&self) -> [bool; PLACES] {
        std::array::from_fn(|i| self.places & (1 << i) != 0)
    }
}

/// A converter.
#[derive(Clone, Debug)]
pub struct Converter {
    /// Its name, without arguments.
    pub name: &'static str,
    /// Types of its arguments, optional ones in brackets.
    pub args: &'static str,
    /// The type that it takes.
    pub takes: &'static str,
    /// The type that it yields; `same` for the one it was given.
    pub yields: &'static str,
    /// Since when and until when.
    pub life: Life,
    /// Who brings it to life.
    pub part: Part,
    /// Why it has no effect in hapax by design.
    pub inert: Option<&'static str>,
}

/// An ACL keyword that stands for a fetch and a match method.
#[derive(Clone, Debug)]
pub struct Acl {
    /// Its name, such as `path_beg`.
    pub name: &'static str,
    /// The fetch.
    pub fetch: &'static str,
    /// The argument of `-m`.
    pub method: &'static str,
    /// Since when and until when.
    pub life: Life,
    /// Who brings it to life.
    pub part: Part,
}

static FETCH: LazyLock<Vec<Fetch>> = LazyLock::new(|| {
    table::rows(FETCHES)
        .map(|row| Fetch {
            name: row.cell("name"),
            args: row.cell("args"),
            yields: row.cell("type"),
            places: row
                .cell("where")
                .bytes()
                .take(PLACES)
                .enumerate()
                .filter(|&(_, b)| b == b'Y')
                .fold(0, |all, (i, _)| all | 1 << i),
            life: row.life(),
            part: row.part(),
            inert: row.optional("inert"),
        })
        .collect()
});

static CONVERTER: LazyLock<Vec<Converter>> = LazyLock::new(|| {
    table::rows(CONVERTERS)
        .map(|row| Converter {
            name: row.cell("name"),
            args: row.cell("args"),
            takes: row.cell("from"),
            yields: row.cell("to"),
            life: row.life(),
            part: row.part(),
            inert: row.optional("inert"),
        })
        .collect()
});

static ACL: LazyLock<Vec<Acl>> = LazyLock::new(|| {
    table::rows(ACLS)
        .map(|row| Acl {
            name: row.cell("name"),
            fetch: row.cell("fetch"),
            method: row.cell("match"),
            life: row.life(),
            part: row.part(),
        })
        .collect()
});

/// All fetches, by name.
pub fn fetches() -> &'static [Fetch] {
    &FETCH
}

/// All converters, by name.
pub fn converters() -> &'static [Converter] {
    &CONVERTER
}

/// All ACL keywords that stand for a fetch and a method, by name.
pub fn acls() -> &'static [Acl] {
    &ACL
}

/// The fetch of that name.
pub fn fetch(name: &[u8]) -> Option<&'static Fetch> {
    table::find(&FETCH, name, |row| row.name)
}

/// The converter of that name.
pub fn converter(name: &[u8]) -> Option<&'static Converter> {
    table::find(&CONVERTER, name, |row| row.name)
}

/// The ACL keyword of that name; a fetch may serve as an ACL keyword too.
pub fn acl(name: &[u8]) -> Option<&'static Acl> {
    table::find(&ACL, name, |row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What HAProxy 3.4 lists, and what stands here beyond (device detection, built rarely).
    const IN_3_4: (usize, usize, usize) = (559, 207, 77);
    const BEYOND: [&str; 6] = [
        "51d.all",
        "51d.single",
        "da-csv-conv",
        "da-csv-fetch",
        "wurfl-get",
        "wurfl-get-all",
    ];

    #[test]
    fn the_tables_are_well_formed() {
        for text in [FETCHES, CONVERTERS, ACLS] {
            table::check_form(text, &["name"]);
            for row in table::rows(text) {
                assert!(Part::parse(row.cell("part")).is_some(), "{row:?}");
                assert!(row.life().since.is_some(), "{row:?}");
            }
        }
        for row in table::rows(FETCHES) {
            assert_eq!(row.cell("where").len(), PLACES, "{row:?}");
            assert!(row.cell("where").bytes().all(|b| b == b'Y' || b == b'.'));
        }
    }

    #[test]
    fn every_name_of_3_4_is_there() {
        let fetches = fetches().iter().filter(|f| !BEYOND.contains(&f.name));
        let converters = converters().iter().filter(|c| !BEYOND.contains(&c.name));
        assert_eq!((fetches.count(), converters.count(), acls().len()), IN_3_4);
    }

    #[test]
    fn an_acl_stands_for_a_known_fetch() {
        for row in acls() {
            assert!(fetch(row.fetch.as_bytes()).is_some(), "{}", row.name);
        }
        let path_beg = acl(b"path_beg").unwrap();
        assert_eq!((path_beg.fetch, path_beg.method), ("path", "beg"));
    }

    #[test]
    fn places_are_in_haproxys_order() {
        let path = fetch(b"path").unwrap();
        assert!(path.available(Place::FrontendRequestHeader));
        assert!(!path.available(Place::FrontendConnection));
        assert!(!path.available(Place::BackendResponseHeader));
        let status = fetch(b"status").unwrap();
        assert!(status.available(Place::BackendResponseHeader));
        assert!(!status.available(Place::UseBackend));
        let text = fetch(b"str").unwrap();
        assert!(text.available(Place::Configuration) && text.available(Place::RuntimeApi));
        assert_eq!(Place::RuntimeApi as usize + 1, PLACES);
        assert!(fetch(b"pth").is_none());
    }
}
