//! TLS settings of the `global` section: `ssl-default-*`, `ca-base`, `crt-base`,
//! `ssl-server-verify`, `tune.ssl.*` (configuration manual 3.1, 3.2).

use crate::config::args::{Args, atol};
use crate::config::directive::Word;
use crate::ir::tls::{Extra, Said, TlsCommon, TlsVersion};
use crate::lower::{Context, KeywordHandler, Sections, check, tls};

const GLOBAL: Sections = Sections::GLOBAL;

/// `ssl-default-bind-ciphers LIST` and its siblings
pub const LISTS: KeywordHandler = KeywordHandler::new(
    &[
        "ssl-default-bind-ciphers",
        "ssl-default-bind-ciphersuites",
        "ssl-default-bind-client-sigalgs",
        "ssl-default-bind-curves",
        "ssl-default-bind-sigalgs",
        "ssl-default-server-ciphers",
        "ssl-default-server-ciphersuites",
        "ssl-default-server-client-sigalgs",
        "ssl-default-server-curves",
        "ssl-default-server-sigalgs",
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
/// `ssl-load-extra-files WORDS`
pub const EXTRA_FILES: KeywordHandler =
    KeywordHandler::new(&["ssl-load-extra-files"], GLOBAL, extra_files);
/// `ssl-load-extra-del-ext`
pub const WITHOUT_EXTENSION: KeywordHandler =
    KeywordHandler::new(&["ssl-load-extra-del-ext"], GLOBAL, |cx, _| {
        cx.global.tls.extra.without_extension = true;
    });
/// `issuers-chain-path DIRECTORY`
pub const ISSUERS: KeywordHandler =
    KeywordHandler::new(&["issuers-chain-path"], GLOBAL, |cx, args| {
        let missing =
            "global statement 'issuers-chain-path' expects a directory path as an argument.";
        if let Some(word) = args.word(missing) {
            cx.global.tls.issuers = Some(tls::said(word));
        }
    });
/// `ocsp-update.mode on|off`: answers are not fetched yet, but certificates must agree about it
pub const OCSP_MODE: KeywordHandler =
    KeywordHandler::new(&["ocsp-update.mode"], GLOBAL, |cx, args| {
        const TEXT: &str = "'ocsp-update.mode' expects 'on' or 'off'.";
        let Some(word) = args.word(TEXT) else {
            return;
        };
        match word.bytes() {
            b"on" => {
                cx.global.tls.ocsp_update = true;
                let note = check::pending_note(word.span, "'ocsp-update.mode on'", 0);
                args.report(note);
            }
            b"off" => cx.global.tls.ocsp_update = false,
            _ => args.alert("HX0162", word.span, TEXT),
        }
    });
/// `tune.ssl.lifetime TIME`
pub const LIFETIME: KeywordHandler =
    KeywordHandler::new(&["tune.ssl.lifetime"], GLOBAL, |cx, args| {
        let missing = "'tune.ssl.lifetime' expects ssl sessions <lifetime> in seconds as argument.";
        let unit = crate::base::units::TimeUnit::Second;
        cx.global.tls.lifetime = args.time(unit, "tune.ssl.lifetime", missing);
    });
/// `tune.ssl.hard-maxrecord N`, `tune.ssl.capture-buffer-size N` and its older name
pub const SIZES: KeywordHandler = KeywordHandler::new(
    &[
        "tune.ssl.capture-buffer-size",
        "tune.ssl.capture-cipherlist-size",
        "tune.ssl.hard-maxrecord",
    ],
    GLOBAL,
    sizes,
);
/// `tune.ssl.keylog on|off`
pub const KEYLOG: KeywordHandler = KeywordHandler::new(&["tune.ssl.keylog"], GLOBAL, |cx, args| {
    const TEXT: &str = "'tune.ssl.keylog' expects either 'on' or 'off'.";
    let Some(word) = args.word(TEXT) else {
        return;
    };
    match word.bytes() {
        b"on" => cx.global.tls.keylog = true,
        b"off" => cx.global.tls.keylog = false,
        _ => args.alert("HX0162", word.span, TEXT),
    }
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
    let what = match name.rsplit('-').next() {
        Some("curves") => "a curves suite",
        Some("sigalgs") => "signature algorithms",
        _ => "a cipher suite",
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
        Some("sigalgs") if name.ends_with("client-sigalgs") => common.client_sigalgs = list,
        Some("sigalgs") => common.sigalgs = list,
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

fn extra_files(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    const TEXT: &str = "'ssl-load-extra-files' expects one or multiple arguments (none, all, bundle, sctl, ocsp, issuer).";
    let none = Extra {
        bundle: false,
        sctl: false,
        ocsp: false,
        issuer: false,
        key: false,
        ..cx.global.tls.extra
    };
    if args.is_empty() {
        return args.alert("HX0160", args.missing_at(), TEXT);
    }
    let mut extra = none;
    while let Some(word) = args.next_word() {
        match word.bytes() {
            b"none" => extra = none,
            b"all" => {
                let without_extension = none.without_extension;
                extra = Extra {
                    without_extension,
                    ..Extra::default()
                };
            }
            b"bundle" => extra.bundle = true,
            b"sctl" => extra.sctl = true,
            b"ocsp" => extra.ocsp = true,
            b"issuer" => extra.issuer = true,
            b"key" => extra.key = true,
            _ => return args.alert("HX0162", word.span, TEXT),
        }
    }
    cx.global.tls.extra = extra;
}

fn sizes(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = name_of(args);
    let missing = format!("'{name}' expects an integer argument.");
    let Some(word) = args.word(&missing) else {
        return;
    };
    match u32::try_from(atol(&word.text).0) {
        Ok(n) if name.ends_with("maxrecord") => {
            cx.global.tls.max_record = Some(n).filter(|n| *n > 0);
        }
        Ok(n) => cx.global.tls.capture = n,
        Err(_) => args.alert(
            "HX0164",
            word.span,
            format!("'{name}' expects a positive numeric value."),
        ),
    }
    args.end(&name);
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
