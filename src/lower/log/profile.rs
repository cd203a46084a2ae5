//! The `log-profile` section: other formats, by step, for the targets that name it (manual 8.3.5).

use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;
use crate::config::args::Args;
use crate::config::directive::Directive;
use crate::ir::log::{Override, Profile, Written};
use crate::lower::Context;
use crate::sample::logformat::Purpose;
use crate::sample::view::LogStep;

/// A section while its lines are collected.
#[derive(Clone, Debug)]
pub struct ProfileDraft<'d> {
    /// Its name.
    pub name: String,
    /// Its head.
    pub span: Span,
    /// Its lines, lowered after all sections.
    pub lines: Vec<&'d Directive>,
}

/// The head of a section.
pub fn begin<'d>(cx: &mut Context<'d>, head: &'d Directive) {
    let mut out = Vec::new();
    let mut args = Args::new(head, &mut out);
    let Some(name) = args.word("missing name for log-profile section.") else {
        cx.diags.append(&mut out);
        return;
    };
    args.end("log-profile");
    if let Some(bad) = crate::lower::bad_character(&name.text) {
        let message = format!(
            "character '{bad}' is not permitted in 'log-profile' name '{}'.",
            name.display()
        );
        args.alert("HX0397", name.span, message);
    }
    cx.diags.append(&mut out);
    let name = name.display().to_string();
    if let Some(other) = cx.profiles.iter().find(|p| p.name == name) {
        let message = format!(
            "Parsing [{}]: log-profile section '{name}' has the same name as another log-profile section declared at {}.",
            cx.place(head.span),
            cx.place(other.span)
        );
        let finding = Diagnostic::alert("HX0397", head.span, message).form(Form::Config);
        cx.diags.push(finding);
    }
    cx.profiles.push(ProfileDraft {
        name,
        span: head.span,
        lines: Vec::new(),
    });
    cx.in_profile = true;
}

/// Lowers all of them.
pub fn lower_all(cx: &mut Context<'_>) -> Vec<Profile> {
    let drafts = std::mem::take(&mut cx.profiles);
    drafts
        .iter()
        .map(|draft| {
            let mut profile = Profile {
                name: draft.name.clone(),
                tag: None,
                steps: Vec::new(),
            };
            for line in &draft.lines {
                let mut out = Vec::new();
                let mut args = Args::new(line, &mut out);
                let word = line.words.first();
                if word.is_some_and(|w| w.is("on")) {
                    on(cx, &mut args, &mut profile);
                } else if word.is_some_and(|w| w.is("log-tag")) {
                    let tag = args.text("'log-tag' expects a tag for use in syslog.");
                    profile.tag = tag.map(str::to_owned);
                } else {
                    let message = format!(
                        "unknown keyword '{}' in log-profile section.",
                        word.map(|w| w.display().to_string()).unwrap_or_default()
                    );
                    args.alert("HX0397", line.span, message);
                }
                cx.diags.append(&mut out);
            }
            profile
        })
        .collect()
}

/// `on STEP [drop] [format FMT] [sd FMT]`
fn on(cx: &mut Context<'_>, args: &mut Args<'_, '_>, profile: &mut Profile) {
    let all = || std::iter::once(LogStep::Unspecified).chain(LogStep::ALL);
    let step = args
        .next_word()
        .and_then(|w| all().find(|s| w.is(s.name())));
    let Some(step) = step else {
        let message = "'on' expects a log step.";
        let finding = Diagnostic::alert("HX0397", args.line().span, message)
            .form(Form::Tight)
            .excerpt(
                "expected values are: 'accept', 'request', 'connect', 'response', 'close', \
                 'error' or 'any'.",
            )
            .excerpt(
                "Or one of the additional log steps: 'http-req', 'http-res', 'http-after-res', \
                 'tcp-req-conn', 'tcp-req-sess', 'tcp-req-cont', 'tcp-res-cont'.",
            );
        args.report(finding);
        return;
    };
    let mut made = Override::default();
    let mut said = args.take("drop");
    made.drop = said;
    while let Some(word) = args.peek() {
        let sd = word.is("sd");
        if !sd && !word.is("format") {
            said = false;
            break;
        }
        args.next_word();
        let what = if sd { "sd" } else { "format" };
        let expects = format!("'on {} {what}' expects a logformat string.", step.name());
        let Some(format) = args.word(&expects) else {
            return;
        };
        let written = Written {
            word: format.clone(),
        };
        let format = super::format::compile(cx, &written, Purpose::Log, "logformat: ");
        match sd {
            true => made.sd = format,
            false => made.format = format,
        }
        said = true;
    }
    if !said {
        let message = format!("'on {}' expects 'drop', 'format' or 'sd'.", step.name());
        args.alert("HX0397", args.line().span, message);
        return;
    }
    profile.steps.retain(|(s, _)| *s != step);
    profile.steps.push((step, made));
}
