//! What stands before the message (RFC 3164 section 4.1, RFC 5424 section 6, and HAProxy's own
//! forms).

use crate::base::clock;
use crate::ir::log::LogLineFormat;
use crate::plan::LogPlan;
use std::io::Write;

/// Writes the beginning of a line.
pub fn write(out: &mut Vec<u8>, log: &LogPlan, format: LogLineFormat, facility: u8, level: u8) {
    let now = clock::unix_time();
    let seconds = now.as_secs();
    let offset = clock::local_offset(seconds);
    let d = clock::civil(seconds.saturating_add_signed(offset));
    let priority = u16::from(facility) * 8 + u16::from(level);
    let pid = std::process::id();
    // writing to a vector cannot fail
    let _ = match format {
        LogLineFormat::Raw => Ok(()),
        LogLineFormat::Short => write!(out, "<{level}>"),
        LogLineFormat::Priority => write!(out, "<{priority}>"),
        LogLineFormat::Rfc3164 | LogLineFormat::Local => {
            let _ = write!(
                out,
                "<{priority}>{} {:2} {:02}:{:02}:{:02} ",
                d.month_name(),
                d.day,
                d.hour,
                d.minute,
                d.second
            );
            if let (Some(host), LogLineFormat::Rfc3164) = (&log.hostname, format) {
                let _ = write!(out, "{host} ");
            }
            write!(out, "{}[{pid}]: ", log.tag)
        }
        LogLineFormat::Rfc5424 | LogLineFormat::Timed | LogLineFormat::Iso => {
            let _ = match format {
                LogLineFormat::Rfc5424 => write!(out, "<{priority}>1 "),
                LogLineFormat::Timed => write!(out, "<{level}>"),
                _ => Ok(()),
            };
            let sign = if offset < 0 { '-' } else { '+' };
            let zone = offset.unsigned_abs() / 60;
            let _ = write!(
                out,
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}{sign}{:02}:{:02} ",
                d.year,
                d.month,
                d.day,
                d.hour,
                d.minute,
                d.second,
                now.subsec_micros(),
                zone / 60,
                zone % 60
            );
            match format {
                LogLineFormat::Rfc5424 => {
                    let host = log.hostname.as_deref().unwrap_or("-");
                    write!(out, "{host} {} {pid} - - ", log.tag)
                }
                _ => Ok(()),
            }
        }
    };
}
