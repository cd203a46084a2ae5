//! What HAProxy 3.4 matches.

use super::*;

fn try_one(method: Method, words: &[&str], sample: Sample<'_>) -> bool {
    let scratch = Scratch::new();
    let mut p = Patterns::new(method);
    for w in words {
        p.add(w.as_bytes(), 0, false, None, &|_| None).unwrap();
    }
    p.matches(sample, &scratch)
}

#[test]
fn directories_and_domains() {
    // Recorded from HAProxy 3.4.
    let path = Sample::Str(b"/images/png/logo/32x32.png");
    for (pattern, want) in [
        ("images", true),
        ("/images", true),
        ("images/png", true),
        ("png", true),
        ("/images/png/", true),
        ("logo/32x32.png", true),
        ("32x32", false),
        ("mage", false),
        ("/", false),
    ] {
        assert_eq!(try_one(Method::Dir, &[pattern], path), want, "{pattern}");
    }
    let host = Sample::Str(b"www1.dc-eu.example.com:80");
    for (pattern, want) in [
        ("www1", true),
        (".www1", true),
        ("dc-eu", true),
        ("80", true),
        ("dc", false),
        ("dc-eu.example", true),
        (":80", true),
        ("com:80", true),
        ("..", false),
    ] {
        assert_eq!(try_one(Method::Dom, &[pattern], host), want, "{pattern}");
    }
    assert!(try_one(Method::Dir, &["a/a"], Sample::Str(b"xa/a/a")));
}

#[test]
fn numbers() {
    // Recorded from HAProxy 3.4.
    use Operator::{Ge, Gt, Le, Lt};
    for (word, op, value, want) in [
        ("1:9", None, 5, true),
        ("1-9", None, 5, true),
        ("4-", None, 5, true),
        ("-5", None, 1, true),
        ("-5", None, 6, false),
        ("-1", None, -5, true),
        ("3:9", Some(Le), 7, true),
        ("3:5", Some(Ge), 7, false),
        ("7:9", Some(Gt), 7, true),
        ("7:9", Some(Lt), 7, true),
        ("--", None, 0, true),
        ("--", None, 1, false),
        (":-5", None, -5, true),
        ("0", Some(Lt), -5, true),
        ("5", Some(Gt), 5, false),
    ] {
        let (low, high) = range(word.as_bytes(), op).unwrap();
        assert_eq!((low..=high).contains(&value), want, "{word} {op:?} {value}");
    }
    for (word, op, message) in [
        ("foo", None, "'foo' is not a number"),
        ("1.5", None, "'1.5' is not a number"),
        (
            "x",
            Some(Gt),
            "'x' is neither a number nor a supported operator",
        ),
        (":", None, "':' is not a valid number range"),
        ("x:5", None, "'x:5' is not a valid number range"),
        ("3--5", None, "'3--5' is not a valid number range"),
        ("5x", None, "'5x' is not a number"),
        ("5:2", None, "'5:2' is not a valid number range"),
        ("1:2:3", None, "'1:2:3' is not a valid number range"),
        ("-i", None, "'-i' is not a valid number range"),
    ] {
        assert_eq!(range(word.as_bytes(), op).unwrap_err(), message);
    }
}

#[test]
fn networks() {
    let v4 = |s: &str| Sample::V4(s.parse().unwrap());
    let v6 = |s: &str| Sample::V6(s.parse().unwrap());
    // Recorded from HAProxy 3.4.
    for (pattern, sample, want) in [
        ("1.2.3.0/24", v4("1.2.3.4"), true),
        ("127/8", v4("127.0.0.1"), false),
        ("127.1", v4("127.0.0.1"), true),
        ("10.12/8", v4("10.9.9.9"), true),
        ("1.2.3.4/255.0.255.0", v4("1.9.3.9"), true),
        ("::ffff:0:0/96", v4("1.2.3.4"), true),
        ("::/0", v4("1.2.3.4"), true),
        ("1.2.3.4", v6("::ffff:1.2.3.4"), true),
        ("1.2.3.4", v6("::1.2.3.4"), true),
        ("1.2.3.4", v6("2002:102:304::5"), true),
        ("0/0", v6("2001::1"), false),
        ("2001:db8::/32", v6("2001:db8::1"), true),
    ] {
        assert_eq!(try_one(Method::Ip, &[pattern], sample), want, "{pattern}");
    }
    for bad in ["1.2.3.4.5", "foo", "1.2.3.4/33", "::1/129", "1.2.3.4-5"] {
        let mut p = Patterns::new(Method::Ip);
        assert_eq!(
            p.add(bad.as_bytes(), 0, false, None, &|_| None)
                .unwrap_err(),
            format!("'{bad}' is not a valid IPv4 or IPv6 address")
        );
    }
}

#[test]
fn methods() {
    // Recorded from HAProxy 3.4.
    let scratch = Scratch::new();
    let mut p = Patterns::new(Method::Meth);
    p.add(b"get", 0, true, None, &|_| None).unwrap();
    p.add(b"POST", 0, false, None, &|_| None).unwrap();
    p.add(b"purge", 0, true, None, &|_| None).unwrap();
    p.add(b"PUT", 0, true, None, &|_| None).unwrap();
    for (method, want) in [
        ("GET", false),
        ("POST", true),
        ("PURGE", true),
        ("Get", true),
    ] {
        assert_eq!(
            p.matches(Sample::Meth(method.as_bytes()), &scratch),
            want,
            "{method}"
        );
    }
}

#[test]
fn many_texts_are_looked_up() {
    let scratch = Scratch::new();
    for method in [Method::Str, Method::Beg, Method::End] {
        let mut p = Patterns::new(method);
        for i in 0..1000 {
            p.add(format!("k{i:04}z").as_bytes(), i, i % 2 == 0, None, &|_| {
                None
            })
            .unwrap();
        }
        assert!(p.matches(Sample::Str(b"k0500z"), &scratch));
        assert!(
            p.matches(Sample::Str(b"K0500Z"), &scratch),
            "even ones ignore case"
        );
        assert!(!p.matches(Sample::Str(b"K0501Z"), &scratch));
        assert!(!p.matches(Sample::Str(b"k1000z"), &scratch));
        assert_eq!(
            p.matches(Sample::Str(b"k0501z/"), &scratch),
            method == Method::Beg
        );
        assert_eq!(
            p.matches(Sample::Str(b"/k0501z"), &scratch),
            method == Method::End
        );
    }
}
