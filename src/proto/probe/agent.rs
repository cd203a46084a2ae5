//! What an agent says of its server (configuration manual 5.2 `agent-check`).

/// What an agent says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Whether the server may be used, and the agent's word for it.
    pub health: Option<(bool, String)>,
    /// Into use, out of use, or into maintenance.
    pub wish: Option<Wish>,
    /// Percent of the configured weight.
    pub weight: Option<u32>,
    /// `maxconn:N`
    pub maxconn: Option<u32>,
    /// What stands behind `#`.
    pub note: Option<String>,
    /// A word that nobody knows.
    pub unknown: Option<String>,
}

/// What an agent wants of administration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// `ready`
    Ready,
    /// `drain`
    Drain,
    /// `maint`
    Maint,
}

/// The first line, if it is complete.
pub fn first_line(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|b| *b == b'\n')?;
    bytes.get(..end)
}

/// Reads the words of a line.
pub fn words(line: &[u8]) -> Words {
    let line = line.split(|b| *b == b'\r').next().unwrap_or_default();
    let text = String::from_utf8_lossy(line);
    let (said, note) = match text.split_once('#') {
        Some((said, note)) => (said, Some(note.trim())),
        None => (&*text, None),
    };
    let mut words = Words {
        note: note.filter(|n| !n.is_empty()).map(str::to_owned),
        ..Words::default()
    };
    let parts = said.split([' ', '\t', ',']).filter(|w| !w.is_empty());
    for word in parts {
        let lower = word.to_ascii_lowercase();
        let number = lower.strip_suffix('%').and_then(|n| n.parse().ok());
        let limit = lower.strip_prefix("maxconn:").and_then(|n| n.parse().ok());
        match lower.as_str() {
            "up" => words.health = Some((true, word.to_owned())),
            "down" | "stopped" | "fail" => words.health = Some((false, word.to_owned())),
            "ready" => words.wish = Some(Wish::Ready),
            "drain" => words.wish = Some(Wish::Drain),
            "maint" => words.wish = Some(Wish::Maint),
            _ if number.is_some() => words.weight = number,
            _ if limit.is_some() => words.maxconn = limit,
            _ => {
                words.unknown.get_or_insert_with(|| word.to_owned());
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        assert_eq!(first_line(b"75"), None);
        assert_eq!(first_line(b"up\r\nfoo\n"), Some(&b"up\r"[..]));
        let w = words(b"UP,75%\tmaxconn:30 #fine\r");
        assert_eq!(w.health, Some((true, "UP".into())));
        assert_eq!((w.weight, w.maxconn), (Some(75), Some(30)));
        assert_eq!(w.note.as_deref(), Some("fine"));
        assert_eq!(words(b"failed").unknown.as_deref(), Some("failed"));
        let w = words(b"down ready");
        assert_eq!(
            (w.health.map(|h| h.0), w.wish),
            (Some(false), Some(Wish::Ready))
        );
    }
}
