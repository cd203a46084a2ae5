//! Counters of stick tables (manual 7.3.3): those tracked (`sc_*`, `sc0_*`, ...), those of the
//! client's address (`src_*`), and how full a table is.

use super::{CLIENT, Cursor, Fetch, INTERNAL, Source};
use crate::base::clock;
use crate::sample::args::{Arg, Kind, int};
use crate::sample::stick::{self, Ask};
use crate::sample::value::{Sample, Type};
use crate::sample::view::Eval;
use crate::table::Data;

/// `sc_x(number[,table])`, or with the number in the name.
fn tracked(args: &[Arg], e: &Eval<'_>, fixed: Option<u32>, ask: Ask, indexed: bool) -> Option<i64> {
    let mut at = 0;
    let mut next = || {
        at += 1;
        int(args, at - 1).and_then(|n| u32::try_from(n).ok())
    };
    let index = if indexed { next()? } else { 0 };
    let number = match fixed {
        Some(number) => number,
        None => next()?,
    };
    stick::of_tracked(e, number, stick::table(args, at), ask, index)
}

/// `src_x([table])`
fn of_source(args: &[Arg], e: &Eval<'_>, ask: Ask, indexed: bool) -> Option<i64> {
    let index = match indexed {
        true => u32::try_from(int(args, 0)?).ok()?,
        false => 0,
    };
    let table = stick::table(args, usize::from(indexed))?;
    let src: Sample<'_> = e.view.src()?.ip().into();
    let key = stick::key(table, src, e.scratch)?;
    stick::of_key(table, &key, ask, index)
}

const fn fetch(
    name: &'static str,
    args: &'static [Kind],
    required: usize,
    source: &'static Source,
    eval: super::FetchFn,
    doc: &'static str,
) -> Fetch {
    Fetch {
        name,
        args,
        required,
        out: Type::Sint,
        source,
        check: None,
        eval,
        doc,
        examples: &[],
    }
}

const NUMBERED: &[Kind] = &[Kind::Int, Kind::Table];
const FIXED: &[Kind] = &[Kind::Table];
const ELEMENT: &[Kind] = &[Kind::Int, Kind::Int, Kind::Table];

/// The five fetches of one question.
macro_rules! questions {
    ($($sc:literal, $sc0:literal, $sc1:literal, $sc2:literal, $src:literal, $source:ident, $ask:expr, $doc:literal;)*) => {
        &[$(
            fetch($sc, NUMBERED, 1, &$source, |a, e, _| tracked(a, e, None, $ask, false).map(Sample::Int), $doc),
            fetch($sc0, FIXED, 0, &$source, |a, e, _| tracked(a, e, Some(0), $ask, false).map(Sample::Int), $doc),
            fetch($sc1, FIXED, 0, &$source, |a, e, _| tracked(a, e, Some(1), $ask, false).map(Sample::Int), $doc),
            fetch($sc2, FIXED, 0, &$source, |a, e, _| tracked(a, e, Some(2), $ask, false).map(Sample::Int), $doc),
            fetch($src, FIXED, 1, &CLIENT, |a, e, _| of_source(a, e, $ask, false).map(Sample::Int), $doc),
        )*]
    };
}

/// The two fetches of one question about an element of an array.
macro_rules! elements {
    ($($sc:literal, $src:literal, $ask:expr, $doc:literal;)*) => {
        &[$(
            fetch($sc, ELEMENT, 2, &INTERNAL, |a, e, _| tracked(a, e, None, $ask, true).map(Sample::Int), $doc),
            fetch($src, NUMBERED, 2, &CLIENT, |a, e, _| of_source(a, e, $ask, true).map(Sample::Int), $doc),
        )*]
    };
}

pub(super) static ARRAYS: &[Fetch] = elements! {
    "sc_clr_gpc", "src_clr_gpc", Ask::Clear(Data::Gpc), "Clears an element of gpc; what it was.";
    "sc_get_gpc", "src_get_gpc", Ask::Value(Data::Gpc), "An element of gpc.";
    "sc_get_gpt", "src_get_gpt", Ask::Value(Data::Gpt), "An element of gpt.";
    "sc_gpc_rate", "src_gpc_rate", Ask::Value(Data::GpcRate), "An element of gpc_rate.";
    "sc_inc_gpc", "src_inc_gpc", Ask::Increment(Data::Gpc, Data::GpcRate), "Counts one more in an element of gpc.";
};

pub(super) static FETCHES: &[Fetch] = questions! {
    "sc_bytes_in_rate", "sc0_bytes_in_rate", "sc1_bytes_in_rate", "sc2_bytes_in_rate", "src_bytes_in_rate", INTERNAL, Ask::Value(Data::BytesInRate), "Bytes of clients per period.";
    "sc_bytes_out_rate", "sc0_bytes_out_rate", "sc1_bytes_out_rate", "sc2_bytes_out_rate", "src_bytes_out_rate", INTERNAL, Ask::Value(Data::BytesOutRate), "Bytes of servers per period.";
    "sc_clr_gpc0", "sc0_clr_gpc0", "sc1_clr_gpc0", "sc2_clr_gpc0", "src_clr_gpc0", INTERNAL, Ask::Clear(Data::Gpc0), "Clears gpc0; what it was.";
    "sc_clr_gpc1", "sc0_clr_gpc1", "sc1_clr_gpc1", "sc2_clr_gpc1", "src_clr_gpc1", INTERNAL, Ask::Clear(Data::Gpc1), "Clears gpc1; what it was.";
    "sc_conn_cnt", "sc0_conn_cnt", "sc1_conn_cnt", "sc2_conn_cnt", "src_conn_cnt", INTERNAL, Ask::Value(Data::ConnCnt), "Connections so far.";
    "sc_conn_cur", "sc0_conn_cur", "sc1_conn_cur", "sc2_conn_cur", "src_conn_cur", INTERNAL, Ask::Value(Data::ConnCur), "Connections now.";
    "sc_conn_rate", "sc0_conn_rate", "sc1_conn_rate", "sc2_conn_rate", "src_conn_rate", INTERNAL, Ask::Value(Data::ConnRate), "Connections per period.";
    "sc_get_gpc0", "sc0_get_gpc0", "sc1_get_gpc0", "sc2_get_gpc0", "src_get_gpc0", INTERNAL, Ask::Value(Data::Gpc0), "gpc0.";
    "sc_get_gpc1", "sc0_get_gpc1", "sc1_get_gpc1", "sc2_get_gpc1", "src_get_gpc1", INTERNAL, Ask::Value(Data::Gpc1), "gpc1.";
    "sc_get_gpt0", "sc0_get_gpt0", "sc1_get_gpt0", "sc2_get_gpt0", "src_get_gpt0", INTERNAL, Ask::Value(Data::Gpt0), "gpt0.";
    "sc_glitch_cnt", "sc0_glitch_cnt", "sc1_glitch_cnt", "sc2_glitch_cnt", "src_glitch_cnt", INTERNAL, Ask::Value(Data::GlitchCnt), "Oddities of clients' connections so far.";
    "sc_glitch_rate", "sc0_glitch_rate", "sc1_glitch_rate", "sc2_glitch_rate", "src_glitch_rate", INTERNAL, Ask::Value(Data::GlitchRate), "Oddities of clients' connections per period.";
    "sc_gpc0_rate", "sc0_gpc0_rate", "sc1_gpc0_rate", "sc2_gpc0_rate", "src_gpc0_rate", INTERNAL, Ask::Value(Data::Gpc0Rate), "Increments of gpc0 per period.";
    "sc_gpc1_rate", "sc0_gpc1_rate", "sc1_gpc1_rate", "sc2_gpc1_rate", "src_gpc1_rate", INTERNAL, Ask::Value(Data::Gpc1Rate), "Increments of gpc1 per period.";
    "sc_http_err_cnt", "sc0_http_err_cnt", "sc1_http_err_cnt", "sc2_http_err_cnt", "src_http_err_cnt", INTERNAL, Ask::Value(Data::HttpErrCnt), "Requests that were in error, so far.";
    "sc_http_err_rate", "sc0_http_err_rate", "sc1_http_err_rate", "sc2_http_err_rate", "src_http_err_rate", INTERNAL, Ask::Value(Data::HttpErrRate), "Requests that were in error, per period.";
    "sc_http_fail_cnt", "sc0_http_fail_cnt", "sc1_http_fail_cnt", "sc2_http_fail_cnt", "src_http_fail_cnt", INTERNAL, Ask::Value(Data::HttpFailCnt), "Responses that failed, so far.";
    "sc_http_fail_rate", "sc0_http_fail_rate", "sc1_http_fail_rate", "sc2_http_fail_rate", "src_http_fail_rate", INTERNAL, Ask::Value(Data::HttpFailRate), "Responses that failed, per period.";
    "sc_http_req_cnt", "sc0_http_req_cnt", "sc1_http_req_cnt", "sc2_http_req_cnt", "src_http_req_cnt", INTERNAL, Ask::Value(Data::HttpReqCnt), "Requests so far.";
    "sc_http_req_rate", "sc0_http_req_rate", "sc1_http_req_rate", "sc2_http_req_rate", "src_http_req_rate", INTERNAL, Ask::Value(Data::HttpReqRate), "Requests per period.";
    "sc_inc_gpc0", "sc0_inc_gpc0", "sc1_inc_gpc0", "sc2_inc_gpc0", "src_inc_gpc0", INTERNAL, Ask::Increment(Data::Gpc0, Data::Gpc0Rate), "Counts one more in gpc0.";
    "sc_inc_gpc1", "sc0_inc_gpc1", "sc1_inc_gpc1", "sc2_inc_gpc1", "src_inc_gpc1", INTERNAL, Ask::Increment(Data::Gpc1, Data::Gpc1Rate), "Counts one more in gpc1.";
    "sc_kbytes_in", "sc0_kbytes_in", "sc1_kbytes_in", "sc2_kbytes_in", "src_kbytes_in", CLIENT, Ask::Kilobytes(Data::BytesInCnt), "Kilobytes of clients so far.";
    "sc_kbytes_out", "sc0_kbytes_out", "sc1_kbytes_out", "sc2_kbytes_out", "src_kbytes_out", CLIENT, Ask::Kilobytes(Data::BytesOutCnt), "Kilobytes of servers so far.";
    "sc_sess_cnt", "sc0_sess_cnt", "sc1_sess_cnt", "sc2_sess_cnt", "src_sess_cnt", INTERNAL, Ask::Value(Data::SessCnt), "Sessions so far.";
    "sc_sess_rate", "sc0_sess_rate", "sc1_sess_rate", "sc2_sess_rate", "src_sess_rate", INTERNAL, Ask::Value(Data::SessRate), "Sessions per period.";
};

fn is_tracked(args: &[Arg], e: &Eval<'_>, fixed: Option<u32>) -> Sample<'static> {
    Sample::Bool(tracked(args, e, fixed, Ask::Exists, false).is_some())
}

macro_rules! states {
    ($($tracked:literal, $trackers:literal, $key:literal, $args:expr, $own:expr, $required:literal, $fixed:expr;)*) => {
        &[$(
            Fetch {
                out: Type::Bool,
                ..fetch($tracked, $args, $required, &INTERNAL, |a, e, _| Some(is_tracked(a, e, $fixed)), "Whether something is tracked.")
            },
            fetch($trackers, $args, $required, &INTERNAL, |a, e, _| tracked(a, e, $fixed, Ask::Trackers, false).map(Sample::Int), "How many track the same."),
            Fetch {
                out: Type::Any,
                ..fetch($key, $own, $required, &INTERNAL, |a, e: &Eval<'_>, _: &mut Cursor| {
                    let number = match $fixed {
                        Some(number) => number,
                        None => u32::try_from(int(a, 0)?).ok()?,
                    };
                    stick::tracked_key(e, number)
                }, "The key that is tracked.")
            },
        )*]
    };
}

pub(super) static STATES: &[Fetch] = states! {
    "sc_tracked", "sc_trackers", "sc_key", NUMBERED, &[Kind::Int], 1, None::<u32>;
    "sc0_tracked", "sc0_trackers", "sc0_key", FIXED, &[], 0, Some(0);
    "sc1_tracked", "sc1_trackers", "sc1_key", FIXED, &[], 0, Some(1);
    "sc2_tracked", "sc2_trackers", "sc2_key", FIXED, &[], 0, Some(2);
};

pub(super) static TABLES: &[Fetch] = &[
    fetch(
        "sc1_clr_gpc",
        NUMBERED,
        1,
        &INTERNAL,
        |a, e, _| tracked(a, e, Some(1), Ask::Clear(Data::Gpc), true).map(Sample::Int),
        "Clears an element of gpc; what it was.",
    ),
    fetch(
        "src_updt_conn_cnt",
        FIXED,
        1,
        &CLIENT,
        |a, e, _| {
            let count = Ask::Increment(Data::ConnCnt, Data::ConnRate);
            of_source(a, e, count, false).map(Sample::Int)
        },
        "Counts one more connection of the client's address.",
    ),
    fetch(
        "table_avl",
        FIXED,
        1,
        &INTERNAL,
        |a, _, _| {
            let table = stick::table(a, 0)?;
            table.expire(clock::now_ms());
            Some(Sample::Int(
                table.spec().size.saturating_sub(table.used()).into(),
            ))
        },
        "Entries that a table still has room for.",
    ),
    fetch(
        "table_cnt",
        FIXED,
        1,
        &INTERNAL,
        |a, _, _| {
            let table = stick::table(a, 0)?;
            table.expire(clock::now_ms());
            Some(Sample::Int(table.used().into()))
        },
        "Entries of a table.",
    ),
];
