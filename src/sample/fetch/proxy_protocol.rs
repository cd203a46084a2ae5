//! What a PROXY protocol header in front of the connection told (manual 7.3.3).

use super::{CLIENT, CLIENT_CONNECTION, Cursor, Example, Fetch};
use crate::proto::proxy_protocol::kind;
use crate::sample::args::{Arg, Kind};
use crate::sample::compile::Compile;
use crate::sample::value::{Sample, Type};
use crate::sample::view::Eval;

macro_rules! first {
    ($name:literal, $kind:expr, $doc:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Str,
            source: &CLIENT,
            check: None,
            eval: |_, e, _| {
                let header = e.view.received_proxy_header()?;
                header.values($kind).next().map(Sample::Str)
            },
            doc: $doc,
            examples: &[Example::none($name)],
        }
    };
}

pub(super) static FETCHES: &[Fetch] = &[
    first!(
        "fc_pp_authority",
        kind::AUTHORITY,
        "The name that the client asked the proxy in front for."
    ),
    first!(
        "fc_pp_unique_id",
        kind::UNIQUE_ID,
        "The number that the proxy in front gave the connection."
    ),
    Fetch {
        name: "fc_pp_tlv",
        args: &[Kind::Str],
        required: 1,
        out: Type::Str,
        source: &CLIENT_CONNECTION,
        check: Some(check),
        eval: tlv,
        doc: "An extension of the PROXY protocol header, by its number or name.",
        examples: &[Example::none("fc_pp_tlv(0xE1)")],
    },
];

fn check(args: &mut Vec<Arg>, _: &mut Compile<'_>) -> Result<(), String> {
    let [Arg::Str(text)] = args.as_slice() else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(text).into_owned();
    let named = kind::NAMES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&text));
    let number = match named {
        Some((_, kind)) => i64::from(*kind),
        None if text.is_empty() => 0,
        None => kind::number(text.as_bytes())
            .ok_or_else(|| format!("Could not convert type '{text}'"))?,
    };
    if !(0..=255).contains(&number) {
        return Err(format!("Invalid TLV Type '{text}'"));
    }
    *args = vec![Arg::Int(number)];
    Ok(())
}

fn tlv<'a>(args: &'a [Arg], e: &Eval<'a>, at: &mut Cursor) -> Option<Sample<'a>> {
    let [Arg::Int(kind)] = args else { return None };
    let header = e.view.received_proxy_header()?;
    at.more = false;
    let mut values = header
        .values(u8::try_from(*kind).ok()?)
        .skip(at.field as usize);
    let value = values.next()?;
    if at.all && values.next().is_some() {
        at.field += 1;
        at.more = true;
    }
    Some(Sample::Str(value))
}
