//! Lists of certificates (`crt-list`; configuration manual 5.1): one per line, with options in
//! brackets and the names it is for.

/// A line of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Number of the line, from 1.
    pub line: usize,
    /// The file.
    pub file: String,
    /// What stands in brackets.
    pub options: Vec<String>,
    /// Names it is for; empty: those in the certificate.
    pub names: Vec<String>,
}

/// Reads a list.
///
/// # Errors
/// Number of the line, and what is wrong there in HAProxy's words.
pub fn read(text: &[u8]) -> Result<Vec<Entry>, (usize, String)> {
    let text = String::from_utf8_lossy(text);
    let mut entries = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let number = at + 1;
        let (file, rest) = match line.split_once([' ', '\t', '[']) {
            Some((file, _)) => (
                file,
                line.get(file.len()..).unwrap_or_default().trim_start(),
            ),
            None => (line, ""),
        };
        let (options, names) = match rest.strip_prefix('[') {
            None => ("", rest),
            Some(rest) => rest
                .split_once(']')
                .ok_or((number, "missing closing bracket".to_owned()))?,
        };
        if names.contains(['[', ']']) {
            return Err((number, "too many brackets".to_owned()));
        }
        let words = |s: &str| s.split_whitespace().map(str::to_owned).collect();
        entries.push(Entry {
            line: number,
            file: file.to_owned(),
            options: words(options),
            names: words(names),
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let list = read(b"# certificates\n\na.pem\nb.pem [alpn h2 ssl-min-ver TLSv1.2] *.b.example !x.b.example\nc.pem c.example # old\n").unwrap();
        assert_eq!(list.len(), 3);
        assert_eq!(list[1].options, ["alpn", "h2", "ssl-min-ver", "TLSv1.2"]);
        assert_eq!(list[1].names, ["*.b.example", "!x.b.example"]);
        assert_eq!(
            (list[2].line, list[2].names.as_slice()),
            (5, &["c.example".to_owned()][..])
        );
        assert_eq!(read(b"a [b\n").unwrap_err().0, 1);
    }
}
