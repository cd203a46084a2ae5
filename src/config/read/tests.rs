use super::*;

pub(super) fn facts() -> Facts {
    Facts {
        version: "3.4.0".to_owned(),
        features: vec!["EPOLL".to_owned()],
        ..Facts::default()
    }
}

fn read_text(text: &[u8]) -> (Document, Vec<String>) {
    read_with(text, &mut Environment::default())
}

fn read_with(text: &[u8], env: &mut Environment) -> (Document, Vec<String>) {
    let input = Input {
        name: "t.cfg".to_owned(),
        text: text.to_vec(),
    };
    let (document, findings) = read(vec![input], env, &facts());
    let shown = findings.iter().map(|f| {
        let line = f.span.map_or(0, |s| s.line);
        format!("{line}: {}", f.message)
    });
    let shown = shown.collect();
    (document, shown)
}

fn lines(document: &Document) -> Vec<String> {
    let show = |d: &Directive| crate::config::print::directive(d);
    let all = document
        .sections
        .iter()
        .flat_map(|s| std::iter::once(show(&s.head)).chain(s.lines.iter().map(show)));
    all.map(|l| String::from_utf8_lossy(&l).into_owned())
        .collect()
}

#[test]
fn sections_lines_and_prefixes() {
    let (document, findings) = read_text(
        b"global\n maxconn 5\ndefaults\n no option httplog # x\n\nfrontend f\n bind :80\r\n",
    );
    assert_eq!(findings, [""; 0]);
    assert_eq!(
        lines(&document),
        [
            "global",
            "maxconn 5",
            "defaults",
            "no option httplog",
            "frontend f",
            "bind :80"
        ]
    );
    let option = &document.sections[1].lines[0];
    assert_eq!(option.prefix, Some(Prefix::No));
    assert_eq!(option.words[0].span.line, 4);
}

/// Texts and places observed with 3.4.0.
#[test]
fn faults_in_haproxys_words() {
    let cases: &[(&[u8], &str)] = &[
        (
            b" maxconn 5\n",
            "1: unknown keyword 'maxconn' out of section.",
        ),
        (
            b"global",
            "1: Missing LF on last line, file might have been truncated at position 7.",
        ),
        (
            b"global\nfoo\0\nbar\n",
            "2: Stray NUL character at position 4.",
        ),
        (
            b"global\n no maxconn\n",
            "2: negation/default currently supported only for options, log, busy-polling, set-dumpable, strict-limits, insecure-fork-wanted and numa-cpu-mapping.",
        ),
        (
            b"backend b\n maxconn \"\"\n",
            "2: argument number 1 at position 11 is empty and marks the end of the argument list:",
        ),
        (b"backend b\n \"\" x\n", ""),
        (b".foo\n", "1: unknown directive '.foo'."),
        (
            b".notice a b\n",
            "1: Unexpected argument 'b' for '.notice'. Use quotes if the message should contain spaces.",
        ),
        (b".alert \"x y\"\n", "1: 'x y'."),
        (b".notice\n", "1: ''."),
        (b".elif 1\n", "1: lone '.elif' with no matching '.if'."),
        (b".else\n", "1: lone '.else' with no matching '.if'."),
        (b".endif\n", "1: lone '.endif' with no matching '.if'."),
        (
            b".if 1\n.else\n.else\n.endif\n",
            "3: '.else' after '.else' is not permitted.",
        ),
        (
            b".if 1\n.else\n.elif 1\n.endif\n",
            "3: '.elif' after '.else' is not permitted.",
        ),
        (b".if 1\n", "1: non-terminated '.if' block."),
        (b".if 0\n.foo\n.alert x\n.endif\n", ""),
        (b".if 0\n.if foo\n.elif foo(\n.endif\n.endif\n", ""),
        (b".if 1\n.elif foo(\n.endif\n", ""),
        (
            b".if 0\nfoo \"x\n.endif\n",
            "2: unmatched quote at position 5:",
        ),
        (
            b".if 0\n.if 1\n.notice bad\n.endif\n.else\n.notice good\n.endif\n",
            "6: 'good'.",
        ),
        (
            b".if \"\"\n.notice bad\n.elif 1\n.notice good\n.else\n.notice bad\n.endif\n",
            "4: 'good'.",
        ),
        (
            b"global\n setenv A=B c\n",
            "2: 'setenv' failed on variable 'A=B' : Invalid argument.",
        ),
        (
            b"global\n setenv A b c\n",
            "2: 'setenv' cannot handle unexpected argument 'c'.",
        ),
        (
            b"global\n setenv A\n",
            "2: 'setenv' expects environment variable value for 'A'.",
        ),
        (
            b"global\n unsetenv\n",
            "2: 'unsetenv' expects at least one variable name.",
        ),
    ];
    for (text, expected) in cases {
        let (_, findings) = read_text(text);
        assert_eq!(findings.join("\n"), *expected, "{:?}", text.escape_ascii());
    }
}

#[test]
fn global_changes_the_environment_in_both_walks() {
    let (_, findings) = read_text(b".notice \"$X\"\nglobal\n setenv X \"$X.1\"\n.notice \"$X\"\n");
    assert_eq!(findings, ["1: '.1'.", "4: '.1.1'."]);
    let (_, findings) = read_text(
        b"global\n setenv X 1\n.if streq(\"$X\",1)\n setenv Y 2\n.endif\n.notice \"$Y\"\n",
    );
    assert_eq!(findings, ["6: '2'."]);
    let mut env = [("A", "aa"), ("P", "p")].into_iter().collect();
    let (_, findings) = read_with(
        b"global\n presetenv A z\n.notice \"$A\"\n resetenv P\n.notice \"${A-gone} $P\"\n",
        &mut env,
    );
    // The first walk has removed A before the second one begins.
    assert_eq!(findings, ["3: 'z'.", "5: 'gone p'."]);
}

#[test]
fn section_is_its_name_or_else_its_kind() {
    let text = b".notice \"<${.SECTION}>\"\nglobal\n.notice \"${.SECTION}\"\nfrontend f\n.notice \"${.SECTION}\"\n";
    let (_, findings) = read_text(text);
    assert_eq!(findings, ["1: '<>'.", "3: 'global'.", "5: 'f'."]);
}

#[test]
fn each_file_begins_outside_of_any_section() {
    let input = |name: &str, text: &str| Input {
        name: name.to_owned(),
        text: text.into(),
    };
    let inputs = vec![
        input("a.cfg", ".if 1\nbackend b\n"),
        input("b.cfg", " mode http\n.endif\n"),
    ];
    let (document, findings) = read(inputs, &mut Environment::default(), &facts());
    let shown: Vec<String> = findings
        .iter()
        .map(|f| {
            let file = document.sources.name(f.span.unwrap_or_default().file);
            format!("{file}: {}", f.message)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "a.cfg: non-terminated '.if' block.",
            "b.cfg: unknown keyword 'mode' out of section.",
            "b.cfg: lone '.endif' with no matching '.if'."
        ]
    );
}

#[test]
fn what_is_meant() {
    let text = |text: &[u8]| {
        let input = Input {
            name: "t.cfg".to_owned(),
            text: text.to_vec(),
        };
        let (_, findings) = read(vec![input], &mut Environment::default(), &facts());
        findings
            .into_iter()
            .flat_map(|f| f.help)
            .collect::<Vec<_>>()
    };
    assert_eq!(text(b"frontnd f\n"), ["did you mean 'frontend'?"]);
    assert_eq!(text(b".endfi\n"), ["did you mean '.endif'?"]);
    assert_eq!(
        text(b"backend b\n mode \"${HAPROXY_BRNCH}\"\n"),
        ["maybe you meant HAPROXY_BRANCH instead?"]
    );
    assert_eq!(text(b"backend b\n mode \"$U\"\n"), ["U is not set"]);
    let bom = text(b"\xef\xbb\xbfglobal\n");
    assert!(bom[0].contains("byte order mark"), "{bom:?}");
}
