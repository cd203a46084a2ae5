//! `add server`, `del server`: servers come and go while the process runs.

use super::named::{self, Named};
use super::{Call, Command, Flow, shown};
use crate::base::diag::Severity;
use crate::config::environment::Environment;
use crate::ir::bind::CliLevel;
use crate::lower::server::dynamic;
use crate::plan::RealFiles;
use bstr::ByteSlice;

/// `add server <backend>/<server> <address> [options]`
pub const ADD: Command = Command {
    words: &["add", "server"],
    usage: "add server <bk>/<srv>",
    meaning: "adds a server (with 'help': the options that it may have)",
    level: CliLevel::Admin,
    run: add,
};

/// `del server <backend>/<server>`
pub const DEL: Command = Command {
    words: &["del", "server"],
    usage: "del server <bk>/<srv>",
    meaning: "deletes a server that is in maintenance and not in use",
    level: CliLevel::Admin,
    run: del,
};

/// Back end and server of a path; both must have a name.
fn parts(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = path.iter().position(|b| *b == b'/')?;
    let (backend, server) = path.split_at_checked(slash)?;
    let server = server.get(1..)?;
    (!backend.is_empty() && !server.is_empty()).then_some((backend, server))
}

/// An address with the values of its `${NAME}`s; a variable that there is not is empty.
fn expanded(word: &[u8], environment: &Environment) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = rest.find(b"${") {
        let (before, behind) = rest.split_at(at);
        let name = behind.get(2..).unwrap_or_default();
        let Some(end) = name.find_byte(b'}') else {
            break;
        };
        out.extend_from_slice(before);
        let value = name.get(..end).and_then(|name| environment.get(name));
        out.extend_from_slice(value.unwrap_or_default());
        rest = name.get(end + 1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

fn add(call: &mut Call<'_>) -> Flow {
    if call.arg(0) == b"help" {
        call.line("List of keywords supported for dynamic server:");
        for word in dynamic::words() {
            call.line(word);
        }
        return Flow::More;
    }
    let path = call.arg(0).to_vec();
    let Some((backend, name)) = parts(&path) else {
        return call.error("Require 'backend/server'.");
    };
    let plan = call.world.plan();
    let Some(backend) = named::backend(plan, backend) else {
        return call.error("No such backend.");
    };
    let rest = call.args.iter().skip(1).copied().filter(|w| !w.is_empty());
    let mut words: Vec<&[u8]> = [name].into_iter().chain(rest).collect();
    // the line of a file has been through this when it gets here
    let address = words
        .get(1)
        .map(|word| expanded(word, call.world.environment()));
    if let (Some(word), Some(address)) = (words.get_mut(1), &address) {
        *word = address;
    }
    match plan.add_server(backend, &words, &RealFiles) {
        Ok(added) => {
            let path = format!("{}/{}", backend.name, shown(name));
            for note in added.notes {
                let text = format!("CLI : 'server {path}' : {note}");
                call.world.tell(Severity::Warning, &text);
                call.info(&note);
            }
            if let Some(shared) = call.world.shared() {
                shared.server_came(backend.id, added.index);
            }
            let text = format!("CLI : 'server {path}' : New server registered.");
            call.world.tell(Severity::Notice, &text);
            call.info("New server registered.")
        }
        Err(text) => call.error(&text),
    }
}

fn del(call: &mut Call<'_>) -> Flow {
    let path = call.arg(0).to_vec();
    if parts(&path).is_none() {
        return call.error("Require 'backend/server'.");
    }
    let Named {
        backend,
        server,
        state,
    } = match named::server(call, &path) {
        Ok(found) => found,
        Err(flow) => return flow,
    };
    match call.world.plan().remove_server(backend, server, state) {
        Ok(()) => {
            if let Some(shared) = call.world.shared() {
                shared.server_went(backend, state);
            }
            call.world.tell(Severity::Notice, "Server deleted.");
            call.info("Server deleted.")
        }
        Err((text, _)) => call.error(&text),
    }
}
