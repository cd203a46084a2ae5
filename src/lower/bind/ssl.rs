//! TLS on a `bind` line: `ssl`, `crt`, `crt-list`, `verify`, `ca-file` and their companions
//! (configuration manual 5.1).

use super::{BindOption, Fault, argument};
use crate::config::args::Args;
use crate::ir::Bind;
use crate::ir::tls::{Crt, Said, TlsVersion, Verify};
use crate::lower::tls;

type Done = Result<(), Fault>;

macro_rules! options {
    ($($(#[$doc:meta])* $id:ident $name:literal $lower:expr;)*) => {
        /// The words of this file.
        pub const ALL: &[BindOption] = &[$($id),*];
        $($(#[$doc])* const $id: BindOption = BindOption { name: $name, lower: $lower };)*
    };
}

options! {
    /// `ssl`
    SSL "ssl" |b, _| { b.tls.ssl = true; Ok(()) };
    /// `crt FILE`
    CRT "crt" |b, a| {
        let file = said(a, "crt", "missing certificate location")?;
        b.tls.crt.push(Crt { said: file, default: false });
        Ok(())
    };
    /// `default-crt FILE`
    DEFAULT_CRT "default-crt" |b, a| {
        let file = said(a, "default-crt", "missing certificate location")?;
        b.tls.crt.push(Crt { said: file, default: true });
        Ok(())
    };
    /// `ca-verify-file FILE`
    CA_VERIFY_FILE "ca-verify-file" |b, a| {
        b.tls.common.ca_verify_file = Some(said(a, "ca-verify-file", "missing CAfile path")?);
        Ok(())
    };
    /// `no-ca-names`
    NO_CA_NAMES "no-ca-names" |b, _| { b.tls.common.no_ca_names = true; Ok(()) };
    /// `sigalgs LIST`
    SIGALGS "sigalgs" |b, a| {
        b.tls.common.sigalgs = Some(said(a, "sigalgs", "missing signature algorithm list")?);
        Ok(())
    };
    /// `client-sigalgs LIST`
    CLIENT_SIGALGS "client-sigalgs" |b, a| {
        let list = said(a, "client-sigalgs", "missing signature algorithm list")?;
        b.tls.common.client_sigalgs = Some(list);
        Ok(())
    };
    /// `tls-ticket-keys FILE`
    TLS_TICKET_KEYS "tls-ticket-keys" |b, a| {
        let file = said(a, "tls-ticket-keys", "missing TLS ticket keys file path")?;
        b.tls.ticket_keys = Some(file);
        Ok(())
    };
    /// `crt-list FILE`
    CRT_LIST "crt-list" |b, a| {
        let file = said(a, "crt-list", "missing certificate location")?;
        b.tls.crt_list.push(file);
        Ok(())
    };
    /// `strict-sni`
    STRICT_SNI "strict-sni" |b, _| { b.tls.strict_sni = Some(true); Ok(()) };
    /// `no-strict-sni`
    NO_STRICT_SNI "no-strict-sni" |b, _| { b.tls.strict_sni = Some(false); Ok(()) };
    /// `prefer-client-ciphers`
    PREFER_CLIENT_CIPHERS "prefer-client-ciphers" |b, _| {
        b.tls.prefer_client_ciphers = true;
        Ok(())
    };
    /// `ca-file FILE`
    CA_FILE "ca-file" |b, a| {
        b.tls.common.ca_file = Some(said(a, "ca-file", "missing CAfile path")?);
        Ok(())
    };
    /// `crl-file FILE`
    CRL_FILE "crl-file" |b, a| {
        b.tls.common.crl_file = Some(said(a, "crl-file", "missing CRLfile path")?);
        Ok(())
    };
    /// `verify none|optional|required`
    VERIFY "verify" verify;
    /// `crt-ignore-err all|LIST`
    CRT_IGNORE_ERR "crt-ignore-err" |b, a| {
        b.tls.crt_ignore = ignored(a, "crt-ignore-err")?;
        Ok(())
    };
    /// `ca-ignore-err all|LIST`
    CA_IGNORE_ERR "ca-ignore-err" |b, a| {
        b.tls.ca_ignore = ignored(a, "ca-ignore-err")?;
        Ok(())
    };
    /// `alpn LIST`
    ALPN "alpn" |b, a| {
        let word = argument(a, "alpn", "missing the comma-delimited ALPN protocol suite")?;
        b.tls.common.alpn = Some(tls::protocols(word));
        Ok(())
    };
    /// `no-alpn`
    NO_ALPN "no-alpn" |b, _| { b.tls.common.alpn = Some(Vec::new()); Ok(()) };
    /// `ciphers LIST`
    CIPHERS "ciphers" |b, a| {
        b.tls.common.ciphers = Some(said(a, "ciphers", "missing cipher suite")?);
        Ok(())
    };
    /// `ciphersuites LIST`
    CIPHERSUITES "ciphersuites" |b, a| {
        b.tls.common.ciphersuites = Some(said(a, "ciphersuites", "missing cipher suite")?);
        Ok(())
    };
    /// `curves LIST`
    CURVES "curves" |b, a| {
        b.tls.common.curves = Some(said(a, "curves", "missing curve suite")?);
        Ok(())
    };
    /// `ecdhe NAME`
    ECDHE "ecdhe" |b, a| {
        b.tls.common.curves = Some(said(a, "ecdhe", "missing named curve")?);
        Ok(())
    };
    /// `ssl-min-ver VERSION`
    SSL_MIN_VER "ssl-min-ver" |b, a| {
        b.tls.common.versions.min = Some(version(a, "ssl-min-ver")?);
        Ok(())
    };
    /// `ssl-max-ver VERSION`
    SSL_MAX_VER "ssl-max-ver" |b, a| {
        b.tls.common.versions.max = Some(version(a, "ssl-max-ver")?);
        Ok(())
    };
    /// `no-sslv3`
    NO_SSLV3 "no-sslv3" |b, _| without(b, TlsVersion::Ssl3);
    /// `no-tlsv10`
    NO_TLSV10 "no-tlsv10" |b, _| without(b, TlsVersion::Tls10);
    /// `no-tlsv11`
    NO_TLSV11 "no-tlsv11" |b, _| without(b, TlsVersion::Tls11);
    /// `no-tlsv12`
    NO_TLSV12 "no-tlsv12" |b, _| without(b, TlsVersion::Tls12);
    /// `no-tlsv13`
    NO_TLSV13 "no-tlsv13" |b, _| without(b, TlsVersion::Tls13);
    /// `force-sslv3`
    FORCE_SSLV3 "force-sslv3" |b, _| only(b, TlsVersion::Ssl3);
    /// `force-tlsv10`
    FORCE_TLSV10 "force-tlsv10" |b, _| only(b, TlsVersion::Tls10);
    /// `force-tlsv11`
    FORCE_TLSV11 "force-tlsv11" |b, _| only(b, TlsVersion::Tls11);
    /// `force-tlsv12`
    FORCE_TLSV12 "force-tlsv12" |b, _| only(b, TlsVersion::Tls12);
    /// `force-tlsv13`
    FORCE_TLSV13 "force-tlsv13" |b, _| only(b, TlsVersion::Tls13);
    /// `no-tls-tickets`
    NO_TLS_TICKETS "no-tls-tickets" |b, _| { b.tls.common.no_tickets = Some(true); Ok(()) };
    /// `tls-tickets`
    TLS_TICKETS "tls-tickets" |b, _| { b.tls.common.no_tickets = Some(false); Ok(()) };
}

fn said(args: &mut Args<'_, '_>, name: &str, missing: &str) -> Result<Said, Fault> {
    argument(args, name, missing).map(tls::said)
}

fn without(bind: &mut Bind, version: TlsVersion) -> Done {
    bind.tls.common.versions.without.push(version);
    Ok(())
}

fn only(bind: &mut Bind, version: TlsVersion) -> Done {
    let versions = &mut bind.tls.common.versions;
    (versions.min, versions.max) = (Some(version), Some(version));
    Ok(())
}

fn version(args: &mut Args<'_, '_>, name: &str) -> Result<TlsVersion, Fault> {
    let word = argument(args, name, "missing the ssl/tls version")?;
    TlsVersion::named(word.bytes()).ok_or_else(|| {
        Fault::about(
            &word.display().to_string(),
            word.span,
            "unknown ssl/tls version",
        )
    })
}

fn verify(bind: &mut Bind, args: &mut Args<'_, '_>) -> Done {
    let word = argument(args, "verify", "missing verify method")?;
    bind.tls.common.verify = Some(match word.bytes() {
        b"none" => Verify::None,
        b"optional" => Verify::Optional,
        b"required" => Verify::Required,
        _ => {
            let text = format!(
                "unknown verify method '{}', only 'none', 'optional', and 'required' are supported",
                word.display()
            );
            return Err(Fault::about("verify", word.span, text));
        }
    });
    Ok(())
}

fn ignored(args: &mut Args<'_, '_>, name: &str) -> Result<Vec<Option<u32>>, Fault> {
    let word = argument(args, name, "missing error IDs list")?;
    let text = word.display().to_string();
    let mut list = Vec::new();
    for id in text.split(',') {
        list.push(match tls::verify_error(id) {
            Some(error) => error,
            None => {
                let text = format!("error constant '{id}' unknown in error IDs list '{text}'");
                return Err(Fault::about(name, word.span, text));
            }
        });
    }
    Ok(list)
}
