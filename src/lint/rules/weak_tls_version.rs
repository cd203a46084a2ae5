//! `weak-tls-version`

use crate::base::diag::Severity;
use crate::config::directive::Word;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS003",
    name: "weak-tls-version",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "A TLS version older than 1.2 is let in.",
    why: "SSL 3, TLS 1.0 and TLS 1.1 have known weaknesses and are forbidden by RFC 7568 and RFC 8996. (hapax does not speak them at all.)",
    example: "bind :443 ssl crt site.pem ssl-min-ver TLSv1.0\n",
    instead: "bind :443 ssl crt site.pem ssl-min-ver TLSv1.2\n",
    fixes: Fixes::Unsafe(
        "the smallest version becomes TLSv1.2, so that clients older than ten years are turned away",
    ),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, line) in model.lines() {
        let tls = [
            "bind",
            "server",
            "default-server",
            "ssl-default-bind-options",
            "ssl-default-server-options",
        ]
        .iter()
        .any(|k| line.begins(&[k]));
        if !tls {
            continue;
        }
        for (at, word) in line.words.iter().enumerate().skip(1) {
            let next = line.word(at + 1);
            let weak = |w: &&Word| matches!(w.bytes(), b"SSLv3" | b"TLSv1.0" | b"TLSv1.1");
            let forced = matches!(
                word.bytes(),
                b"force-sslv3" | b"force-tlsv10" | b"force-tlsv11"
            );
            if forced {
                out.word(
                    word,
                    format!(
                        "`{}` lets in nothing but a version with known weaknesses",
                        word.display()
                    ),
                );
            } else if word.is("no-tlsv12")
                && !line.words.iter().any(|w| w.is("force-tlsv13"))
                && !line.words.iter().any(|w| w.is("TLSv1.3"))
            {
                out.word(
                    word,
                    "TLS 1.2 is shut out; what remains besides 1.3 has known weaknesses",
                );
            } else if (word.is("ssl-min-ver") || word.is("ssl-max-ver"))
                && let Some(value) = next.filter(weak)
            {
                let finding = out.word(value, format!("{} has known weaknesses", value.display()));
                if word.is("ssl-min-ver") && model.is_plain(value) {
                    finding.fix(vec![crate::lint::rule::Edit::Replace(
                        value.span,
                        b"TLSv1.2".to_vec(),
                    )]);
                }
            }
        }
    }
}
