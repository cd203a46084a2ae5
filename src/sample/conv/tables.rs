//! Values as keys of stick tables (manual 7.3.1, `table_*` and `in_table`).

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, int};
use crate::sample::stick::{self, Ask};
use crate::sample::value::{Sample, Type};
use crate::sample::view::Eval;
use crate::table::Data;

/// Asks the entry of the value; what cannot be a key has none.
fn ask(args: &[Arg], value: Sample<'_>, e: &Eval<'_>, ask: Ask, indexed: bool) -> Option<i64> {
    let index = match indexed {
        true => u32::try_from(int(args, 0)?).ok()?,
        false => 0,
    };
    let table = stick::table(args, usize::from(indexed))?;
    match stick::key(table, value, e.scratch) {
        Some(key) => stick::of_key(table, &key, ask, index),
        None if matches!(ask, Ask::Expire | Ask::Idle) => None,
        None => Some(0),
    }
}

const TABLE: &[Kind] = &[Kind::Table];
const ELEMENT: &[Kind] = &[Kind::Int, Kind::Table];
const DEFAULT: &[Kind] = &[Kind::Table, Kind::Int];

const fn conv(
    name: &'static str,
    args: &'static [Kind],
    required: usize,
    eval: super::ConvFn,
    doc: &'static str,
    examples: &'static [Example],
) -> Conv {
    Conv {
        name,
        args,
        required,
        input: Type::Any,
        out: Type::Sint,
        check: None,
        eval,
        doc,
        examples,
    }
}

macro_rules! questions {
    ($($name:literal, $ask:expr, $want:literal, $doc:literal;)*) => {
        &[$(conv(
            $name,
            TABLE,
            1,
            |a, v, e| ask(a, v, e, $ask, false).map(Sample::Int),
            $doc,
            &[Example::of(concat!("src,", $name, "(t)"), $want)],
        )),*]
    };
}

macro_rules! elements {
    ($($name:literal, $ask:expr, $want:literal, $doc:literal;)*) => {
        &[$(conv(
            $name,
            ELEMENT,
            2,
            |a, v, e| ask(a, v, e, $ask, true).map(Sample::Int),
            $doc,
            &[Example::of(concat!("src,", $name, "(1,t)"), $want)],
        )),*]
    };
}

pub(super) static CONVS: &[Conv] = questions! {
    "table_bytes_in_rate", Ask::Value(Data::BytesInRate), "0", "Bytes of clients per period.";
    "table_bytes_out_rate", Ask::Value(Data::BytesOutRate), "0", "Bytes of servers per period.";
    "table_clr_gpc0", Ask::Clear(Data::Gpc0), "0", "Clears gpc0; what it was.";
    "table_clr_gpc1", Ask::Clear(Data::Gpc1), "0", "Clears gpc1; what it was.";
    "table_conn_cnt", Ask::Value(Data::ConnCnt), "0", "Connections so far.";
    "table_conn_cur", Ask::Value(Data::ConnCur), "0", "Connections now.";
    "table_conn_rate", Ask::Value(Data::ConnRate), "0", "Connections per period.";
    "table_glitch_cnt", Ask::Value(Data::GlitchCnt), "0", "Oddities of clients' connections so far.";
    "table_glitch_rate", Ask::Value(Data::GlitchRate), "0", "Oddities of clients' connections per period.";
    "table_gpc0", Ask::Value(Data::Gpc0), "0", "gpc0.";
    "table_gpc0_rate", Ask::Value(Data::Gpc0Rate), "0", "Increments of gpc0 per period.";
    "table_gpc1", Ask::Value(Data::Gpc1), "0", "gpc1.";
    "table_gpc1_rate", Ask::Value(Data::Gpc1Rate), "0", "Increments of gpc1 per period.";
    "table_gpt0", Ask::Value(Data::Gpt0), "0", "gpt0.";
    "table_http_err_cnt", Ask::Value(Data::HttpErrCnt), "0", "Requests that were in error, so far.";
    "table_http_err_rate", Ask::Value(Data::HttpErrRate), "0", "Requests that were in error, per period.";
    "table_http_fail_cnt", Ask::Value(Data::HttpFailCnt), "0", "Responses that failed, so far.";
    "table_http_fail_rate", Ask::Value(Data::HttpFailRate), "0", "Responses that failed, per period.";
    "table_http_req_cnt", Ask::Value(Data::HttpReqCnt), "0", "Requests so far.";
    "table_http_req_rate", Ask::Value(Data::HttpReqRate), "0", "Requests per period.";
    "table_inc_gpc0", Ask::Increment(Data::Gpc0, Data::Gpc0Rate), "1", "Counts one more in gpc0.";
    "table_inc_gpc1", Ask::Increment(Data::Gpc1, Data::Gpc1Rate), "1", "Counts one more in gpc1.";
    "table_kbytes_in", Ask::Kilobytes(Data::BytesInCnt), "0", "Kilobytes of clients so far.";
    "table_kbytes_out", Ask::Kilobytes(Data::BytesOutCnt), "0", "Kilobytes of servers so far.";
    "table_server_id", Ask::Value(Data::ServerId), "0", "The server's id.";
    "table_sess_cnt", Ask::Value(Data::SessCnt), "0", "Sessions so far.";
    "table_sess_rate", Ask::Value(Data::SessRate), "0", "Sessions per period.";
};

pub(super) static ARRAYS: &[Conv] = elements! {
    "table_clr_gpc", Ask::Clear(Data::Gpc), "0", "Clears an element of gpc; what it was.";
    "table_gpc", Ask::Value(Data::Gpc), "0", "An element of gpc.";
    "table_gpc_rate", Ask::Value(Data::GpcRate), "0", "An element of gpc_rate.";
    "table_gpt", Ask::Value(Data::Gpt), "0", "An element of gpt.";
    "table_inc_gpc", Ask::Increment(Data::Gpc, Data::GpcRate), "1", "Counts one more in an element of gpc.";
};

pub(super) static STATES: &[Conv] = &[
    Conv {
        out: Type::Bool,
        ..conv(
            "in_table",
            TABLE,
            1,
            |a, v, e| Some(Sample::Bool(ask(a, v, e, Ask::Exists, false)? != 0)),
            "Whether the value is a key of the table.",
            &[Example::of("src,in_table(t)", "0")],
        )
    },
    conv(
        "table_expire",
        DEFAULT,
        1,
        |a, v, e| {
            let left = ask(a, v, e, Ask::Expire, false);
            left.or_else(|| int(a, 1)).map(Sample::Int)
        },
        "Milliseconds until the entry expires; without one the second argument, if any.",
        &[
            Example::none("src,table_expire(t)"),
            Example::of("src,table_expire(t,7)", "7"),
        ],
    ),
    conv(
        "table_idle",
        DEFAULT,
        1,
        |a, v, e| {
            let idle = ask(a, v, e, Ask::Idle, false);
            idle.or_else(|| int(a, 1)).map(Sample::Int)
        },
        "Milliseconds since the entry was used; without one the second argument, if any.",
        &[
            Example::none("src,table_idle(t)"),
            Example::of("src,table_idle(t,9)", "9"),
        ],
    ),
    conv(
        "table_trackers",
        TABLE,
        1,
        |a, v, e| {
            // HAProxy counts the look-up itself
            let found = ask(a, v, e, Ask::Exists, false)?;
            let trackers = ask(a, v, e, Ask::Trackers, false)?;
            Some(Sample::Int(found + trackers))
        },
        "How many track the entry, this look-up included.",
        &[Example::of("src,table_trackers(t)", "0")],
    ),
];
