//! `outdated-option`

use crate::base::diag::Severity;
use crate::grammar::{self, LineOption, Version};
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HD003",
    name: "outdated-option",
    category: Category::Deprecation,
    severity: Severity::Warning,
    default: true,
    what: "An option of a `bind` or `server` line that HAProxy 3.4 has dropped or calls deprecated.",
    why: "The file cannot be used with a current HAProxy, or will not be with a coming one.",
    example: "bind :80 process 1\n",
    instead: "bind :80 thread 1\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    type Find = fn(&[u8]) -> Option<&'static LineOption>;
    for (_, line) in model.lines() {
        let (mut at, find): (usize, Find) = match () {
            () if line.begins(&["bind"]) => (2, grammar::bind_option),
            () if line.begins(&["server"]) => (3, grammar::server_option),
            () if line.begins(&["default-server"]) => (1, grammar::server_option),
            () => continue,
        };
        while let Some(word) = line.word(at) {
            at += 1;
            let Some(option) = find(&word.text) else {
                continue;
            };
            at += usize::from(option.args.max.unwrap_or(option.args.min));
            let removed = option.life.removed.filter(|v| *v <= Version::CURRENT);
            let finding = match (removed, option.life.deprecated) {
                (Some(v), _) => out.word(word, format!("HAProxy {v} dropped '{}'", option.name)),
                (None, Some(v)) => out.word(
                    word,
                    format!("'{}' is deprecated since HAProxy {v}", option.name),
                ),
                _ => continue,
            };
            if let Some(replacement) = option.life.replacement {
                finding.help(format!("write instead: {replacement}"));
            }
        }
    }
}
