//! The page for people.

use super::Wishes;
use super::collect::{Both, Filter, rows};
use super::column as c;
use super::row::{Kind, Row, Value};
use crate::base::version;
use crate::control::world::Numbers;
use crate::engine::Shared;
use crate::ir::proxy::Mode;
use crate::plan::StatsPlan;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

/// What a page is made from besides the lines.
pub struct View<'a> {
    /// What the configuration says.
    pub page: &'a StatsPlan,
    /// What the request says.
    pub wishes: &'a Wishes,
    /// The process.
    pub numbers: Numbers,
}

/// The page.
pub fn render(view: &View<'_>, shared: &Shared, all: &[&Both<'_>], filter: &Filter<'_>) -> String {
    let page = view.page;
    let node = page.node.as_ref().map(|name| match name.is_empty() {
        true => view.numbers.node.clone(),
        false => name.clone(),
    });
    let on_node = node.map_or_else(String::new, |n| format!(" on {n}"));
    let described = page.description.as_ref();
    let described = described.map_or_else(String::new, |d| format!(": {d}"));
    let refresh = page.refresh.filter(|_| !view.wishes.no_refresh);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if let Some(seconds) = refresh {
                    meta http-equiv="refresh" content=(seconds);
                }
                title { "Statistics Report for HAProxy" (on_node) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 {
                    "HAProxy"
                    @if page.version { " version " (version::FULL) ", released " (version::DATE) }
                }
                h2 { "Statistics Report for pid " (view.numbers.pid) (on_node) (described) }
                (told(view.wishes))
                div.top {
                    (process(&view.numbers))
                    (legend())
                    (links(view))
                }
                @for proxy in all {
                    (section(shared, proxy, filter))
                }
            }
        }
    }
    .into_string()
}

/// How a form that was sent before went.
fn told(wishes: &Wishes) -> Markup {
    let text = match wishes.told.as_deref() {
        Some("DENY") => "Action denied.",
        Some("DONE") => "Action processed successfully.",
        Some("NONE") => "Nothing has changed.",
        Some("ERRP") => "Action not processed: invalid parameters.",
        _ => return html! {},
    };
    html! { p.note { (text) } }
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

fn legend() -> Markup {
    html! {
        div.legend {
            span.active_up { "active UP" } span.backup_up { "backup UP" }
            span.active_going_down { "active UP, going down" }
            span.backup_going_down { "backup UP, going down" }
            span.active_going_up { "active DOWN, going up" }
            span.backup_going_up { "backup DOWN, going up" }
            span.active_down { "active or backup DOWN" }
            span.active_no_check { "not checked" }
            span.maintain { "DOWN for maintenance (MAINT)" }
            span.active_draining { "SOFT STOPPED for maintenance" }
            small { "NOLB/DRAIN = UP with load-balancing disabled." }
        }
    }
}

fn links(view: &View<'_>) -> Markup {
    let uri = String::from_utf8_lossy(&view.page.uri);
    let now = Wishes {
        told: None,
        ..view.wishes.clone()
    };
    let to = |change: &dyn Fn(&mut Wishes)| format!("{uri}{}", now.link(change));
    let quiet = view.page.refresh.is_some();
    html! {
        div {
            b { "Display option:" }
            ul {
                li {
                    form method="get" action=(uri) {
                        label { "Scope : " input name="scope" size="8" maxlength="20" value=(now.scope); }
                    }
                }
                @if now.up {
                    li { a href=(to(&|w| w.up = false)) { "Show all servers" } }
                } @else {
                    li { a href=(to(&|w| w.up = true)) { "Hide 'DOWN' servers" } }
                }
                @if quiet && now.no_refresh {
                    li { a href=(to(&|w| w.no_refresh = false)) { "Enable refresh" } }
                } @else if quiet {
                    li { a href=(to(&|w| w.no_refresh = true)) { "Disable refresh" } }
                }
                li { a href=(to(&|_| {})) { "Refresh now" } }
                li { a href=(to(&|w| (w.csv, w.no_refresh) = (true, quiet))) { "CSV export" } }
                li { a href=(to(&|w| (w.json, w.no_refresh) = (true, quiet))) { "JSON export" } }
            }
        }
    }
}

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

fn section(shared: &Shared, proxy: &Both<'_>, filter: &Filter<'_>) -> Markup {
    let name = proxy.name();
    let mut lines = Vec::new();
    rows(shared, proxy, filter, &mut |row| {
        lines.push(line(name, row, filter.legends));
    });
    if lines.is_empty() {
        return html! {};
    }
    let back = proxy.back.and_then(|b| b.description.as_ref());
    let described = proxy.front.and_then(|f| f.description.as_ref()).or(back);
    html! {
        h3 id=(name) { a href={ "#" (name) } { (name) } }
        @if let Some(text) = described { span { (text) } }
        @if filter.legends { span { (capabilities(proxy)) } }
        div.wide {
            table.tbl {
                thead {
                    tr.titre {
                        th rowspan="2" {}
                        @for (group, columns) in GROUPS {
                            th colspan=(columns.len()) { (group) }
                        }
                    }
                    tr.titre {
                        @for (_, columns) in GROUPS { @for column in *columns { th { (column) } } }
                    }
                }
                tbody { @for line in &lines { (line) } }
            }
        }
    }
}

fn capabilities(proxy: &Both<'_>) -> String {
    let side = match (proxy.front.is_some(), proxy.back.is_some()) {
        (true, true) => "proxy",
        (true, false) => "frontend",
        _ => "backend",
    };
    let mode = if proxy.mode() == Mode::Http {
        "http"
    } else {
        "tcp"
    };
    format!("cap: {side}, mode: {mode}, id: {}", proxy.uuid())
}

fn line(proxy: &str, row: &Row, legends: bool) -> Markup {
    let shown = match row.kind {
        Kind::Frontend => "Frontend",
        Kind::Backend => "Backend",
        _ => row.text(c::SVNAME),
    };
    let id = match row.kind {
        Kind::Listener => format!("{proxy}/+{shown}"),
        _ => format!("{proxy}/{shown}"),
    };
    let mut about = String::new();
    if legends {
        for (word, column) in [
            ("id", c::SID),
            ("address", c::ADDR),
            ("cookie", c::COOKIE),
            ("algo", c::ALGO),
        ] {
            match row.at(column) {
                Value::Text(text) => {
                    let _ = writeln!(about, "{word}: {text}");
                }
                Value::Number(n) => {
                    let _ = writeln!(about, "{word}: {n}");
                }
                _ => {}
            }
        }
    }
    let server = row.kind == Kind::Server;
    let back = matches!(row.kind, Kind::Server | Kind::Backend);
    html! {
        tr class=(class(row)) {
            th scope="row" id=(id) {
                (tip(html! { a href={ "#" (id) } { (shown) } }, about.trim_end()))
            }
            @if back {
                (number(row, c::QCUR)) (number(row, c::QMAX))
                @if server { (limit(row, c::QLIMIT)) } @else { td {} }
            } @else {
                td {} td {} td {}
            }
            @if row.kind == Kind::Listener {
                td {} td {} td {}
            } @else {
                td { (tip(grouped(row.number(c::RATE)), &rates(row, c::CONN_RATE, c::REQ_RATE, "Current"))) }
                td { (tip(grouped(row.number(c::RATE_MAX)), &rates(row, c::CONN_RATE_MAX, c::REQ_RATE_MAX, "Max"))) }
                @if row.kind == Kind::Frontend { (limit(row, c::RATE_LIM)) } @else { td {} }
            }
            (number(row, c::SCUR)) (number(row, c::SMAX)) (limit(row, c::SLIM))
            td { (tip(grouped(row.number(c::STOT)), &totals(row))) }
            @if back { (number(row, c::LBTOT)) td { (since(row.at(c::LASTSESS))) } } @else { td {} td {} }
            (number(row, c::BIN)) (number(row, c::BOUT))
            (number(row, c::DREQ)) (number(row, c::DRESP))
            (number(row, c::EREQ)) (number(row, c::ECON))
            @if back {
                td { (tip(grouped(row.number(c::ERESP)), &aborts(row))) }
            } @else { td {} }
            (number(row, c::WRETR)) (number(row, c::WREDIS))
            (state(row))
        }
    }
}

/// The last nine columns.
fn state(row: &Row) -> Markup {
    let status = row.text(c::STATUS);
    match row.kind {
        Kind::Frontend | Kind::Listener => html! { td.ac { (status) } td colspan="8" {} },
        Kind::Server | Kind::Backend => {
            let lasting = match status {
                "no check" => String::new(),
                _ => format!("{} ", duration(row.number(c::LASTCHG))),
            };
            let checked = *row.at(c::CHKFAIL) != Value::Empty;
            let server = row.kind == Kind::Server;
            html! {
                td.ac { (lasting) (status) }
                td.ac { (last_check(row)) }
                td.ac { (row.number(c::WEIGHT)) "/" (row.number(c::UWEIGHT)) }
                @if server {
                    td.ac { @if row.number(c::ACT) > 0 { "Y" } @else { "-" } }
                    td.ac { @if row.number(c::BCK) > 0 { "Y" } @else { "-" } }
                } @else {
                    td.ac { (row.number(c::ACT)) }
                    td.ac { (row.number(c::BCK)) }
                }
                @if checked {
                    td { (tip(grouped(row.number(c::CHKFAIL)), "Failed Health Checks")) }
                } @else { td {} }
                (number(row, c::CHKDOWN))
                td { @if let Value::Number(n) = row.at(c::DOWNTIME) { (duration(*n)) } }
                td.ac { @if server { "-" } }
            }
        }
    }
}

fn last_check(row: &Row) -> Markup {
    let word = row.text(c::CHECK_STATUS);
    if word.is_empty() {
        return html! {};
    }
    let code = match row.at(c::CHECK_CODE) {
        Value::Number(n) => format!("/{n}"),
        _ => String::new(),
    };
    let mut about = row.text(c::CHECK_DESC).to_string();
    if !row.text(c::LAST_CHK).is_empty() {
        let _ = write!(about, ": {}", row.text(c::LAST_CHK));
    }
    let text = html! { (word) (code) " in " (row.number(c::CHECK_DURATION)) "ms" };
    tip(text, &about)
}

/// The class that gives a line its colour.
fn class(row: &Row) -> &'static str {
    match row.kind {
        Kind::Frontend => return "frontend",
        Kind::Backend => return "backend",
        Kind::Listener => return "socket",
        Kind::Server => {}
    }
    let status = row.text(c::STATUS);
    let backup = row.number(c::BCK) > 0;
    let part_way = status.contains('/');
    let pair = match status.split(' ').next().unwrap_or_default() {
        "MAINT" => return "maintain",
        "no" => ["active_no_check", "backup_no_check"],
        "DRAIN" => ["active_draining", "backup_draining"],
        "NOLB" => ["active_nolb", "backup_nolb"],
        "DOWN" if part_way => ["active_going_up", "backup_going_up"],
        "DOWN" => ["active_down", "backup_down"],
        _ if part_way => ["active_going_down", "backup_going_down"],
        _ => ["active_up", "backup_up"],
    };
    pair[usize::from(backup)]
}

fn rates(row: &Row, connections: usize, requests: usize, which: &str) -> String {
    if row.kind != Kind::Frontend {
        return String::new();
    }
    let mut text = format!("{which} connection rate: {}/s", row.number(connections));
    if let Value::Number(n) = row.at(requests) {
        let _ = write!(text, "\n{which} request rate: {n}/s");
    }
    text
}

fn totals(row: &Row) -> String {
    let mut text = String::new();
    let mut add = |word: &str, column: usize| {
        if let Value::Number(n) = row.at(column) {
            let _ = writeln!(text, "{word}: {n}");
        }
    };
    add("Cum. connections", c::CONN_TOT);
    add("Cum. sessions", c::STOT);
    add("New connections", c::CONNECT);
    add("Reused connections", c::REUSE);
    add("Cum. HTTP requests", c::REQ_TOT);
    add("- HTTP 1xx responses", c::HRSP_1XX);
    add("- HTTP 2xx responses", c::HRSP_2XX);
    add("- HTTP 3xx responses", c::HRSP_3XX);
    add("- HTTP 4xx responses", c::HRSP_4XX);
    add("- HTTP 5xx responses", c::HRSP_5XX);
    add("- other responses", c::HRSP_OTHER);
    add("Intercepted requests", c::INTERCEPTED);
    if matches!(row.kind, Kind::Server | Kind::Backend) {
        text.push_str("Max / Avg over last 1024 success. conn.\n");
        for (word, max, mean) in [
            ("Queue", c::QTIME_MAX, c::QTIME),
            ("Connect", c::CTIME_MAX, c::CTIME),
            ("Responses", c::RTIME_MAX, c::RTIME),
            ("Total", c::TTIME_MAX, c::TTIME),
        ] {
            let (max, mean) = (row.number(max), row.number(mean));
            let _ = writeln!(text, "- {word} time: {max} / {mean} ms");
        }
    }
    text.trim_end().to_string()
}

fn aborts(row: &Row) -> String {
    format!(
        "Connection resets during transfers: {} client, {} server",
        row.number(c::CLI_ABRT),
        row.number(c::SRV_ABRT)
    )
}

/// A text with more behind it: shown where the pointer is, or the keyboard, or a finger.
fn tip(text: Markup, about: &str) -> Markup {
    if about.is_empty() {
        return text;
    }
    html! { span.tip tabindex="0" { (text) span.tips { (about) } } }
}

fn number(row: &Row, column: usize) -> Markup {
    match row.at(column) {
        Value::Number(n) => html! { td { (grouped(*n)) } },
        _ => html! { td {} },
    }
}

/// A limit, `-` where there is none.
fn limit(row: &Row, column: usize) -> Markup {
    match row.at(column) {
        Value::Number(n) if *n > 0 => html! { td { (grouped(*n)) } },
        _ => html! { td { "-" } },
    }
}

/// Digits in groups of three, set apart without a character between them.
fn grouped(n: u64) -> Markup {
    if n < 1000 {
        return html! { (n) };
    }
    let digits = n.to_string();
    let first = match digits.len() % 3 {
        0 => 3,
        rest => rest,
    };
    let (head, mut rest) = digits.split_at(first);
    let mut out = format!("<span class=\"k\">{head}</span>");
    while rest.len() > 3 {
        let (group, tail) = rest.split_at(3);
        let _ = write!(out, "<span class=\"k\">{group}</span>");
        rest = tail;
    }
    out.push_str(rest);
    PreEscaped(out)
}

fn since(value: &Value) -> String {
    match value {
        Value::Number(n) => duration(*n),
        _ => "?".to_string(),
    }
}

/// Seconds in the two largest units that they fill.
fn duration(seconds: u64) -> String {
    let units = [("d", 86400), ("h", 3600), ("m", 60), ("s", 1)];
    let at = units
        .iter()
        .position(|(_, size)| seconds >= *size)
        .unwrap_or(3);
    let mut out = String::new();
    let mut rest = seconds;
    for (unit, size) in units.iter().skip(at).take(2) {
        let n = rest / size;
        rest %= size;
        if n > 0 || out.is_empty() {
            let _ = write!(out, "{n}{unit}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_digits() {
        let shown: Vec<String> = [0, 59, 125, 3600, 7325, 90061].map(duration).into();
        assert_eq!(shown, ["0s", "59s", "2m5s", "1h", "2h2m", "1d1h"]);
        let plain = |n| {
            let marked = grouped(n).into_string();
            let text = marked.replace("<span class=\"k\">", "[");
            text.replace("</span>", "]")
        };
        assert_eq!(plain(999), "999");
        assert_eq!(plain(1663), "[1]663");
        assert_eq!(plain(1_073_884), "[1][073]884");
    }

    #[test]
    fn colours_follow_states() {
        let class_of = |status: &'static str, backup: u32| {
            let mut row = Row::new(Kind::Server, Mode::Http);
            row.set(c::STATUS, status);
            row.set(c::BCK, backup);
            class(&row)
        };
        assert_eq!(class_of("UP", 0), "active_up");
        assert_eq!(class_of("UP 1/3", 1), "backup_going_down");
        assert_eq!(class_of("DOWN 1/2", 0), "active_going_up");
        assert_eq!(class_of("DOWN", 1), "backup_down");
        assert_eq!(class_of("MAINT", 1), "maintain");
        assert_eq!(class_of("NOLB", 0), "active_nolb");
        assert_eq!(class_of("DRAIN", 0), "active_draining");
        assert_eq!(class_of("no check", 0), "active_no_check");
    }

    #[test]
    fn names_of_others_do_no_harm() {
        let mut row = Row::new(Kind::Server, Mode::Http);
        row.set(c::SVNAME, "<script>".to_string());
        assert!(!line("p", &row, true).into_string().contains("<script>"));
    }
}
