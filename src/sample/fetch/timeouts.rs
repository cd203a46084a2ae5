//! Time-outs of the proxies and of the stream (manual 7.3.2).

use super::{BACKEND, CLIENT, Example, FRONTEND, Fetch};
use crate::sample::value::{Sample, Type};
use crate::sample::view::Whose;

macro_rules! timeout {
    ($($name:literal = $whose:ident $field:ident, $source:ident, $doc:literal;)*) => {
        &[$(Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Sint,
            source: &$source,
            check: None,
            eval: |_, e, _| {
                let all = e.view.timeouts(Whose::$whose)?;
                Some(Sample::Int(all.$field.unwrap_or(0).into()))
            },
            doc: $doc,
            examples: &[Example::of($name, "5000")],
        }),*]
    };
}

pub(super) static FETCHES: &[Fetch] = timeout! {
    "be_connect_timeout" = Backend connect, BACKEND, "The back end's time-out for connecting, ms; 0: none.";
    "be_queue_timeout" = Backend queue, BACKEND, "The back end's time-out in queues, ms; 0: none.";
    "be_server_timeout" = Backend server, BACKEND, "The back end's time-out of servers, ms; 0: none.";
    "be_tarpit_timeout" = Backend tarpit, BACKEND, "The back end's time-out of tarpits, ms; 0: none.";
    "be_tunnel_timeout" = Backend tunnel, BACKEND, "The back end's time-out of tunnels, ms; 0: none.";
    "fe_client_timeout" = Frontend client, FRONTEND, "The front end's time-out of clients, ms; 0: none.";
    "fe_tarpit_timeout" = Frontend tarpit, FRONTEND, "The front end's time-out of tarpits, ms; 0: none.";
    "cur_client_timeout" = Stream client, FRONTEND, "The stream's time-out of the client, ms; 0: none.";
    "cur_connect_timeout" = Stream connect, BACKEND, "The stream's time-out for connecting, ms; 0: none.";
    "cur_queue_timeout" = Stream queue, BACKEND, "The stream's time-out in queues, ms; 0: none.";
    "cur_server_timeout" = Stream server, BACKEND, "The stream's time-out of the server, ms; 0: none.";
    "cur_tarpit_timeout" = Stream tarpit, CLIENT, "The stream's time-out of tarpits, ms; 0: none.";
    "cur_tunnel_timeout" = Stream tunnel, BACKEND, "The stream's time-out of tunnels, ms; 0: none.";
};
