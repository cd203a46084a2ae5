//! Front ends, back ends and servers by names that are values (manual 7.3.1).

use super::{Conv, Example};
use crate::sample::value::{Sample, Type};
use crate::sample::view::World;

macro_rules! of_name {
    ($name:literal, $out:ident, |$s:ident, $w:ident| $value:expr, $doc:literal, [$($expr:literal = $want:literal),+]) => {
        Conv {
            name: $name,
            args: &[],
            required: 0,
            input: Type::Str,
            out: Type::$out,
            check: None,
            eval: |_, v, e| {
                let Sample::Str($s) = v else { return None };
                let $w = e.view.world();
                $value
            },
            doc: $doc,
            examples: &[$(Example::of($expr, $want)),+],
        }
    };
}

pub(super) static CONVS: &[Conv] = &[
    of_name!(
        "fe_exists",
        Bool,
        |s, w| Some(Sample::Bool(w.frontend_named(s).is_some())),
        "Whether there is a front end of that name.",
        ["str(fe),fe_exists" = "1", "str(none),fe_exists" = "0"]
    ),
    of_name!(
        "nbsrv",
        Sint,
        |s, w| Some(Sample::Int(w.nbsrv(w.backend_named(s)?)?.into())),
        "Usable servers of the back end of that name.",
        ["str(www),nbsrv" = "2"]
    ),
    of_name!(
        "srv_is_up",
        Bool,
        |s, w| {
            let (backend, server) = server(s, w)?;
            w.srv_is_up(backend, server).map(Sample::Bool)
        },
        "Whether the server `backend/server` is up.",
        ["str(www/s1),srv_is_up" = "1"]
    ),
    of_name!(
        "srv_queue",
        Sint,
        |s, w| {
            let (backend, server) = server(s, w)?;
            w.srv_queue(backend, server).map(|n| Sample::Int(n.into()))
        },
        "Connections queued for the server `backend/server`.",
        ["str(www/s1),srv_queue" = "0"]
    ),
];

fn server(name: &[u8], world: &dyn World) -> Option<(u32, u32)> {
    let at = memchr::memchr(b'/', name)?;
    let backend = world.backend_named(name.get(..at)?)?;
    let server = world.server_named(backend, name.get(at + 1..)?)?;
    Some((backend, server))
}
