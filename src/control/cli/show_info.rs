//! `show info`: what the process says about itself, in HAProxy 3.4's fields and order.

use super::{Call, Command, Flow};
use crate::base::version;
use crate::control::world::Numbers;
use crate::ir::bind::CliLevel;
use std::fmt::Write;

/// `show info [desc|json|typed|float]*`
pub const COMMAND: Command = Command {
    words: &["show", "info"],
    usage: "show info [desc|json|typed|float]*",
    meaning: "shows the numbers of this process",
    level: CliLevel::User,
    run,
};

/// A field's value.
enum Value {
    U32(u32),
    U64(u64),
    Text(String),
    /// Whole, and what `float` shows
    Seconds(u32, f64),
}

use Value::{Seconds, Text, U32, U64};

/// One field: number, name, kind (origin, nature, scope), description, value.
struct Field {
    number: u32,
    name: &'static str,
    kind: &'static str,
    meaning: &'static str,
    value: fn(&Numbers) -> Option<Value>,
}

const fn field(
    number: u32,
    name: &'static str,
    kind: &'static str,
    meaning: &'static str,
    value: fn(&Numbers) -> Option<Value>,
) -> Field {
    Field {
        number,
        name,
        kind,
        meaning,
        value,
    }
}

/// A field of a part that hapax does not have yet, or has no use for: always 0.
const fn zero(number: u32, name: &'static str, kind: &'static str, meaning: &'static str) -> Field {
    field(number, name, kind, meaning, |_| Some(U32(0)))
}

fn small(n: u64) -> Option<Value> {
    Some(U32(u32::try_from(n).unwrap_or(u32::MAX)))
}

#[rustfmt::skip]
const FIELDS: &[Field] = &[
    field(0, "Name", "PO S", "the product that this is compatible with", |_| Some(Text("HAProxy".into()))),
    field(1, "Version", "PO S", "its version, and hapax's", |_| Some(Text(version::FULL.into()))),
    field(2, "Release_date", "PO S", "release date of that version", |_| Some(Text(version::DATE.into()))),
    field(3, "Nbthread", "CG S", "threads", |n| Some(U32(n.threads))),
    field(4, "Nbproc", "CG S", "processes, always 1", |_| Some(U32(1))),
    field(5, "Process_num", "KG P", "number of the process among them, always 1", |_| Some(U32(1))),
    field(6, "Pid", "SG P", "process id", |n| Some(U32(n.pid))),
    field(7, "Uptime", "MD P", "time since the start", |n| Some(Text(days(n.uptime_ms / 1000)))),
    field(8, "Uptime_sec", "MD P", "seconds since the start", |n| Some(Seconds((n.uptime_ms / 1000) as u32, n.uptime_ms as f64 / 1000.0))),
    zero(9, "Memmax_MB", "CL P", "limit of memory (-m), MiB"),
    zero(10, "PoolAlloc_MB", "MG P", "memory in pools, MiB"),
    zero(11, "PoolUsed_MB", "MG P", "memory of pools in use, MiB"),
    zero(12, "PoolFailed", "MC P", "failed allocations of pools"),
    field(13, "Ulimit-n", "CL P", "limit of open descriptors", |n| Some(U32(n.ulimit_n))),
    field(14, "Maxsock", "CL P", "descriptors that maxconn may take", |n| Some(U32(n.maxsock))),
    field(15, "Maxconn", "CL P", "limit of connections", |n| Some(U32(n.maxconn))),
    field(16, "Hard_maxconn", "CL P", "limit of connections that fits the descriptors", |n| Some(U32(n.hard_maxconn))),
    field(17, "CurrConns", "MG P", "connections", |n| Some(U32(n.connections))),
    field(18, "CumConns", "MC P", "connections since the start", |n| small(n.total_connections)),
    field(19, "CumReq", "MC P", "requests since the start", |n| small(n.total_requests)),
    zero(20, "MaxSslConns", "MM P", "limit of TLS connections, 0: none"),
    field(21, "CurrSslConns", "MG P", "TLS connections", |n| Some(U32(n.tls.open))),
    field(22, "CumSslConns", "MC P", "TLS connections since the start", |n| small(n.tls.total)),
    zero(23, "Maxpipes", "CL P", "limit of pipes, 0: none"),
    zero(24, "PipesUsed", "MG P", "pipes in use"),
    zero(25, "PipesFree", "MG P", "pipes kept"),
    field(26, "ConnRate", "MR P", "connections in the last second", |n| Some(U32(n.connection_rate))),
    field(27, "ConnRateLimit", "CL P", "limit of ConnRate", |n| Some(U32(n.limits[0]))),
    field(28, "MaxConnRate", "MM P", "highest ConnRate", |n| Some(U32(n.connection_rate_max))),
    field(29, "SessRate", "MR P", "sessions in the last second", |n| Some(U32(n.connection_rate))),
    field(30, "SessRateLimit", "CL P", "limit of SessRate", |n| Some(U32(n.limits[1]))),
    field(31, "MaxSessRate", "MR P", "highest SessRate", |n| Some(U32(n.connection_rate_max))),
    field(32, "SslRate", "MR P", "TLS connections in the last second", |n| Some(U32(n.tls.rate[0]))),
    field(33, "SslRateLimit", "CL P", "limit of SslRate", |n| Some(U32(n.limits[2]))),
    field(34, "MaxSslRate", "MM P", "highest SslRate", |n| Some(U32(n.tls.rate[1]))),
    field(35, "SslFrontendKeyRate", "MG P", "TLS keys made for clients in the last second", |n| Some(U32(n.tls.client_keys[0]))),
    field(36, "SslFrontendMaxKeyRate", "MM P", "highest SslFrontendKeyRate", |n| Some(U32(n.tls.client_keys[1]))),
    field(37, "SslFrontendSessionReuse_pct", "MG P", "clients' TLS connections without a new key, percent", |n| Some(U32(n.tls.reuse_percent()))),
    field(38, "SslBackendKeyRate", "MR P", "TLS keys made for servers in the last second", |n| Some(U32(n.tls.server_keys[0]))),
    field(39, "SslBackendMaxKeyRate", "MM P", "highest SslBackendKeyRate", |n| Some(U32(n.tls.server_keys[1]))),
    zero(40, "SslCacheLookups", "MC P", "TLS sessions looked up"),
    zero(41, "SslCacheMisses", "MC P", "TLS sessions not found"),
    field(42, "CompressBpsIn", "MR P", "bytes into compression in the last second", |n| Some(U32(n.compressed[0]))),
    field(43, "CompressBpsOut", "MR P", "bytes out of compression in the last second", |n| Some(U32(n.compressed[1]))),
    field(44, "CompressBpsRateLim", "CL P", "limit of CompressBpsOut", |n| Some(U32(n.limits[3].saturating_mul(1024)))),
    field(47, "Tasks", "MG P", "tasks", |n| Some(U32(n.tasks))),
    zero(48, "Run_queue", "MG P", "tasks that could run"),
    field(49, "Idle_pct", "Ma P", "time that the threads waited, percent", |n| Some(U32(n.idle_percent))),
    field(50, "node", "CO S", "name of the node", |n| Some(Text(n.node.clone()))),
    field(51, "description", "CO S", "description of the node", |n| n.description.clone().map(Text)),
    field(52, "Stopping", "MG P", "1 while the process is stopping", |n| Some(U32(u32::from(n.stopping)))),
    field(53, "Jobs", "MG P", "connections and listeners", |n| Some(U32(n.connections.saturating_add(n.listeners)))),
    zero(54, "Unstoppable Jobs", "MG P", "connections of a master"),
    field(55, "Listeners", "MG P", "listeners", |n| Some(U32(n.listeners))),
    zero(56, "ActivePeers", "MG P", "peers in use"),
    zero(57, "ConnectedPeers", "MG P", "peers connected"),
    field(58, "DroppedLogs", "MG P", "log lines that could not be sent", |n| small(n.dropped_logs)),
    zero(59, "BusyPolling", "MG P", "1 when the threads never wait"),
    zero(60, "FailedResolutions", "MG P", "names that did not resolve"),
    field(61, "TotalBytesOut", "MG P", "bytes sent", |n| Some(U64(n.bytes_out))),
    field(62, "TotalSplicedBytesOut", "MG P", "bytes sent through pipes", |_| Some(U64(0))),
    field(63, "BytesOutRate", "MR P", "bytes sent in the last second", |n| Some(U64(n.bytes_out_rate))),
    zero(64, "DebugCommandsIssued", "MG P", "debug commands"),
    zero(65, "CumRecvLogs", "MC P", "log lines received"),
    field(66, "Build info", "PO S", "version", |_| Some(Text(version::FULL.into()))),
    zero(67, "Memmax_bytes", "CL P", "limit of memory (-m), bytes"),
    field(68, "PoolAlloc_bytes", "MG P", "memory in pools, bytes", |_| Some(U64(0))),
    field(69, "PoolUsed_bytes", "MG P", "memory of pools in use, bytes", |_| Some(U64(0))),
    field(70, "Start_time_sec", "MD P", "when the process started, Unix time", |n| Some(Seconds((n.started_unix_us / 1_000_000) as u32, n.started_unix_us as f64 / 1e6))),
    field(71, "Tainted", "SG P", "what makes its behaviour doubtful", |_| Some(Text("0".into()))),
    field(72, "TotalWarnings", "MC P", "warnings at start", |n| Some(U32(n.warnings))),
    field(73, "MaxconnReached", "MC P", "connections that had to wait for the limit", |n| small(n.maxconn_reached)),
    field(74, "BootTime_ms", "MD P", "how long the start took, milliseconds", |n| Some(U32(n.boot_ms))),
    zero(75, "Niced_tasks", "MG P", "tasks with a priority"),
    field(76, "CurrStreams", "MG P", "streams", |n| Some(U64(u64::from(n.streams)))),
    field(77, "CumStreams", "MG P", "streams since the start", |n| Some(U64(u64::from(n.total_streams)))),
    zero(78, "BlockedTrafficWarnings", "MG P", "warnings about tasks that took too long"),
    field(79, "PatternsAdded", "MG P", "patterns added", |_| Some(U64(0))),
    field(80, "PatternsFreed", "MG P", "patterns removed", |_| Some(U64(0))),
    field(81, "NbThreadGroups", "CG S", "groups of threads", |n| Some(U32(n.thread_groups))),
];

/// A field with its value as text.
pub struct InfoField {
    /// Its name.
    pub name: &'static str,
    /// What it tells.
    pub meaning: &'static str,
    /// Its value, whole numbers only.
    pub value: String,
}

/// All fields that have a value.
pub fn info_fields(numbers: &Numbers) -> Vec<InfoField> {
    let of = |f: &Field| {
        Some(InfoField {
            name: f.name,
            meaning: f.meaning,
            value: parts(&(f.value)(numbers)?, false).1,
        })
    };
    FIELDS.iter().filter_map(of).collect()
}

fn run(call: &mut Call<'_>) -> Flow {
    let has = |word: &[u8]| call.args.contains(&word);
    let (described, json) = (has(b"desc"), has(b"json"));
    let (typed, float) = (has(b"typed"), has(b"float"));
    let mut numbers = call.world.numbers();
    if let Some(shared) = call.world.shared() {
        let threads = shared.threads();
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        numbers.tasks = small(threads.iter().map(|t| t.tasks).sum());
        // the connection that asks is one, too
        numbers.streams = small(threads.iter().map(|t| t.streams).sum::<usize>() + 1);
        numbers.dropped_logs = threads.iter().map(|t| t.dropped_logs).sum();
    }
    let fields = FIELDS
        .iter()
        .filter_map(|f| Some((f, (f.value)(&numbers)?)));
    let mut out = String::new();
    if json {
        out.push('[');
        for (index, (field, value)) in fields.enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let [origin, nature, scope] = in_words(field.kind);
            let (kind, text) = parts(&value, float);
            let text = match kind {
                "str" => quoted(&text),
                _ => text,
            };
            let _ = write!(
                out,
                "{comma}{{\"field\":{{\"pos\":{},\"name\":\"{}\"}},\"processNum\":1,\"tags\":{{\
                 \"origin\":\"{origin}\",\"nature\":\"{nature}\",\"scope\":\"{scope}\"}},\
                 \"value\":{{\"type\":\"{kind}\",\"value\":{text}}}}}",
                field.number, field.name
            );
        }
        out.push_str("]\n");
    } else {
        for (field, value) in fields {
            let (kind, text) = parts(&value, float);
            if typed {
                let tags: String = field.kind.chars().filter(|c| *c != ' ').collect();
                let _ = write!(
                    out,
                    "{}.{}.1:{tags}V:{kind}:{text}",
                    field.number, field.name
                );
            } else {
                let _ = write!(out, "{}: {text}", field.name);
            }
            if described {
                let _ = write!(out, ":\"{}\"", field.meaning);
            }
            out.push('\n');
        }
    }
    call.out.extend_from_slice(out.as_bytes());
    Flow::More
}

/// A value's type and text.
fn parts(value: &Value, float: bool) -> (&'static str, String) {
    match value {
        U32(n) => ("u32", n.to_string()),
        U64(n) => ("u64", n.to_string()),
        Text(text) => ("str", text.clone()),
        Seconds(_, exact) if float => ("flt", format!("{exact:.6}")),
        Seconds(whole, _) => ("u32", whole.to_string()),
    }
}

/// A kind's letters as `json` spells them.
fn in_words(kind: &str) -> [&'static str; 3] {
    let mut letters = kind.chars();
    let origin = match letters.next() {
        Some('P') => "Product",
        Some('C') => "Config",
        Some('K') => "Key",
        Some('S') => "Status",
        _ => "Metric",
    };
    let nature = match letters.next() {
        Some('O') => "Output",
        Some('D') => "Duration",
        Some('L') => "Limit",
        Some('C') => "Counter",
        Some('M') => "Max",
        Some('R') => "Rate",
        Some('a') => "Avg",
        _ => "Gauge",
    };
    let scope = match letters.last() {
        Some('S') => "Service",
        _ => "Process",
    };
    [origin, nature, scope]
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `1d 2h03m04s`
fn days(seconds: u64) -> String {
    format!(
        "{}d {}h{:02}m{:02}s",
        seconds / 86_400,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::{FIELDS, Value};
    use crate::control::world::Numbers;

    #[test]
    fn the_fields_are_those_of_haproxy() {
        let numbers = Numbers {
            description: Some(String::new()),
            ..Numbers::default()
        };
        let own: Vec<_> = FIELDS
            .iter()
            .map(|f| {
                let kind: String = f.kind.chars().filter(|c| *c != ' ').collect();
                let value = match (f.value)(&numbers) {
                    Some(Value::U64(_)) => "u64",
                    Some(Value::Text(_)) => "str",
                    _ => "u32",
                };
                (u32::from(f.number as u16), f.name, kind + "V", value)
            })
            .filter(|f| f.1 != "description")
            .collect();
        let known: Vec<_> = crate::grammar::info_fields()
            .iter()
            .map(|f| (u32::from(f.position), f.name, f.kind.to_string(), f.value))
            .collect();
        assert_eq!(own, known);
    }
}
