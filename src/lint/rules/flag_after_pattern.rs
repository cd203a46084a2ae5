//! `flag-after-pattern`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC018",
    name: "flag-after-pattern",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A flag such as `-i` or `-f` stands behind a pattern, where it is a pattern itself.",
    why: "`hdr(host) example.com -i` is compared with case, and with the text `-i`. Flags end at the first pattern.",
    example: "acl www hdr(host) www.example.com -i\n",
    instead: "acl www hdr(host) -i www.example.com\n",
    fixes: Fixes::Unsafe("the flag is moved before the patterns, where it takes effect"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        let dashed = test.words.iter().any(|w| w.is("--"));
        if dashed {
            continue;
        }
        for (at, pattern) in test.patterns.iter().enumerate().skip(1) {
            if !matches!(
                pattern.bytes(),
                b"-i" | b"-f" | b"-m" | b"-M" | b"-n" | b"-u"
            ) {
                continue;
            }
            let finding = out.word(
                pattern,
                format!(
                    "`{}` behind a pattern is a pattern itself",
                    pattern.display()
                ),
            );
            finding.help("flags stand before the first pattern; -- ends them");
            let before = test.patterns.get(at - 1);
            if let (b"-i", Some(before), Some(first)) =
                (pattern.bytes(), before, test.patterns.first())
            {
                let mut gone = pattern.span;
                gone.start = before.span.end;
                let mut place = first.span;
                place.end = place.start;
                finding.fix(vec![
                    crate::lint::rule::Edit::Replace(gone, Vec::new()),
                    crate::lint::rule::Edit::Replace(place, b"-i ".to_vec()),
                ]);
            }
        }
    }
}
