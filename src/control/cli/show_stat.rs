//! `show stat`: the lines of the status page (management guide 9.3).

use super::{Call, Command, Flow, named};
use crate::control::stats::{self, Filter, Form, Kind};
use crate::ir::bind::CliLevel;
use bstr::ByteSlice;

/// `show stat [{<iid>|<proxy>} <type> <sid>] [typed|json] [up|no-maint]`
pub const COMMAND: Command = Command {
    words: &["show", "stat"],
    usage: "show stat [desc|json|no-maint|typed|up]*",
    meaning: "shows the counters of proxies and servers",
    level: CliLevel::User,
    run,
};

fn run(call: &mut Call<'_>) -> Flow {
    let world = call.world;
    let Some(shared) = world.shared() else {
        return Flow::More;
    };
    let mut filter = Filter {
        legends: call.session.level >= CliLevel::Operator,
        ..Filter::default()
    };
    let mut kinds = Vec::new();
    let mut words = call.args;
    if let [b"domain", rest @ ..] = words {
        match rest.first() {
            Some(&b"proxy") => words = rest.get(1..).unwrap_or_default(),
            Some(&b"resolvers") => {
                super::show_resolvers::statistics(call);
                return Flow::More;
            }
            _ => return call.error("Invalid statistics domain."),
        }
    }
    let number = |word: &[u8]| word.to_str().ok().and_then(|w| w.parse::<i64>().ok());
    if let [proxy, kind, server, rest @ ..] = words
        && let (Some(kind), Some(server)) = (number(kind), number(server))
    {
        words = rest;
        filter.proxy = match number(proxy) {
            Some(id) => u32::try_from(id).ok(),
            None => {
                let plan = world.plan();
                let back = named::backend(plan, proxy).map(|b| b.uuid);
                let mut fronts = plan.frontends.iter();
                let front = fronts.find(|f| f.name.as_bytes() == *proxy);
                match back.or(front.map(|f| f.uuid)) {
                    Some(id) => Some(id),
                    None => return call.error("No such proxy."),
                }
            }
        };
        filter.server = u32::try_from(server).ok();
        for (bit, of) in [
            (1, Kind::Frontend),
            (2, Kind::Backend),
            (4, Kind::Server),
            (8, Kind::Listener),
        ] {
            if kind & bit != 0 {
                kinds.push(of);
            }
        }
        if kinds.is_empty() {
            // no kind, no line
            filter.proxy = Some(u32::MAX);
        }
    }
    filter.kinds = kinds;
    let mut form = Form::Csv;
    for word in words {
        match *word {
            b"json" => form = Form::Json,
            b"typed" => form = Form::Typed,
            b"desc" => filter.described = true,
            b"up" => filter.up = true,
            b"no-maint" => filter.no_maint = true,
            _ => {}
        }
    }
    let (out, send) = (&mut *call.out, &mut *call.send);
    match stats::dump(shared, form, filter, out, send) {
        true => Flow::More,
        false => Flow::Close,
    }
}
