//! Variables in addresses. HAProxy expands `$NAME` and `${NAME}` there even outside of quotes,
//! where the rest of a line is left as it stands (configuration manual 2.3 speaks of quotes only;
//! versions 1.5 to 3.4 do it).

use crate::config::directive::Word;
use crate::config::environment::Environment;

/// Keywords whose second or third word is an address.
const PLACES: &[(&str, usize)] = &[
    ("bind", 1),
    ("dispatch", 1),
    ("frontend", 2),
    ("listen", 2),
    ("log", 1),
    ("mailer", 2),
    ("nameserver", 2),
    ("peer", 2),
    ("server", 2),
    ("source", 1),
    ("stats", 2),
];

/// Expands the addresses of a line.
pub fn expand(words: &mut [Word], env: &Environment) {
    let Some(&(_, at)) = words
        .first()
        .and_then(|first| PLACES.iter().find(|(name, _)| first.is(name)))
    else {
        return;
    };
    if let Some(word) = words.get_mut(at)
        && word.text.contains(&b'$')
    {
        word.text = value(&word.text, env).into();
    }
}

fn value(text: &[u8], env: &Environment) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first != b'$' {
            out.push(first);
            continue;
        }
        let brace = rest.first() == Some(&b'{');
        let start = rest.get(usize::from(brace)..).unwrap_or_default();
        let end = start
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || *b == b'_'))
            .unwrap_or(start.len());
        let (name, behind) = start.split_at(end);
        out.extend_from_slice(env.get(name).unwrap_or_default());
        rest = match brace {
            true => behind.strip_prefix(b"}").unwrap_or(behind),
            false => behind,
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_expanded() {
        let mut env = Environment::default();
        env.set("PORT", "80");
        assert_eq!(value(b"*:$PORT", &env), b"*:80");
        assert_eq!(value(b"*:${PORT}1,:$PORT", &env), b"*:801,:80");
        assert_eq!(value(b"a:$NONE", &env), b"a:");
    }
}
