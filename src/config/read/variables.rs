//! `setenv`, `presetenv`, `unsetenv`, `resetenv` in `global`: they act on the lines after them,
//! so the reader executes them.

use crate::base::diag::Diagnostic;
use crate::config::directive::{Directive, Word};
use crate::config::environment::Environment;

/// Executes the line when it is one of the four.
pub(super) fn execute(line: &Directive, env: &mut Environment, out: &mut Vec<Diagnostic>) {
    let Some((keyword, rest)) = line.words.split_first() else {
        return;
    };
    let name = String::from_utf8_lossy(&keyword.text);
    if crate::grammar::switched_off("keyword", &name) {
        return;
    }
    match &keyword.text[..] {
        b"setenv" | b"presetenv" => assign(keyword, rest, env, out),
        b"unsetenv" => {
            if rest.is_empty() {
                let message = format!(
                    "'{}' expects at least one variable name.",
                    keyword.display()
                );
                out.push(Diagnostic::alert("HX0130", keyword.span, message));
            }
            for name in rest {
                env.unset(&name.text);
            }
        }
        // Its value can be asked for under this name from here on.
        b"localpeer" => {
            if let [name] = rest {
                env.set("HAPROXY_LOCALPEER", name.text.to_vec());
            }
        }
        b"resetenv" => {
            let kept: Vec<&[u8]> = rest.iter().map(Word::bytes).collect();
            env.retain(&kept);
        }
        _ => {}
    }
}

fn assign(keyword: &Word, rest: &[Word], env: &mut Environment, out: &mut Vec<Diagnostic>) {
    let said = keyword.display();
    let mut alert = |word: &Word, message: String| {
        out.push(Diagnostic::alert("HX0130", word.span, message));
    };
    match rest {
        [] => alert(
            keyword,
            format!("'{said}' expects environment variable name."),
        ),
        [name] => alert(
            name,
            format!(
                "'{said}' expects environment variable value for '{}'.",
                name.display()
            ),
        ),
        [name, ..] if name.text.contains(&b'=') => alert(
            name,
            format!(
                "'{said}' failed on variable '{}' : Invalid argument.",
                name.display()
            ),
        ),
        [_, _, extra, ..] => alert(
            extra,
            format!(
                "'{said}' cannot handle unexpected argument '{}'.",
                extra.display()
            ),
        ),
        [name, value] if keyword.is("presetenv") => {
            env.preset(name.text.to_vec(), value.text.to_vec());
        }
        [name, value] => env.set(name.text.to_vec(), value.text.to_vec()),
    }
}
