//! `option transparent` and `option http_proxy`: requests go where they were meant for rather than
//! to a server.

use super::{Context, KeywordHandler, Side};
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::config::directive::Prefix;
use crate::ir::proxy::Options;
use crate::lower::Sections;

/// `option transparent`, `transparent`
pub const TRANSPARENT: KeywordHandler = KeywordHandler::new(
    &["option transparent", "transparent"],
    Sections::ANY_PROXY,
    transparent,
);
/// `option http_proxy` of old files
pub const HTTP_PROXY: KeywordHandler =
    KeywordHandler::new(&["option http_proxy"], Sections::ANY_PROXY, http_proxy);

fn set(cx: &mut Context<'_>, args: &Args<'_, '_>, bit: Options) {
    let on = args.line().prefix.is_none();
    cx.set(|s| s.options.set(bit, on));
}

fn transparent(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let old = args.position() == 1;
    if cx.ignored(args, Side::Backend, "transparent") {
        return;
    }
    let (name, said) = match old {
        true => ("transparent", "'transparent'"),
        false => ("option transparent", "option 'transparent'"),
    };
    if !args.is_empty() {
        args.end(name);
        return;
    }
    set(cx, args, Options::TRANSPARENT);
    if !cx.quiet_deprecated {
        let message = format!(
            "{said} is deprecated in 3.3 and will be removed in 3.5. The modern way to do the same is to create a server with address 0.0.0.0. It is still possible to silence this warning by setting 'expose-deprecated-directives' in the 'global' section, but do not wait to fix your configuration!"
        );
        let finding = Diagnostic::warning("HX0284", args.line().span, message);
        args.report(finding.form(Form::Tight));
    }
}

fn http_proxy(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    args.rest();
    set(cx, args, Options::HTTP_PROXY);
    if args.line().prefix == Some(Prefix::No) {
        return;
    }
    let message = "option 'http_proxy' is not supported any more since HAProxy 2.5; it is executed as in 1.5. The modern form is 'http-request set-dst' with a server of address 0.0.0.0.";
    let finding = Diagnostic::warning("HX0245", args.line().span, message);
    args.report(finding.form(Form::Tight).refused_since(2, 5));
}
