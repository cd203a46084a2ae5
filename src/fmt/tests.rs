use super::*;
use crate::config::condition::Facts;
use crate::config::directive::Directive;
use crate::config::environment::Environment;
use crate::config::read::{self, Input};
use proptest::prelude::*;

fn formatted(text: &str) -> String {
    String::from_utf8_lossy(&format(text.as_bytes(), Style::default())).into_owned()
}

/// The words of every directive, as the reader sees them.
fn directives(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut env = Environment::default();
    let input = Input {
        name: "t.cfg".to_owned(),
        text: text.to_vec(),
    };
    let (document, _) = read::read(vec![input], &mut env, &Facts::default());
    let words = |d: &Directive| {
        let prefix = d.prefix.map(|p| std::format!("{p:?}").into_bytes());
        prefix
            .into_iter()
            .chain(d.words.iter().map(|w| w.text.to_vec()))
            .collect()
    };
    let sections = document.sections.iter();
    sections
        .flat_map(|s| std::iter::once(&s.head).chain(&s.lines))
        .map(words)
        .collect()
}

#[test]
fn a_file_gets_its_layout() {
    let text = "\n\n# top\nglobal\n\tdaemon\n\n\n\n   log   127.0.0.1  local0 # here  \n# about www\n#\nfrontend   www\nbind :80\r\n  acl a path_beg   \"/a b\"  '#c' \\#d#e\n#  old line\n  #note\n\n\n";
    let wanted = "# top\nglobal\n    daemon\n\n    log 127.0.0.1 local0 # here\n\n# about www\n#\nfrontend www\n    bind :80\n    acl a path_beg \"/a b\" '#c' \\#d #e\n#  old line\n    #note\n";
    assert_eq!(formatted(text), wanted);
    assert_eq!(formatted(wanted), wanted);
}

#[test]
fn what_cannot_be_cut_stays() {
    let text = "global\n   node  \"x   y\n   daemon";
    assert_eq!(formatted(text), "global\n   node  \"x   y\n    daemon\n");
}

#[test]
fn conditionals_stay_in_their_column() {
    let text = ".if defined(X)\nglobal\n   daemon\n.endif\nlisten a\n   .if defined(Y)\n bind :80\n   .endif\n";
    let wanted = ".if defined(X)\nglobal\n    daemon\n.endif\n\nlisten a\n    .if defined(Y)\n    bind :80\n    .endif\n";
    assert_eq!(formatted(text), wanted);
}

#[test]
fn lines_that_say_their_number_stay_on_it() {
    let text = "global\n\n\n  setenv A \"${.LINE}\"\nlisten a\n\n";
    assert_eq!(
        formatted(text),
        "global\n\n\n    setenv A \"${.LINE}\"\nlisten a\n\n"
    );
}

#[test]
fn style_is_respected() {
    let tab = format(b"global\n  daemon\n", Style { indent: 0 });
    assert_eq!(tab, b"global\n\tdaemon\n");
    let two = format(b"global\n\tdaemon", Style { indent: 2 });
    assert_eq!(two, b"global\n  daemon\n");
}

/// Every configuration of the fixtures gives the same IR's findings before and after.
#[test]
fn verdicts_stay() {
    let judged = |text: Vec<u8>| {
        let words = directives(&text);
        let mut env = Environment::default();
        let input = Input {
            name: "t.cfg".to_owned(),
            text,
        };
        let (document, mut found) = read::read(vec![input], &mut env, &Facts::default());
        found.extend(crate::lower::lower(&document, &crate::lower::Options::default()).1);
        // messages name lines and columns, which may move
        let plain = |m: &str| -> String { m.chars().filter(|c| !c.is_ascii_digit()).collect() };
        (
            words,
            found
                .iter()
                .map(|f| (plain(&f.message), f.fatal))
                .collect::<Vec<_>>(),
        )
    };
    let mut count = 0;
    for dir in ["config/ok", "config/old", "config/bad", "ir"] {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(dir);
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|e| e != "cfg") {
                continue;
            }
            let Ok(text) = std::fs::read(&path) else {
                continue;
            };
            let new = format(&text, Style::default());
            if !text.ends_with(b"\n") {
                continue;
            }
            assert_eq!(judged(text), judged(new), "{}", path.display());
            count += 1;
        }
    }
    assert!(count > 10, "{count}");
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "global",
        "listen a",
        "bind :80",
        "\n",
        "\n",
        "\n",
        " ",
        "  ",
        "\t",
        "\r",
        "#",
        "# c",
        "\"",
        "\"a b\"",
        "'",
        "'x y'",
        "\\",
        "\\ ",
        "\\\\",
        "\\#",
        "\\x41",
        "\\n",
        "${A}",
        "\"${A-b}\"",
        ".if 1",
        ".endif",
        "no option",
        "\u{b}",
        "é",
        "[x]",
        "$",
        "\0",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|p| p.concat())
}

proptest! {
    #[test]
    fn formatting_is_idempotent_and_changes_no_word(text in text()) {
        let once = format(text.as_bytes(), Style::default());
        prop_assert_eq!(&format(&once, Style::default()), &once);
        prop_assert!(says_the_same(text.as_bytes(), &once));
        prop_assert_eq!(directives(text.as_bytes()), directives(&once));
    }
}
