//! `balance`

use super::rules;
use crate::base::diag::Form;
use crate::config::args::{Args, atol};
use crate::config::directive::Word;
use crate::ir::balance::{Balance, UriKey};
use crate::lower::check::pending_note;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::expr::Expr;
use crate::sample::places::Places;
use std::sync::Arc;

/// `balance ALGORITHM [arguments]`
pub const BALANCE: KeywordHandler = KeywordHandler::new(&["balance"], Sections::ANY_PROXY, lower);

/// What is wrong with a line, in HAProxy's words.
type Fault = String;

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "balance") {
        return;
    }
    cx.set(|s| s.balances = true);
    let Some(word) = args.next_word() else {
        cx.set(|s| s.balance = Balance::RoundRobin);
        return;
    };
    let rest = args.rest();
    match read(&word.display().to_string(), rest) {
        Ok(Balance::Pending(name)) => {
            let what = format!("'balance {name}' (servers are chosen by 'roundrobin' instead)");
            args.report(pending_note(word.span, &what, 5));
            cx.set(|s| s.balance = Balance::Pending(name));
        }
        Ok(balance) => cx.set(|s| s.balance = balance),
        Err(text) => args.alert("HX0292", word.span, text),
    }
}

fn read(word: &str, rest: &[Word]) -> Result<Balance, Fault> {
    let (name, argument) = match word.find('(') {
        Some(at) => word.split_at(at),
        None => (word, ""),
    };
    Ok(match (name, argument) {
        ("roundrobin", "") => Balance::RoundRobin,
        ("static-rr", "") => Balance::StaticRr,
        ("leastconn", "") => Balance::LeastConn,
        ("first", "") => Balance::First,
        ("source", "") => Balance::Source,
        ("random", _) => Balance::Random {
            draws: draws(argument)?,
        },
        ("uri", "") => Balance::Uri(uri(rest)?),
        ("url_param", "") => url_param(rest)?,
        ("hdr", "(" | "()") => {
            return Err("balance hdr requires an http header field name.".into());
        }
        ("hdr", name) if !name.is_empty() => header(name, rest)?,
        ("rdp-cookie", _) => Balance::RdpCookie {
            name: rdp_cookie(argument)?,
        },
        ("hash", "") if rest.is_empty() => {
            return Err("balance hash requires a sample expression.".into());
        }
        ("hash", "") => Balance::Hash(rest.to_vec()),
        ("log-hash" | "sticky", "") => Balance::Pending(name.to_owned()),
        _ => {
            return Err("balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', 'url_param', 'hash', 'hdr(name)', 'rdp-cookie(name)', 'log-hash' and 'sticky' options.".into());
        }
    })
}

/// `random(DRAWS)`
fn draws(argument: &str) -> Result<u32, Fault> {
    let Some(inside) = argument.strip_prefix('(') else {
        return Ok(crate::balance::random::DRAWS);
    };
    let (value, used) = atol(inside.as_bytes());
    match inside.as_bytes().get(used) {
        Some(b')') => {}
        None => return Err("balance random : missing closing parenthesis.".into()),
        Some(c) => {
            let c = char::from(*c);
            return Err(format!(
                "balance random : unexpected character '{c}' after argument."
            ));
        }
    }
    match u32::try_from(value) {
        Ok(draws) if draws > 0 => Ok(draws),
        _ => Err("balance random : number of draws must be at least 1.".into()),
    }
}

/// `uri [whole] [path-only] [len N] [depth N]`
fn uri(rest: &[Word]) -> Result<UriKey, Fault> {
    let mut key = UriKey::default();
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        let text = word.display().to_string();
        match text.as_str() {
            "whole" => key.whole = true,
            "path-only" => key.path_only = true,
            "len" | "depth" => {
                let number = rest.next();
                let written = number.map(|w| w.display().to_string()).unwrap_or_default();
                let value = number.and_then(|w| u32::try_from(atol(&w.text).0).ok());
                let Some(value) = value.filter(|v| *v > 0) else {
                    return Err(format!(
                        "balance uri : '{text}' expects a positive integer (got '{written}')."
                    ));
                };
                match text.as_str() {
                    "len" => key.len = value,
                    _ => key.depth = value,
                }
            }
            _ => {
                return Err(format!(
                    "balance uri only accepts parameters 'len', 'depth', 'path-only', and 'whole' (got '{text}')."
                ));
            }
        }
    }
    Ok(key)
}

/// `url_param NAME [check_post]`
fn url_param(rest: &[Word]) -> Result<Balance, Fault> {
    let Some(name) = rest.first() else {
        return Err("balance url_param requires an URL parameter name.".into());
    };
    if let Some(word) = rest.get(1).filter(|w| !w.is("check_post")) {
        return Err(format!(
            "balance url_param only accepts 'check_post' modifier (got '{}').",
            word.display()
        ));
    }
    Ok(Balance::UrlParam {
        name: name.text.to_vec(),
    })
}

/// `hdr(NAME) [use_domain_only]`; `argument` begins with the parenthesis.
fn header(argument: &str, rest: &[Word]) -> Result<Balance, Fault> {
    let inside = argument.trim_start_matches('(');
    let name = inside.split(')').next().unwrap_or(inside);
    let domain_only = match rest.first() {
        None => false,
        Some(word) if word.is("use_domain_only") => true,
        Some(word) => {
            return Err(format!(
                "balance hdr({name}) only accepts 'use_domain_only' modifier (got '{}').",
                word.display()
            ));
        }
    };
    Ok(Balance::Header {
        name: name.to_ascii_lowercase().into_bytes(),
        domain_only,
    })
}

/// `rdp-cookie(NAME)`
fn rdp_cookie(argument: &str) -> Result<Vec<u8>, Fault> {
    let Some(inside) = argument.strip_prefix('(') else {
        return Ok(b"mstshash".to_vec());
    };
    let name = inside.split(')').next().unwrap_or_default();
    match (name, inside.contains(')')) {
        ("", _) => Err("balance rdp-cookie : missing cookie name.".into()),
        (_, false) => Err("balance rdp-cookie : missing closing parenthesis.".into()),
        _ => Ok(name.as_bytes().to_vec()),
    }
}

/// Compiles the expression of `balance hash` once all sections are known.
pub fn compile_key(cx: &mut Context<'_>) {
    let Some(draft) = cx.draft().filter(|d| d.proxy.backend) else {
        return;
    };
    let Balance::Hash(words) = draft.proxy.settings.balance.clone() else {
        return;
    };
    let head = draft.proxy.span;
    let (named, place) = (cx.named(), cx.place(head));
    let written: Vec<String> = words.iter().map(|w| w.display().to_string()).collect();
    let written = written.join(" ");
    let places = Places::BE_SET_SERVER;
    let (made, findings) = rules::compile(cx, places, |compile, _| {
        let parsed = Expr::parse_words(&words, compile);
        match parsed {
            Ok((expr, used)) => match words.get(used) {
                Some(more) => {
                    let got = more.display();
                    compile.alert(format!(
                        "balance hash takes no other argument (got '{got}')."
                    ));
                    None
                }
                None => match expr.check_places("balance hash", compile) {
                    Ok(()) => Some(Arc::new(expr)),
                    Err(fault) => {
                        compile.fault(fault);
                        None
                    }
                },
            },
            Err(fault) => {
                compile.fault(fault);
                None
            }
        }
    });
    let silent = made.is_none() && findings.is_empty();
    for mut finding in findings {
        if !finding.message.starts_with("balance hash takes") {
            finding.message = format!(
                "{named} [{place}]: failed to parse 'balance hash' expression '{written}' in : {}",
                finding.message
            );
            finding.form = Form::Plain;
        }
        finding.span = finding.span.or(Some(head));
        cx.diags.push(finding);
    }
    if silent {
        let what = format!("'balance hash {written}' (servers are chosen in turn instead)");
        cx.diags.push(pending_note(head, &what, 5));
    }
    if let Some(draft) = cx.draft_mut() {
        draft.proxy.balance_key = made;
    }
}
