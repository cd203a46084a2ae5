//! `headers-in-httpchk`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::Edit;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HD005",
    name: "headers-in-httpchk",
    category: Category::Deprecation,
    severity: Severity::Warning,
    default: true,
    what: "Headers are hidden behind the version of `option httpchk`.",
    why: "`HTTP/1.1\\r\\nHost:\\ name` was a trick of the time before `http-check send`; HAProxy warns about it, and HTTP/2 checks cannot be made of it.",
    example: "option httpchk GET /health HTTP/1.1\\r\\nHost:\\ app.example\n",
    instead: "option httpchk\nhttp-check send meth GET uri /health ver HTTP/1.1 hdr Host app.example\n",
    fixes: Fixes::Safe("`http-check send` says the same"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (scope, line) in model.lines() {
        if !line.begins(&["option", "httpchk"]) {
            continue;
        }
        let (Some(method), Some(uri), Some(version)) = (line.word(2), line.word(3), line.word(4))
        else {
            continue;
        };
        let text = version.display().to_string();
        let Some((number, headers)) = text.split_once("\r\n") else {
            continue;
        };
        let finding = out.word(version, "headers hidden behind the version");
        finding.help("http-check send meth GET uri /health ver HTTP/1.1 hdr Host NAME");
        let mut send = format!(
            "http-check send meth {} uri {} ver {number}",
            method.display(),
            uri.display()
        );
        let mut plain = scope.own(&["http-check", "send"]).is_none()
            && line.words.len() == 5
            && model.is_plain(uri)
            && model.is_plain(method);
        for header in headers.split("\r\n").filter(|h| !h.is_empty()) {
            let Some((name, value)) = header.split_once(':') else {
                plain = false;
                break;
            };
            let mut quoted = Vec::new();
            crate::config::print::word(value.trim().as_bytes(), &mut quoted);
            send.push_str(&format!(
                " hdr {} {}",
                name.trim(),
                String::from_utf8_lossy(&quoted)
            ));
        }
        if plain {
            let mut rest = method.span;
            rest.start = line.word(1).map_or(rest.start, |w| w.span.end);
            rest.end = version.span.end;
            finding.fix(vec![
                Edit::Replace(rest, Vec::new()),
                Edit::InsertAfter(line.span, send.into_bytes()),
            ]);
        }
    }
}
