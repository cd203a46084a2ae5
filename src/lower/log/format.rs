//! `log-format`, `log-format-sd`, `error-log-format`, `unique-id-format`, `unique-id-header`.
//!
//! A format is kept as it was written, since expressions may name any proxy, and compiled for each
//! proxy that uses it once all sections were read.

use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::ir::log::{LogStyle, ProxyFormats, Written};
use crate::ir::proxy::Settings;
use crate::lower::context::Scope;
use crate::lower::proxy::rules;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::logformat::{LogFormat, Purpose};
use crate::sample::{Compile, Places};

/// `log-format FMT`
pub const LOG_FORMAT: KeywordHandler =
    KeywordHandler::new(&["log-format"], Sections::ANY_PROXY, |cx, args| {
        if let Some(written) = written(cx, args, "log-format", true) {
            set_style(cx, args, LogStyle::Custom(written));
        }
    });
/// `log-format-sd FMT`: structured data of lines in the form of RFC 5424
pub const LOG_FORMAT_SD: KeywordHandler =
    KeywordHandler::new(&["log-format-sd"], Sections::ANY_PROXY, |cx, args| {
        if let Some(written) = written(cx, args, "log-format-sd", true) {
            cx.set(|s| s.log_format_sd = Some(written));
        }
    });
/// `error-log-format FMT`: the line of what did not become a stream
pub const ERROR_LOG_FORMAT: KeywordHandler =
    KeywordHandler::new(&["error-log-format"], Sections::ANY_PROXY, |cx, args| {
        if let Some(written) = written(cx, args, "error-log-format", true) {
            if has(cx, |s| s.error_log_format.is_some()) {
                overrides(args, "error-log-format", "error-log-format");
            }
            cx.set(|s| s.error_log_format = Some(written));
        }
    });
/// `unique-id-format FMT`
pub const UNIQUE_ID_FORMAT: KeywordHandler =
    KeywordHandler::new(&["unique-id-format"], Sections::ANY_PROXY, |cx, args| {
        if let Some(written) = written(cx, args, "unique-id-format", false) {
            cx.set(|s| s.unique_id_format = Some(written));
        }
    });
/// `unique-id-header NAME`
pub const UNIQUE_ID_HEADER: KeywordHandler =
    KeywordHandler::new(&["unique-id-header"], Sections::ANY_PROXY, |cx, args| {
        if let Some(word) = args.word("unique-id-header expects an argument.") {
            let name = word.text.to_vec();
            cx.set(|s| s.unique_id_header = Some(name));
        }
    });

/// Takes the one argument; `None` also where the line has no effect.
fn written(
    cx: &Context<'_>,
    args: &mut Args<'_, '_>,
    name: &str,
    front_only: bool,
) -> Option<Written> {
    let word = args.word(&format!("{name} expects an argument."))?;
    if let Some(extra) = args.peek() {
        let message = format!("{name} expects only one argument, don't forget to escape spaces!");
        args.alert("HX0395", extra.span, message);
        return None;
    }
    if front_only && ignored(cx, args, name) {
        return None;
    }
    Some(Written { word: word.clone() })
}

/// Warns that a back end has no use for the line; true if so.
pub fn ignored(cx: &Context<'_>, args: &mut Args<'_, '_>, name: &str) -> bool {
    if cx.can(Side::Frontend) {
        return false;
    }
    let message = format!(
        "{} : '{name}' directive is ignored in backends.",
        cx.named()
    );
    args.warning("HX0220", args.line().span, message);
    true
}

fn has(cx: &Context<'_>, what: impl Fn(&Settings) -> bool) -> bool {
    cx.in_defaults() && cx.draft().is_some_and(|d| what(&d.proxy.settings))
}

fn overrides(args: &mut Args<'_, '_>, new: &str, old: &str) {
    let message = format!("'{new}' overrides previous '{old}' in 'defaults' section.");
    let finding = Diagnostic::warning("HX0396", args.line().span, message);
    args.report(finding.form(Form::Tight));
}

/// Makes a style the one of the section; within `defaults` HAProxy tells what it replaces.
pub fn set_style(cx: &mut Context<'_>, args: &mut Args<'_, '_>, style: LogStyle) {
    let span = args.line().span;
    if cx.in_defaults()
        && let Some((old, _)) = cx.draft().and_then(|d| d.proxy.settings.log_style.as_ref())
    {
        overrides(args, style.said(), old.said());
    }
    cx.set(|s| s.log_style = Some((style, span)));
}

/// Compiles the formats of all proxies.
pub fn compile_all(cx: &mut Context<'_>) {
    for index in 0..cx.proxies.len() {
        cx.scope = Scope::Proxy(index);
        let Some(draft) = cx.draft() else { continue };
        let settings = draft.proxy.settings.clone();
        let front = draft.proxy.frontend;
        let mut formats = ProxyFormats::default();
        if front {
            if let Some((LogStyle::Custom(format), _)) = &settings.log_style {
                formats.format = compile(cx, format, Purpose::Log, "log-format : ");
            }
            if let Some(format) = &settings.log_format_sd {
                formats.sd = compile(cx, format, Purpose::Log, "log-format-sd : ");
            }
            if let Some(format) = &settings.error_log_format {
                formats.error = compile(cx, format, Purpose::Log, "error-log-format : ");
            }
        }
        if let Some(format) = &settings.unique_id_format {
            formats.unique_id = compile(cx, format, Purpose::UniqueId, "unique-id : ");
        }
        if let Some(draft) = cx.draft_mut() {
            draft.proxy.formats = formats;
        }
    }
    cx.scope = Scope::Other;
}

/// Compiles one format in the section of the context; `name` is what HAProxy calls it.
pub fn compile(
    cx: &mut Context<'_>,
    format: &Written,
    purpose: Purpose,
    name: &str,
) -> Option<LogFormat> {
    let word = &format.word;
    let places = match purpose {
        Purpose::UniqueId if cx.can(Side::Frontend) => Places::FE_REQUEST,
        Purpose::UniqueId => Places::BE_REQUEST,
        _ => Places::LOG,
    };
    cx.line = word.span;
    let place = cx.place(word.span);
    let (made, mut found) = rules::compile(cx, places, |compile: &mut Compile<'_>, _| {
        compile.context = format!("Parsing [{place}]: failed to parse {name}");
        let made = LogFormat::parse_for(purpose, word.bytes(), compile);
        made.map_err(|fault| compile.fault(fault)).ok()
    });
    for finding in &mut found {
        if finding.message.starts_with("Parsing [") {
            finding.form = Form::Plain;
            finding.code = "HX0395";
        }
    }
    cx.diags.append(&mut found);
    made
}
