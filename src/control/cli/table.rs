//! Stick tables, seen and edited while running (management guide 9.3, `show table`, `set table`,
//! `clear table`).

use super::{Call, Command, Flow};
use crate::base::clock;
use crate::ir::bind::CliLevel;
use crate::sample::value::{parse_int, v6_to_v4, whole_int};
use crate::table::{Data, Entry, Form, KeyType, Layout, Row, Table};
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

/// `show table`
pub const SHOW: Command = Command::new(
    &["show", "table"],
    "show table [<table> [<filter>]*]",
    "lists the stick tables, or what is in one",
    CliLevel::User,
    |call| run(call, Action::Show),
);
/// `clear table`
pub const CLEAR: Command = Command::new(
    &["clear", "table"],
    "clear table <table> [<filter>]*",
    "removes entries of a stick table",
    CliLevel::User,
    |call| run(call, Action::Clear),
);
/// `set table`
pub const SET: Command = Command::new(
    &["set", "table"],
    "set table <table> key <k> [data.* <v>]*",
    "changes an entry of a stick table",
    CliLevel::User,
    |call| run(call, Action::Set),
);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Show,
    Clear,
    Set,
}

impl Action {
    /// What is said about arguments that mean nothing.
    fn usage(self) -> &'static str {
        match self {
            Action::Show => {
                "Optional argument only supports \"data.<store_data_type>\" <operator> <value> or \
                 key <key> or ptr <ptr>"
            }
            Action::Clear => {
                "Required arguments: <table> \"data.<store_data_type>\" <operator> <value> or \
                 <table> key <key> or <table> ptr <ptr>"
            }
            Action::Set => {
                "Required arguments: <table> key <key> [data.<store_data_type> <value>]* or \
                 <table> ptr <ptr> [data.<store_data_type> <value>]*"
            }
        }
    }
}

fn run(call: &mut Call<'_>, action: Action) -> Flow {
    let tables = &call.world.plan().tables;
    let now = clock::now_ms();
    if call.arg(0).is_empty() {
        if action != Action::Show {
            return call.error(action.usage());
        }
        // the one declared last comes first
        let heads: Vec<String> = tables.iter().rev().map(|t| head(t, now)).collect();
        for head in heads {
            call.line(&head);
        }
        return Flow::More;
    }
    let name = call.arg(0);
    let Some(table) = tables.iter().find(|t| t.spec().name.as_bytes() == name) else {
        return call.error("No such table");
    };
    let table = table.clone();
    let answer = match call.arg(1) {
        b"" => whole(call, &table, action, now),
        b"key" | b"ptr" => one(call, &table, action, now),
        word if word.starts_with(b"data.") => match action {
            Action::Set => Err(
                "content-based lookup is only supported with the \"show\" and \"clear\" actions"
                    .to_owned(),
            ),
            _ => filtered(call, &table, action, now),
        },
        _ => Err(action.usage().to_owned()),
    };
    match answer {
        Ok(()) => Flow::More,
        Err(text) => call.error(&text),
    }
}

fn head(table: &Table, now: u64) -> String {
    table.expire(now);
    format!(
        "# table: {}, type: {}, size:{}, used:{}",
        table.spec().name,
        table.key_type().name(),
        table.spec().size,
        table.used()
    )
}

/// All entries.
fn whole(call: &mut Call<'_>, table: &Table, action: Action, now: u64) -> Result<(), String> {
    match action {
        Action::Show => list(call, table, &[], now),
        // `set table` without more does this, too (observed)
        _ => table.clear(now, |_| true),
    }
    Ok(())
}

fn list(call: &mut Call<'_>, table: &Table, filters: &[Filter], now: u64) {
    call.line(&head(table, now));
    let mut line = String::new();
    let mut shard = 0;
    while let Some(rows) = table.rows_of(shard, now) {
        for row in rows {
            let value = |data, index| row.get(data, index, now as u32);
            if filters.iter().all(|f| f.holds(value)) {
                show(table, &row, now, &mut line);
                call.line(&line);
            }
        }
        shard += 1;
    }
}

/// One entry as a line.
fn show(table: &Table, row: &Row<'_>, now: u64, line: &mut String) {
    line.clear();
    // writing into a string cannot fail
    let _ = write!(line, "{:#x}: key=", row.pointer);
    table.key_type().show(row.key(), line);
    let _ = write!(line, " use={} exp={} shard=0", row.users(), row.left);
    for (data, count, period) in table.layout().stored() {
        for index in 0..count {
            let value = row.get(data, index, now as u32).unwrap_or(0);
            let _ = match (data, data.form()) {
                (Data::GpcRate, _) => write!(line, " gpc{index}_rate({period})={value}"),
                (data, _) if data.is_array() => write!(line, " {}{index}={value}", data.name()),
                (data, Form::Rate) => write!(line, " {}({period})={value}", data.name()),
                (data, Form::Name) => {
                    let name = table.name_of(value);
                    let name = name.as_deref().unwrap_or(b"-");
                    write!(line, " {}={}", data.name(), bstr::BStr::new(name))
                }
                (data, _) => write!(line, " {}={value}", data.name()),
            };
        }
    }
}

/// A key as a table has it, out of a word.
fn key_of(kind: KeyType, word: &[u8]) -> Option<Vec<u8>> {
    let ip = || std::str::from_utf8(word).ok()?.parse::<IpAddr>().ok();
    Some(match kind {
        KeyType::Ip => match ip()? {
            IpAddr::V4(a) => a.octets().to_vec(),
            IpAddr::V6(a) => v6_to_v4(a)?.octets().to_vec(),
        },
        KeyType::Ipv6 => match ip()? {
            IpAddr::V4(a) => a.to_ipv6_mapped().octets().to_vec(),
            IpAddr::V6(a) => a.octets().to_vec(),
        },
        KeyType::Integer => (parse_int(word)? as u32).to_le_bytes().to_vec(),
        KeyType::Str(_) | KeyType::Bin(_) => word.to_vec(),
    })
}

/// `key <key>`, `ptr <ptr>`
fn one(call: &mut Call<'_>, table: &Arc<Table>, action: Action, now: u64) -> Result<(), String> {
    let by_key = call.arg(1) == b"key";
    let word = call.arg(2);
    let key = match by_key {
        true if word.is_empty() => return Err("Key value expected".into()),
        true => key_of(table.key_type(), word).ok_or("Invalid key")?,
        false => {
            let text = std::str::from_utf8(word).unwrap_or_default();
            let digits = text.strip_prefix("0x");
            let place = digits.and_then(|d| u64::from_str_radix(d, 16).ok());
            let place = place.ok_or("Pointer expected (0xffff notation)")?;
            let found = table.key_at(place);
            found.ok_or("No entry can be found matching ptr.")?
        }
    };
    let entry = table.key(&key);
    match action {
        Action::Show => {
            if let Some(row) = table.row(&entry, now) {
                let mut line = String::new();
                call.line(&head(table, now));
                show(table, &row, now, &mut line);
                call.line(&line);
            }
            Ok(())
        }
        Action::Clear => match table.remove(&entry) {
            true => Ok(()),
            false => Err("Entry currently in use, cannot remove".into()),
        },
        Action::Set => {
            if matches!(table.key_type(), KeyType::Bin(_)) && by_key {
                return Err(
                    "Inserting keys into tables of type other than ip, ipv6, string and \
                            integer is not supported"
                        .into(),
                );
            }
            let set = table.upsert(&entry, now, |e| change(call, e));
            set.unwrap_or_else(|| Err("Unable to allocate a new entry".into()))
        }
    }
}

/// `data.<type> <value> ...`: what stands in front of a fault is done.
fn change(call: &Call<'_>, entry: &mut Entry<'_>) -> Result<(), String> {
    let mut at = 3;
    while !call.arg(at).is_empty() {
        let Some(name) = call.arg(at).strip_prefix(b"data.") else {
            return Err("\"data.<type>\" followed by a value expected".into());
        };
        let (data, index) = element(name).ok_or("Unknown data type")?;
        if entry.layout().elements(data) == 0 {
            return Err("Data type not stored in this table".into());
        }
        if !entry.layout().has(data, index) {
            return Err("index out of range in this data array".into());
        }
        let value = whole_int(call.arg(at + 1)).filter(|_| data.form() != Form::Name);
        entry.set(
            data,
            index,
            value.ok_or("Require a valid integer value to store")?,
        );
        at += 2;
    }
    Ok(())
}

/// `gpc0`, `gpt[1]`
fn element(word: &[u8]) -> Option<(Data, u32)> {
    let Some(word) = word.strip_suffix(b"]") else {
        return Some((Data::named(word)?, 0));
    };
    let at = word.iter().position(|b| *b == b'[')?;
    let (name, index) = word.split_at(at);
    let index = std::str::from_utf8(index.get(1..)?).ok()?.parse().ok()?;
    let data = Data::named(name).filter(|d| d.is_array())?;
    Some((data, index))
}

/// How a value compares.
#[derive(Clone, Copy)]
enum Operator {
    Eq,
    Ne,
    Le,
    Ge,
    Lt,
    Gt,
}

/// `data.gpc0 gt 5`
struct Filter {
    data: Data,
    index: u32,
    operator: Operator,
    value: i64,
}

/// Most conditions of one command.
const MOST_FILTERS: usize = 4;

impl Filter {
    fn parse(words: [&[u8]; 3], layout: &Layout) -> Result<Filter, &'static str> {
        let [name, operator, value] = words;
        let name = name.strip_prefix(b"data.").unwrap_or_default();
        let (data, index) = element(name).ok_or("Unknown data type")?;
        if layout.elements(data) == 0 {
            return Err("Data type not stored in this table");
        }
        let operator = match operator {
            b"eq" => Operator::Eq,
            b"ne" => Operator::Ne,
            b"le" => Operator::Le,
            b"ge" => Operator::Ge,
            b"lt" => Operator::Lt,
            b"gt" => Operator::Gt,
            _ => {
                return Err(
                    "Require and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", \"gt\"",
                );
            }
        };
        let value = Some(value).filter(|v| !v.is_empty()).and_then(whole_int);
        Ok(Filter {
            data,
            index,
            operator,
            value: value.ok_or("Require a valid integer value to compare against")?,
        })
    }

    fn holds(&self, value: impl Fn(Data, u32) -> Option<i64>) -> bool {
        let Some(found) = value(self.data, self.index) else {
            return false;
        };
        match self.operator {
            Operator::Eq => found == self.value,
            Operator::Ne => found != self.value,
            Operator::Le => found <= self.value,
            Operator::Ge => found >= self.value,
            Operator::Lt => found < self.value,
            Operator::Gt => found > self.value,
        }
    }
}

/// `data.<type> <operator> <value> ...`
fn filtered(call: &mut Call<'_>, table: &Table, action: Action, now: u64) -> Result<(), String> {
    let mut filters = Vec::new();
    let mut at = 1;
    while !call.arg(at).is_empty() {
        if filters.len() == MOST_FILTERS {
            let last = String::from_utf8_lossy(call.arg(at - 1)).into_owned();
            // the command's own words count
            return Err(format!(
                "Detected extra data in filter, {}th word of input, after '{last}'",
                at + 3
            ));
        }
        let words = [call.arg(at), call.arg(at + 1), call.arg(at + 2)];
        let filter = Filter::parse(words, table.layout())
            .map_err(|text| format!("Filter entry #{}: {text}", filters.len() + 1))?;
        filters.push(filter);
        at += 3;
    }
    match action {
        Action::Show => list(call, table, &filters, now),
        _ => table.clear(now, |e| {
            filters
                .iter()
                .all(|f| f.holds(|data, index| e.get(data, index)))
        }),
    }
    Ok(())
}
