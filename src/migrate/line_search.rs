//! The regexes of `reqrep` and its kin, which searched whole lines: which header, or which part of
//! the start line, they are about.

/// What a search is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// The lines of one header.
    Header(Header),
    /// Every header whose name begins so.
    Prefix(String),
    /// The request line.
    Request(Request),
    /// The status line.
    Status,
    /// No telling.
    Unknown,
}

/// A search in the lines of one header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The header's name, as written.
    pub name: String,
    /// The regex for its value; empty when any will do.
    pub value: String,
    /// A group of its own held the name (and perhaps the colon and blanks).
    pub grouped: bool,
}

/// A search in the request line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The methods; empty when any will do.
    pub methods: Vec<String>,
    /// The method stood in a group of its own.
    pub grouped: bool,
    /// The regex for the URI, anchored.
    pub uri: String,
    /// So many groups stand in `uri`.
    pub groups: usize,
}

/// Blanks after the colon of a header, as regexes have them.
const BLANKS: &[&str] = &[
    "[ \t]*",
    "[ \t]+",
    "[ ]*",
    "[ ]+",
    "[ ]?",
    "[ ]",
    "[[:space:]]*",
    "[[:blank:]]*",
    "\\s*",
    "\\s+",
    "\\s?",
    "\\s",
    " *",
    " +",
    " ?",
    " ",
];

/// Ways to say "any method".
const ANY_METHOD: &[&str] = &[
    "[^ :]*",
    "[^: ]*",
    "[^ ]*",
    "[^ :]+",
    "[^: ]+",
    "[^ ]+",
    "[^\\s]*",
    "[^\\s]+",
    "\\S+",
    "\\S*",
    ".*",
    ".+",
    "[A-Z]+",
    "[A-Z]*",
    "[a-zA-Z]+",
    "[A-Za-z]+",
    "[^ \t:]*",
    "[^\\ :]*",
    "\\w+",
];

/// Reads a regex of a rule on requests.
pub fn request(regex: &str) -> Search {
    let Some(rest) = regex.strip_prefix('^') else {
        return Search::Unknown;
    };
    if let Some(found) = request_line(rest) {
        return Search::Request(found);
    }
    header(rest)
}

/// Reads a regex of a rule on responses.
pub fn response(regex: &str) -> Search {
    match regex.strip_prefix('^') {
        Some(rest) if rest.starts_with("HTTP") => Search::Status,
        Some(rest) => header(rest),
        None => Search::Unknown,
    }
}

fn header(rest: &str) -> Search {
    let (inner, grouped) = match rest.strip_prefix('(') {
        Some(inner) => (inner, true),
        None => (rest, false),
    };
    let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let end = inner.find(|c| !token(c)).unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    if name.is_empty() {
        return Search::Unknown;
    }
    if rest.is_empty() && !grouped {
        return Search::Prefix(name.to_owned());
    }
    let rest = match (grouped, rest.strip_prefix(':')) {
        (false, Some(rest)) => rest,
        (true, Some(rest)) => match after_blanks(rest).strip_prefix(')') {
            Some(rest) => rest,
            None => return Search::Unknown,
        },
        (true, None) => match rest.strip_prefix("):") {
            Some(rest) => rest,
            None => return Search::Unknown,
        },
        (false, None) => return Search::Unknown,
    };
    // Blanks at its front are no part of a value today.
    let rest = after_blanks(rest);
    let any = matches!(rest, "" | ".*" | ".*$" | "$");
    let value = match any {
        true => String::new(),
        false if rest.starts_with(".*") => rest.to_owned(),
        false => format!("^{rest}"),
    };
    Search::Header(Header {
        name: name.to_owned(),
        value,
        grouped,
    })
}

/// A text without the blanks (as a regex has them) at its front.
pub fn after_blanks(text: &str) -> &str {
    BLANKS
        .iter()
        .find_map(|b| text.strip_prefix(b))
        .unwrap_or(text)
}

/// `METHOD URI VERSION`.
fn request_line(rest: &str) -> Option<Request> {
    let (method, grouped, rest) = match rest.strip_prefix('(') {
        Some(inner) => {
            let end = close(inner)?;
            (inner.get(..end)?, true, inner.get(end + 1..)?)
        }
        None => {
            let any = ANY_METHOD.iter().find(|m| rest.starts_with(**m));
            let end = match any {
                Some(any) => any.len(),
                None => rest.find(|c: char| !c.is_ascii_uppercase())?,
            };
            (rest.get(..end)?, false, rest.get(end..)?)
        }
    };
    let methods: Vec<String> = match ANY_METHOD.contains(&method) {
        true => Vec::new(),
        false => method.split('|').map(str::to_owned).collect(),
    };
    let word = |m: &String| !m.is_empty() && m.chars().all(|c| c.is_ascii_uppercase());
    if !methods.iter().all(word) {
        return None;
    }
    let after = [" +", "[ ]+", "[ ]", "\\s+", "\\s", " "]
        .iter()
        .find_map(|b| rest.strip_prefix(b))?;
    let uri = uri(after)?;
    let groups = groups(&uri);
    Some(Request {
        methods,
        grouped,
        uri,
        groups,
    })
}

/// The regex of the URI in one of the URI and what follows it.
fn uri(rest: &str) -> Option<String> {
    // `.*` runs over the blank before a version: all of the URI.
    if let Some(at) = rest.find(".*HTTP") {
        let uri = rest.get(..at)?;
        return (!has_blank(uri)).then(|| format!("^{uri}.*$"));
    }
    // A version at the end: what stands before it ends the URI.
    let version = ["( HTTP", " HTTP", " (HTTP", "\\sHTTP", "\\s(HTTP"]
        .iter()
        .find_map(|v| rest.find(v));
    let (uri, ended) = match version {
        Some(at) => (rest.get(..at)?, true),
        None => (rest, false),
    };
    // `/img[/ ].*`: the blank that ended the URI, or more of the path.
    let cut = ["[/ ].*", "[/ ]", "[ /].*", "[ /]"]
        .iter()
        .find_map(|end| uri.strip_suffix(end));
    let uri = match (cut, ended) {
        (Some(front), false) => format!("^{front}(/|$)"),
        _ => {
            let uri = uri.strip_suffix(' ').map_or((uri, ended), |u| (u, true));
            match uri {
                (uri, true) if !uri.ends_with('$') && !uri.ends_with(".*") => format!("^{uri}$"),
                (uri, _) => format!("^{uri}"),
            }
        }
    };
    // A blank left over would have to match between the parts of the line.
    (!has_blank(&uri)).then_some(uri)
}

/// Whether a regex matches a blank outside of `[^ ]`.
fn has_blank(regex: &str) -> bool {
    let mut negated = false;
    let mut class = false;
    let mut before = ' ';
    for c in regex.chars() {
        match c {
            '[' if !class => class = true,
            '^' if class && before == '[' => negated = true,
            ']' if class => (class, negated) = (false, false),
            ' ' if !negated => return true,
            _ => {}
        }
        before = c;
    }
    false
}

/// Where the group ends whose opening stands just before the text.
fn close(text: &str) -> Option<usize> {
    let mut depth = 0;
    let (mut class, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => {
                escaped = false;
                continue;
            }
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '(' if !class => depth += 1,
            ')' if !class && depth == 0 => return Some(at),
            ')' if !class => depth -= 1,
            _ => {}
        }
    }
    None
}

/// How many groups a regex has.
pub fn groups(regex: &str) -> usize {
    let bytes = regex.as_bytes();
    let (mut class, mut count, mut at) = (false, 0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' => class = true,
            b']' => class = false,
            b'(' if !class && bytes.get(at + 1) != Some(&b'?') => count += 1,
            _ => {}
        }
        at += 1;
    }
    count
}

/// The replacement with its groups counted from `shift` fewer, as a log format; `None` if it uses
/// one that is gone.
pub fn format(text: &str, shift: usize) -> Option<String> {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek().and_then(|d| d.to_digit(10))) {
            ('\\', Some(digit)) => {
                chars.next();
                let group = digit as usize;
                let kept = match group {
                    0 if shift == 0 => 0,
                    group if group > shift => group - shift,
                    _ => return None,
                };
                out.push('\\');
                out.push_str(&kept.to_string());
            }
            ('%', _) => out.push_str("%%"),
            (c, _) => out.push(c),
        }
    }
    Some(out)
}

/// A regex that also matches the other case, where that matters.
pub fn caseless(regex: &str, caseless: bool) -> String {
    let mut escaped = false;
    let letters = regex.chars().any(|c| {
        let letter = c.is_ascii_alphabetic() && !escaped;
        escaped = c == '\\' && !escaped;
        letter
    });
    match caseless && letters {
        true => format!("(?i){regex}"),
        false => regex.to_owned(),
    }
}

/// `{ method ... } { url -m reg ... }`: the terms that say the same about a request.
pub fn terms(found: &Request, caseless: bool) -> String {
    let mut terms = String::new();
    if !found.methods.is_empty() {
        terms = format!("{{ method {} }}", found.methods.join(" "));
    }
    if !matches!(found.uri.as_str(), "^" | "^.*" | "^.*$") {
        let flag = if caseless { " -i" } else { "" };
        let uri = String::from_utf8_lossy(&super::text::quoted(found.uri.as_bytes())).into_owned();
        if !terms.is_empty() {
            terms.push(' ');
        }
        terms.push_str(&format!("{{ url -m reg{flag} {uri} }}"));
    }
    terms
}

/// The term that says the same about a header: `req` or `res`.
pub fn header_term(side: &str, found: &Header, caseless: bool) -> String {
    let flag = if caseless { " -i" } else { "" };
    match found.value.is_empty() {
        true => format!("{{ {side}.fhdr({}) -m found }}", found.name),
        false => {
            let value = super::text::quoted(found.value.as_bytes());
            let value = String::from_utf8_lossy(&value).into_owned();
            format!("{{ {side}.fhdr({}) -m reg{flag} {value} }}", found.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches() {
        let header = |name: &str, value: &str| {
            Search::Header(Header {
                name: name.into(),
                value: value.into(),
                grouped: false,
            })
        };
        assert_eq!(request("^Host: www.(.*)$"), header("Host", "^www.(.*)$"));
        assert_eq!(request("^Server:.*"), header("Server", ""));
        assert_eq!(response("^Set-cookie: IP="), header("Set-cookie", "^IP="));
        assert_eq!(request("^X-For"), Search::Prefix("X-For".into()));
        assert_eq!(response("^HTTP/1.1 200"), Search::Status);
        assert_eq!(request("evil"), Search::Unknown);
        let line = |regex| match request(regex) {
            Search::Request(found) => (found.methods.join("|"), found.grouped, found.uri),
            other => panic!("{regex}: {other:?}"),
        };
        let any = String::new;
        assert_eq!(
            line("^([^ :]*) /static/(.*)"),
            (any(), true, "^/static/(.*)".into())
        );
        assert_eq!(
            line("^GET /a HTTP/1.[01]$"),
            ("GET".into(), false, "^/a$".into())
        );
        assert_eq!(
            line("^[^: ]* /img[/ ].*"),
            (any(), false, "^/img(/|$)".into())
        );
        assert_eq!(
            line("^(GET|POST) /(.*)( HTTP/.*)$"),
            ("GET|POST".into(), true, "^/(.*)$".into())
        );
    }

    #[test]
    fn formats() {
        assert_eq!(format("\\2/100%", 1).as_deref(), Some("\\1/100%%"));
        assert_eq!(format("\\1", 1), None);
        assert_eq!(groups("^(a)(?:b)\\(([(]c)"), 2);
        assert_eq!(caseless("^\\d+$", true), "^\\d+$");
        assert_eq!(caseless("^www", true), "(?i)^www");
    }
}
