//! `log`, for the `global` section and for proxies alike.

use crate::base::diag::Diagnostic;
use crate::config::address::Kind;
use crate::config::args::Args;
use crate::ir::address::Host;
use crate::ir::log::{
    FACILITIES, LEVELS, LogAddress, LogEntry, LogLineFormat, LogSample, LogTarget,
};
use crate::lower::{Context, KeywordHandler, Sections};

/// `log` in `global`
pub const GLOBAL: KeywordHandler = KeywordHandler::new(&["log"], Sections::GLOBAL, in_global);
/// `log` in proxies and `defaults`
pub const PROXY: KeywordHandler = KeywordHandler::new(&["log"], Sections::ANY_PROXY, in_proxy);
/// `log-tag`
pub const TAG_GLOBAL: KeywordHandler =
    KeywordHandler::new(&["log-tag"], Sections::GLOBAL, |cx, args| {
        let tag = args.text("'log-tag' expects a tag for use in syslog.");
        cx.global.log_tag = tag.map(str::to_owned);
        args.end("log-tag");
    });
/// `log-tag` of a proxy
pub const TAG_PROXY: KeywordHandler =
    KeywordHandler::new(&["log-tag"], Sections::ANY_PROXY, |cx, args| {
        let tag = args
            .text("'log-tag' expects a tag for use in syslog.")
            .map(str::to_owned);
        cx.set(|s| s.log_tag = tag);
    });
/// `log-send-hostname`
pub const HOSTNAME: KeywordHandler =
    KeywordHandler::new(&["log-send-hostname"], Sections::GLOBAL, |cx, args| {
        // HAProxy passes over whatever follows
        let name = args.next_word().map(|w| w.text.to_string());
        cx.global.log_hostname = Some(name.unwrap_or_default());
    });

const EXPECTS: &str = "log : expects <address> and <facility>  as arguments";
const EXPECTS_IN_PROXY: &str = "log : expects <address> and <facility> or global as arguments";

fn in_global(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if args.line().prefix.is_some() {
        cx.global.logs.clear();
        return;
    }
    if args.peek().is_some_and(|w| w.is("global")) {
        let at = args.here();
        args.alert(
            "HX0393",
            at,
            "log : 'global' is not supported for a global syslog server",
        );
        return;
    }
    if let Some(target) = target(args, EXPECTS) {
        cx.global.logs.push(target);
    }
}

fn in_proxy(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if args.line().prefix.is_some() {
        cx.set(|s| s.logs.clear());
        return;
    }
    if args.take("global") {
        args.end("log");
        cx.set(|s| s.logs.push(LogEntry::Global));
        return;
    }
    if let Some(target) = target(args, EXPECTS_IN_PROXY) {
        cx.set(|s| s.logs.push(LogEntry::Target(target)));
    }
}

/// A line of a section that is no proxy (`log-forward`): its words are read and checked.
pub fn checked(args: &mut Args<'_, '_>) {
    if args.line().prefix.is_some() {
        return;
    }
    if args.take("global") {
        args.end("log");
        return;
    }
    target(args, EXPECTS_IN_PROXY);
}

fn target(args: &mut Args<'_, '_>, expects: &str) -> Option<LogTarget> {
    let to = address(args, expects)?;
    let mut target = LogTarget {
        format: match to {
            LogAddress::Fd(_) | LogAddress::Ring(_) => LogLineFormat::Raw,
            LogAddress::Socket(_) => LogLineFormat::Rfc3164,
        },
        to,
        len: 1024,
        sample: None,
        profile: None,
        facility: 0,
        max_level: 7,
        min_level: 0,
    };
    loop {
        if args.take("len") {
            let word = args.word(expects)?;
            let len = word.as_str().and_then(|t| t.parse().ok()).unwrap_or(0);
            if !(80..=65535).contains(&len) {
                let message = format!(
                    "log : invalid log length '{}', must be between 80 and 65535",
                    word.display()
                );
                args.alert("HX0393", word.span, message);
                return None;
            }
            target.len = len;
        } else if args.take("format") {
            target.format = format(args, expects)?;
        } else if args.take("profile") {
            target.profile = Some(args.word(expects)?.display().to_string());
        } else if args.take("sample") {
            target.sample = Some(sample(args, expects)?);
        } else {
            break;
        }
    }
    target.facility = named(args, &FACILITIES, Some(expects), "unknown log facility")?;
    if args.peek().is_some() {
        target.max_level = named(args, &LEVELS, None, "unknown optional log level")?;
    }
    if args.peek().is_some() {
        target.min_level = named(args, &LEVELS, None, "unknown optional minimum log level")?;
    }
    if let Some(word) = args.peek() {
        let message = format!(
            "log : cannot handle unexpected argument '{}'",
            word.display()
        );
        args.alert("HX0393", word.span, message);
    }
    Some(target)
}

fn address(args: &mut Args<'_, '_>, expects: &str) -> Option<LogAddress> {
    let Some(word) = args.peek() else {
        let at = args.missing_at();
        args.alert("HX0393", at, expects);
        return None;
    };
    for (name, fd) in [("stdout", 1), ("stderr", 2)] {
        if args.take(name) {
            return Some(LogAddress::Fd(fd));
        }
    }
    if let Some(name) = word.bytes().strip_prefix(b"ring@") {
        let name = bstr::BStr::new(name).to_string();
        args.next_word();
        return Some(LogAddress::Ring(name));
    }
    if word.bytes().starts_with(b"backend@") {
        let what = word.display().to_string();
        args.next_word();
        args.rest();
        let finding = Diagnostic::notice(
            "HX0394",
            word.span,
            format!(
                "log target '{what}' is known, but this version of hapax does not execute it yet: nothing is sent there."
            ),
        );
        args.report(finding);
        return None;
    }
    let address = args.address(Kind::LOG, "log : ", expects)?;
    Some(match address.host {
        Host::Fd(fd) => LogAddress::Fd(fd),
        _ => LogAddress::Socket(address),
    })
}

fn format(args: &mut Args<'_, '_>, expects: &str) -> Option<LogLineFormat> {
    let word = args.word(expects)?;
    let format = LogLineFormat::named(word.bytes());
    if format.is_none() {
        let message = format!("log : unknown log format '{}'", word.display());
        args.alert("HX0393", word.span, message);
    }
    format
}

/// `1,3-5:10`
fn sample(args: &mut Args<'_, '_>, expects: &str) -> Option<LogSample> {
    let word = args.word(expects)?;
    let parsed = word.as_str().and_then(|text| {
        let (ranges, size) = text.rsplit_once(':')?;
        let size: u32 = size.parse().ok()?;
        let ranges = ranges
            .split(',')
            .map(|r| match r.split_once('-') {
                Some((a, b)) => Some((a.parse().ok()?, b.parse().ok()?)),
                None => r.parse().ok().map(|n| (n, n)),
            })
            .collect::<Option<Vec<(u32, u32)>>>()?;
        Some(LogSample { ranges, size })
    });
    let Some(sample) = parsed else {
        let message = format!("log : invalid sample range '{}'", word.display());
        args.alert("HX0393", word.span, message);
        return None;
    };
    let high = sample.ranges.iter().map(|r| r.1).max().unwrap_or(0);
    if high > sample.size {
        let message = format!(
            "log : sample size {} should be greater or equal to {high} the maximum of the high ranges limits",
            sample.size
        );
        args.alert("HX0393", word.span, message);
        return None;
    }
    Some(sample)
}

/// A facility or level by name.
fn named(
    args: &mut Args<'_, '_>,
    names: &[&str],
    required: Option<&str>,
    unknown: &str,
) -> Option<u8> {
    let Some(word) = args.next_word() else {
        if let Some(expects) = required {
            let at = args.missing_at();
            args.alert("HX0393", at, expects);
        }
        return None;
    };
    let found = names
        .iter()
        .position(|n| word.is(n))
        .and_then(|i| u8::try_from(i).ok());
    if found.is_none() {
        let message = format!("log : {unknown} '{}'", word.display());
        let mut finding = Diagnostic::alert("HX0393", word.span, message);
        if let Some(near) = crate::config::args::nearest(word, names) {
            finding = finding.help(format!("did you mean '{near}'?"));
        }
        args.report(finding);
    }
    found
}
