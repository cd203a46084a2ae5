//! `tcp-check connect` and `http-check connect`.

use super::Rule;
use crate::config::address::{self, Kind};
use crate::ir::check::{Act, Connect, Port};
use crate::lower::tls;
use crate::sample::compile::Fault;

impl Rule<'_, '_, '_> {
    pub(super) fn connect(&mut self) -> Result<Act, Fault> {
        let mut made = Connect::default();
        while let Some(word) = self.next() {
            match word.bytes() {
                b"comment" => self.note()?,
                b"sni" => made.sni = Some(self.text("sni")?.display().to_string()),
                b"alpn" => made.alpn = Some(tls::protocols(self.text("alpn")?)),
                b"proto" => {
                    let name = self.text("proto")?.display().to_string();
                    if name != "h1" && name != "none" {
                        self.cx
                            .note_pending("a health check's protocol", name.as_bytes());
                    }
                }
                b"port" => made.port = Some(self.port()?),
                b"addr" => {
                    let next = self.take("'addr' expects <addr> as argument.")?;
                    let kind = Kind::PLAIN;
                    let address = address::parse(next, kind)
                        .map_err(|f| format!("'addr' : {}", f.message))?;
                    made.addr = Some(address);
                }
                b"send-proxy" => made.send_proxy = true,
                b"via-socks4" => made.via_socks4 = true,
                b"linger" => made.linger = true,
                b"default" => made.default = true,
                b"ssl" => made.ssl = true,
                _ => {
                    return Err(format!(
                        "expects 'comment', 'port', 'addr', 'send-proxy', 'ssl', 'sni', 'alpn' or 'via-socks4', 'linger', 'default' but got '{}' as argument.",
                        word.display()
                    )
                    .into());
                }
            }
        }
        Ok(Act::Connect(Box::new(made)))
    }

    fn port(&mut self) -> Result<Port, Fault> {
        let missing = "'port' expects a port number or a sample expression as argument.";
        let Some(next) = self.words.first() else {
            return Err(missing.into());
        };
        match next.as_str().and_then(|t| t.parse::<u64>().ok()) {
            None => Ok(Port::Expr(self.expression("port")?)),
            Some(number) => {
                self.next();
                let port = u16::try_from(number).ok().filter(|p| *p > 0);
                port.map(Port::Number).ok_or_else(|| missing.into())
            }
        }
    }
}
