//! Dates (manual 7.3.1).

use super::{Conv, Example};
use crate::base::clock;
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::value::{Sample, Type};
use std::io::Write;

pub(super) static CONVS: &[Conv] = &[Conv {
    name: "http_date",
    args: &[Kind::Int, Kind::Str],
    required: 0,
    input: Type::Sint,
    out: Type::Str,
    check: Some(|args, _| {
        let per_second = match text(args, 1) {
            b"" | b"s" => 1,
            b"ms" => 1_000,
            b"us" => 1_000_000,
            other => {
                return Err(format!(
                    "expects 's', 'ms' or 'us', got '{}'",
                    bstr::BStr::new(other)
                ));
            }
        };
        *args = vec![Arg::Int(int(args, 0).unwrap_or(0)), Arg::Int(per_second)];
        Ok(())
    }),
    eval: |args, v, e| {
        let Sample::Int(n) = v else { return None };
        let per_second = int(args, 1).unwrap_or(1);
        let n = n.wrapping_add(int(args, 0).unwrap_or(0));
        // As HAProxy, whose seconds have 55 bits.
        let seconds = n.checked_div(per_second)? & ((1 << 55) - 1);
        let d = clock::civil(u64::try_from(seconds).ok()?);
        let mut out = [0u8; 64];
        let mut room = &mut out[..];
        write!(
            room,
            "{}, {:02} {} {:04} {:02}:{:02}:{:02}",
            d.weekday_name(),
            d.day,
            d.month_name(),
            d.year,
            d.hour,
            d.minute,
            d.second
        )
        .ok()?;
        if per_second > 1 {
            // The rest is not padded, as in HAProxy.
            write!(room, ".{}", n % per_second).ok()?;
        }
        write!(room, " GMT").ok()?;
        let left = room.len();
        Some(Sample::Str(e.scratch.copy(out.get(..64 - left)?)))
    },
    doc: "A time since 1970 in s, ms or us, plus an offset in the same unit, as an HTTP date \
          (RFC 9110 section 5.6.7).",
    examples: &[
        Example::of("int(1700000000),http_date", "Tue, 14 Nov 2023 22:13:20 GMT"),
        Example::of(
            "int(1700000000),http_date(10)",
            "Tue, 14 Nov 2023 22:13:30 GMT",
        ),
        Example::of(
            "int(1700000000050),http_date(0,ms)",
            "Tue, 14 Nov 2023 22:13:20.50 GMT",
        ),
        Example::of(
            "int(-439793708),http_date",
            "Sat, 07 Jul 1141709083 01:31:00 GMT",
        ),
    ],
}];
