//! `tcp-check send`, `send-lf`, `send-binary`, `send-binary-lf` and `http-check send`.

use super::{Rule, binary};
use crate::ir::check::{Act, HttpSend};
use crate::sample::LogFormat;
use crate::sample::compile::Fault;

impl Rule<'_, '_, '_> {
    pub(super) fn send(&mut self, name: &str) -> Result<Act, Fault> {
        let act = match name {
            "send" => {
                let word = self.take("'string' expects a send as argument")?;
                Act::Send(word.bytes().to_vec())
            }
            "send-binary" => {
                let word = self.take("'binary string' expects a send-binary as argument")?;
                let bytes = binary(word.bytes())
                    .map_err(|m| format!("'{}' invalid binary string ({m})", word.display()))?;
                Act::Send(bytes)
            }
            "send-binary-lf" => Act::SendHex(self.format(name)?),
            _ => Act::SendFormat(self.format(name)?),
        };
        while let Some(word) = self.next() {
            if !word.is("comment") {
                return Err(format!(
                    "expects 'comment' but got '{}' as argument.",
                    word.display()
                )
                .into());
            }
            self.note()?;
        }
        Ok(act)
    }

    pub(super) fn http_send(&mut self) -> Result<Act, Fault> {
        let mut made = HttpSend::default();
        while let Some(word) = self.next() {
            let option = word.display().to_string();
            match option.as_str() {
                "comment" => self.note()?,
                "meth" => made.method = Some(self.text(&option)?.bytes().to_vec()),
                "ver" => made.version = Some(self.text(&option)?.bytes().to_vec()),
                "uri" => made.uri = Some(LogFormat::text(self.text(&option)?.bytes())),
                "body" => made.body = Some(LogFormat::text(self.text(&option)?.bytes())),
                "uri-lf" => made.uri = Some(self.format(&option)?),
                "body-lf" => made.body = Some(self.format(&option)?),
                "hdr" => {
                    let missing = "'hdr' expects <name> and <value> as arguments";
                    let name = self.take(missing)?.bytes().to_ascii_lowercase();
                    if self.words.is_empty() {
                        return Err(missing.into());
                    }
                    let value = self.format("hdr")?;
                    let framing: [&[u8]; 2] = [b"content-length", b"transfer-encoding"];
                    if !framing.contains(&name.as_slice()) {
                        made.headers.push((name, value));
                    }
                }
                _ => {
                    return Err(format!(
                        "expects 'comment', 'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body' or 'body-lf' but got '{option}' as argument."
                    )
                    .into());
                }
            }
        }
        Ok(Act::Request(Box::new(made)))
    }
}
