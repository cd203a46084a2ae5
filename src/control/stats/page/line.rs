//! A line of a proxy's table.

use super::super::column as c;
use super::super::row::{Kind, Row, Value};
use super::cells::Cells;
use super::{Page, tips};

/// Modules with columns of their own (`stats show-modules`).
pub const MODULES: &[&str] = &["ssl", "h2", "h1"];

/// Writes the line of a table of `proxy`; `form`: the table is part of a form.
pub fn line(page: &Page, proxy: &str, form: bool, row: &Row, out: &mut Vec<u8>) {
    let cells = &mut Cells::new(out);
    let shown = match row.kind {
        Kind::Frontend => "Frontend",
        Kind::Backend => "Backend",
        _ => row.text(c::SVNAME),
    };
    let server = row.kind == Kind::Server;
    let back = matches!(row.kind, Kind::Server | Kind::Backend);
    let class = class(row);
    cells.raw("<tr class=\"");
    cells.raw(class);
    cells.raw("\">");
    if form {
        cells.raw("<td>");
        if server {
            cells.raw("<input type=\"checkbox\" name=\"s\" value=\"");
            cells.text(shown);
            cells.raw("\" aria-label=\"");
            cells.text(shown);
            cells.raw("\">");
        }
        cells.raw("</td>");
    }
    let id = |cells: &mut Cells<'_>| {
        cells.text(proxy);
        cells.raw(match row.kind {
            Kind::Listener => "/+",
            _ => "/",
        });
        cells.text(shown);
    };
    cells.raw("<th scope=\"row\" id=\"");
    id(cells);
    cells.raw("\">");
    cells.tip(
        |cells| {
            cells.raw("<a href=\"#");
            id(cells);
            cells.raw("\">");
            cells.text(shown);
            cells.raw("</a>");
        },
        |cells| {
            if page.plan.legends {
                tips::legend(row, cells);
            }
        },
    );
    cells.raw("</th>");
    if back {
        cells.number(row, c::QCUR);
        cells.number(row, c::QMAX);
        match server {
            true => cells.limit(row, c::QLIMIT),
            false => cells.raw("<td></td>"),
        }
    } else {
        cells.raw("<td colspan=\"3\"></td>");
    }
    if row.kind == Kind::Listener {
        cells.raw("<td colspan=\"3\"></td>");
    } else {
        cells.told(row, c::RATE, |row, cells| {
            tips::rates(row, "Current", cells)
        });
        cells.told(row, c::RATE_MAX, |row, cells| {
            tips::rates(row, "Max", cells)
        });
        match row.kind {
            Kind::Frontend => cells.limit(row, c::RATE_LIM),
            _ => cells.raw("<td></td>"),
        }
    }
    cells.told(row, c::SCUR, tips::connections);
    cells.number(row, c::SMAX);
    match row.kind {
        Kind::Listener => cells.number(row, c::SLIM),
        _ => cells.limit(row, c::SLIM),
    }
    cells.told(row, c::STOT, tips::sessions);
    if back {
        cells.number(row, c::LBTOT);
        cells.raw("<td>");
        match row.at(c::LASTSESS) {
            Value::Number(n) => cells.duration(*n),
            _ => cells.raw("?"),
        }
        cells.raw("</td>");
    } else {
        cells.raw("<td></td><td></td>");
    }
    cells.number(row, c::BIN);
    cells.told(row, c::BOUT, tips::bytes);
    for column in [c::DREQ, c::DRESP, c::EREQ, c::ECON] {
        cells.number(row, column);
    }
    match back {
        true => cells.told(row, c::ERESP, tips::aborts),
        false => cells.raw("<td></td>"),
    }
    cells.number(row, c::WRETR);
    cells.number(row, c::WREDIS);
    match back {
        true => state(row, class, cells),
        false => {
            cells.raw("<td class=\"ac\">");
            cells.text(row.text(c::STATUS));
            cells.raw("</td><td colspan=\"8\"></td>");
        }
    }
    if page.plan.modules {
        for module in MODULES {
            modules(row, module, cells);
        }
    }
    cells.raw("</tr>\n");
}

fn modules(row: &Row, module: &str, cells: &mut Cells<'_>) {
    cells.raw("<td class=\"ac\">");
    if tips::knows(row, module) {
        cells.tip(
            |cells| cells.raw(module),
            |cells| tips::module(row, module, cells),
        );
    }
    cells.raw("</td>");
}

/// The last nine columns of a server or back end.
fn state(row: &Row, class: &str, cells: &mut Cells<'_>) {
    let status = row.text(c::STATUS);
    let server = row.kind == Kind::Server;
    cells.raw("<td class=\"ac\">");
    if status != "no check" {
        cells.duration(row.number(c::LASTCHG));
        cells.raw(" ");
    }
    cells.text(status);
    cells.raw(match class {
        "active_going_up" | "backup_going_up" => " \u{2191}",
        "active_going_down" | "backup_going_down" => " \u{2193}",
        _ => "",
    });
    cells.raw("</td><td class=\"ac\">");
    last_check(row, cells);
    cells.raw("</td><td class=\"ac\">");
    cells.digits(row.number(c::WEIGHT));
    cells.raw("/");
    cells.digits(row.number(c::UWEIGHT));
    cells.raw("</td>");
    for column in [c::ACT, c::BCK] {
        cells.raw("<td class=\"ac\">");
        match (server, row.number(column)) {
            (true, 0) => cells.raw("-"),
            (true, _) => cells.raw("Y"),
            (false, n) => cells.digits(n),
        }
        cells.raw("</td>");
    }
    if let Value::Text(tracked) = row.at(c::TRACKED) {
        cells.raw("<td class=\"ac\" colspan=\"3\">via ");
        cells.text(tracked);
        cells.raw("</td>");
    } else if server && *row.at(c::CHKFAIL) == Value::Empty {
        cells.raw("<td colspan=\"3\"></td>");
    } else {
        match row.at(c::CHKFAIL) {
            Value::Empty => cells.raw("<td></td>"),
            _ => cells.told(row, c::CHKFAIL, tips::failed_checks),
        }
        cells.number(row, c::CHKDOWN);
        cells.raw("<td>");
        if let Value::Number(n) = row.at(c::DOWNTIME) {
            cells.duration(*n);
        }
        cells.raw("</td>");
    }
    if !server {
        return cells.raw("<td></td>");
    }
    cells.raw("<td class=\"ac\">");
    match row.at(c::THROTTLE) {
        Value::Number(n) => {
            cells.digits(*n);
            cells.raw(" %");
        }
        _ => cells.raw("-"),
    }
    cells.raw("</td>");
}

fn last_check(row: &Row, cells: &mut Cells<'_>) {
    let own = [
        c::CHECK_STATUS,
        c::CHECK_CODE,
        c::CHECK_DURATION,
        c::CHECK_DESC,
        c::LAST_CHK,
    ];
    check(row, own, cells);
    if !row.text(c::AGENT_STATUS).is_empty() {
        cells.raw("<br>");
        let agent = [
            c::AGENT_STATUS,
            c::AGENT_CODE,
            c::AGENT_DURATION,
            c::AGENT_DESC,
            c::LAST_AGT,
        ];
        check(row, agent, cells);
    }
}

/// How a check ended: columns of its status, code, duration, description and finding.
fn check(row: &Row, columns: [usize; 5], cells: &mut Cells<'_>) {
    let [status, code, took, description, finding] = columns;
    let word = row.text(status);
    if word.is_empty() {
        return;
    }
    cells.tip(
        |cells| {
            cells.text(word);
            if let Value::Number(n) = row.at(code) {
                cells.raw("/");
                cells.digits(*n);
            }
            if let Value::Number(n) = row.at(took) {
                cells.raw(" in ");
                cells.digits(*n);
                cells.raw("ms");
            }
        },
        |cells| {
            cells.text(row.text(description));
            if !row.text(finding).is_empty() {
                cells.raw(": ");
                cells.text(row.text(finding));
            }
        },
    );
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::stats::wishes::Wishes;
    use crate::control::world::Numbers;
    use crate::ir::proxy::Mode;

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
        let mut out = Vec::new();
        line(&page, "p", true, &row, &mut out);
        let text = String::from_utf8_lossy(&out);
        assert!(text.contains("&lt;script&gt;") && !text.contains("<script>"));
    }
}
