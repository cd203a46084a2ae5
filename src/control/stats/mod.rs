//! The status page and its forms for machines (HAProxy management guide 9.1, 9.2).

pub(super) mod column;
mod csv;
mod form;
mod json;
mod page;
pub(super) mod row;
mod rows;
mod typed;
pub(super) mod walk;
mod wishes;

pub use row::Kind;
pub use walk::Filter;
pub use wishes::Form;

use super::world::World;
use crate::engine::Shared;
use crate::engine::service::{self, Asked, HttpService, Pieces, Reply};
use crate::plan::StatsPlan;
use form::Told;
use page::Page;
use std::sync::Arc;
use walk::{Met, Walk};
use wishes::Wishes;

/// What the JSON consists of (JSON Schema, draft 4).
pub const SCHEMA: &str = include_str!("schema.json");

/// A piece of a page is sent when it has grown to so many bytes.
const PIECE: usize = 16 * 1024;

/// Answers requests for status pages.
pub struct StatusPage {
    shared: Arc<Shared>,
    world: Arc<dyn World>,
}

impl StatusPage {
    /// The page of a running engine.
    pub fn new(shared: Arc<Shared>, world: Arc<dyn World>) -> StatusPage {
        StatusPage { shared, world }
    }

    /// After a form: back to the page, which tells how it went.
    fn back(&self, page: &StatsPlan, wishes: &Wishes, told: Told) -> Reply {
        let mut head = b"HTTP/1.1 303 See Other\r\ncache-control: no-cache\r\n\
            content-type: text/plain\r\ncontent-length: 0\r\nlocation: "
            .to_vec();
        head.extend_from_slice(&page.uri);
        let back = wishes.after_form(told.word(), page.refresh.is_some());
        head.extend_from_slice(back.as_bytes());
        head.extend_from_slice(b"\r\n");
        Reply { head, body: None }
    }
}

impl HttpService for StatusPage {
    fn export(&self, target: &[u8]) -> Option<Reply> {
        super::prometheus::answer(&self.shared, &*self.world, target)
    }

    fn answer(&self, asked: &Asked<'_>) -> Reply {
        let page = asked.page;
        let wishes = Wishes::of(asked.target.get(page.uri.len()..).unwrap_or_default());
        match asked.form {
            service::Form::None => {}
            service::Form::Refused => return self.back(page, &wishes, Told::Denied),
            service::Form::TooLong => return self.back(page, &wishes, Told::TooLong),
            service::Form::Whole(text) => {
                let told = form::act(&*self.world, text);
                return self.back(page, &wishes, told);
            }
        }
        let kind = wishes.form.content_type();
        let mut head =
            format!("HTTP/1.1 200 OK\r\ncache-control: no-cache\r\ncontent-type: {kind}\r\n");
        if let Some(seconds) = page.refresh.filter(|_| !wishes.no_refresh) {
            head.push_str(&format!("refresh: {seconds}\r\n"));
        }
        let filter = Filter {
            up: wishes.up,
            no_maint: wishes.no_maint,
            scope: wishes.scope.clone(),
            legends: page.legends,
            ..Filter::default()
        };
        let printer = match wishes.form {
            Form::Html => Printer::Page(Box::new(Page {
                plan: Arc::clone(page),
                wishes,
                numbers: self.world.numbers(),
                admin: asked.admin,
            })),
            form => Printer::of(form, filter.described),
        };
        let walk = Walk::new(&self.shared, filter, |proxy| page.shows(proxy));
        Reply {
            head: head.into_bytes(),
            body: Some(Box::new(Making {
                shared: Arc::clone(&self.shared),
                walk,
                printer,
                begun: false,
            })),
        }
    }
}

/// Writes what is met on the way through the proxies.
enum Printer {
    Csv,
    Json(json::Dump),
    Schema,
    /// With what each column means.
    Typed(bool),
    Page(Box<Page>),
}

impl Printer {
    /// Of a form for machines.
    fn of(form: Form, described: bool) -> Printer {
        match form {
            Form::Csv | Form::Html => Printer::Csv,
            Form::Json => Printer::Json(json::Dump::default()),
            Form::JsonSchema => Printer::Schema,
            Form::Typed => Printer::Typed(described),
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        match self {
            Printer::Csv => csv::title(out),
            Printer::Json(_) => json::begin(out),
            Printer::Schema | Printer::Typed(_) => {}
            Printer::Page(page) => page.begin(out),
        }
    }

    fn met(&mut self, met: &Met<'_>, out: &mut Vec<u8>) {
        match (self, met) {
            (Printer::Csv, Met::Line(_, row)) => csv::line(row, out),
            (Printer::Json(dump), Met::Line(_, row)) => dump.row(row, out),
            (Printer::Typed(described), Met::Line(_, row)) => typed::line(row, *described, out),
            (Printer::Page(page), Met::Proxy(proxy)) => page.proxy(proxy, out),
            (Printer::Page(page), Met::Line(proxy, row)) => page.line(proxy, row, out),
            (Printer::Page(page), Met::End(proxy)) => page.proxy_end(proxy, out),
            _ => {}
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        match self {
            Printer::Csv | Printer::Typed(_) => {}
            Printer::Json(_) => json::end(out),
            Printer::Schema => {
                out.extend_from_slice(SCHEMA.trim_end().as_bytes());
                out.push(b'\n');
            }
            Printer::Page(page) => page.end(out),
        }
    }
}

/// A body in the making.
struct Making {
    shared: Arc<Shared>,
    walk: Walk,
    printer: Printer,
    begun: bool,
}

impl Pieces for Making {
    fn next(&mut self, out: &mut Vec<u8>) -> bool {
        if !std::mem::replace(&mut self.begun, true) {
            self.printer.begin(out);
        }
        let printer = &mut self.printer;
        let no_lines = matches!(printer, Printer::Schema);
        while out.len() < PIECE {
            let more = !no_lines
                && self
                    .walk
                    .step(&self.shared, &mut |met| printer.met(&met, out));
            if !more {
                printer.end(out);
                return false;
            }
        }
        true
    }
}

/// Writes all lines that the filter lets through, in a form for machines; `send` takes what has
/// been written when it has become a piece. False: `send` refused it.
pub fn dump(
    shared: &Shared,
    form: Form,
    filter: Filter,
    out: &mut Vec<u8>,
    send: &mut dyn FnMut(&mut Vec<u8>) -> bool,
) -> bool {
    let mut printer = Printer::of(form, filter.described);
    printer.begin(out);
    let mut walk = Walk::new(shared, filter, |_| true);
    while walk.step(shared, &mut |met| printer.met(&met, out)) {
        if out.len() >= PIECE && !send(out) {
            return false;
        }
    }
    printer.end(out);
    true
}

#[cfg(test)]
mod tests;
