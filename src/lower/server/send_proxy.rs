//! What a server is told in front of its connections: `send-proxy` and its like, and the way there
//! through a SOCKS4 proxy (configuration manual 5.2).

use super::{Fault, ServerDraft, ServerOption, argument};
use crate::base::diag::Form;
use crate::config::address::{self, Host, Kind};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::ir::server::{ProxyExtension, ProxyV2Options};
use crate::lower::Context;
use crate::lower::proxy::rules;
use crate::proto::proxy_protocol::kind;
use crate::sample::LogFormat;
use crate::sample::places::Places;
use std::net::SocketAddr;
use std::sync::Arc;

/// `send-proxy`, `no-send-proxy`
pub const SEND_PROXY: ServerOption =
    ServerOption::new(&["send-proxy", "no-send-proxy"], |made, name, _| {
        made.server.send_proxy.v1 = name == "send-proxy";
        Ok(())
    });
/// `send-proxy-v2`, `no-send-proxy-v2`
pub const SEND_PROXY_V2: ServerOption =
    ServerOption::new(&["send-proxy-v2", "no-send-proxy-v2"], |made, name, _| {
        second(made, name, ProxyV2Options::empty())
    });
/// `send-proxy-v2-ssl`, `no-send-proxy-v2-ssl`
pub const SEND_PROXY_V2_SSL: ServerOption = ServerOption::new(
    &["send-proxy-v2-ssl", "no-send-proxy-v2-ssl"],
    |made, name, _| second(made, name, ProxyV2Options::SSL),
);
/// `send-proxy-v2-ssl-cn`, `no-send-proxy-v2-ssl-cn`
pub const SEND_PROXY_V2_SSL_CN: ServerOption = ServerOption::new(
    &["send-proxy-v2-ssl-cn", "no-send-proxy-v2-ssl-cn"],
    |made, name, _| {
        let both = ProxyV2Options::SSL.union(ProxyV2Options::CERT_CN);
        second(made, name, both)
    },
);
/// `proxy-v2-options LIST`
pub const PROXY_V2_OPTIONS: ServerOption = ServerOption::new(&["proxy-v2-options"], options);
/// `set-proxy-v2-tlv-fmt(KIND) FORMAT`
pub const SET_PROXY_V2_TLV_FMT: ServerOption =
    ServerOption::new(&["set-proxy-v2-tlv-fmt"], extension);
/// `check-send-proxy`, `no-check-send-proxy`
pub const CHECK_SEND_PROXY: ServerOption = ServerOption::new(
    &["check-send-proxy", "no-check-send-proxy"],
    |made, name, _| {
        made.server.send_proxy.checks = name == "check-send-proxy";
        Ok(())
    },
);
/// `socks4 ADDRESS:PORT`
pub const SOCKS4: ServerOption = ServerOption::new(&["socks4"], socks4);
/// `check-via-socks4`
pub const CHECK_VIA_SOCKS4: ServerOption =
    ServerOption::new(&["check-via-socks4"], |made, _, _| {
        made.server.check_via_socks4 = true;
        Ok(())
    });

fn second(made: &mut ServerDraft, name: &str, options: ProxyV2Options) -> Result<(), Fault> {
    let on = !name.starts_with("no-");
    made.server.send_proxy.v2 = on;
    made.server.send_proxy.options.set(options, on);
    Ok(())
}

fn options(made: &mut ServerDraft, _: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let here = args.missing_at();
    let (text, span) = match args.next_word() {
        Some(word) => (word.display().to_string(), word.span),
        None => (String::new(), here),
    };
    for name in text.split(',') {
        made.server.send_proxy.options |= match name {
            "ssl" => ProxyV2Options::SSL,
            "cert-cn" => ProxyV2Options::CERT_CN,
            "ssl-cipher" => ProxyV2Options::SSL_CIPHER,
            "cert-sig" => ProxyV2Options::CERT_SIG,
            "cert-key" => ProxyV2Options::CERT_KEY,
            "authority" => ProxyV2Options::AUTHORITY,
            "crc32c" => ProxyV2Options::CRC32C,
            "unique-id" => ProxyV2Options::UNIQUE_ID,
            _ => {
                let text = format!("'{name}' : proxy v2 option not implemented.");
                return Err(Fault::at(span, text));
            }
        };
    }
    Ok(())
}

fn extension(made: &mut ServerDraft, name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let at = args.position().saturating_sub(1);
    let Some(word) = args.line().words.get(at) else {
        return Ok(());
    };
    let said = |text: &str| {
        let text = format!("'{}' : {text}", word.display());
        Err(Fault::at(word.span, text))
    };
    let inside = word.bytes().get(name.len()..).unwrap_or_default();
    let format = args.next_word();
    // without any parenthesis HAProxy takes the word and forgets it
    let Some(inside) = inside.strip_prefix(b"(") else {
        return Ok(());
    };
    let digits = inside.split(|b| *b == b')').next().unwrap_or_default();
    let closed = digits.len() < inside.len();
    let Some(number) = kind::number(digits).filter(|_| closed) else {
        return match digits.first() {
            Some(b) if b.is_ascii_digit() => said("expects set-proxy-v2-tlv(<TLV ID>)."),
            _ => said("could not convert TLV ID."),
        };
    };
    let Ok(kind) = u8::try_from(number) else {
        return said("the maximum allowed TLV ID is 255.");
    };
    let empty = || Word {
        text: Default::default(),
        span: word.span,
    };
    let format = format.cloned().unwrap_or_else(empty);
    made.server.send_proxy.extensions.push(ProxyExtension {
        kind,
        said: crate::lower::tls::said(&format),
        format: None,
    });
    made.formats.push(format);
    Ok(())
}

/// Compiles the values of `set-proxy-v2-tlv-fmt`.
pub fn compile(
    cx: &mut Context<'_>,
    args: &mut Args<'_, '_>,
    extensions: &mut [ProxyExtension],
    formats: &[Word],
    place: &str,
) {
    for (extension, word) in extensions.iter_mut().zip(formats) {
        let compiled = rules::compile(cx, Places::BE_SERVER_CONNECT, |compile, _| {
            compile.span = word.span;
            match LogFormat::parse(word.bytes(), compile) {
                Ok(format) => Some(format),
                Err(crate::sample::compile::Fault::Wrong(m)) => {
                    compile.alert(m);
                    None
                }
                Err(_) => None,
            }
        });
        extension.format = rules::take(args, compiled, place, Form::Bracket).map(Arc::new);
    }
}

fn socks4(made: &mut ServerDraft, _: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "'socks4' expects <addr>:<port> as argument..")?;
    let wrong = |text: &str| {
        let text = format!("'socks4 {}' : {text}.", word.display());
        Err(Fault::at(word.span, text))
    };
    let address = match address::parse(word, Kind::SOCKS4) {
        Ok(address) => address,
        Err(finding) => return wrong(&finding.message),
    };
    let Some(ip) = address.host.ip() else {
        let name = match &address.host {
            Host::Name { name, .. } => name.clone(),
            _ => word.display().to_string(),
        };
        return wrong(&format!(
            "invalid address: '{name}' in '{}'",
            word.display()
        ));
    };
    made.server.socks4 = Some(SocketAddr::new(ip, address.port));
    Ok(())
}
