//! Whether a cache may keep a response, as HAProxy judges it for `cookie ... nocache` and
//! `option checkcache` (RFC 9111; the details observed on HAProxy 3.4).

/// Whether method and status let a response be cached without a word of the server.
fn allowed(method: &[u8], status: u16) -> bool {
    matches!(
        method,
        b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE" | b"CONNECT"
    ) && matches!(
        status,
        200 | 203 | 204 | 206 | 300 | 301 | 404 | 405 | 410 | 414 | 501
    )
}

/// What the headers of a response say about caches.
#[derive(Default)]
struct Said {
    /// For how long it may be kept or how to ask again, and nothing against it.
    kept: bool,
    /// `public`: it may be kept whatever method and status are.
    public: bool,
    /// `no-cache="set-cookie"`: all but the cookie.
    without_cookie: bool,
}

/// Whether a response may be cached: a method and a status that allow it, something that says for
/// how long or how to ask again, and nothing against it. Header names in any case.
pub fn cacheable<'h>(
    method: &[u8],
    status: u16,
    headers: impl IntoIterator<Item = (&'h [u8], &'h [u8])>,
) -> bool {
    allowed(method, status) && said(headers).kept
}

/// `option checkcache`: whether the cookie of a response may be cached with it.
pub fn exposes_cookie<'h>(
    method: &[u8],
    status: u16,
    headers: impl IntoIterator<Item = (&'h [u8], &'h [u8])>,
) -> bool {
    let said = said(headers);
    (said.public || allowed(method, status)) && said.kept && !said.without_cookie
}

fn said<'h>(headers: impl IntoIterator<Item = (&'h [u8], &'h [u8])>) -> Said {
    let mut said = Said::default();
    let mut reason = false;
    let mut no_age = false;
    let mut pragma_seen = false;
    for (name, value) in headers {
        let is = |n: &str| name.eq_ignore_ascii_case(n.as_bytes());
        if is("expires") || is("etag") || is("last-modified") {
            reason = true;
        } else if is("pragma") && !pragma_seen {
            // Only the first one is looked at, and only as a whole.
            pragma_seen = true;
            if value.eq_ignore_ascii_case(b"no-cache") {
                return said;
            }
        } else if is("cache-control") {
            for word in words(value) {
                let begins = |with: &str| {
                    word.get(..with.len())
                        .is_some_and(|w| w.eq_ignore_ascii_case(with.as_bytes()))
                };
                let is = |w: &str| word.eq_ignore_ascii_case(w.as_bytes());
                let named = |w: &str| is(w) || (begins(w) && word.get(w.len()) == Some(&b'='));
                if is("s-maxage=0") || named("private") || named("no-store") {
                    return said;
                }
                // Forbidding to keep the cookie alone leaves the rest to be kept.
                let cookie_alone = is("no-cache=\"set-cookie\"");
                if named("no-cache") && !cookie_alone {
                    return said;
                }
                said.without_cookie |= cookie_alone;
                said.public |= is("public");
                if begins("s-maxage") {
                    reason = true;
                    no_age = false;
                } else if begins("max-age") {
                    reason = true;
                    no_age |= is("max-age=0");
                }
            }
        }
    }
    said.kept = reason && !no_age;
    said
}

/// The comma-separated words of a header, commas within quotes apart.
fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    value
        .split(move |b| {
            quoted ^= *b == b'"';
            *b == b',' && !quoted
        })
        .map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::cacheable;

    fn kept(headers: &[(&str, &str)]) -> bool {
        let headers = headers.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
        cacheable(b"GET", 200, headers)
    }

    /// Recorded from 3.4.0: whether `cookie ... nocache` added `cache-control: private`.
    #[test]
    fn cache_control_words() {
        for (value, expected) in [
            ("", false),
            ("public", false),
            ("max-age=60", true),
            ("MAX-AGE=60", true),
            ("max-age=0", false),
            ("max-age=00,", true),
            ("max-age=\"0\"", true),
            ("max-age", true),
            ("max-agex", true),
            ("max-age =60", true),
            ("s-maxage=60", true),
            ("s-maxage=0", false),
            ("max-age=0,s-maxage=60", true),
            ("s-maxage=60,max-age=0", false),
            ("max-age=0,s-maxage=60,max-age=0", false),
            ("max-age=60,s-maxage=0", false),
            ("s-maxage=0,s-maxage=60", false),
            ("max-age=0,max-age=60", false),
            ("max-age=60,private", false),
            ("max-age=60,private=\"x\"", false),
            ("max-age=60,privatex", true),
            ("max-age=60,no-store", false),
            ("max-age=60,no-store=x", false),
            ("max-age=60,NO-CACHE", false),
            ("max-age=60,no-cachex", true),
            ("max-age=60,no-cache=\"foo\"", false),
            ("max-age=60,no-cache=\"Set-Cookie\"", true),
            ("max-age=60,no-cache=set-cookie", false),
            ("max-age=60,no-cache=\"x, set-cookie\"", false),
            ("max-age=60,no-cache=\"set-cookie", false),
            ("max-age=60,must-revalidate", true),
        ] {
            assert_eq!(kept(&[("Cache-Control", value)]), expected, "{value}");
        }
    }

    #[test]
    fn other_headers() {
        let age = ("Cache-Control", "max-age=60");
        assert!(!kept(&[]));
        assert!(kept(&[("ETag", "\"x\"")]));
        assert!(kept(&[("Last-Modified", "")]));
        assert!(kept(&[("Expires", "0")]));
        assert!(!kept(&[("Pragma", "no-cache"), age]));
        assert!(kept(&[("Pragma", "x, no-cache"), age]));
        assert!(kept(&[("Pragma", "x"), ("Pragma", "no-cache"), age]));
        assert!(!kept(&[age, ("Cache-Control", "no-cache")]));
        assert!(!kept(&[("Cache-Control", "max-age=0"), ("ETag", "x")]));
        assert!(kept(&[("Vary", "*"), age]));
    }

    #[test]
    fn methods_and_statuses() {
        let tag = || [(&b"etag"[..], &b"x"[..])];
        for (method, expected) in [
            ("GET", true),
            ("HEAD", true),
            ("OPTIONS", true),
            ("POST", false),
        ] {
            assert_eq!(
                cacheable(method.as_bytes(), 200, tag()),
                expected,
                "{method}"
            );
        }
        for status in [200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501] {
            assert!(cacheable(b"GET", status, tag()), "{status}");
        }
        for status in [
            201, 202, 207, 302, 303, 304, 307, 308, 400, 401, 403, 416, 500, 503,
        ] {
            assert!(!cacheable(b"GET", status, tag()), "{status}");
        }
    }
}
