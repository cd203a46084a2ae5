//! TLS on a `server` line: `ssl`, `verify`, `ca-file`, `sni` and their companions (configuration
//! manual 5.2).

use super::{Fault, ServerDraft, ServerOption, argument};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::ir::tls::{Said, TlsVersion, Verify};
use crate::lower::tls;

type Done = Result<(), Fault>;

/// `ssl`, `no-ssl`
const SSL: ServerOption = ServerOption::new(&["ssl", "no-ssl"], |made, name, _| {
    made.server.tls.ssl = name == "ssl";
    Ok(())
});
/// `check-ssl`, `no-check-ssl`
const CHECK_SSL: ServerOption =
    ServerOption::new(&["check-ssl", "no-check-ssl"], |made, name, _| {
        made.server.tls.check_ssl = name == "check-ssl";
        Ok(())
    });
/// `check-sni NAME`
const CHECK_SNI: ServerOption = ServerOption::new(&["check-sni"], |made, _, args| {
    let word = argument(args, "'check-sni' : missing SNI.")?;
    made.server.tls.check_sni = Some(word.display().to_string());
    Ok(())
});
/// `check-alpn LIST`
const CHECK_ALPN: ServerOption = ServerOption::new(&["check-alpn"], |made, _, args| {
    let word = argument(
        args,
        "'check-alpn' : missing the comma-delimited ALPN protocol suite.",
    )?;
    made.server.tls.check_alpn = Some(tls::protocols(word));
    Ok(())
});
/// `crt FILE`
const CRT: ServerOption = ServerOption::new(&["crt"], |made, _, args| {
    made.server.tls.crt = Some(said(args, "'crt' : missing certificate file path.")?);
    Ok(())
});
/// `sni EXPRESSION`
const SNI: ServerOption = ServerOption::new(&["sni"], |made, _, args| {
    made.sni = Some(argument(args, "'sni' : missing sni expression.")?.clone());
    Ok(())
});
/// `sni-auto`, `no-sni-auto`
const SNI_AUTO: ServerOption = ServerOption::new(&["sni-auto", "no-sni-auto"], |made, name, _| {
    made.server.tls.no_sni_auto = name == "no-sni-auto";
    Ok(())
});
/// `verify none|required`
const VERIFY: ServerOption = ServerOption::new(&["verify"], verify);
/// `verifyhost NAME`
const VERIFYHOST: ServerOption = ServerOption::new(&["verifyhost"], |made, _, args| {
    let word = argument(args, "'verifyhost' : missing hostname to verify against.")?;
    made.server.tls.verifyhost = Some(word.display().to_string());
    Ok(())
});
/// `ca-file FILE`
const CA_FILE: ServerOption = ServerOption::new(&["ca-file"], |made, _, args| {
    made.server.tls.common.ca_file = Some(said(args, "'ca-file' : missing CAfile path.")?);
    Ok(())
});
/// `crl-file FILE`
const CRL_FILE: ServerOption = ServerOption::new(&["crl-file"], |made, _, args| {
    made.server.tls.common.crl_file = Some(said(args, "'crl-file' : missing CRLfile path.")?);
    Ok(())
});
/// `alpn LIST`
const ALPN: ServerOption = ServerOption::new(&["alpn"], |made, _, args| {
    let word = argument(
        args,
        "'alpn' : missing the comma-delimited ALPN protocol suite.",
    )?;
    made.server.tls.common.alpn = Some(tls::protocols(word));
    Ok(())
});
/// `ciphers LIST`
const CIPHERS: ServerOption = ServerOption::new(&["ciphers"], |made, _, args| {
    made.server.tls.common.ciphers = Some(said(args, "'ciphers' : missing cipher suite.")?);
    Ok(())
});
/// `ciphersuites LIST`
const CIPHERSUITES: ServerOption = ServerOption::new(&["ciphersuites"], |made, _, args| {
    made.server.tls.common.ciphersuites =
        Some(said(args, "'ciphersuites' : missing cipher suite.")?);
    Ok(())
});
/// `curves LIST`
const CURVES: ServerOption = ServerOption::new(&["curves"], |made, _, args| {
    made.server.tls.common.curves = Some(said(args, "'curves' : missing curve suite.")?);
    Ok(())
});
/// `sigalgs LIST`
const SIGALGS: ServerOption = ServerOption::new(&["sigalgs"], |made, _, args| {
    made.server.tls.common.sigalgs =
        Some(said(args, "'sigalgs' : missing signature algorithm list.")?);
    Ok(())
});
/// `client-sigalgs LIST`
const CLIENT_SIGALGS: ServerOption = ServerOption::new(&["client-sigalgs"], |made, _, args| {
    made.server.tls.common.client_sigalgs = Some(said(
        args,
        "'client-sigalgs' : missing signature algorithm list.",
    )?);
    Ok(())
});
/// `ssl-min-ver VERSION`, `ssl-max-ver VERSION`
const LIMITS: ServerOption = ServerOption::new(&["ssl-min-ver", "ssl-max-ver"], limits);
/// `no-tlsv12` and its like
const WITHOUT: ServerOption = ServerOption::new(
    &[
        "no-sslv3",
        "no-tlsv10",
        "no-tlsv11",
        "no-tlsv12",
        "no-tlsv13",
    ],
    |made, name, _| {
        let versions = &mut made.server.tls.common.versions;
        versions.without.extend(numbered(name));
        Ok(())
    },
);
/// `force-tlsv12` and its like
const FORCE: ServerOption = ServerOption::new(
    &[
        "force-sslv3",
        "force-tlsv10",
        "force-tlsv11",
        "force-tlsv12",
        "force-tlsv13",
    ],
    |made, name, _| {
        let versions = &mut made.server.tls.common.versions;
        (versions.min, versions.max) = (numbered(name), numbered(name));
        Ok(())
    },
);
/// `ssl-reuse`, `no-ssl-reuse`
const REUSE: ServerOption = ServerOption::new(&["ssl-reuse", "no-ssl-reuse"], |made, name, _| {
    made.server.tls.no_reuse = name == "no-ssl-reuse";
    Ok(())
});
/// `tls-tickets`, `no-tls-tickets`
const TICKETS: ServerOption =
    ServerOption::new(&["tls-tickets", "no-tls-tickets"], |made, name, _| {
        made.server.tls.common.no_tickets = Some(name == "no-tls-tickets");
        Ok(())
    });

/// The words of this file.
pub const ALL: &[ServerOption] = &[
    ALPN,
    CA_FILE,
    CHECK_ALPN,
    CHECK_SNI,
    CHECK_SSL,
    CIPHERS,
    CIPHERSUITES,
    CLIENT_SIGALGS,
    CRL_FILE,
    CRT,
    CURVES,
    FORCE,
    LIMITS,
    REUSE,
    SIGALGS,
    SNI,
    SNI_AUTO,
    SSL,
    TICKETS,
    VERIFY,
    VERIFYHOST,
    WITHOUT,
];

fn said(args: &mut Args<'_, '_>, missing: &str) -> Result<Said, Fault> {
    argument(args, missing).map(tls::said)
}

/// The version of `no-tlsv12`.
fn numbered(name: &str) -> Option<TlsVersion> {
    Some(match name.rsplit('-').next()? {
        "sslv3" => TlsVersion::Ssl3,
        "tlsv10" => TlsVersion::Tls10,
        "tlsv11" => TlsVersion::Tls11,
        "tlsv12" => TlsVersion::Tls12,
        "tlsv13" => TlsVersion::Tls13,
        _ => return None,
    })
}

fn limits(made: &mut ServerDraft, name: &str, args: &mut Args<'_, '_>) -> Done {
    let word: &Word = argument(args, &format!("'{name}' : missing the ssl/tls version."))?;
    let Some(version) = TlsVersion::named(word.bytes()) else {
        let text = format!("'{}' : unknown ssl/tls version.", word.display());
        return Err(Fault::at(word.span, text));
    };
    let versions = &mut made.server.tls.common.versions;
    match name {
        "ssl-min-ver" => versions.min = Some(version),
        _ => versions.max = Some(version),
    }
    Ok(())
}

fn verify(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Done {
    let word = argument(args, "'verify' : missing verify method.")?;
    made.server.tls.common.verify = Some(match word.bytes() {
        b"none" => Verify::None,
        b"required" => Verify::Required,
        _ => {
            let text = format!(
                "'verify' : unknown verify method '{}', only 'none' and 'required' are supported.",
                word.display()
            );
            return Err(Fault::at(word.span, text));
        }
    });
    Ok(())
}
