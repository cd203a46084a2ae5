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

/// The empty list entries and white space that random lines compared with `haproxy -dC` brought up.
#[test]
fn corners() {
    let cases: &[(&str, &[&str])] = &[
        ("K \r\\$", &["K", "\\$"]),
        ("K \r'a b'", &["K", "a b"]),
        ("K a\r'a b'", &["K", "a"]),
        (r#"K """${SP[*]}"\"#, &["K", "", "x", "\\"]),
        (r#"K ''"${SP[*]}""#, &["K", "", "x"]),
        (r#"K ''"${E[*]}""#, &["K", ""]),
        (r#"K "${U[*]}""${E}""#, &["K", ""]),
        (r#"K "${E}${U[*]}" z"#, &["K", "z"]),
    ];
    for (text, expected) in cases {
        assert_eq!(words(text), *expected, "{text:?}");
    }
}

/// Excerpts printed by 3.4.0.
#[test]
fn excerpts_of_long_lines() {
    let shown = |text: &str, at: usize| {
        let finding = Diagnostic::alert("", Span::default(), "");
        excerpt(finding, text.as_bytes(), at).excerpt
    };
    let text = format!("   {}\"\t\u{1}b", "a".repeat(79));
    let lines = shown(&text, 82);
    assert_eq!(lines[0], format!("  {}\"", "a".repeat(79)));
    assert_eq!(lines[1], format!("  {}^", " ".repeat(79)));
    let text = format!("a{text}");
    let lines = shown(&text, 83);
    assert_eq!(lines[0], format!("  ...{}\" ?b...", "a".repeat(37)));
    assert_eq!(lines[1], format!("  {}^", " ".repeat(40)));
    let text = format!("{text}{}", "b".repeat(100));
    assert_eq!(shown(&text, 83)[0].len(), 82);
}

/// Positions that 3.4.0 printed for empty arguments.
#[test]
fn places_of_empty_words() {
    let cases = [
        ("K \"\"", 4),
        ("K ''", 4),
        ("K \"\"\"\"", 4),
        ("K \"$E\" x", 6),
        ("K \"$U\"", 5),
        ("K \"${U}\"", 6),
        ("K \"${E}\"", 8),
        ("K \"${U-}\"", 9),
        ("K \"$E$U\"", 7),
        ("K \\x00abc", 3),
    ];
    for (text, position) in cases {
        let words = line(text.as_bytes(), place(), &env()).unwrap_or_default();
        assert_eq!(
            empty_position(text.as_bytes(), &words[1], &env()) + 1,
            position,
            "{text}"
        );
    }
}
