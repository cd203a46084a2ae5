//! How a server is connected to: `source`, `interface` (behind `source`), `tcp-ut`, `tfo`.

use super::{Fault, ServerDraft, ServerOption, argument};
use crate::base::diag::{Diagnostic, Form};
use crate::base::units::{self, TimeUnit};
use crate::config::address::{self, Kind};
use crate::config::args::Args;
use crate::lower::check;

/// `source ADDRESS[:PORT[-PORT]]`
pub const SOURCE: ServerOption = ServerOption::new(&["source"], source);
/// `usesrc` anywhere but behind `source`
pub const USESRC: ServerOption = ServerOption::new(&["usesrc"], usesrc);
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
    if args.peek().is_some_and(|w| w.is("usesrc")) {
        let span = args.here();
        args.next_word();
        if args.next_word().is_none() {
            let text = "'usesrc' expects <addr>[:<port>], 'client', 'clientip', or 'hdr_ip(name,#)' as argument.";
            let finding = Diagnostic::alert(
                "HX0273",
                span,
                "error encountered while processing 'usesrc'.",
            );
            args.report(finding.form(Form::Config));
            return Err(Fault::at(span, text));
        }
        args.report(check::pending_note(
            span,
            "'usesrc' (transparent connections)",
            5,
        ));
    }
    if args.peek().is_some_and(|w| w.is("interface")) {
        args.next_word();
        let word = argument(args, "'interface' : missing interface name.")?;
        made.server.interface = Some(word.display().to_string());
    }
    Ok(())
}

fn usesrc(_made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
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
