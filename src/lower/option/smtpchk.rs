//! `option smtpchk`: health checks by an SMTP greeting.

use super::negated;
use super::ready_checks::choose;
use crate::config::args::Args;
use crate::ir::check::CheckKind;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `option smtpchk [HELO|EHLO DOMAIN]`
pub const SMTPCHK: KeywordHandler =
    KeywordHandler::new(&["option smtpchk"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if negated(args, "smtpchk") || cx.ignored(args, Side::Backend, "smtpchk") {
        return;
    }
    let mut greeting = b"HELO localhost".to_vec();
    // any other word is taken for HELO, and the domain is not
    if let (Some(word), Some(domain)) = (args.next_word(), args.next_word())
        && (word.is("HELO") || word.is("EHLO"))
    {
        greeting = [word.bytes(), domain.bytes()].join(&b' ');
    }
    args.end("option smtpchk");
    greeting.extend_from_slice(b"\r\n");
    cx.set(|s| choose(s, CheckKind::Smtp(greeting)));
}
