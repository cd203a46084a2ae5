//! Who a request says it comes from (manual 7.3.6).

use super::{Cursor, Example, Fetch, REQUEST_HEADERS};
use crate::sample::args::{Arg, Kind, text};
use crate::sample::conv::from_base64;
use crate::sample::users::{User, credentials};
use crate::sample::value::{Sample, Type};
use crate::sample::view::Eval;

macro_rules! plain {
    ($name:literal, |$e:ident| $eval:expr, $doc:literal, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Str,
            source: &REQUEST_HEADERS,
            check: None,
            eval: |_, $e, _| $eval,
            doc: $doc,
            examples: &[$($example),*],
        }
    };
}

pub(super) static FETCHES: &[Fetch] = &[
    Fetch {
        name: "http_auth",
        args: &[Kind::UserList],
        required: 1,
        out: Type::Bool,
        source: &REQUEST_HEADERS,
        check: None,
        eval: |args, e, _| {
            e.view.request()?;
            Some(Sample::Bool(user(args, e).is_some()))
        },
        doc: "Whether the request names a user of a list with the right password.",
        examples: &[],
    },
    Fetch {
        name: "http_auth_group",
        args: &[Kind::UserList],
        required: 1,
        out: Type::Str,
        source: &REQUEST_HEADERS,
        check: None,
        eval: |args, e, cursor| group(args, e, cursor),
        doc: "The name of the user, for ACLs each of his groups.",
        examples: &[],
    },
    plain!(
        "http_auth_user",
        |e| basic(e).map(|(user, _)| Sample::Str(user)),
        "The user that the request names.",
        [Example::on(
            "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic dXNlcjpwYXNz",
            "http_auth_user",
            "user"
        )]
    ),
    plain!(
        "http_auth_pass",
        |e| basic(e).map(|(_, password)| Sample::Str(password)),
        "The password that the request has.",
        [Example::on(
            "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic dXNlcjpwYXNz",
            "http_auth_pass",
            "pass"
        )]
    ),
    plain!(
        "http_auth_type",
        |e| {
            let (scheme, _) = credentials(e.view.request()?)?;
            let known = ["Basic", "Digest", "Bearer"];
            known
                .iter()
                .find(|k| k.as_bytes().eq_ignore_ascii_case(scheme))
                .map(|k| Sample::Str(k.as_bytes()))
        },
        "The scheme of the request's credentials.",
        [Example::on(
            "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: basic dXNlcjpwYXNz",
            "http_auth_type",
            "Basic"
        )]
    ),
    Fetch {
        name: "http_auth_bearer",
        args: &[Kind::Str],
        required: 0,
        out: Type::Str,
        source: &REQUEST_HEADERS,
        check: None,
        eval: |args, e, _| {
            let request = e.view.request()?;
            let (scheme, token) = match text(args, 0) {
                [] => credentials(request)?,
                name => {
                    let value = request.header(&name.to_ascii_lowercase())?;
                    value.split_at_checked(memchr::memchr(b' ', value)?)?
                }
            };
            let token = token.trim_ascii_start();
            let is_bearer = scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty();
            is_bearer.then_some(Sample::Str(token))
        },
        doc: "The token of the scheme Bearer, of Authorization or the header given.",
        examples: &[Example::on(
            "GET / HTTP/1.1\r\nHost: a\r\nX-A: Bearer abc",
            "http_auth_bearer(X-A)",
            "abc",
        )],
    },
];

/// Name and password of the scheme Basic.
fn basic<'a>(e: &Eval<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let (scheme, rest) = credentials(e.view.request()?)?;
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let mut out = e.scratch.buffer();
    from_base64(rest, &mut |b| out.push(b))?;
    let out = out.into_bump_slice();
    let at = memchr::memchr(b':', out)?;
    Some((out.get(..at)?, out.get(at + 1..)?))
}

fn user<'a>(args: &'a [Arg], e: &Eval<'a>) -> Option<&'a User> {
    let Some(Arg::Users(list)) = args.first() else {
        return None;
    };
    let (name, password) = basic(e)?;
    list.admits(name, password)
}

fn group<'a>(args: &'a [Arg], e: &Eval<'a>, cursor: &mut Cursor) -> Option<Sample<'a>> {
    let user = user(args, e)?;
    if !cursor.all {
        return Some(Sample::Str(&user.name));
    }
    let group = user.groups.get(cursor.field as usize)?;
    cursor.field += 1;
    cursor.more = true;
    Some(Sample::Str(group))
}
