//! Front ends, back ends and servers as they are now (manual 7.3.2, 7.3.3).

use super::{BACKEND, Example, FRONTEND, Fetch, INTERNAL, SERVER};
use crate::sample::args::{Arg, Kind};
use crate::sample::value::{Sample, Type};
use crate::sample::view::{Eval, World};

/// A fetch of a number of a proxy named in the argument.
macro_rules! of_proxy {
    ($name:literal, $kind:expr, $ask:expr, $doc:literal, $expr:literal = $value:literal) => {
        Fetch {
            name: $name,
            args: &[$kind],
            required: 1,
            out: Type::Sint,
            source: &INTERNAL,
            check: None,
            eval: |args, e, _| proxy(args, e, $ask),
            doc: $doc,
            examples: &[Example::of($expr, $value)],
        }
    };
}

/// A fetch of a number of a server named in the argument.
macro_rules! of_server {
    ($name:literal, $ask:expr, $doc:literal, $value:literal) => {
        Fetch {
            name: $name,
            args: &[Kind::Server],
            required: 1,
            out: Type::Sint,
            source: &INTERNAL,
            check: None,
            eval: |args, e, _| server(args, e, $ask),
            doc: $doc,
            examples: &[Example::of(concat!($name, "(www/s1)"), $value)],
        }
    };
}

/// A fetch of the name or the number of what the transaction uses.
macro_rules! own {
    ($name:literal, $out:ident, $source:expr, |$e:ident| $eval:expr, $doc:literal, $value:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::$out,
            source: &$source,
            check: None,
            eval: |_, $e, _| $eval,
            doc: $doc,
            examples: &[Example::of($name, $value)],
        }
    };
}

pub(super) static FETCHES: &[Fetch] = &[
    of_proxy!(
        "avg_queue",
        Kind::Backend,
        |w, p| {
            let queued = w.queue(p)?;
            Some(
                match w.nbsrv(p)? {
                    0 => queued * 2,
                    up => queued.div_ceil(up),
                }
                .into(),
            )
        },
        "Queued connections of a back end per usable server, rounded up.",
        "avg_queue(www)" = "2"
    ),
    of_proxy!(
        "be_conn",
        Kind::Backend,
        |w, p| w.be_conn(p).map(i64::from),
        "Current connections of a back end.",
        "be_conn(www)" = "4"
    ),
    of_proxy!(
        "be_conn_free",
        Kind::Backend,
        |w, p| w.be_conn_free(p),
        "Connections that the servers of a back end can still take; -1: no limit.",
        "be_conn_free(www)" = "-1"
    ),
    of_proxy!(
        "be_sess_rate",
        Kind::Backend,
        |w, p| w.be_sess_rate(p).map(i64::from),
        "New sessions per second of a back end.",
        "be_sess_rate(www)" = "0"
    ),
    of_proxy!(
        "connslots",
        Kind::Backend,
        |w, p| w.connslots(p),
        "Connections and queue places that the servers of a back end have left; -1: no limit.",
        "connslots(www)" = "-1"
    ),
    of_proxy!(
        "fe_conn",
        Kind::Frontend,
        |w, p| w.fe_conn(p).map(i64::from),
        "Current connections of a front end.",
        "fe_conn(fe)" = "6"
    ),
    of_proxy!(
        "fe_req_rate",
        Kind::Frontend,
        |w, p| w.fe_req_rate(p).map(i64::from),
        "Requests per second of a front end.",
        "fe_req_rate(fe)" = "0"
    ),
    of_proxy!(
        "fe_sess_rate",
        Kind::Frontend,
        |w, p| w.fe_sess_rate(p).map(i64::from),
        "New sessions per second of a front end.",
        "fe_sess_rate(fe)" = "0"
    ),
    of_proxy!(
        "nbsrv",
        Kind::Backend,
        |w, p| w.nbsrv(p).map(i64::from),
        "Usable servers of a back end.",
        "nbsrv(www)" = "2"
    ),
    of_proxy!(
        "queue",
        Kind::Backend,
        |w, p| w.queue(p).map(i64::from),
        "Connections queued in a back end.",
        "queue(www)" = "3"
    ),
    Fetch {
        name: "srv_is_up",
        args: &[Kind::Server],
        required: 1,
        out: Type::Bool,
        source: &INTERNAL,
        check: None,
        eval: |args, e, _| match *args.first()? {
            Arg::Server(b, s) => e.view.world().srv_is_up(b, s).map(Sample::Bool),
            _ => None,
        },
        doc: "Whether a server is up.",
        examples: &[Example::of("srv_is_up(www/s1)", "1")],
    },
    of_server!(
        "srv_conn",
        |w, b, s| w.srv_conn(b, s).map(i64::from),
        "Current connections of a server.",
        "1"
    ),
    of_server!(
        "srv_conn_free",
        |w, b, s| w.srv_conn_free(b, s),
        "Connections that a server can still take; -1: no limit.",
        "-1"
    ),
    of_server!(
        "srv_queue",
        |w, b, s| w.srv_queue(b, s).map(i64::from),
        "Connections queued for a server.",
        "0"
    ),
    of_server!(
        "srv_weight",
        |w, b, s| w.srv_weight(b, s).map(i64::from),
        "A server's weight in effect.",
        "1"
    ),
    of_server!(
        "srv_iweight",
        |w, b, s| w.srv_weights(b, s).map(|(initial, _)| initial.into()),
        "A server's weight as the file says.",
        "100"
    ),
    of_server!(
        "srv_uweight",
        |w, b, s| w.srv_weights(b, s).map(|(_, now)| now.into()),
        "A server's weight as it was set since.",
        "50"
    ),
    of_server!(
        "srv_sess_rate",
        |w, b, s| w.srv_sess_rate(b, s).map(i64::from),
        "New sessions per second of a server.",
        "0"
    ),
    own!(
        "fe_name",
        Str,
        FRONTEND,
        |e| e.view.frontend().map(|f| Sample::Str(f.0.as_bytes())),
        "The front end's name.",
        "fe"
    ),
    own!(
        "fe_id",
        Sint,
        FRONTEND,
        |e| e.view.frontend().map(|f| Sample::Int(f.1.into())),
        "The front end's id.",
        "2"
    ),
    own!(
        "fe_defbe",
        Str,
        FRONTEND,
        |e| e.view.default_backend().map(|n| Sample::Str(n.as_bytes())),
        "The name of the front end's default back end.",
        "www"
    ),
    own!(
        "be_name",
        Str,
        BACKEND,
        |e| e.view.backend().map(|b| Sample::Str(b.0.as_bytes())),
        "The back end's name.",
        "www"
    ),
    own!(
        "be_id",
        Sint,
        BACKEND,
        |e| e.view.backend().map(|b| Sample::Int(b.1.into())),
        "The back end's id.",
        "3"
    ),
    own!(
        "srv_name",
        Str,
        SERVER,
        |e| e.view.server().map(|s| Sample::Str(s.0.as_bytes())),
        "The server's name.",
        "s1"
    ),
    own!(
        "srv_id",
        Sint,
        SERVER,
        |e| e.view.server().map(|s| Sample::Int(s.1.into())),
        "The server's id.",
        "1"
    ),
    own!(
        "so_name",
        Str,
        FRONTEND,
        |e| e.view.listener().map(|l| Sample::Str(l.0.as_bytes())),
        "The name of the bind line.",
        "web"
    ),
    own!(
        "so_id",
        Sint,
        FRONTEND,
        |e| e.view.listener().map(|l| Sample::Int(l.1.into())),
        "The id of the bind line.",
        "1"
    ),
];

fn proxy<'a>(
    args: &[Arg],
    e: &Eval<'a>,
    ask: impl Fn(&dyn World, u32) -> Option<i64>,
) -> Option<Sample<'a>> {
    match *args.first()? {
        Arg::Proxy(p) => ask(e.view.world(), p).map(Sample::Int),
        _ => None,
    }
}

fn server<'a>(
    args: &[Arg],
    e: &Eval<'a>,
    ask: impl Fn(&dyn World, u32, u32) -> Option<i64>,
) -> Option<Sample<'a>> {
    match *args.first()? {
        Arg::Server(b, s) => ask(e.view.world(), b, s).map(Sample::Int),
        _ => None,
    }
}
