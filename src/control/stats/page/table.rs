//! The table of a proxy.

use super::super::column as c;
use super::super::row::{Kind, Row, Value};
use super::super::walk::Both;
use super::{Page, tips};
use crate::ir::proxy::Mode;
use maud::{Markup, PreEscaped, html};
use std::fmt::Write;

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

/// Modules with columns of their own (`stats show-modules`).
const MODULES: &[&str] = &["ssl", "h2", "h1"];

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
            h3 id=(name) { (tip(heading, &about)) }
            @if let Some(text) = described { span { (text) } }
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
    let text = markup(page, proxy.name(), has_form(page, proxy), row);
    out.extend_from_slice(text.into_string().as_bytes());
    out.push(b'\n');
}

fn markup(page: &Page, proxy: &str, form: bool, row: &Row) -> Markup {
    let shown = match row.kind {
        Kind::Frontend => "Frontend",
        Kind::Backend => "Backend",
        _ => row.text(c::SVNAME),
    };
    let id = match row.kind {
        Kind::Listener => format!("{proxy}/+{shown}"),
        _ => format!("{proxy}/{shown}"),
    };
    let about = match page.plan.legends {
        true => tips::legend(row),
        false => String::new(),
    };
    let server = row.kind == Kind::Server;
    let back = matches!(row.kind, Kind::Server | Kind::Backend);
    html! {
        tr class=(class(row)) {
            @if form {
                td {
                    @if server {
                        input type="checkbox" name="s" value=(shown) aria-label=(shown);
                    }
                }
            }
            th scope="row" id=(id) {
                (tip(html! { a href={ "#" (id) } { (shown) } }, &about))
            }
            @if back {
                (number(row, c::QCUR)) (number(row, c::QMAX))
                @if server { (limit(row, c::QLIMIT)) } @else { td {} }
            } @else {
                td colspan="3" {}
            }
            @if row.kind == Kind::Listener {
                td colspan="3" {}
            } @else {
                td { (tip(grouped(row.number(c::RATE)), &tips::rates(row, "Current"))) }
                td { (tip(grouped(row.number(c::RATE_MAX)), &tips::rates(row, "Max"))) }
                @if row.kind == Kind::Frontend { (limit(row, c::RATE_LIM)) } @else { td {} }
            }
            td { (tip(grouped(row.number(c::SCUR)), &tips::connections(row))) }
            (number(row, c::SMAX)) (limit(row, c::SLIM))
            td { (tip(grouped(row.number(c::STOT)), &tips::sessions(row))) }
            @if back { (number(row, c::LBTOT)) td { (since(row.at(c::LASTSESS))) } } @else { td {} td {} }
            (number(row, c::BIN))
            td { (tip(grouped(row.number(c::BOUT)), &tips::bytes(row))) }
            (number(row, c::DREQ)) (number(row, c::DRESP))
            (number(row, c::EREQ)) (number(row, c::ECON))
            @if back {
                td { (tip(grouped(row.number(c::ERESP)), &tips::aborts(row))) }
            } @else { td {} }
            (number(row, c::WRETR)) (number(row, c::WREDIS))
            (state(row))
            @if page.plan.modules {
                @for module in MODULES {
                    td.ac {
                        @let about = tips::module(row, module);
                        @if !about.is_empty() { (tip(html! { (module) }, &about)) }
                    }
                }
            }
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
            let arrow = match class(row) {
                "active_going_up" | "backup_going_up" => " \u{2191}",
                "active_going_down" | "backup_going_down" => " \u{2193}",
                "active_draining" | "backup_draining" => " \u{2193}",
                _ => "",
            };
            let checked = *row.at(c::CHKFAIL) != Value::Empty;
            let server = row.kind == Kind::Server;
            html! {
                td.ac { (lasting) (status) (arrow) }
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
                    td { (tip(grouped(row.number(c::CHKFAIL)), &tips::failed_checks(row))) }
                } @else { td {} }
                (number(row, c::CHKDOWN))
                td { @if let Value::Number(n) = row.at(c::DOWNTIME) { (duration(*n)) } }
                @if server {
                    td.ac { @match row.at(c::THROTTLE) {
                        Value::Number(n) => { (n) " %" }
                        _ => "-",
                    } }
                } @else { td {} }
            }
        }
    }
}

fn last_check(row: &Row) -> Markup {
    if let Value::Text(tracked) = row.at(c::TRACKED) {
        return html! { "via " (tracked) };
    }
    html! {
        (check(row, [c::CHECK_STATUS, c::CHECK_CODE, c::CHECK_DURATION, c::CHECK_DESC, c::LAST_CHK]))
        @if !row.text(c::AGENT_STATUS).is_empty() {
            br;
            (check(row, [c::AGENT_STATUS, c::AGENT_CODE, c::AGENT_DURATION, c::AGENT_DESC, c::LAST_AGT]))
        }
    }
}

/// How a check ended: columns of its status, code, duration, description and finding.
fn check(row: &Row, [status, code, took, description, finding]: [usize; 5]) -> Markup {
    let word = row.text(status);
    if word.is_empty() {
        return html! {};
    }
    let code = match row.at(code) {
        Value::Number(n) => format!("/{n}"),
        _ => String::new(),
    };
    let took = match row.at(took) {
        Value::Number(n) => format!(" in {n}ms"),
        _ => String::new(),
    };
    let mut about = row.text(description).to_string();
    if !row.text(finding).is_empty() {
        let _ = write!(about, ": {}", row.text(finding));
    }
    tip(html! { (word) (code) (took) }, &about)
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
    let part_way = status.contains('/') && !status.contains('(');
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

/// A text with more behind it: shown where the pointer is, or the keyboard, or a finger.
fn tip(text: Markup, about: &str) -> Markup {
    if about.is_empty() {
        return text;
    }
    let about = about.trim_end();
    // most of them are words and numbers of our own, which a look tells sooner than a rewrite
    let plain = !about
        .bytes()
        .any(|b| matches!(b, b'<' | b'>' | b'&' | b'"'));
    html! {
        span.tip tabindex="0" {
            (text)
            span.tips { @if plain { (PreEscaped(about)) } @else { (about) } }
        }
    }
}

fn number(row: &Row, column: usize) -> Markup {
    match row.at(column) {
        Value::Number(n) if *n < 1000 => {
            let mut cell = String::with_capacity(12);
            cell.push_str("<td>");
            cell.push_str(itoa::Buffer::new().format(*n));
            cell.push_str("</td>");
            PreEscaped(cell)
        }
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
    use crate::control::stats::wishes::Wishes;
    use crate::control::world::Numbers;

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
        assert_eq!(class_of("MAINT (via a/b)", 0), "maintain");
        assert_eq!(class_of("NOLB", 0), "active_nolb");
        assert_eq!(class_of("DRAIN", 0), "active_draining");
        assert_eq!(class_of("no check", 0), "active_no_check");
    }

    #[test]
    fn names_of_others_do_no_harm() {
        let mut row = Row::new(Kind::Server, Mode::Http);
        row.set(c::SVNAME, "<script>".to_string());
        let page = Page {
            plan: Default::default(),
            wishes: Wishes::default(),
            numbers: Numbers::default(),
            admin: true,
        };
        let text = markup(&page, "p", true, &row).into_string();
        assert!(text.contains("&lt;script&gt;") && !text.contains("<script>"));
    }
}
