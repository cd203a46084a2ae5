//! TLS settings of the `global` section: `ssl-default-*`, `ca-base`, `crt-base`,
//! `ssl-server-verify`, `tune.ssl.*` (configuration manual 3.1, 3.2).

use crate::config::args::{Args, atol};
use crate::config::directive::Word;
use crate::ir::tls::{Said, TlsCommon, TlsVersion};
use crate::lower::{Context, KeywordHandler, Sections, tls};

const GLOBAL: Sections = Sections::GLOBAL;

/// `ssl-default-bind-ciphers LIST` and its siblings
pub const LISTS: KeywordHandler = KeywordHandler::new(
    &[
        "ssl-default-bind-ciphers",
        "ssl-default-bind-ciphersuites",
        "ssl-default-bind-curves",
        "ssl-default-server-ciphers",
        "ssl-default-server-ciphersuites",
        "ssl-default-server-curves",
    ],
    GLOBAL,
    lists,
);
/// `ssl-default-bind-options WORDS`, `ssl-default-server-options WORDS`
pub const OPTIONS: KeywordHandler = KeywordHandler::new(
    &["ssl-default-bind-options", "ssl-default-server-options"],
    GLOBAL,
    options,
);
/// `ca-base DIR`, `crt-base DIR`, `key-base DIR`
pub const BASES: KeywordHandler =
    KeywordHandler::new(&["ca-base", "crt-base", "key-base"], GLOBAL, bases);
/// `ssl-server-verify none|required`
pub const SERVER_VERIFY: KeywordHandler =
    KeywordHandler::new(&["ssl-server-verify"], GLOBAL, server_verify);
/// `ssl-skip-self-issued-ca`
pub const SKIP_SELF_ISSUED: KeywordHandler =
    KeywordHandler::new(&["ssl-skip-self-issued-ca"], GLOBAL, |cx, _| {
        cx.global.tls.skip_self_issued = true;
    });
/// `tune.ssl.cachesize N`
pub const CACHE_SIZE: KeywordHandler =
    KeywordHandler::new(&["tune.ssl.cachesize"], GLOBAL, cache_size);

fn name_of<'a>(args: &Args<'a, '_>) -> String {
    let first = args.line().words.first();
    first.map_or_else(String::new, |w| w.display().to_string())
}

fn side<'c>(cx: &'c mut Context<'_>, name: &str) -> &'c mut TlsCommon {
    match name.contains("-server-") {
        true => &mut cx.global.tls.server,
        false => &mut cx.global.tls.bind,
    }
}

fn lists(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = name_of(args);
    let what = match name.ends_with("curves") {
        true => "a curves suite",
        false => "a cipher suite",
    };
    let missing = format!("global statement '{name}' expects {what} as an argument.");
    let Some(word) = args.word(&missing) else {
        return;
    };
    let list: Option<Said> = Some(tls::said(word));
    let common = side(cx, &name);
    match name.rsplit('-').next() {
        Some("ciphers") => common.ciphers = list,
        Some("ciphersuites") => common.ciphersuites = list,
        _ => common.curves = list,
    }
    args.end(&name);
}

fn options(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = name_of(args);
    if args.is_empty() {
        let text = format!("global statement '{name}' expects an option as an argument.");
        args.alert("HX0160", args.missing_at(), text);
        return;
    }
    while let Some(word) = args.next_word() {
        if option(cx, args, &name, word).is_none() {
            return;
        }
    }
}

fn option(cx: &mut Context<'_>, args: &mut Args<'_, '_>, name: &str, word: &Word) -> Option<()> {
    let text = word.display().to_string();
    let version = |text: &str| {
        TlsVersion::NAMES
            .iter()
            .find(|(n, _)| n.to_ascii_lowercase().replace('.', "") == *text)
            .map(|(_, v)| *v)
    };
    let limit = |args: &mut Args<'_, '_>| {
        let Some(word) = args.next_word() else {
            let text =
                format!("'{text}' : missing the ssl/tls version on global statement '{name}'.");
            args.alert("HX0160", args.missing_at(), text);
            return None;
        };
        let found = TlsVersion::named(word.bytes());
        if found.is_none() {
            let text = format!(
                "'{}' : unknown ssl/tls version on global statement '{name}'.",
                word.display()
            );
            args.alert("HX0162", word.span, text);
        }
        found
    };
    match text.as_str() {
        "ssl-min-ver" => {
            let found = limit(args)?;
            side(cx, name).versions.min = Some(found);
        }
        "ssl-max-ver" => {
            let found = limit(args)?;
            side(cx, name).versions.max = Some(found);
        }
        "no-tls-tickets" => side(cx, name).no_tickets = Some(true),
        "prefer-client-ciphers" if !name.contains("-server-") => {
            cx.global.tls.prefer_client_ciphers = true;
        }
        "strict-sni" if !name.contains("-server-") => cx.global.tls.strict_sni = true,
        other => {
            let found = other
                .strip_prefix("no-")
                .and_then(version)
                .map(|v| (v, false))
                .or_else(|| {
                    other
                        .strip_prefix("force-")
                        .and_then(version)
                        .map(|v| (v, true))
                });
            let versions = &mut side(cx, name).versions;
            match found {
                Some((v, true)) => (versions.min, versions.max) = (Some(v), Some(v)),
                Some((v, false)) => versions.without.push(v),
                None => {
                    let text = format!("unknown option '{other}' on global statement '{name}'.");
                    args.alert("HX0162", word.span, text);
                    return None;
                }
            }
        }
    }
    Some(())
}

fn bases(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = name_of(args);
    let missing = format!("global statement '{name}' expects a directory path as an argument.");
    let Some(word) = args.word(&missing) else {
        return;
    };
    let path = Some(word.display().to_string());
    match name.as_str() {
        "ca-base" => cx.global.tls.ca_base = path,
        "key-base" => cx.global.tls.key_base = path,
        _ => cx.global.tls.crt_base = path,
    }
    args.end(&name);
}

fn server_verify(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    const TEXT: &str = "'ssl-server-verify' expects 'none' or 'required' as argument.";
    let Some(word) = args.word(TEXT) else {
        return;
    };
    match word.bytes() {
        b"none" => cx.global.tls.server_verify_none = true,
        b"required" => cx.global.tls.server_verify_none = false,
        _ => args.alert("HX0162", word.span, TEXT),
    }
}

fn cache_size(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let missing = "'tune.ssl.cachesize' expects an integer argument.";
    let Some(word) = args.word(missing) else {
        return;
    };
    match u32::try_from(atol(&word.text).0) {
        Ok(n) => cx.global.tls.cache_size = Some(n),
        Err(_) => args.alert(
            "HX0164",
            word.span,
            "'tune.ssl.cachesize' expects a positive numeric value.",
        ),
    }
    args.end("tune.ssl.cachesize");
}
