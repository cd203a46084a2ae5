//! `option httpchk`: health checks by an HTTP request.

use super::negated;
use super::ready_checks::choose;
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::ir::check::{Act, CheckKind, HttpSend};
use crate::lower::proxy::rules;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::{LogFormat, Places};

/// `option httpchk [URI | METHOD URI [VERSION [HOST]]]`
pub const HTTPCHK: KeywordHandler =
    KeywordHandler::new(&["option httpchk"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if negated(args, "httpchk") || cx.ignored(args, Side::Backend, "httpchk") {
        return;
    }
    let mut request = HttpSend::default();
    if let Some(first) = args.next_word() {
        let mut uri = first;
        if let Some(second) = args.next_word() {
            request.method = Some(first.bytes().to_vec());
            uri = second;
        }
        request.uri = Some(LogFormat::text(uri.bytes()));
    }
    if let Some(version) = args.next_word() {
        request.version = Some(version.bytes().to_vec());
        if version.text.contains(&b'\r') || version.text.contains(&b'\n') {
            let finding = Diagnostic::warning("HX0250", version.span, "'option httpchk' : hiding headers or body at the end of the version string is unsupported since HAProxy 3.3. It is sent as it stands. Use 'http-check send' directive instead.")
                .help("the same as modern lines: 'option httpchk' and 'http-check send meth ... uri ... ver ... hdr ...'");
            args.report(finding);
        }
    }
    if let Some(host) = args.next_word()
        && let Some(value) = host_format(cx, args, host)
    {
        request.headers.push((b"host".to_vec(), value));
    }
    args.end("option httpchk");
    cx.set(|s| {
        choose(s, CheckKind::Http);
        // what a rule of the section said before gives way
        let mut steps = s.http_check.steps.iter_mut();
        if let Some(send) = steps.find_map(|step| match &mut step.act {
            Act::Request(send) => Some(send),
            _ => None,
        }) {
            let said = std::mem::replace(&mut **send, request.clone());
            send.complete(&said);
        }
        s.http_check.request = Some(request);
        s.http_check.own = true;
    });
}

/// The value of Host, a log format.
fn host_format(cx: &mut Context<'_>, args: &mut Args<'_, '_>, word: &Word) -> Option<LogFormat> {
    let compiled = rules::compile_anywhere(cx, Places::CHECK, |compile| {
        LogFormat::compile(word, compile)
    });
    rules::take(args, compiled, "'option httpchk' : ", Form::Parsing)
}
