//! What stands before the message (RFC 3164 section 4.1, RFC 5424 section 6, and HAProxy's own
//! forms).

use crate::base::clock;
use crate::ir::log::{LogLineFormat, LogTarget};
use std::io::Write;
use std::time::Duration;

/// What stands before the message besides the time and the target's own.
pub struct Line<'a> {
    /// `log-tag`
    pub tag: &'a str,
    /// `log-send-hostname`
    pub hostname: Option<&'a str>,
    /// Its level.
    pub level: u8,
    /// Structured data of RFC 5424; empty: none
    pub data: &'a [u8],
}

/// The beginning of the last line for a target: all lines of one second and level share it.
#[derive(Default)]
pub struct Header {
    bytes: Vec<u8>,
    /// Tag, level and second that it was made for.
    made_for: Option<(*const str, u8, u64)>,
    /// Number of the process, asked for once: a thread lives in one process.
    pid: Option<u32>,
}

impl Header {
    /// Appends the beginning of a line that is written now.
    pub fn write(&mut self, out: &mut Vec<u8>, line: &Line<'_>, target: &LogTarget) {
        let now = clock::unix_time();
        let key = (line.tag as *const str, line.level, now.as_secs());
        // the other formats show microseconds, or data of their own
        let same = !matches!(
            target.format,
            LogLineFormat::Rfc5424 | LogLineFormat::Timed | LogLineFormat::Iso
        );
        if !(same && self.made_for == Some(key)) {
            let pid = *self.pid.get_or_insert_with(std::process::id);
            self.bytes.clear();
            write(&mut self.bytes, line, target, pid, now);
            self.made_for = Some(key);
        }
        out.extend_from_slice(&self.bytes);
    }
}

fn write(out: &mut Vec<u8>, log: &Line<'_>, target: &LogTarget, pid: u32, now: Duration) {
    let (format, level) = (target.format, log.level);
    let seconds = now.as_secs();
    let offset = clock::local_offset(seconds);
    let d = clock::civil(seconds.saturating_add_signed(offset));
    let priority = u16::from(target.facility) * 8 + u16::from(level);
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
            if let (Some(host), LogLineFormat::Rfc3164) = (log.hostname, format) {
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
                    let host = log.hostname.unwrap_or("-");
                    let _ = write!(out, "{host} {} {pid} - ", log.tag);
                    out.extend_from_slice(match log.data {
                        [] => b"-",
                        data => data,
                    });
                    out.push(b' ');
                    Ok(())
                }
                _ => Ok(()),
            }
        }
    };
}
