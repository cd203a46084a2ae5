//! Lines of a `peers` section (configuration manual 3.5).

use super::{declare, own_name};
use crate::base::diag::{Diagnostic, Form};
use crate::config::address::{self, Kind};
use crate::config::args::Args;
use crate::lower::proxy::stick_table;
use crate::lower::{Context, KeywordHandler, Sections};
use crate::table::{Spec, Table};

const HERE: Sections = Sections::PEERS;

/// `peer NAME ADDRESS:PORT [options]`, `server NAME [ADDRESS:PORT] [options]`
pub const PEER: KeywordHandler = KeywordHandler::checked(&["peer", "server"], HERE, peer);
/// `bind ADDRESS [options]`
pub const BIND: KeywordHandler = KeywordHandler::checked(&["bind"], HERE, bind);
/// `table NAME type ... size ...`
pub const TABLE: KeywordHandler = KeywordHandler::new(&["table"], HERE, table);
/// `shards N`
pub const SHARDS: KeywordHandler = KeywordHandler::checked(&["shards"], HERE, shards);

fn peer(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let keyword = args.name(1);
    let name = args.next_word();
    let name = name.map_or_else(String::new, |w| w.display().to_string());
    declare(cx, "peer", &name, args.line().span);
    let Some(word) = args.next_word() else {
        if keyword == "peer" {
            let message =
                format!("'peer {name}' : ignoring invalid peer definition (missing address:port)");
            args.warning("HX0160", args.line().span, message);
        }
        return;
    };
    if let Err(mut finding) = address::parse(word, Kind::PEER) {
        let prefix = format!("'server (null)/{name}' : ");
        finding.message.insert_str(0, &prefix);
        args.report(finding.form(Form::Bracket));
    }
}

fn bind(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if !args.is_empty() {
        args.addresses(Kind::BIND, "'bind' : ", "");
    }
}

fn table(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let section = own_name(cx);
    let Some(name) = args.peek() else {
        args.alert("HX0160", args.missing_at(), "table: missing size.");
        return;
    };
    let name = name.display().to_string();
    args.next_word();
    let span = args.line().span;
    let full = format!("{section}/{name}");
    if let Some(first) = cx.table(&full).map(|(first, _)| *first) {
        let message = format!(
            "stick-table name '{name}' conflicts with table declared in peers '{section}' at {}.",
            cx.place(first)
        );
        let finding = Diagnostic::alert("HX0213", span, message);
        args.report(finding.related(first, "first declared here"));
        return;
    }
    let spec = Spec {
        wire_name: format!("/{name}"),
        peers: Some(section),
        ..Spec::new(&full)
    };
    if let Some(spec) = stick_table::arguments(cx, args, "table", spec) {
        cx.tables.push((span, Table::new(spec)));
    }
}

fn shards(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(word) = args.word("'shards' : missing value") else {
        return;
    };
    let number = word.as_str().and_then(|t| t.parse::<i64>().ok());
    if number == Some(0) {
        let message = "'shards' : expects a strictly positive integer argument";
        args.alert("HX0164", word.span, message);
    } else if number.is_none() {
        let message = format!(
            "'shards' : expects an integer argument, found '{}'",
            word.display()
        );
        args.alert("HX0165", word.span, message);
    }
}
