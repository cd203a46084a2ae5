//! How a server is connected to: `source`, `interface` (behind `source`), `tcp-ut`, `tfo`.

use super::{Fault, ServerDraft, ServerOption, argument};
use crate::base::diag::{Diagnostic, Form};
use crate::base::units::{self, TimeUnit};
use crate::config::address::{self, Kind};
use crate::config::args::Args;
use crate::grammar;
use crate::lower::usesrc;

/// `source ADDRESS[:PORT[-PORT]] [usesrc ...] [interface NAME]`
pub const SOURCE: ServerOption = ServerOption::new(&["source"], source);
/// `usesrc` anywhere but behind `source`
pub const USESRC: ServerOption = ServerOption::new(&["usesrc"], alone);
/// `tcp-ut TIME`
pub const TCP_UT: ServerOption = ServerOption::new(&["tcp-ut"], tcp_ut);
/// `tfo`, `no-tfo`
pub const TFO: ServerOption = ServerOption::new(&["tfo", "no-tfo"], tfo);

fn source(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(
        args,
        "'source' expects <addr>[:<port>[-<port>]], and optionally 'usesrc' <addr>, and 'interface' <name> as argument..",
    )?;
    match address::parse(word, Kind::SERVER_SOURCE) {
        Ok(address) => made.server.source = Some(address),
        Err(finding) => {
            let text = format!("'source {}' : {}.", word.display(), finding.message);
            return Err(Fault::at(word.span, text));
        }
    }
    // `usesrc` and `interface` of `default-server` stay, as in HAProxy
    while let Some(word) = args.peek() {
        if word.is("usesrc") {
            args.next_word();
            let missing = "'usesrc' expects <addr>[:<port>], 'client', 'clientip', or 'hdr_ip(name,#)' as argument.";
            match usesrc::usesrc(args, missing) {
                Ok(used) => {
                    let off = grammar::switched_off("server", "usesrc");
                    made.server.usesrc = Some(used).filter(|_| !off);
                }
                Err(fault) => {
                    let text = "error encountered while processing 'usesrc'.";
                    let finding = Diagnostic::alert("HX0273", fault.span, text);
                    args.report(finding.form(Form::Config));
                    return Err(Fault::at(fault.span, fault.text));
                }
            }
        } else if word.is("interface") {
            args.next_word();
            let word = argument(args, "'interface' : missing interface name.")?;
            made.server.interface = Some(word.display().to_string());
        } else {
            break;
        }
    }
    Ok(())
}

fn alone(_made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let span = args.line().span;
    Err(Fault::at(
        span,
        "'usesrc' only allowed after a 'source' statement..",
    ))
}

fn tcp_ut(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "'tcp-ut' : missing TCP User Timeout value.")?;
    match units::time(&word.text, TimeUnit::Millisecond) {
        Ok(time) => made.server.tcp_ut = Some(time.value).filter(|ms| *ms > 0),
        Err(_) => {
            let text = "'tcp-ut' : expects a positive delay in milliseconds.";
            return Err(Fault::at(word.span, text));
        }
    }
    Ok(())
}

fn tfo(made: &mut ServerDraft, name: &str, _args: &mut Args<'_, '_>) -> Result<(), Fault> {
    made.server.tfo = name == "tfo";
    Ok(())
}
