use super::*;

fn env() -> Environment {
    [
        ("A", "aa"),
        ("B", "b1 b2  b3"),
        ("E", ""),
        ("SP", " x "),
        ("T", "a\tb\nc"),
        ("H", "a#b"),
        ("Q", "a\"b c\"d \\x41"),
    ]
    .into_iter()
    .collect()
}

fn place() -> Place<'static> {
    Place {
        file: FileId(0),
        name: "t.cfg",
        line: 7,
        section: b"fe",
    }
}

fn words(text: &str) -> Vec<String> {
    let words = line(text.as_bytes(), place(), &env());
    let show = |w: &Word| w.display().to_string();
    words.map_or_else(
        |f| vec![format!("! {}", f.message)],
        |w| w.iter().map(show).collect(),
    )
}

/// Observed with `haproxy -dC` and with `-c` of 3.4.0.
#[test]
fn words_as_haproxy_cuts_them() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        ("  \t", &[]),
        ("# foo", &[]),
        (r#"node a\ b "c d" 'e\f'"#, &["node", "a b", "c d", "e\\f"]),
        (r#"x\x41y "q\x41\n\t\"""#, &["xAy", "qA\n\t\""]),
        (r#""\$A $A" '$A' $A ${A}"#, &["$A aa", "$A", "$A", "${A}"]),
        (r#"a\$b"#, &["a\\$b"]),
        (r#"foo#bar"#, &["foo"]),
        (r##"foo"#"bar \# "\#""##, &["foo#bar", "#", "#"]),
        (r#"\q "\q" \"#, &["\\q", "\\q", "\\"]),
        ("a\\\tb", &["a\\", "b"]),
        ("a\u{b}b\u{c}c", &["a", "b", "c"]),
        ("a\rb", &["a"]),
        ("a\\\rb", &["a\\"]),
        (r#""\'" \' \" "'" '"'"#, &["'", "'", "\"", "'", "\""]),
        (r#"'' "" x"#, &["", "", "x"]),
        (r#"a\x00b c"#, &["a", "c"]),
        (r#"\x00"#, &[""]),
        (r#"a'b'c"d"e"#, &["abcde"]),
        (r#"a\x411"#, &["aA1"]),
    ];
    for (text, expected) in cases {
        assert_eq!(words(text), *expected, "{text:?}");
    }
}

#[test]
fn variables_as_haproxy_expands_them() {
    let cases: &[(&str, &[&str])] = &[
        (
            r#""$A" "${A}" "$A$A" "$A.b" "$A-x""#,
            &["aa", "aa", "aaaa", "aa.b", "aa-x"],
        ),
        (r#""${A}x$A_""#, &["aax"]),
        (r#""${B}" "x${B}""#, &["b1 b2  b3", "xb1 b2  b3"]),
        (r#""${B[*]}""#, &["b1", "b2", "b3"]),
        (r#""x${B[*]}y""#, &["xb1", "b2", "b3y"]),
        (r#"z"${B[*]}"y"#, &["zb1", "b2", "b3y"]),
        (r#"<"${SP[*]}"> z"#, &["<", "x", ">", "z"]),
        (r#""${SP[*]}" 4"#, &["x", "4"]),
        (r#"a "${U[*]}" b"#, &["a", "b"]),
        (r#"a "${E[*]}" b"#, &["a", "b"]),
        (r#"x"${E[*]}" "${E[*]}"x"#, &["x", "x"]),
        (r#""${T[*]}""#, &["a", "b", "c"]),
        (r#""${H}" "${Q}""#, &["a#b", "a\"b c\"d \\x41"]),
        (r#""${Q[*]}""#, &["a\"b", "c\"d", "\\x41"]),
        (r#""${U-a b}" ${U-d}"#, &["a b", "${U-d}"]),
        (
            r#""${U-}" "${A-d}" "${E-d}" "${U-d}e""#,
            &["", "aa", "", "de"],
        ),
        (
            r#""${U[*]-z  y}" "${B[*]-z}""#,
            &["z", "y", "b1", "b2", "b3"],
        ),
        (r#""$U" "${U}" "$_""#, &["", "", ""]),
        (r#""${.FILE}:$.LINE:${.SECTION}""#, &["t.cfg:7:fe"]),
    ];
    for (text, expected) in cases {
        assert_eq!(words(text), *expected, "{text:?}");
    }
}

#[test]
fn faults_in_haproxys_words() {
    let cases = [
        (r#"  node "foo"#, "unmatched quote at position 8:"),
        (r"  node 'foo", "unmatched quote at position 8:"),
        (" \"a\rb\"", "unmatched quote at position 2:"),
        (
            r#"  node "${A"#,
            "unmatched brace in environment variable name at position 10:",
        ),
        (
            r#"  node "${A-x"#,
            "unmatched brace in environment variable name at position 10:",
        ),
        (
            r#"  node "${A!}""#,
            "unmatched brace in environment variable name at position 10:",
        ),
        (
            r#"  node "${}""#,
            "forbidden first char in environment variable name at position 11:",
        ),
        (
            r#"  node "$""#,
            "forbidden first char in environment variable name at position 10:",
        ),
        (
            r#"  node "$1""#,
            "forbidden first char in environment variable name at position 10:",
        ),
        (
            r#"  node "${.FOO}""#,
            "forbidden first char in environment variable name at position 11:",
        ),
        (
            r#"  node "${A[1]}""#,
            "truncated or invalid word expansion sequence at position 12:",
        ),
        (
            r"  node \x4",
            "truncated or invalid hexadecimal sequence at position 8:",
        ),
        (
            r"  node \xzz",
            "truncated or invalid hexadecimal sequence at position 8:",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(words(text), [format!("! {expected}")], "{text:?}");
    }
}

#[test]
fn at_most_64_words() {
    let most: Vec<String> = (0..63).map(|i| format!("a{i}")).collect();
    let text = format!(" log-format {}", most.join(" "));
    assert_eq!(words(&text).len(), 64);
    let over = format!("{text} a63");
    assert_eq!(
        words(&over),
        ["! too many words, truncating after word 64, position 250: <a62>."]
    );
}

#[test]
fn spans_are_columns_of_the_line() {
    let words = line(br#"  a "b c"d "${B[*]}" # x"#, place(), &env()).unwrap_or_default();
    let columns: Vec<(u32, u32)> = words.iter().map(|w| (w.span.start, w.span.end)).collect();
    assert_eq!(columns, [(2, 3), (4, 10), (11, 19), (11, 19), (11, 20)]);
}
