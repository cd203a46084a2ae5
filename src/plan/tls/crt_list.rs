//! Lists of certificates (`crt-list`; configuration manual 5.1): one per line, with options in
//! brackets and the names it is for.

use crate::base::span::Span;
use crate::ir::tls::{Said, TlsCommon, TlsVersion, Verify};

/// A line of a list.
#[derive(Debug, PartialEq)]
pub struct Line {
    /// Number of the line, from 1.
    pub number: usize,
    /// The file.
    pub file: String,
    /// What stands in brackets.
    pub options: Option<Options>,
    /// Names it is for; empty: those in the certificate.
    pub names: Vec<String>,
}

/// What stands in brackets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// What lines of `bind` may say too.
    pub common: TlsCommon,
    /// `allow-0rtt`
    pub early: bool,
    /// `ocsp-update`
    pub ocsp_update: Option<bool>,
    /// `key`, `ocsp`, `issuer`, `sctl`: where these files are
    pub files: Vec<(String, String)>,
}

impl Options {
    /// As `show ssl crt-list` writes them.
    pub fn text(&self) -> String {
        let c = &self.common;
        let mut words: Vec<String> = Vec::new();
        if let Some(names) = &c.alpn {
            let names: Vec<_> = names.iter().map(|n| String::from_utf8_lossy(n)).collect();
            words.push(match names.is_empty() {
                true => "no-alpn".into(),
                false => format!("alpn {} ", names.join(",")),
            });
        }
        let verify = c.verify.map(|v| match v {
            Verify::None => "verify none",
            Verify::Optional => "verify optional",
            Verify::Required => "verify required",
        });
        words.extend(verify.map(str::to_owned));
        for (name, said) in [
            ("ca-file", &c.ca_file),
            ("crl-file", &c.crl_file),
            ("ca-verify-file", &c.ca_verify_file),
            ("ciphers", &c.ciphers),
            ("ciphersuites", &c.ciphersuites),
            ("curves", &c.curves),
            ("sigalgs", &c.sigalgs),
            ("client-sigalgs", &c.client_sigalgs),
        ] {
            words.extend(said.as_ref().map(|s| format!("{name} {}", s.text)));
        }
        if c.no_ca_names {
            words.push("no-ca-names".into());
        }
        if self.early {
            words.push("allow-0rtt".into());
        }
        for (name, version) in [
            ("ssl-min-ver", c.versions.min),
            ("ssl-max-ver", c.versions.max),
        ] {
            words.extend(version.map(|v| format!("{name} {}", v.name())));
        }
        for (name, file) in &self.files {
            words.push(format!("{name} {file}"));
        }
        if let Some(on) = self.ocsp_update {
            words.push(format!("ocsp-update {}", if on { "on" } else { "off" }));
        }
        words.join(" ")
    }
}

/// Reads a list. `name` is what messages call it.
///
/// # Errors
/// What is wrong, in HAProxy's words.
pub fn read(text: &[u8], name: &str, span: Span) -> Result<Vec<Line>, String> {
    let text = String::from_utf8_lossy(text);
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if let Some(line) = read_line(line, at + 1, name, span)? {
            lines.push(line);
        }
    }
    Ok(lines)
}

/// Reads one line; `None`: nothing is on it.
///
/// # Errors
/// What is wrong, in HAProxy's words.
pub fn read_line(
    line: &str,
    number: usize,
    name: &str,
    span: Span,
) -> Result<Option<Line>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let wrong = |what: String| format!("parsing [{name}:{number}]: {what}");
    let end = line.find([' ', '\t', '[']).unwrap_or(line.len());
    let (file, rest) = line.split_at(end);
    let mut rest = rest.trim_start();
    let mut bracket = None;
    if let Some(inside) = rest.strip_prefix('[') {
        // without an end there are no options, but names
        match inside.split_once(']') {
            Some((words, names)) => {
                bracket = Some(words);
                rest = names;
            }
            None => rest = inside,
        }
    }
    if rest.contains(']') {
        return Err(wrong("missing '['".into()));
    }
    if rest.contains('[') {
        return Err(wrong("too many '['".into()));
    }
    let options = match bracket {
        None => None,
        Some(words) => Some(options(words, span).map_err(|fault| match fault {
            Fault::Unknown(word) => wrong(format!("unknown ssl keyword {word}")),
            Fault::Missing(word) => wrong(format!("ssl args out of '[]' for {word}")),
            Fault::Wrong(text) => text,
        })?),
    };
    Ok(Some(Line {
        number,
        file: file.to_owned(),
        options,
        names: rest.split_whitespace().map(str::to_owned).collect(),
    }))
}

enum Fault {
    Unknown(String),
    Missing(String),
    Wrong(String),
}

fn options(words: &str, span: Span) -> Result<Options, Fault> {
    let mut made = Options::default();
    let mut words = words.split_whitespace();
    while let Some(word) = words.next() {
        let mut argument = || {
            let found = words.next();
            found.ok_or_else(|| Fault::Missing(word.to_owned()))
        };
        let said = |text: &str| {
            Some(Said {
                text: text.to_owned(),
                span,
            })
        };
        let c = &mut made.common;
        match word {
            "alpn" => {
                let names = argument()?.split(',').filter(|n| !n.is_empty());
                c.alpn = Some(names.map(|n| n.as_bytes().to_vec()).collect());
            }
            "no-alpn" => c.alpn = Some(Vec::new()),
            // nobody speaks it any more
            "npn" => drop(argument()?),
            "ktls" => drop(argument()?),
            "ca-file" => c.ca_file = said(argument()?),
            "ca-verify-file" => c.ca_verify_file = said(argument()?),
            "crl-file" => c.crl_file = said(argument()?),
            "ciphers" => c.ciphers = said(argument()?),
            "ciphersuites" => c.ciphersuites = said(argument()?),
            "curves" | "ecdhe" => c.curves = said(argument()?),
            "sigalgs" => c.sigalgs = said(argument()?),
            "client-sigalgs" => c.client_sigalgs = said(argument()?),
            "no-ca-names" => c.no_ca_names = true,
            "allow-0rtt" => made.early = true,
            "ssl-min-ver" => c.versions.min = Some(version(argument()?)?),
            "ssl-max-ver" => c.versions.max = Some(version(argument()?)?),
            "verify" => {
                c.verify = Some(match argument()? {
                    "none" => Verify::None,
                    "optional" => Verify::Optional,
                    "required" => Verify::Required,
                    other => {
                        return Err(Fault::Wrong(format!(
                            "'verify' : unknown verify method '{other}', only 'none', 'optional', and 'required' are supported"
                        )));
                    }
                });
            }
            "key" | "ocsp" | "issuer" | "sctl" => {
                let file = argument()?.to_owned();
                made.files.push((word.to_owned(), file));
            }
            // the file of the line counts
            "crt" => drop(argument()?),
            "ocsp-update" => {
                made.ocsp_update = Some(match argument()? {
                    "on" => true,
                    "off" => false,
                    other => {
                        return Err(Fault::Wrong(format!(
                            "cannot parse 'ocsp-update' value '{other}', 'on' or 'off' is expected."
                        )));
                    }
                });
            }
            other => return Err(Fault::Unknown(other.to_owned())),
        }
    }
    Ok(made)
}

fn version(word: &str) -> Result<TlsVersion, Fault> {
    TlsVersion::named(word.as_bytes())
        .ok_or_else(|| Fault::Wrong(format!("'{word}' : unknown ssl/tls version")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Vec<Line>, String> {
        read(text.as_bytes(), "list", Span::default())
    }

    #[test]
    fn lines() {
        let list = list("# certificates\n\na.pem\nb.pem [alpn h2,http/1.1 ssl-min-ver TLSv1.2] *.b.example !x.b.example\nc.pem c.example\n").unwrap();
        assert_eq!(list.len(), 3);
        let options = list[1].options.as_ref().unwrap();
        assert_eq!(options.text(), "alpn h2,http/1.1  ssl-min-ver TLSv1.2");
        assert_eq!(list[1].names, ["*.b.example", "!x.b.example"]);
        assert_eq!(
            (list[2].number, list[2].names.as_slice()),
            (5, &["c.example".to_owned()][..])
        );
    }

    #[test]
    fn faults_in_haproxys_words() {
        let wrong = |text| list(text).unwrap_err();
        assert_eq!(
            wrong("a [foo]"),
            "parsing [list:1]: unknown ssl keyword foo"
        );
        assert_eq!(
            wrong("\na [alpn] x"),
            "parsing [list:2]: ssl args out of '[]' for alpn"
        );
        assert_eq!(wrong("a b]"), "parsing [list:1]: missing '['");
        assert_eq!(wrong("a [ssl-min-ver x]"), "'x' : unknown ssl/tls version");
        assert_eq!(list("a [alpn h2 x").unwrap()[0].names, ["alpn", "h2", "x"]);
    }
}
