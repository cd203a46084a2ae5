//! `use-server`

use super::rules;
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::{LogFormat, Places};

/// `use-server NAME if|unless CONDITION`
pub const USE_SERVER: KeywordHandler =
    KeywordHandler::rules(&["use-server"], Sections::NAMED_PROXY, lower).without_effect();

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "use-server") {
        return;
    }
    let Some(word) = args.word("'use-server' expects a server name.") else {
        return;
    };
    let message = "'use-server' requires either 'if' or 'unless' followed by a condition.";
    let context = "error detected while parsing switching rule : ";
    let before = args.position();
    let silent = rules::required_condition(cx, args, Places::BE_SET_SERVER, message, context);
    if silent.is_none() && before == args.position() {
        return;
    }
    if word.text.contains(&b'%') {
        let context = format!(
            "Parsing [{}]; use-server rule failed to parse log-format '{}' : ",
            cx.place(word.span),
            word.display()
        );
        let compiled = rules::compile(cx, Places::BE_SET_SERVER, |compile, _| {
            LogFormat::compile(word, compile)
        });
        for mut finding in compiled.1 {
            finding.message.insert_str(0, &context);
            finding.form = Form::Plain;
            args.report(finding);
        }
        return;
    }
    let name = word.display().to_string();
    let Some(draft) = cx.draft() else {
        return;
    };
    if !draft.proxy.servers.iter().any(|s| s.name == name) {
        let message = format!(
            "{} : unable to find server '{name}' referenced in a 'use-server' rule.",
            cx.named()
        );
        args.report(Diagnostic::alert("HX0301", word.span, message).form(Form::Plain));
    }
}
