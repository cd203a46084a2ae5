//! The table of a proxy.

use super::super::row::Row;
use super::super::walk::Both;
use super::Page;
use super::line::{self, MODULES};
use crate::ir::proxy::Mode;
use maud::{Markup, PreEscaped, html};

/// Headings: name and columns of each group.
const GROUPS: &[(&str, &[&str])] = &[
    ("Queue", &["Cur", "Max", "Limit"]),
    ("Session rate", &["Cur", "Max", "Limit"]),
    (
        "Sessions",
        &["Cur", "Max", "Limit", "Total", "LbTot", "Last"],
    ),
    ("Bytes", &["In", "Out"]),
    ("Denied", &["Req", "Resp"]),
    ("Errors", &["Req", "Conn", "Resp"]),
    ("Warnings", &["Retr", "Redis"]),
    (
        "Server",
        &[
            "Status", "LastChk", "Wght", "Act", "Bck", "Chk", "Dwn", "Dwntme", "Thrtle",
        ],
    ),
];

/// What the form can do to servers.
const DEEDS: &[(&str, &str)] = &[
    ("ready", "Set state to READY"),
    ("drain", "Set state to DRAIN"),
    ("maint", "Set state to MAINT"),
    ("dhlth", "Health: disable checks"),
    ("ehlth", "Health: enable checks"),
    ("hrunn", "Health: force UP"),
    ("hnolb", "Health: force NOLB"),
    ("hdown", "Health: force DOWN"),
    ("dagent", "Agent: disable checks"),
    ("eagent", "Agent: enable checks"),
    ("arunn", "Agent: force UP"),
    ("adown", "Agent: force DOWN"),
    ("shutdown", "Kill Sessions"),
];

/// Whether the table is part of a form.
fn has_form(page: &Page, proxy: &Both<'_>) -> bool {
    page.admin && proxy.back.is_some_and(|b| b.has_servers())
}

/// Everything above the lines. A form and a table begin that [`end`] ends.
pub fn begin(page: &Page, proxy: &Both<'_>) -> Markup {
    let name = proxy.name();
    let back = proxy.back.and_then(|b| b.description.as_ref());
    let described = proxy.front.and_then(|f| f.description.as_ref()).or(back);
    let form = has_form(page, proxy);
    let heading = html! { a href={ "#" (name) } { (name) } };
    let mut about = String::new();
    if page.plan.legends {
        about = capabilities(proxy);
    }
    html! {
        @if form { (PreEscaped("<form method=\"post\">")) }
        div.head {
            h3 id=(name) {
                @if about.is_empty() { (heading) } @else {
                    span.tip tabindex="0" { (heading) span.tips { (about) } }
                }
            }
            // whoever writes the configuration may use HTML there
            @if let Some(text) = described { span { (PreEscaped(text)) } }
        }
        (PreEscaped("<div class=\"wide\"><table class=\"tbl\">"))
        thead {
            tr.titre {
                @if form {
                    th rowspan="2" {
                        input type="checkbox" aria-label="all servers" onclick="tick(this)";
                    }
                }
                th rowspan="2" {}
                @for (group, columns) in GROUPS {
                    th colspan=(columns.len()) { (group) }
                }
                @if page.plan.modules { th colspan=(MODULES.len()) { "Extra modules" } }
            }
            tr.titre {
                @for (_, columns) in GROUPS { @for column in *columns { th { (column) } } }
                @if page.plan.modules { @for module in MODULES { th { (module) } } }
            }
        }
        (PreEscaped("<tbody>"))
    }
}

/// Everything below the lines.
pub fn end(page: &Page, proxy: &Both<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"</tbody></table></div>\n");
    if has_form(page, proxy) {
        let form = html! {
            p {
                label {
                    "Choose the action to perform on the checked servers : "
                    select name="action" {
                        option value="" {}
                        @for (word, text) in DEEDS { option value=(word) { (text) } }
                    }
                }
                input type="hidden" name="b" value={ "#" (proxy.uuid()) };
                " " input type="submit" value="Apply";
            }
        };
        out.extend_from_slice(form.into_string().as_bytes());
        out.extend_from_slice(b"</form>\n");
    }
}

fn capabilities(proxy: &Both<'_>) -> String {
    let side = match (proxy.front.is_some(), proxy.back.is_some()) {
        (true, true) => "proxy",
        (true, false) => "frontend",
        _ => "backend",
    };
    let mode = match proxy.mode() {
        Mode::Http => "http",
        _ => "tcp",
    };
    format!("cap: {side}, mode: {mode}, id: {}", proxy.uuid())
}

/// A line.
pub fn line(page: &Page, proxy: &Both<'_>, row: &Row, out: &mut Vec<u8>) {
    line::line(page, proxy.name(), has_form(page, proxy), row, out);
}
