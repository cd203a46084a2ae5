//! Lines of a `crt-store` section (configuration manual 12.7): certificates that `crt` words name
//! as `@STORE/NAME`.

use super::{declare, own_name};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::ir::tls::{Said, StoredCertificate};
use crate::lower::{Context, KeywordHandler, Sections, check};

const HERE: Sections = Sections::CRT_STORE;

/// `crt-base DIRECTORY`, `key-base DIRECTORY`: before the first `load`
pub const BASES: KeywordHandler = KeywordHandler::new(&["crt-base", "key-base"], HERE, bases);
/// `load crt FILE [key FILE] [alias NAME] ...`
pub const LOAD: KeywordHandler = KeywordHandler::new(&["load"], HERE, load);

fn bases(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let keyword = args.name(1);
    let loaded = |d: &super::Declared| d.inside.keys().any(|(kind, _)| *kind == "load");
    if cx.declared.last().is_some_and(loaded) {
        let message = format!(
            "'{keyword}' can't be used after a load line, use it at the beginning of the section."
        );
        return args.alert("HX0275", args.line().span, message);
    }
    let missing = format!("'{keyword}' requires a <path> argument.");
    let Some(word) = args.word(&missing) else {
        return;
    };
    let path = Some(word.display().to_string());
    if let Some(section) = cx.declared.last_mut() {
        match keyword.as_str() {
            "crt-base" => section.crt_base = path,
            _ => section.key_base = path,
        }
    }
}

/// `BASE/FILE`, unless the file is named from the root.
fn under(base: Option<&String>, file: &str) -> String {
    match base {
        Some(base) if !file.starts_with('/') => format!("{base}/{file}"),
        _ => file.to_owned(),
    }
}

/// What the words behind `load` say.
#[derive(Default)]
struct Loaded<'d> {
    crt: Option<&'d Word>,
    key: Option<&'d Word>,
    alias: Option<&'d Word>,
    jwt: bool,
    ocsp: Option<&'d Word>,
    issuer: Option<&'d Word>,
    sctl: Option<&'d Word>,
}

fn load(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let span = args.line().span;
    let Some(loaded) = words(args) else {
        return;
    };
    let Some(crt) = loaded.crt else {
        let message = "'load' in section 'crt-store': mandatory 'crt' parameter not found.";
        return args.alert("HX0160", span, message);
    };
    let store = own_name(cx);
    let file = crt.display().to_string();
    let (mut crt_base, mut key_base) = (None, None);
    if let Some(section) = cx.declared.last() {
        crt_base = section.crt_base.clone();
        key_base = section.key_base.clone();
    }
    let path = under(crt_base.as_ref().or(cx.global.tls.crt_base.as_ref()), &file);
    // without a name of its own the file's name is taken, in a store without a name its path
    let name = match loaded.alias {
        Some(alias) => format!("@{store}/{}", alias.display()),
        None if store.is_empty() => path.clone(),
        None => format!("@{store}/{}", file.strip_prefix('/').unwrap_or(&file)),
    };
    if declare(cx, "load", &name, span).is_some() {
        let message = format!("'load' in section 'crt-store': store '{name}' was already defined.");
        return args.alert("HX0213", span, message);
    }
    let key = loaded.key.map(|word| Said {
        text: under(
            key_base.as_ref().or(cx.global.tls.key_base.as_ref()),
            &word.display().to_string(),
        ),
        span: word.span,
    });
    let beside = |word: Option<&Word>| {
        word.map(|word| Said {
            text: under(
                crt_base.as_ref().or(cx.global.tls.crt_base.as_ref()),
                &word.display().to_string(),
            ),
            span: word.span,
        })
    };
    let (ocsp, issuer, sctl) = (
        beside(loaded.ocsp),
        beside(loaded.issuer),
        beside(loaded.sctl),
    );
    cx.global.tls.stored.push(StoredCertificate {
        ocsp,
        issuer,
        sctl,
        name,
        crt: Said {
            text: path,
            span: crt.span,
        },
        key,
        jwt: loaded.jwt,
    });
}

fn words<'d>(args: &mut Args<'d, '_>) -> Option<Loaded<'d>> {
    let mut loaded = Loaded::default();
    while let Some(word) = args.next_word() {
        let argument = args.next_word();
        match word.bytes() {
            b"crt" | b"key" | b"alias" | b"ocsp" | b"issuer" | b"sctl" => {
                let Some(argument) = argument else {
                    continue;
                };
                let place = match word.bytes() {
                    b"crt" => &mut loaded.crt,
                    b"key" => &mut loaded.key,
                    b"ocsp" => &mut loaded.ocsp,
                    b"issuer" => &mut loaded.issuer,
                    b"sctl" => &mut loaded.sctl,
                    _ => &mut loaded.alias,
                };
                *place = Some(argument);
            }
            b"jwt" => match argument {
                Some(on) if on.is("on") => loaded.jwt = true,
                Some(off) if off.is("off") => loaded.jwt = false,
                other => {
                    let message = format!(
                        "cannot parse 'jwt' value '{}', 'on' or 'off' is expected.",
                        other.map_or_else(String::new, |w| w.display().to_string())
                    );
                    args.alert("HX0162", word.span, message);
                    return None;
                }
            },
            b"acme" | b"domains" | b"generate-dummy" | b"ocsp-update" => {
                let switch = word.is("ocsp-update");
                let value = argument.filter(|a| switch && !a.is("on") && !a.is("off"));
                if let Some(value) = value {
                    let message = format!(
                        "cannot parse 'ocsp-update' value '{}', 'on' or 'off' is expected.",
                        value.display()
                    );
                    args.alert("HX0162", value.span, message);
                    return None;
                }
                if !(switch && argument.is_some_and(|a| a.is("off"))) {
                    let what = format!("'{}'", word.display());
                    args.report(check::pending_note(word.span, &what, 0));
                }
            }
            _ => {
                let message = format!(
                    "'load {}' in section 'crt-store': unknown keyword '{}'.",
                    word.display(),
                    word.display()
                );
                args.alert("HX0286", word.span, message);
                return None;
            }
        }
    }
    Some(loaded)
}
