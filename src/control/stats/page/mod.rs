//! The page for people.

mod cells;
mod line;
mod table;
mod tips;

use super::row::Row;
use super::walk::Both;
use super::wishes::{Form, Wishes};
use crate::base::version;
use crate::control::world::Numbers;
use crate::plan::StatsPlan;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::sync::Arc;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What a page is made from besides the lines.
pub struct Page {
    /// What the configuration says.
    pub plan: Arc<StatsPlan>,
    /// What the request says.
    pub wishes: Wishes,
    /// The process.
    pub numbers: Numbers,
    /// Whoever asked may change servers.
    pub admin: bool,
}

impl Page {
    /// Everything above the first proxy.
    pub fn begin(&self, out: &mut Vec<u8>) {
        let plan = &self.plan;
        let node = plan.node.as_ref().map(|name| match name.is_empty() {
            true => self.numbers.node.clone(),
            false => name.clone(),
        });
        let on_node = node.map_or_else(String::new, |n| format!(" on {n}"));
        let described = plan.description.as_ref();
        let described = described.map_or_else(String::new, |d| format!(": {d}"));
        let body = html! {
            header {
                h1 {
                    "HAProxy"
                    @if plan.version { " version " (version::FULL) ", released " (version::DATE) }
                }
                h2 { "Statistics Report for pid " (self.numbers.pid) (on_node) (PreEscaped(described)) }
            }
            div.top {
                section {
                    h4 { "General process information" }
                    (process(&self.numbers))
                }
                (legend())
                (self.links())
            }
            (self.told())
        };
        let head = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { "Statistics Report for HAProxy" (on_node) }
                    link rel="icon" href="data:,";
                    style { (PreEscaped(STYLE)) }
                    @if self.admin { script { (PreEscaped(SCRIPT)) } }
                }
            }
        };
        // what follows belongs into the document: its ends are written last
        let head = head.into_string();
        out.extend_from_slice(head.strip_suffix("</html>").unwrap_or(&head).as_bytes());
        out.extend_from_slice(b"<body>");
        out.extend_from_slice(body.into_string().as_bytes());
        out.extend_from_slice(b"<main>\n");
    }

    /// What stands above the lines of a proxy.
    pub fn proxy(&self, proxy: &Both<'_>, out: &mut Vec<u8>) {
        let text = table::begin(self, proxy).into_string();
        out.extend_from_slice(text.as_bytes());
    }

    /// A line.
    pub fn line(&self, proxy: &Both<'_>, row: &Row, out: &mut Vec<u8>) {
        table::line(self, proxy, row, out);
    }

    /// What stands below the lines of a proxy.
    pub fn proxy_end(&self, proxy: &Both<'_>, out: &mut Vec<u8>) {
        table::end(self, proxy, out);
    }

    /// Everything below the last proxy.
    pub fn end(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"</main></body></html>\n");
    }

    /// The page's address with the words of this request, changed by `change`.
    fn address(&self, change: &dyn Fn(&mut Wishes)) -> String {
        let uri = String::from_utf8_lossy(&self.plan.uri);
        format!("{uri}{}", self.wishes.link(change))
    }

    /// How a form that was sent before went.
    fn told(&self) -> Markup {
        let Some(word) = self.wishes.told.as_deref() else {
            return html! {};
        };
        let (class, text, hints): (&str, &str, &[&str]) = match word {
            "DONE" => ("active_up", "Action processed successfully.", &[]),
            "NONE" => ("active_going_down", "Nothing has changed.", &[]),
            "PART" => (
                "active_going_down",
                "Action partially processed.",
                &["Some servers are not known by these names."],
            ),
            "ERRP" => (
                "active_down",
                "Action not processed because of invalid parameters.",
                &[
                    "The action may be unknown.",
                    "A field may be too long.",
                    "The backend or all the servers may be unknown by these names.",
                ],
            ),
            "EXCD" => (
                "active_down",
                "Action not processed: the form does not fit into the buffer.",
                &["Try again with fewer servers at a time."],
            ),
            "DENY" => ("active_down", "Action denied.", &[]),
            _ => ("active_no_check", "Unexpected result.", &[]),
        };
        html! {
            div.note.(class) role="status" {
                a href=(self.address(&|_| {})) title="Remove this message" { "[X]" } " " (text)
                @if !hints.is_empty() { ul { @for hint in hints { li { (hint) } } } }
            }
        }
    }

    fn links(&self) -> Markup {
        let uri = String::from_utf8_lossy(&self.plan.uri);
        let now = &self.wishes;
        let refreshes = self.plan.refresh.is_some();
        let export = |form| {
            self.address(&move |w: &mut Wishes| {
                *w = Wishes {
                    form,
                    no_refresh: refreshes,
                    scope: w.scope.clone(),
                    ..Wishes::default()
                };
            })
        };
        let branch = format!("Updates (v{})", version::BRANCH);
        html! {
            section {
                h4 { "Display option:" }
                ul {
                    li {
                        form method="get" action=(uri) {
                            label { "Scope : " input name="scope" size="8" maxlength="20" value=(now.scope); }
                        }
                    }
                    @if now.up {
                        li { a href=(self.address(&|w| w.up = false)) { "Show all servers" } }
                    } @else {
                        li { a href=(self.address(&|w| w.up = true)) { "Hide 'DOWN' servers" } }
                    }
                    @if refreshes && now.no_refresh {
                        li { a href=(self.address(&|w| w.no_refresh = false)) { "Enable refresh" } }
                    } @else if refreshes {
                        li { a href=(self.address(&|w| w.no_refresh = true)) { "Disable refresh" } }
                    }
                    li { a href=(self.address(&|_| {})) { "Refresh now" } }
                    li { a href=(export(Form::Csv)) { "CSV export" } }
                    li {
                        a href=(export(Form::Json)) { "JSON export" }
                        " (" a href={ (uri) ";json-schema" } { "schema" } ")"
                    }
                }
            }
            section {
                h4 { "External resources:" }
                ul {
                    li { a href="http://www.haproxy.org/" { "Primary site" } }
                    li { a href="http://www.haproxy.org/#down" { (branch) } }
                    li { a href="http://www.haproxy.org/#docs" { "Online manual" } }
                }
            }
        }
    }
}

fn process(n: &Numbers) -> Markup {
    let seconds = n.uptime_ms / 1000;
    let uptime = format!(
        "{}d {}h{:02}m{:02}s",
        seconds / 86400,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    );
    html! {
        p {
            b { "pid = " } (n.pid) " (process #1, nbproc = 1, nbthread = " (n.threads) ")" br;
            b { "uptime = " } (uptime) "; warnings = " (n.warnings) br;
            b { "system limits:" } " memmax = unlimited; ulimit-n = " (n.ulimit_n) br;
            b { "maxsock = " } (n.maxsock) "; " b { "maxconn = " } (n.maxconn) "; "
            b { "reached = " } (n.maxconn_reached) "; " b { "maxpipes = " } "0" br;
            "current conns = " (n.connections) "; current pipes = 0/0; conn rate = "
            (n.connection_rate) "/sec; bit rate = " (bits(n.bytes_out_rate)) br;
            "Running tasks: " (n.tasks) "; idle = " (n.idle_percent) " %"
        }
    }
}

fn bits(bytes: u64) -> String {
    let bits = bytes.saturating_mul(8);
    match bits {
        0..1000 => format!("{bits}.000 bps"),
        1000..1_000_000 => format!("{}.{:03} kbps", bits / 1000, bits % 1000),
        _ => format!("{}.{:03} Mbps", bits / 1_000_000, bits / 1000 % 1000),
    }
}

/// What the colours mean.
fn legend() -> Markup {
    let all = [
        ("active_up", "active UP"),
        ("backup_up", "backup UP"),
        ("active_going_down", "active UP, going down"),
        ("backup_going_down", "backup UP, going down"),
        ("active_going_up", "active DOWN, going up"),
        ("backup_going_up", "backup DOWN, going up"),
        ("active_down", "active or backup DOWN"),
        ("active_no_check", "not checked"),
        ("maintain", "active or backup DOWN for maintenance (MAINT)"),
        (
            "active_draining",
            "active or backup SOFT STOPPED for maintenance",
        ),
    ];
    html! {
        section {
            div.legend {
                @for (class, text) in all { span { i.(class) {} (text) } }
            }
            small { "Note: \"NOLB\"/\"DRAIN\" = UP with load-balancing disabled." }
        }
    }
}
