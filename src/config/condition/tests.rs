use super::*;

fn facts() -> Facts {
    Facts {
        version: "3.4.0".to_owned(),
        features: vec!["OPENSSL".to_owned(), "EPOLL".to_owned()],
        enabled: vec!["POLL".to_owned()],
        tls: Some(TlsFacts {
            name: "OpenSSL 3.0.15".to_owned(),
            openssl_version: "3.0.15".to_owned(),
            awslc_api: None,
        }),
        language: None,
    }
}

fn answer(text: &str) -> String {
    let env = [("A", "aa"), ("E", "")].into_iter().collect();
    match evaluate(text.as_bytes(), &env, &facts()) {
        Ok(value) => value.to_string(),
        Err(fault) => format!("{} @{}", fault.message, fault.at + 1),
    }
}

/// Observed with `.if` of 3.4.0.
#[test]
fn answers() {
    let yes = [
        "1",
        "-1",
        "0x1",
        "1 ",
        " 1",
        "( 1 )",
        "(((1)))",
        "!0",
        "! 0",
        "!!1",
        "!(0 || 0) && (1)",
        "0 || 0 && 1 || 1",
        "0&&1||1",
        "0||0||1",
        "1 &&1",
        "!(!(1))",
        "defined(A)",
        "defined(E)",
        "streq(a,a)",
        "streq(,)",
        "streq( a, a)",
        "strneq(a,b)",
        "strstr(abc,b)",
        "strstr(abc,)",
        "streq(a,\"a\")",
        "streq(\"a,b\",'a,b')",
        "streq(\"a\"\"b\",ab)",
        "streq(a b,\"a b\")",
        "feature(OPENSSL)",
        "enabled(POLL)",
        "version_atleast(3.4)",
        "version_atleast(3)",
        "version_atleast(3.4-dev1)",
        "version_atleast(3.4.0)",
        "version_atleast(3.4.0-0)",
        "version_atleast(3.4-rc1)",
        "version_atleast(x)",
        "version_atleast()",
        "version_atleast",
        "version_atleast(3.3.99)",
        "version_before(4)",
        "version_before(3.4.0-1)",
        "openssl_version_atleast(1.1.1)",
        "ssllib_name_startswith(OpenSSL)",
        "ssllib_name_startswith()",
        "defined(A)&&!defined(B)",
    ];
    for text in yes {
        assert_eq!(answer(text), "true", "{text}");
    }
    let no = [
        "",
        "0",
        "00",
        "defined()",
        "defined",
        "defined(B)",
        "defined(a-b)",
        "feature",
        "feature()",
        "feature(openssl)",
        "feature(FOO)",
        "enabled(poll)",
        "streq(a ,a)",
        "streq(a,)",
        "strstr(,a)",
        "version_before(3.4)",
        "version_atleast(3.4.1)",
        "version_atleast(3.4.0-64)",
        "version_before(3.4-dev99)",
        "ssllib_name_startswith(openssl)",
        "openssl_version_before(3.0.0)",
        "streq('a)b',a)",
    ];
    for text in no {
        assert_eq!(answer(text), "false", "{text}");
    }
}

/// Texts and positions observed with `.if` of 3.4.0.
#[test]
fn faults() {
    let un = |shown: &str, at: usize| format!("unparsable conditional expression '{shown}' @{at}");
    let cases = [
        (
            "1 0",
            "unexpected character '0' at the end of conditional expression '1 0' @3".to_owned(),
        ),
        (
            "1x",
            "unexpected character 'x' at the end of conditional expression '1x' @2".to_owned(),
        ),
        (
            "1)",
            "unexpected character ')' at the end of conditional expression '1)' @2".to_owned(),
        ),
        (
            "1 & 1",
            "unexpected character '&' at the end of conditional expression '1 & 1' @3".to_owned(),
        ),
        (
            "1 && 2 foo",
            "unexpected character 'f' at the end of conditional expression '1 && 2 foo' @8"
                .to_owned(),
        ),
        (
            "defined (A)",
            "unexpected character '(' at the end of conditional expression 'defined (A)' @9"
                .to_owned(),
        ),
        ("foo", un("foo", 1)),
        ("foo(", un("foo(", 1)),
        ("true", un("true", 1)),
        ("!", un("!", 1)),
        ("! x", un("! x", 1)),
        ("! (x)", un("x)", 4)),
        ("()", un(")", 2)),
        ("(", un("(", 1)),
        ("((", un("(", 2)),
        ("(1 &&)", un(")", 6)),
        ("(1 ||", un("(1 ||", 4)),
        (" && 1", un(" && 1", 1)),
        (
            " ",
            "unparsable conditional sub-expression ' ' @1".to_owned(),
        ),
        ("1 && foo", un("foo", 6)),
        ("1 && !", un("!", 6)),
        ("1 && (", un("(", 6)),
        ("1 || foo(", un("foo(", 6)),
        ("1 &&& 1", un("& 1", 5)),
        ("&& 1", un("&& 1", 1)),
        ("defined(A) &&", un("&&", 12)),
        ("1 || 1 &&", un("&&", 8)),
        ("defined(A) ||", un("defined(A) ||", 12)),
        ("1 && 1 ||", un("1 && 1 ||", 8)),
        ("--1", un("--1", 1)),
        ("defined&&1", un("defined&&1", 1)),
        ("(defined)", un("defined)", 2)),
        (
            "(1",
            "expected ')' after conditional expression '(1' @1".to_owned(),
        ),
        (
            "!(1",
            "expected ')' after conditional expression '!(1' @1".to_owned(),
        ),
        (
            "defined(A) && (1",
            "expected ')' after conditional expression '(1' @15".to_owned(),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(answer(text), expected, "{text}");
    }
    let of = "used in conditional expression";
    let cases = [
        ("defined(A", format!("expected ')' in argument 1 of predicate 'defined' {of} @10")),
        ("defined(A,B)", format!("expected ')' before ',B)' in argument 1 of predicate 'defined' {of} @10")),
        ("streq(a,b,c)", format!("expected ')' before ',c)' in argument 1 of predicate 'streq' {of} @10")),
        ("streq(a,b", format!("expected ')' in argument 1 of predicate 'streq' {of} @10")),
        ("streq(a,", format!("expected ')' in argument 1 of predicate 'streq' {of} @9")),
        ("streq(a)", format!("missing arguments (got 1/2), type 'string' expected in argument 1 of predicate 'streq' {of} @8")),
        ("streq(", format!("missing arguments (got 1/2), type 'string' expected in argument 1 of predicate 'streq' {of} @7")),
        ("streq", format!("missing arguments (got 1/2), type 'string' expected in argument 1 of predicate 'streq' {of} @6")),
        ("streq(\"a,b", format!("missing arguments (got 1/2), type 'string' expected in argument 1 of predicate 'streq' {of} @11")),
        ("openssl_version_before(99)", "invalid argument to conditional expression predicate 'openssl_version_before': '99' @27".to_owned()),
        ("awslc_api_before(5)", "invalid argument to conditional expression predicate 'awslc_api_before': '5' @20".to_owned()),
    ];
    for (text, expected) in cases {
        assert_eq!(answer(text), expected, "{text}");
    }
}

/// Observed with `-cc` of 3.4.0.
#[test]
fn command_line_is_unquoted_but_has_no_comments() {
    let env = [("A", "aa")].into_iter().collect();
    let ask = |text: &str| command_line(text.as_bytes(), &env, &facts());
    assert_eq!(ask("streq(\"$A\",aa)"), Ok(true));
    assert_eq!(ask("\"1\""), Ok(true));
    assert_eq!(ask(""), Ok(false));
    assert_eq!(
        ask("1 # foo").unwrap_err(),
        "Failed to evaluate condition: unexpected character '#' at the end of conditional expression '1 # foo'"
    );
    assert_eq!(
        ask("\"x").unwrap_err(),
        "Syntax Error in condition: Unmatched quote."
    );
    let many = "1 ".repeat(65);
    assert_eq!(
        ask(&many).unwrap_err(),
        "Error in condition: Too many words."
    );
}

#[test]
fn deep_nesting_is_a_fault_not_a_crash() {
    let deep = "(".repeat(100_000);
    assert!(answer(&deep).starts_with("unparsable"));
    let many = "!".repeat(100_001) + "1";
    assert_eq!(answer(&many), "false");
    let chain = "1 && ".repeat(100_000) + "1";
    assert_eq!(answer(&chain), "true");
}

#[test]
fn versions_in_order() {
    let order = [
        "3.3.9",
        "3.4-dev1",
        "3.4-dev1-5",
        "3.4-dev19",
        "3.4-rc1",
        "3.4",
        "3.4.0-1",
        "3.4.1",
        "4",
    ];
    for pair in order.windows(2) {
        let parse = |t: &str| Version::parse(t.as_bytes());
        assert!(parse(pair[0]) < parse(pair[1]), "{pair:?}");
    }
}
