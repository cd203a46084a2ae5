//! What happened, as text that is the same on every run.

use crate::scenario::Show;

/// Lines so far, and how to make bytes stable.
#[derive(Default)]
pub struct Transcript {
    pub lines: Vec<String>,
    /// Port numbers and what they are shown as.
    pub ports: Vec<(String, String)>,
    /// After these bytes, that many bytes are hidden.
    pub masks: Vec<(String, usize)>,
    /// Show header names in lower case: HAProxy 1.x kept them as written, 3.x writes them so.
    pub fold: bool,
}

/// A column and how it is shown: `NAME` as it is, `NAME?` whether it is more than 0, `NAME/N` in
/// steps of N.
fn coarse(wanted: &str) -> (&str, impl Fn(&str) -> String) {
    let (name, step) = match wanted.split_once('/') {
        Some((name, step)) => (name, step.parse::<u64>().ok()),
        None => (wanted.trim_end_matches('?'), None),
    };
    let only_whether = wanted.ends_with('?');
    let shown = move |value: &str| match (value.parse::<u64>(), step) {
        (Ok(n), Some(step)) => ((n + step / 2) / step * step).to_string(),
        (Ok(n), None) if only_whether => if n > 0 { "some" } else { "0" }.to_string(),
        _ => value.to_string(),
    };
    (name, shown)
}

impl Transcript {
    /// Adds a line about `who`.
    pub fn say(&mut self, who: &str, text: &str) {
        self.lines.push(format!("{who} {text}").trim().to_owned());
    }

    /// Adds received bytes: `who < text` for each line that ends in CRLF, `who : text` otherwise.
    pub fn bytes(&mut self, who: &str, bytes: &[u8], show: &Show) {
        let folded;
        let bytes = if self.fold {
            folded = lower_names(bytes);
            folded.as_slice()
        } else {
            bytes
        };
        match show {
            Show::All => self.all(who, bytes),
            Show::Length => self.lines.push(format!("{who} {} bytes", bytes.len())),
            Show::Brief(names) => self.brief(who, bytes, names),
            Show::Decoded => self.decoded(who, bytes),
            Show::Columns(names) => self.columns(who, bytes, names),
            Show::Has(wanted) => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let status = text.split(' ').nth(1).unwrap_or_default();
                self.lines.push(format!("{who} status {status}"));
                for part in wanted {
                    let answer = if text.contains(part.as_str()) {
                        "yes"
                    } else {
                        "no"
                    };
                    self.lines
                        .push(format!("{who} has {}: {answer}", escape(part.as_bytes())));
                }
            }
            Show::Lines(beginnings) => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let wanted = |line: &&str| beginnings.iter().any(|b| line.starts_with(b.as_str()));
                for line in text.lines().filter(wanted) {
                    let line = self.stable(&escape(line.as_bytes()));
                    self.lines.push(format!("{who} {line}"));
                }
            }
        }
    }

    fn all(&mut self, who: &str, bytes: &[u8]) {
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            let (mark, text) = match line.strip_suffix(b"\r\n") {
                Some(text) => ('<', text),
                None => (':', line),
            };
            let text = self.stable(&escape(text));
            self.lines
                .push(format!("{who} {mark} {text}").trim_end().to_owned());
        }
    }

    fn columns(&mut self, who: &str, bytes: &[u8], names: &[String]) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut lines = text.lines().skip_while(|line| !line.starts_with("# "));
        let Some(head) = lines.next() else {
            self.say(who, "no table");
            return;
        };
        // the CSV, or a table of the runtime API
        let gap = if head.contains(',') { ',' } else { ' ' };
        let head: Vec<&str> = head[2..].split(gap).collect();
        for line in lines.take_while(|line| !line.is_empty()) {
            let row: Vec<&str> = line.split(gap).collect();
            let cells: Vec<String> = names
                .iter()
                .map(|wanted| {
                    let (name, coarse) = coarse(wanted);
                    let at = head.iter().position(|h| *h == name);
                    let value = at.and_then(|at| row.get(at)).copied().unwrap_or("?");
                    format!("{name} {}", coarse(value))
                })
                .collect();
            self.lines
                .push(format!("{who} {}", cells.join(", ")).trim_end().to_owned());
        }
    }

    fn decoded(&mut self, who: &str, bytes: &[u8]) {
        let head = crate::wire::head_length(bytes).unwrap_or(bytes.len());
        self.all(who, &bytes[..head]);
        let (body, trailers) = crate::wire::without_chunks(&bytes[..head], &bytes[head..]);
        self.all(who, &crate::wire::without_coding(&bytes[..head], body));
        for line in trailers.split_inclusive(|b| *b == b'\n') {
            self.all(&format!("{who} trailer"), line);
        }
    }

    fn brief(&mut self, who: &str, bytes: &[u8], names: &[String]) {
        let head = crate::wire::head_length(bytes).unwrap_or(bytes.len());
        for (n, line) in bytes[..head].split(|b| *b == b'\n').enumerate() {
            let text =
                String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
            if n == 0 {
                let status = text.split(' ').nth(1).unwrap_or_default().to_owned();
                self.lines.push(format!("{who} status {status}"));
            } else if let Some((name, value)) = text.split_once(':') {
                let name = name.to_ascii_lowercase();
                if names.contains(&name) {
                    let value = self.stable(&escape(value.trim().as_bytes()));
                    self.lines.push(format!("{who} {name}: {value}"));
                }
            }
        }
        if names.iter().any(|n| n == "body") {
            self.all(who, &bytes[head..]);
        }
    }

    /// Hides ports and masked values.
    fn stable(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (port, name) in &self.ports {
            for before in [':', ' '] {
                let port = format!("{before}{port}");
                let mut from = 0;
                while let Some(at) = text[from..].find(&port).map(|n| n + from) {
                    from = at + port.len();
                    if !text[from..].starts_with(|c: char| c.is_ascii_digit()) {
                        text.replace_range(at + 1..from, name);
                        from = at + 1 + name.len();
                    }
                }
            }
        }
        for (prefix, count) in &self.masks {
            let mut from = 0;
            while let Some(at) = text[from..].find(prefix.as_str()).map(|n| n + from) {
                let start = at + prefix.len();
                let end = text[start..]
                    .char_indices()
                    .nth(*count)
                    .map_or(text.len(), |(n, _)| start + n);
                text.replace_range(start..end, &"*".repeat(text[start..end].chars().count()));
                from = end;
            }
        }
        text
    }

    /// Adds a log line without its date, process number, client port and measured times.
    pub fn log(&mut self, who: &str, datagram: &[u8], whole: bool, rounds: bool) {
        let text = String::from_utf8_lossy(datagram);
        let text = text.trim_end_matches(['\n', '\0']);
        let priority = text.find('>').map_or("", |at| &text[..=at]);
        // RFC 5424: version, date, host, program, process number, message id
        let modern: Vec<&str> = text[priority.len()..].splitn(6, ' ').collect();
        let shortened;
        let mut whole = whole;
        let message = match modern[..] {
            ["1", _, host, program, _, rest] => {
                shortened = format!("1 ISO {host} {program} PID {rest}");
                whole = false;
                &shortened
            }
            _ => text.find("]: ").map_or(text, |at| &text[at + 3..]),
        };
        let heading = match text.find("[") {
            // "<134>Nov 23 14:27:00 host program[": what follows the fixed width of the date.
            Some(at) if whole => text[..at].get(priority.len() + 15..).unwrap_or_default(),
            _ => "",
        };
        let mut timed = false;
        let mut words = Vec::new();
        for word in message.split(' ') {
            let numbers: Vec<&str> = word.split('/').collect();
            let measured = numbers.len() >= 3
                && numbers
                    .iter()
                    .all(|n| n.trim_start_matches(['+', '-']).parse::<u64>().is_ok());
            if measured && !timed {
                timed = true;
                let hidden: Vec<String> = numbers
                    .iter()
                    .map(|n| match n.parse::<u64>() {
                        Ok(ms) if rounds => ((ms + 150) / 300 * 300).to_string(),
                        Ok(_) if n.starts_with('+') => "+T".to_owned(),
                        Ok(_) => "T".to_owned(),
                        Err(_) => (*n).to_owned(),
                    })
                    .collect();
                words.push(hidden.join("/"));
            } else if word.starts_with('[') && word.ends_with(']') && word.contains('/') {
                words.push("[DATE]".to_owned());
            } else if word.starts_with("127.0.0.") && word.contains(':') && words.is_empty() {
                words.push(format!(
                    "{}:PORT",
                    word.split(':').next().unwrap_or_default()
                ));
            } else if word.ends_with("ms.") || word.ends_with("ms,") {
                words.push("T".to_owned());
            } else {
                words.push(word.to_owned());
            }
        }
        let message = self.stable(&escape(words.join(" ").as_bytes()));
        self.lines
            .push(format!("{who} log {priority}{heading} {message}"));
    }
}

/// A message with its header names in lower case.
fn lower_names(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let head = crate::wire::head_length(bytes).unwrap_or(0);
    let lines = out[..head].split_mut(|b| *b == b'\n').skip(1);
    for line in lines {
        let name = line.iter().position(|b| *b == b':').unwrap_or(0);
        line[..name].make_ascii_lowercase();
    }
    out
}

/// Printable text: control bytes as escapes, long runs as `{x*1000}`.
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| **b == bytes[at]).count();
        let one = match bytes[at] {
            b'\r' => "\\r".to_owned(),
            b'\n' => "\\n".to_owned(),
            b'\t' => "\\t".to_owned(),
            b'\\' => "\\\\".to_owned(),
            b @ (0x20..=0x7e) => char::from(b).to_string(),
            b => format!("\\x{b:02x}"),
        };
        if run >= 40 {
            out.push_str(&format!("{{{one}*{run}}}"));
            at += run;
        } else {
            out.push_str(&one);
            at += 1;
        }
    }
    out
}
