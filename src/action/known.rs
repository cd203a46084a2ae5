//! Actions that HAProxy knows and hapax does not execute yet: their arguments are checked by the
//! syntax that the grammar's table gives, and so is the condition behind them.

use super::{Action, Line, Reported, RuleSet, condition, context};
use crate::config::directive::Word;
use crate::grammar;
use crate::sample::compile::Fault;
use crate::sample::condition::Condition;
use crate::sample::{AclSet, Compile, Expr};

/// Checks the words behind the action. Nothing comes back but what was found.
pub(super) fn check(
    set: RuleSet,
    action: &grammar::Action,
    verb: &Word,
    words: &[Word],
    acls: &AclSet,
    cx: &mut Compile<'_>,
) -> Result<(Action, Option<Condition>), Reported> {
    cx.context = context(set, verb, cx);
    let mut line = Line {
        set,
        verb,
        words,
        cx,
    };
    let checked = arguments(&mut line, action);
    let rest = line.words;
    match checked {
        Ok(()) => {
            condition(set, verb, rest, acls, cx)?;
        }
        Err(fault) => cx.fault(fault),
    }
    Err(Reported)
}

fn arguments(line: &mut Line<'_, '_, '_>, action: &grammar::Action) -> Result<(), Fault> {
    let mut syntax = action.syntax;
    if let Some(inner) = syntax.strip_prefix('(') {
        let (_, behind) = inner.split_once(')').unwrap_or((inner, ""));
        syntax = behind.trim_start();
        let text = line.verb.bytes();
        let open = text.contains(&b'(') && text.last() == Some(&b')');
        if !open {
            let message = format!(
                "expects '{}({})'",
                action.name.trim_end_matches('.'),
                inner.split(')').next().unwrap_or_default()
            );
            return Err(message.into());
        }
    } else if action.prefix {
        // `track-sc0`, `lua.name`: the first one belongs to the name
        syntax = syntax.split_once(' ').map_or("", |(_, behind)| behind);
    }
    let options = options(syntax);
    for part in required(syntax) {
        if part.contains("...") || part == "[arguments]" {
            rest(line);
            return Ok(());
        }
        one(line, part)?;
    }
    if syntax.contains("[arguments]") || syntax.contains("...") {
        rest(line);
    }
    while let Some((_, argument)) = options.iter().find(|(name, _)| line.take_if(name)) {
        if let Some(argument) = argument {
            one(line, argument)?;
        }
    }
    Ok(())
}

/// Takes everything up to the condition.
fn rest(line: &mut Line<'_, '_, '_>) {
    while !line.at_end() {
        line.take();
    }
}

/// The words outside of brackets.
fn required(syntax: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0usize;
    syntax.split(' ').filter(move |part| {
        let outside = depth == 0 && !part.starts_with('[');
        depth += part.matches('[').count();
        depth = depth.saturating_sub(part.matches(']').count());
        outside && !part.is_empty()
    })
}

/// The options inside of brackets, each with its argument.
fn options(syntax: &str) -> Vec<(&str, Option<&str>)> {
    let mut found = Vec::new();
    let inside = syntax.split('[').skip(1);
    for group in inside.filter_map(|part| part.split(']').next()) {
        let mut rest = group;
        while !rest.is_empty() {
            let end = rest.find([' ', '|']).unwrap_or(rest.len());
            let (name, behind) = rest.split_at(end);
            let behind = behind.trim_start();
            match behind.strip_prefix('<') {
                Some(argument) => {
                    let end = argument.find('>').map_or(behind.len(), |at| at + 2);
                    // `<expr>|<size>` is one argument
                    let end = match behind.get(end..) {
                        Some(more) if more.starts_with("|<") => {
                            more.find('>').map_or(behind.len(), |at| end + at + 1)
                        }
                        _ => end,
                    };
                    found.push((name, behind.get(..end)));
                    rest = behind.get(end..).unwrap_or_default();
                }
                None => {
                    found.push((name, None));
                    rest = behind;
                }
            }
            rest = rest.trim_start_matches([' ', '|']);
        }
    }
    found
}

/// One argument.
fn one(line: &mut Line<'_, '_, '_>, part: &str) -> Result<(), Fault> {
    let missing = format!("expects {part}");
    if line.at_end() {
        return Err(missing.into());
    }
    let kinds: Vec<&str> = part.split('|').collect();
    let number = |w: &Word| w.bytes().first().is_some_and(|b| b.is_ascii_digit());
    if kinds.contains(&"<expr>") && !(kinds.len() > 1 && line.words.first().is_some_and(number)) {
        let (expr, used) = Expr::parse_words(line.words, line.cx)?;
        expr.check_places(expr.fetch_name(), line.cx)?;
        for _ in 0..used {
            line.take();
        }
        return Ok(());
    }
    if part == "<fmt>" {
        line.format(&missing)?;
        return Ok(());
    }
    let literals = kinds.iter().all(|k| !k.starts_with('<'));
    let word = line.argument(&missing)?;
    if literals && !kinds.iter().any(|k| word.is(k)) {
        return Err(format!("expects {part}, got '{}'", word.display()).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_is_split() {
        let of = |text| required(text).collect::<Vec<_>>();
        assert_eq!(of("<expr> [len <length>|id <id>]"), ["<expr>"]);
        assert_eq!(of("<name> <fmt>"), ["<name>", "<fmt>"]);
        assert_eq!(of("[realm <text>]"), [""; 0]);
        assert_eq!(
            options("<expr> [len <length>|id <id>]"),
            [("len", Some("<length>")), ("id", Some("<id>"))]
        );
        assert_eq!(
            options("<name> [limit <expr>|<size>] [period <expr>|<time>]"),
            [
                ("limit", Some("<expr>|<size>")),
                ("period", Some("<expr>|<time>"))
            ]
        );
    }
}
