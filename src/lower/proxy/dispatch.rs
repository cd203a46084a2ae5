//! `dispatch`

use crate::base::diag::{Diagnostic, Form};
use crate::config::address::Kind;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `dispatch ADDRESS:PORT`
pub const DISPATCH: KeywordHandler = KeywordHandler::new(&["dispatch"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.in_defaults() {
        let message = "'dispatch' not allowed in 'defaults' section.";
        args.alert("HX0285", args.line().span, message);
        return;
    }
    if cx.ignored(args, Side::Backend, "dispatch") {
        return;
    }
    let kind = Kind {
        port_required: true,
        ..Kind::PLAIN
    };
    let missing = "'dispatch' : '' resolves to an empty address (environment variable missing?)";
    let written = args.peek().map(|w| w.display().to_string());
    let Some(address) = args.address(kind, "'dispatch' : ", missing) else {
        return;
    };
    cx.set(|s| s.dispatch = Some(address));
    args.end("dispatch");
    let message = "'dispatch' is deprecated in 3.3 and will be removed in 3.5. The modern way to do the same is to create a server with the same address, and possibly to assign any extra server a weight of zero if any:";
    if !cx.quiet_deprecated {
        let finding = Diagnostic::warning("HX0284", args.line().span, message);
        let finding = finding
            .excerpt(format!(
                "    server dispatch {}",
                written.unwrap_or_default()
            ))
            .excerpt("Note that it is still possible to silence this warning by setting 'expose-deprecated-directives' in the 'global' section, but do not wait to fix your configuration!");
        args.report(finding.form(Form::Tight));
    }
}
