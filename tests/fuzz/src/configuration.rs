//! Any text as a configuration: it is read, judged and planned without a world; what was read,
//! printed, is read as the same.
#![no_main]

use hapax::config::condition::Facts;
use hapax::config::directive::{Directive, Document};
use hapax::config::environment::Environment;
use hapax::config::print;
use hapax::config::read::{Input, read};
use hapax::lower::{Options, lower};
use libfuzzer_sys::fuzz_target;

fn document(text: Vec<u8>) -> (Document, bool) {
    let name = "t.cfg".to_owned();
    let input = Input { name, text };
    let mut environment: Environment = [("A", "aa"), ("B", " b1  b2 ")].into_iter().collect();
    let (document, findings) = read(vec![input], &mut environment, &Facts::default());
    (document, findings.iter().any(|f| f.fatal))
}

fn lines(document: &Document) -> impl Iterator<Item = &Directive> {
    let of = |s| {
        let s: &hapax::config::directive::Section = s;
        std::iter::once(&s.head).chain(&s.lines)
    };
    document.sections.iter().flat_map(of)
}

fuzz_target!(|text: &[u8]| {
    let (read, faulty) = document(text.to_vec());
    let _ = lower(&read, &Options::default());
    if faulty {
        return;
    }
    let mut printed = Vec::new();
    for line in lines(&read) {
        // these act on what follows and would act twice
        let acts = ["setenv", "presetenv", "unsetenv", "resetenv"];
        if line
            .words
            .first()
            .is_some_and(|w| acts.iter().any(|a| w.is(a)))
        {
            return;
        }
        printed.extend(print::directive(line));
        printed.push(b'\n');
    }
    let (again, _) = document(printed);
    let words = |d: &Document| -> Vec<Vec<u8>> { lines(d).map(print::directive).collect() };
    assert_eq!(words(&read), words(&again));
});
