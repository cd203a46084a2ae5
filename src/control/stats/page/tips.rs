//! What is told where a number is pointed at.

use super::super::column as c;
use super::super::row::{Kind, Row, Value};
use super::cells::Cells;
use crate::grammar::stat_fields;

/// Lines of names and numbers.
struct Lines<'r, 'c, 'o> {
    row: &'r Row,
    cells: &'c mut Cells<'o>,
}

impl<'r, 'c, 'o> Lines<'r, 'c, 'o> {
    fn of(row: &'r Row, cells: &'c mut Cells<'o>) -> Self {
        Lines { row, cells }
    }
    /// A line for a column that holds a number.
    fn add(&mut self, word: &str, column: usize) {
        if let Value::Number(n) = self.row.at(column) {
            self.cells.raw(word);
            self.cells.raw(": ");
            self.cells.digits(*n);
            self.cells.raw("\n");
        }
    }
    /// The same, with its share of `whole`, percent.
    fn share(&mut self, word: &str, column: usize, whole: u64) {
        if let Value::Number(n) = self.row.at(column) {
            self.cells.raw(word);
            self.cells.raw(": ");
            self.cells.digits(*n);
            self.cells.raw(" (");
            self.cells.digits((100 * n).checked_div(whole).unwrap_or(0));
            self.cells.raw("%)\n");
        }
    }
    /// A line for a limit.
    fn limit(&mut self, word: &str, column: usize) {
        if self.row.number(column) > 0 {
            return self.add(word, column);
        }
        self.cells.raw(word);
        self.cells.raw(": -\n");
    }
    /// A line for a longest and a mean time.
    fn times(&mut self, word: &str, max: u64, mean: u64) {
        self.cells.raw(word);
        self.cells.raw(" time: ");
        self.cells.digits(max);
        self.cells.raw(" / ");
        self.cells.digits(mean);
        self.cells.raw(" ms\n");
    }
}

/// Whose line it is (`stats show-legends`).
pub fn legend(row: &Row, cells: &mut Cells<'_>) {
    let mut parts = Vec::new();
    let address = row.text(c::ADDR);
    match row.kind {
        Kind::Frontend => {}
        Kind::Backend => {
            parts.push(format!("balancing: {}", row.text(c::ALGO)));
        }
        _ => {
            let family = match address {
                "" | "unix" => "",
                v6 if v6.starts_with('[') => "IPv6: ",
                _ => "IPv4: ",
            };
            parts.push(format!("{family}{address}"));
            if row.kind == Kind::Listener {
                parts.push(format!("proto={}", row.text(c::PROTO)));
            }
            parts.push(format!("id: {}", row.number(c::SID)));
            if row.kind == Kind::Server {
                parts.push(format!("rid: {}", row.number(c::SRID)));
            }
        }
    }
    if let Value::Text(cookie) = row.at(c::COOKIE) {
        parts.push(format!("cookie: '{cookie}'"));
    }
    cells.text(&parts.join(", "));
}

/// Rates of a front end: `which` is "Current" or "Max".
pub fn rates(row: &Row, which: &str, cells: &mut Cells<'_>) {
    if row.kind != Kind::Frontend {
        return;
    }
    let [connections, sessions, requests] = match which {
        "Max" => [c::CONN_RATE_MAX, c::RATE_MAX, c::REQ_RATE_MAX],
        _ => [c::CONN_RATE, c::RATE, c::REQ_RATE],
    };
    for (word, column) in [
        ("connection", connections),
        ("session", sessions),
        ("request", requests),
    ] {
        if let Value::Number(n) = row.at(column) {
            for part in [which, " ", word, " rate: "] {
                cells.raw(part);
            }
            cells.digits(*n);
            cells.raw("/s\n");
        }
    }
}

/// Connections of a server.
pub fn connections(row: &Row, cells: &mut Cells<'_>) {
    if row.kind != Kind::Server {
        return;
    }
    let mut lines = Lines::of(row, cells);
    lines.add("Current active connections", c::SCUR);
    lines.add("Current used connections", c::USED_CONN_CUR);
    lines.add("Current idle connections", c::SRV_ICUR);
    lines.add("- unsafe", c::IDLE_CONN_CUR);
    lines.add("- safe", c::SAFE_CONN_CUR);
    lines.add("Estimated need of connections", c::NEED_CONN_EST);
    lines.add("Private idle connections", c::PRIV_IDLE_CUR);
    lines.limit("Active connections limit", c::SLIM);
    lines.limit("Idle connections limit", c::SRC_ILIM);
}

/// Sums of sessions, requests and responses.
pub fn sessions(row: &Row, cells: &mut Cells<'_>) {
    if row.kind == Kind::Listener {
        return;
    }
    let mut lines = Lines::of(row, cells);
    let http = *row.at(c::HRSP_2XX) != Value::Empty;
    let front = row.kind == Kind::Frontend;
    lines.add("Cum. connections", c::CONN_TOT);
    lines.add("Cum. sessions", c::STOT);
    if front {
        lines.add("- HTTP/1 sessions", c::H1SESS);
        lines.add("- HTTP/2 sessions", c::H2SESS);
        lines.add("- HTTP/3 sessions", c::H3SESS);
        lines.add("- other sessions", c::SESS_OTHER);
    } else if http {
        lines.add("New connections", c::CONNECT);
        let all = row.number(c::CONNECT) + row.number(c::REUSE);
        lines.share("Reused connections", c::REUSE, all);
    }
    if http {
        let requests = row.number(c::REQ_TOT);
        lines.add("Cum. HTTP requests", c::REQ_TOT);
        if front {
            lines.add("- HTTP/1 requests", c::H1REQ);
            lines.add("- HTTP/2 requests", c::H2REQ);
            lines.add("- HTTP/3 requests", c::H3REQ);
            lines.add("- other requests", c::REQ_OTHER);
        }
        for (word, column) in [
            ("- HTTP 1xx responses", c::HRSP_1XX),
            ("- HTTP 2xx responses", c::HRSP_2XX),
            ("- HTTP 3xx responses", c::HRSP_3XX),
            ("- HTTP 4xx responses", c::HRSP_4XX),
            ("- HTTP 5xx responses", c::HRSP_5XX),
            ("- other responses", c::HRSP_OTHER),
        ] {
            match row.kind {
                Kind::Server => lines.share(word, column, requests),
                _ => lines.add(word, column),
            }
            if column == c::HRSP_2XX && row.kind != Kind::Server {
                let answered = row.number(c::HRSP_2XX);
                lines.share("  Compressed 2xx", c::COMP_RSP, answered);
            }
        }
        lines.add("Intercepted requests", c::INTERCEPTED);
        lines.add("Cache lookups", c::CACHE_LOOKUPS);
        let lookups = row.number(c::CACHE_LOOKUPS);
        lines.share("Cache hits", c::CACHE_HITS, lookups);
        lines.add("Failed hdr rewrites", c::WREW);
        lines.add("Internal errors", c::EINT);
    }
    if !front {
        lines.cells.raw("Max / Avg over last 1024 success. conn.\n");
        for (word, max, mean) in [
            ("- Queue", c::QTIME_MAX, c::QTIME),
            ("- Connect", c::CTIME_MAX, c::CTIME),
            ("- Responses", c::RTIME_MAX, c::RTIME),
            ("- Total", c::TTIME_MAX, c::TTIME),
        ] {
            if http || word != "- Responses" {
                lines.times(word, row.number(max), row.number(mean));
            }
        }
    }
}

/// Bytes sent, and what compression made of them.
pub fn bytes(row: &Row, cells: &mut Cells<'_>) {
    if !matches!(row.kind, Kind::Frontend | Kind::Backend) {
        return;
    }
    let out = row.number(c::BOUT);
    let compressed = row.number(c::COMP_IN);
    if compressed + row.number(c::COMP_BYP) == 0 {
        return;
    }
    let mut lines = Lines::of(row, cells);
    lines.add("Response bytes in", c::BOUT);
    lines.add("Compression in", c::COMP_IN);
    lines.share("Compression out", c::COMP_OUT, compressed);
    lines.add("Compression bypass", c::COMP_BYP);
    let saved = compressed.saturating_sub(row.number(c::COMP_OUT));
    let percent = (100 * saved).checked_div(out).unwrap_or(0);
    for (word, n) in [("Total bytes saved: ", saved), (" (", percent)] {
        lines.cells.raw(word);
        lines.cells.digits(n);
    }
    lines.cells.raw("%)\n");
}

/// Transfers that broke off.
pub fn aborts(row: &Row, cells: &mut Cells<'_>) {
    cells.raw("Connection resets during transfers: ");
    cells.digits(row.number(c::CLI_ABRT));
    cells.raw(" client, ");
    cells.digits(row.number(c::SRV_ABRT));
    cells.raw(" server");
}

/// What the number of failed checks is.
pub fn failed_checks(row: &Row, cells: &mut Cells<'_>) {
    cells.raw("Failed Health Checks");
    if let Value::Number(n) = row.at(c::HANAFAIL) {
        cells.raw("/Health Analyses: ");
        cells.digits(*n);
    }
}

/// The counters of a module.
fn counters(row: &Row, module: &str) -> impl Iterator<Item = (&'static str, u64)> {
    let fields = stat_fields().iter().zip(&row.values);
    fields.filter_map(move |(field, value)| match value {
        Value::Number(n) if field.module == Some(module) => Some((field.name, *n)),
        _ => None,
    })
}

/// Whether a module counts something for this line.
pub fn knows(row: &Row, module: &str) -> bool {
    counters(row, module).next().is_some()
}

/// Counters of a module.
pub fn module(row: &Row, module: &str, cells: &mut Cells<'_>) {
    for (name, n) in counters(row, module) {
        cells.raw(name);
        cells.raw(": ");
        cells.digits(n);
        cells.raw("\n");
    }
}
