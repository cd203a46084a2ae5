//! `get var` and `set var`: the variables of the process.

use super::{Call, Command, Flow, shown};
use crate::ir::bind::CliLevel;
use crate::proto::h1::Message;
use crate::sample::compile::{Compile, Fault, NoNames};
use crate::sample::vars::{self, Owned, Scope};
use crate::sample::view::{Direction, Eval, StreamView};
use crate::sample::{Expr, LogFormat, Places, Scratch};
use std::fmt::Write;
use std::net::SocketAddr;

/// `get var <name>`
pub const GET: Command = Command {
    words: &["get", "var"],
    usage: "get var <name>",
    meaning: "shows a variable of the process",
    level: CliLevel::Operator,
    run: get,
};

/// `set var <name> [expr|fmt] <value>`
pub const SET: Command = Command {
    words: &["set", "var"],
    usage: "",
    meaning: "",
    level: CliLevel::Operator,
    run: set,
};

fn get(call: &mut Call<'_>) -> Flow {
    if call.arg(0).is_empty() {
        return call.error("Missing process-wide variable identifier.");
    }
    let value = match vars::known(call.arg(0)) {
        Some((Scope::Proc, id)) => vars::process(id),
        _ => None,
    };
    let Some(value) = value else {
        return call.error("Variable not found.");
    };
    let (kind, text) = match &value {
        Owned::Bool(b) => ("bool", u8::from(*b).to_string().into_bytes()),
        Owned::Int(i) => ("sint", i.to_string().into_bytes()),
        Owned::V4(a) => ("ipv4", a.to_string().into_bytes()),
        Owned::V6(a) => ("ipv6", a.to_string().into_bytes()),
        Owned::Str(s) => ("str", s.clone()),
        Owned::Bin(s) => ("bin", s.clone()),
        Owned::Meth(s) => ("meth", s.clone()),
    };
    let name = shown(call.arg(0));
    let mut line = String::new();
    let _ = write!(line, "{name}: type={kind} value=<");
    call.out.extend_from_slice(line.as_bytes());
    call.out.extend_from_slice(&text);
    call.out.extend_from_slice(b">\n");
    Flow::More
}

/// A value is worked out without any stream.
struct Nowhere;

impl crate::sample::view::World for Nowhere {}

impl StreamView for Nowhere {
    fn request(&self) -> Option<&Message> {
        None
    }
    fn request_mut(&mut self) -> Option<&mut Message> {
        None
    }
    fn response(&self) -> Option<&Message> {
        None
    }
    fn response_mut(&mut self) -> Option<&mut Message> {
        None
    }
    fn src(&self) -> Option<SocketAddr> {
        None
    }
    fn dst(&self) -> Option<SocketAddr> {
        None
    }
    fn world(&self) -> &dyn crate::sample::view::World {
        self
    }
}

fn set(call: &mut Call<'_>) -> Flow {
    if !call.session.experimental {
        return call.error("This command is restricted to experimental mode only.");
    }
    if call.arg(0).is_empty() {
        return call.error("Missing process-wide variable identifier.");
    }
    if call.arg(1).is_empty() {
        return call.error("Missing either 'expr', 'fmt' or expression.");
    }
    match assign(call) {
        Ok(()) => Flow::More,
        Err(text) => call.error(&text),
    }
}

fn assign(call: &Call<'_>) -> Result<(), String> {
    let name = call.arg(0);
    let (scope, id) = vars::intern(name)?;
    if scope != Scope::Proc {
        return Err(format!(
            "'set var': cannot set variable '{}', only scope 'proc' is permitted here.",
            shown(name)
        ));
    }
    let (kind, text) = match call.args.get(2..) {
        Some([text, ..]) => (call.arg(1), *text),
        _ => (&b"expr"[..], call.arg(1)),
    };
    let mut cx = Compile::new(Places::CLI, &NoNames);
    let scratch = Scratch::new();
    let eval = Eval {
        view: &Nowhere,
        scratch: &scratch,
        direction: Direction::Request,
        last: true,
    };
    let words = |fault: Fault| match fault {
        Fault::Wrong(text) => text,
        Fault::Pending => "hapax does not execute this yet.".to_string(),
    };
    let value = match kind {
        b"fmt" => {
            let format = LogFormat::parse(text, &mut cx).map_err(words)?;
            let mut out = Vec::new();
            format.render(&eval, &mut out);
            Some(Owned::Str(out))
        }
        b"expr" => {
            let expr = Expr::parse(text, &mut cx).map_err(words)?;
            expr.check_places(&format!("set-var({})", shown(name)), &cx)
                .map_err(words)?;
            expr.eval(&eval).map(Owned::from)
        }
        other => {
            return Err(format!(
                "'set var': arg type must be either 'expr' or 'fmt' but got '{}'.",
                shown(other)
            ));
        }
    };
    if let Some(value) = value {
        vars::write(&Nowhere, Scope::Proc, id, value);
    }
    Ok(())
}
