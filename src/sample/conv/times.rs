//! Dates in formats of strftime(3), and dates of HTTP read (manual 7.3.1).

use super::{Conv, Example};
use crate::base::sys;
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::scratch::BUFSIZE;
use crate::sample::value::{Sample, Type};
use crate::sample::view::Eval;
use std::ffi::CString;

macro_rules! formatted {
    ($name:literal, $per_second:literal, $local:literal, $doc:literal, $($expr:literal = $want:literal),*) => {
        Conv {
            name: $name,
            args: &[Kind::Str, Kind::Int],
            required: 1,
            input: Type::Sint,
            out: Type::Str,
            check: None,
            eval: |args, v, e| format(args, v, e, $per_second, $local),
            doc: $doc,
            examples: &[$(Example::of($expr, $want)),*],
        }
    };
}

pub(super) static CONVS: &[Conv] = &[
    formatted!(
        "ltime",
        1,
        true,
        "Seconds since 1970, plus an offset, as local time in a format of strftime(3).",
        "int(1700000000),ltime(%s)" = "1700000000"
    ),
    formatted!(
        "utime",
        1,
        false,
        "Seconds since 1970, plus an offset, as UTC in a format of strftime(3).",
        "int(1700000000),utime(%Y%m%d%H%M%S)" = "20231114221320",
        "int(1700000000),utime(%H,3600)" = "23"
    ),
    formatted!(
        "ms_ltime",
        1_000,
        true,
        "As `ltime`, of milliseconds; `%N` stands for nanoseconds, `%3N` for three digits.",
        "int(1700000000050),ms_ltime(%s.%3N)" = "1700000000.050"
    ),
    formatted!(
        "ms_utime",
        1_000,
        false,
        "As `utime`, of milliseconds; `%N` stands for nanoseconds, `%3N` for three digits.",
        "int(1700000000050),ms_utime(%S.%N)" = "20.050000000"
    ),
    formatted!(
        "us_ltime",
        1_000_000,
        true,
        "As `ltime`, of microseconds; `%N` stands for nanoseconds, `%6N` for six digits.",
        "int(1700000000000050),us_ltime(%s.%6N)" = "1700000000.000050"
    ),
    formatted!(
        "us_utime",
        1_000_000,
        false,
        "As `utime`, of microseconds; `%N` stands for nanoseconds, `%6N` for six digits.",
        "int(1700000000000050),us_utime(%S.%6N)" = "20.000050"
    ),
    Conv {
        name: "date",
        args: &[],
        required: 0,
        input: Type::Str,
        out: Type::Sint,
        check: None,
        eval: |_, v, _| match v {
            Sample::Str(s) => http_date(s).map(Sample::Int),
            _ => None,
        },
        doc: "The seconds since 1970 of a date as HTTP has it (RFC 9110 section 5.6.7).",
        examples: &[
            Example::of("'str(\"Sun, 06 Nov 1994 08:49:37 GMT\"),date'", "784111777"),
            Example::of(
                "'str(\"Sunday, 06-Nov-94 08:49:37 GMT\"),date'",
                "784111777",
            ),
            Example::of("'str(\"Sun Nov  6 08:49:37 1994\"),date'", "784111777"),
            Example::none("str(now),date"),
        ],
    },
];

fn format<'a>(
    args: &'a [Arg],
    v: Sample<'a>,
    e: &Eval<'a>,
    per_second: i64,
    local: bool,
) -> Option<Sample<'a>> {
    let Sample::Int(n) = v else { return None };
    let mut format = Vec::with_capacity(text(args, 0).len() + 16);
    // As HAProxy: seconds have 55 bits, parts of a second are signed, offsets are seconds.
    let mut seconds = match per_second {
        1 => n & ((1 << 55) - 1),
        _ => n / per_second,
    };
    seconds = seconds.wrapping_add(int(args, 1).unwrap_or(0));
    match per_second {
        1 => format.extend_from_slice(text(args, 0)),
        _ => {
            let rest = n % per_second * (1_000_000_000 / per_second);
            fill_nanoseconds(text(args, 0), rest.cast_unsigned(), &mut format);
        }
    }
    let format = CString::new(format).ok()?;
    let mut short = [0u8; 256];
    if let Some(len) = sys::format_time(&format, seconds, local, &mut short) {
        return Some(Sample::Str(e.scratch.copy(short.get(..len)?)));
    }
    // What does not fit a buffer is empty.
    let long = e.scratch.zeroed(BUFSIZE);
    let len = sys::format_time(&format, seconds, local, long).unwrap_or(0);
    Some(Sample::Str(long.get(..len)?))
}

/// Puts digits in the place of `%N` and `%1N` to `%9N`.
fn fill_nanoseconds(format: &[u8], nanoseconds: u64, out: &mut Vec<u8>) {
    let digits = format!("{nanoseconds:09}");
    let mut rest = format;
    while let Some((b, tail)) = rest.split_first() {
        rest = tail;
        let (width, behind) = match (b, tail) {
            (b'%', [b'N', behind @ ..]) => (9, behind),
            (b'%', [d @ b'1'..=b'9', b'N', behind @ ..]) => (usize::from(d - b'0'), behind),
            _ => {
                out.push(*b);
                continue;
            }
        };
        out.extend_from_slice(digits.as_bytes().get(..width).unwrap_or_default());
        rest = behind;
    }
}

/// The seconds since 1970 of an IMF, RFC 850 or asctime date.
fn http_date(s: &[u8]) -> Option<i64> {
    let s = std::str::from_utf8(s).ok()?;
    let mut words = s.split([' ', ',', '-']).filter(|w| !w.is_empty());
    let weekday = words.next()?;
    let short = |names: &[&str], word: &str| {
        names
            .iter()
            .position(|n| n.get(..3).is_some_and(|n| n == word) || *n == word)
    };
    const DAYS: [&str; 7] = [
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
    ];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    short(&DAYS, weekday)?;
    let (day, month, year, time);
    if s.contains(',') {
        day = words.next()?;
        month = words.next()?;
        year = words.next()?;
        time = words.next()?;
        if words.next()? != "GMT" || day.len() != 2 {
            return None;
        }
    } else {
        month = words.next()?;
        day = words.next()?;
        time = words.next()?;
        year = words.next()?;
    }
    let month = i64::try_from(short(&MONTHS, month)?).ok()? + 1;
    let day: i64 = day.parse().ok().filter(|d| (1..=31).contains(d))?;
    let mut full: i64 = year.parse().ok()?;
    if year.len() == 2 {
        full += if full < 70 { 2000 } else { 1900 };
    }
    let mut parts = time.split(':').map(|p| p.parse::<i64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    // any two digits will do for HAProxy
    if time.len() != 8 {
        return None;
    }
    Some(days(full, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Days since 1970-01-01, by the rule of eras that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era * 146_097 + day_of_era - 719_468
}
