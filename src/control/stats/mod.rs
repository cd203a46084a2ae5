//! The status page and its forms for machines (HAProxy management guide 9.1, 9.2).

mod auth;
mod collect;
mod column;
pub mod csv;
mod json;
mod page;
mod row;
mod typed;

pub use collect::{Both, Filter, proxies, rows};
pub use row::{Kind, Row, Value};

use super::world::World;
use crate::engine::Shared;
use crate::engine::service::{Asked, HttpService, Reply};
use std::sync::Arc;

/// Answers requests for status pages.
pub struct StatusPage {
    shared: Arc<Shared>,
    world: Arc<dyn World>,
}

/// What the words behind the page's address ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// `;csv`
    csv: bool,
    /// `;json`
    json: bool,
    /// `;up`
    up: bool,
    /// `;no-maint`
    no_maint: bool,
    /// `;norefresh`
    no_refresh: bool,
    /// `?scope=NAME`
    scope: String,
    /// `;st=WORD`: how a form that was sent went
    told: Option<String>,
}

impl Wishes {
    /// Of what follows the address.
    fn of(rest: &[u8]) -> Wishes {
        let text = String::from_utf8_lossy(rest);
        let has = |word: &str| text.contains(word);
        let value = |word: &str| {
            let rest = text.split(word).nth(1)?;
            let end = rest.find(['&', ';', '?', '#']).unwrap_or(rest.len());
            rest.get(..end).map(str::to_owned)
        };
        // a longer text cannot be typed into the page's own form
        let scope = value("?scope=").or_else(|| value("&scope="));
        Wishes {
            csv: has(";csv"),
            json: has(";json") && !has(";json-schema"),
            up: has(";up"),
            no_maint: has(";no-maint"),
            no_refresh: has(";norefresh"),
            scope: scope.unwrap_or_default().chars().take(20).collect(),
            told: value(";st="),
        }
    }

    /// The words again, to stand behind an address; `change` tells how they differ.
    fn link(&self, change: impl FnOnce(&mut Wishes)) -> String {
        let mut wishes = self.clone();
        change(&mut wishes);
        let mut out = String::new();
        for (set, word) in [
            (wishes.csv, ";csv"),
            (wishes.json, ";json"),
            (wishes.up, ";up"),
            (wishes.no_maint, ";no-maint"),
            (wishes.no_refresh, ";norefresh"),
        ] {
            if set {
                out.push_str(word);
            }
        }
        if !wishes.scope.is_empty() {
            out.push_str("?scope=");
            out.push_str(&wishes.scope);
        }
        out
    }
}

impl StatusPage {
    /// The page of a running engine.
    pub fn new(shared: Arc<Shared>, world: Arc<dyn World>) -> StatusPage {
        StatusPage { shared, world }
    }
}

/// 401, as HAProxy 3.4 words it for browsers.
const UNAUTHORIZED: &[u8] = b"<html><body><h1>401 Unauthorized</h1>\n\
You need a valid user and password to access this content.\n</body></html>\n";

impl HttpService for StatusPage {
    fn answer(&self, asked: &Asked<'_>) -> Reply {
        let page = asked.page;
        if !auth::admitted(&page.users, asked.authorization) {
            let mut head = format!(
                "HTTP/1.1 401 Unauthorized\r\ncontent-length: {}\r\ncache-control: no-cache\r\n\
                 content-type: text/html\r\nwww-authenticate: Basic realm=\"",
                UNAUTHORIZED.len()
            )
            .into_bytes();
            head.extend_from_slice(&page.realm);
            head.extend_from_slice(b"\"\r\n");
            return Reply {
                head,
                body: UNAUTHORIZED.to_vec(),
                sized: true,
            };
        }
        let wishes = Wishes::of(asked.target.get(page.uri.len()..).unwrap_or_default());
        if asked.method == b"POST" {
            // read-only: what the form asked for is refused
            let mut head = b"HTTP/1.1 303 See Other\r\ncache-control: no-cache\r\n\
                content-type: text/plain\r\ncontent-length: 0\r\nlocation: "
                .to_vec();
            head.extend_from_slice(&page.uri);
            let refreshes = page.refresh.is_some();
            let back = wishes.link(|w| {
                (w.csv, w.json) = (false, false);
                w.no_refresh &= refreshes;
            });
            head.extend_from_slice(format!(";st=DENY{back}\r\n").as_bytes());
            return Reply {
                head,
                body: Vec::new(),
                sized: true,
            };
        }
        let filter = Filter {
            up: wishes.up,
            no_maint: wishes.no_maint,
            scope: &wishes.scope,
            legends: page.legends,
            ..Filter::default()
        };
        let mut body = Vec::new();
        let shows = |proxy: &str| page.shows(proxy);
        let kind = if wishes.csv {
            dump(&self.shared, Form::Csv, &filter, shows, &mut body);
            "text/plain"
        } else if wishes.json {
            dump(&self.shared, Form::Json, &filter, shows, &mut body);
            "application/json"
        } else {
            let all = collect::proxies(&self.shared);
            let shown: Vec<_> = all.iter().filter(|p| shows(p.name())).collect();
            let view = page::View {
                page,
                wishes: &wishes,
                numbers: self.world.numbers(),
            };
            body = page::render(&view, &self.shared, &shown, &filter).into_bytes();
            "text/html"
        };
        let mut head =
            format!("HTTP/1.1 200 OK\r\ncache-control: no-cache\r\ncontent-type: {kind}\r\n");
        if let Some(seconds) = page.refresh.filter(|_| !wishes.no_refresh) {
            head.push_str(&format!("refresh: {seconds}\r\n"));
        }
        Reply {
            head: head.into_bytes(),
            body,
            sized: false,
        }
    }
}

/// A form for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values under a line of headings.
    Csv,
    /// JSON.
    Json,
    /// One value per line, with its type.
    Typed,
}

/// Writes the lines of the proxies that `shows` lets through.
pub fn dump(
    shared: &Shared,
    form: Form,
    filter: &Filter<'_>,
    shows: impl Fn(&str) -> bool,
    out: &mut Vec<u8>,
) {
    let all = collect::proxies(shared);
    let shown = all.iter().filter(|p| shows(p.name()));
    match form {
        Form::Csv => {
            csv::title(out);
            for proxy in shown {
                rows(shared, proxy, filter, &mut |row| csv::line(row, out));
            }
        }
        Form::Json => {
            let mut dump = json::Dump::new(out);
            for proxy in shown {
                rows(shared, proxy, filter, &mut |row| dump.row(row));
            }
            dump.end();
        }
        Form::Typed => {
            for proxy in shown {
                rows(shared, proxy, filter, &mut |row| typed::line(row, out));
            }
        }
    }
}

#[cfg(test)]
mod tests;
