//! `log-steps all|STEP,...`: when lines are written.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::view::LogStep;

/// `log-steps`
pub const LOG_STEPS: KeywordHandler =
    KeywordHandler::new(&["log-steps"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if !cx.can(Side::Frontend) {
        let message = format!(
            "log-steps will be ignored because {} has no frontend capability",
            cx.named()
        );
        args.warning("HX0220", args.line().span, message);
        return;
    }
    let Some(word) = args.next_word() else {
        return;
    };
    if word.is("all") {
        cx.set(|s| s.log_steps = Some(u16::MAX));
        return;
    }
    let mut steps = 0;
    for name in word.bytes().split(|b| *b == b',').filter(|n| !n.is_empty()) {
        let known = || LogStep::ALL.into_iter().filter(|s| *s != LogStep::Error);
        let Some(step) = known().find(|s| s.name().as_bytes() == name) else {
            let names: Vec<&str> = known().map(LogStep::name).collect();
            let message = format!(
                "invalid log step name ({}). Expected values are: {}",
                bstr::BStr::new(name),
                names.join(", ")
            );
            args.alert("HX0395", word.span, message);
            return;
        };
        steps |= step.bit();
    }
    cx.set(|s| s.log_steps = Some(steps));
}
