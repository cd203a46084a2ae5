//! `check-cannot-fail`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC015",
    name: "check-cannot-fail",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A health check accepts every answer.",
    why: "A server that answers 500 to everything stays in use as long as it answers at all; `http-check expect` was written to prevent just that.",
    example: "http-check expect rstatus [2345]\n",
    instead: "http-check expect status 200-399\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, line) in model
        .lines()
        .filter(|(_, l)| l.begins(&["http-check", "expect"]))
    {
        let words = &line.words;
        let negated = words.iter().any(|w| w.is("!"));
        let value = |name: &str| {
            let at = words.iter().position(|w| w.is(name))?;
            words.get(at + 1)
        };
        let wide = match (value("status"), value("rstatus"), value("rstring")) {
            (Some(word), _, _) => covers(&word.text),
            (_, Some(word), _) | (_, _, Some(word)) => {
                let text = word.display().to_string();
                let text = text.trim_start_matches('^').trim_end_matches('$');
                matches!(
                    text,
                    "" | "."
                        | ".*"
                        | ".+"
                        | "..."
                        | "[2345]"
                        | "[2345].."
                        | "[2-5].."
                        | "[1-5].."
                        | "[0-9]+"
                        | "[0-9]*"
                        | "\\d+"
                        | "[2-5][0-9][0-9]"
                )
            }
            _ => false,
        };
        if wide && !negated {
            out.line(line, "every answer passes this check")
                .help("http-check expect status 200-399");
        }
    }
}

/// Whether a list of statuses holds 200 and 500.
fn covers(list: &[u8]) -> bool {
    let list = String::from_utf8_lossy(list);
    let holds = |status: u16| {
        list.split(',').any(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let range = low.parse::<u16>().ok().zip(high.parse::<u16>().ok());
            range.is_some_and(|(low, high)| (low..=high).contains(&status))
        })
    };
    holds(200) && holds(500) && holds(503)
}
