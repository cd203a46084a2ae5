//! Messages as text: where one ends, what its lines are, and requests made of a method and a URL.

use std::net::IpAddr;

/// The value of a header in a message's head, by its name in lower case.
pub fn header<'m>(message: &'m [u8], name: &str) -> Option<&'m [u8]> {
    headers(message)
        .find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, v)| v)
}

/// The header lines of a message.
pub fn headers(message: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    head(message)
        .split(|b| *b == b'\n')
        .skip(1)
        .filter_map(|line| {
            let colon = memchr::memchr(b':', line)?;
            let (name, value) = line.split_at(colon);
            Some((name, value.get(1..)?.trim_ascii()))
        })
}

/// The head of a message, up to its empty line; all of it when there is none.
pub fn head(message: &[u8]) -> &[u8] {
    let end = memchr::memmem::find(message, b"\r\n\r\n");
    message
        .get(..end.unwrap_or(message.len()))
        .unwrap_or_default()
}

/// The first line of a message.
pub fn first_line(message: &[u8]) -> &[u8] {
    let line = message.split(|b| *b == b'\n').next().unwrap_or_default();
    line.trim_ascii_end()
}

/// The status of a response; 0 for something else.
pub fn status(message: &[u8]) -> u16 {
    let word = first_line(message).split(|b| *b == b' ').nth(1);
    let word = word.and_then(|w| std::str::from_utf8(w).ok());
    word.and_then(|w| w.parse().ok()).unwrap_or(0)
}

/// The body of a message as it was sent.
pub fn body(message: &[u8]) -> &[u8] {
    let end = memchr::memmem::find(message, b"\r\n\r\n");
    end.and_then(|at| message.get(at + 4..)).unwrap_or_default()
}

/// Where the first message in a buffer ends; `None`: not in it yet. A response to HEAD has no body;
/// `open`: without a length the body goes on until the connection ends.
pub fn end(buffer: &[u8], to_head: bool, open: bool) -> Option<usize> {
    let head_end = memchr::memmem::find(buffer, b"\r\n\r\n")? + 4;
    if to_head || open && matches!(status(buffer), 204 | 304 | 100..=199) {
        return Some(head_end);
    }
    let coding = header(buffer, "transfer-encoding");
    if coding.is_some_and(|c| c.to_ascii_lowercase().ends_with(b"chunked")) {
        let rest = buffer.get(head_end..)?;
        if rest.starts_with(b"0\r\n\r\n") {
            return Some(head_end + 5);
        }
        return memchr::memmem::find(rest, b"\r\n0\r\n\r\n").map(|at| head_end + at + 7);
    }
    let length = header(buffer, "content-length").and_then(|l| std::str::from_utf8(l).ok());
    match length.and_then(|l| l.parse::<usize>().ok()) {
        Some(length) => {
            let end = head_end.checked_add(length)?;
            (end <= buffer.len()).then_some(end)
        }
        None if open => None,
        None => Some(head_end),
    }
}

/// `METHOD URL` or `METHOD PATH`, with headers, cookies and a body, as a request's text.
pub struct Asked {
    /// The request's head and body.
    pub text: Vec<u8>,
    /// The URL's scheme was https, or http; `None` without a URL.
    pub tls: Option<bool>,
    /// The host of the URL, else that of the Host header, without a port.
    pub host: Option<String>,
    /// The port of the URL, said or by its scheme.
    pub port: Option<u16>,
}

/// Makes a request.
///
/// # Errors
/// What is wrong with its words.
pub fn request(
    line: &str,
    headers: &[String],
    cookies: &[String],
    body: Option<&str>,
) -> Result<Asked, String> {
    let mut words = line.split_whitespace();
    let (method, target) = match (words.next(), words.next()) {
        (Some(method), Some(target)) => (method, target),
        (Some(target), None) if target.contains('/') => ("GET", target),
        _ => return Err(format!("`{line}` is not METHOD URL")),
    };
    let version = words.next().unwrap_or("HTTP/1.1");
    if words.next().is_some() || !version.starts_with("HTTP/") {
        return Err(format!("`{line}` is not METHOD URL"));
    }
    let (tls, rest) = match target.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(true), Some(rest)),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(false), Some(rest)),
        Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphabetic()) => {
            return Err(format!("`{scheme}` is neither http nor https"));
        }
        _ => (None, None),
    };
    let (mut authority, mut path) = (None, target.to_owned());
    if let Some(rest) = rest {
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, tail) = rest.split_at(at);
        if host.is_empty() {
            return Err(format!("`{target}` has no host"));
        }
        let tail = tail.split('#').next().unwrap_or_default();
        path = match tail.starts_with('/') {
            true => tail.to_owned(),
            false => format!("/{tail}"),
        };
        authority = Some(host.to_owned());
    }
    let mut text = format!("{method} {path} {version}\r\n");
    let mut lines: Vec<(String, String)> = Vec::new();
    for header in headers {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| format!("`{header}` is not NAME: VALUE"))?;
        lines.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let said = |name: &str| lines.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
    let host = said("host")
        .map(|(_, v)| v.clone())
        .or_else(|| authority.clone());
    if said("host").is_none() {
        let host = host.as_deref().unwrap_or("localhost");
        text.push_str(&format!("host: {host}\r\n"));
    }
    for (name, value) in &lines {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !cookies.is_empty() {
        text.push_str(&format!("cookie: {}\r\n", cookies.join("; ")));
    }
    let chunked = said("transfer-encoding").is_some();
    match body {
        Some(body) if !chunked && said("content-length").is_none() => {
            text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        }
        Some(body) => text.push_str(&format!("\r\n{body}")),
        None => text.push_str("\r\n"),
    }
    let place = authority.as_deref().or(host.as_deref());
    let (name, port) = place.map_or((None, None), split_port);
    Ok(Asked {
        text: text.into_bytes(),
        tls,
        host: name,
        port: match (port, tls) {
            (Some(port), _) => Some(port),
            (None, Some(true)) => Some(443),
            (None, Some(false)) => Some(80),
            (None, None) => None,
        },
    })
}

/// A host and its port.
fn split_port(authority: &str) -> (Option<String>, Option<u16>) {
    let bare = authority.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return (Some(bare.to_owned()), None);
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            (Some(host.to_owned()), port.parse().ok())
        }
        None => (Some(authority.to_owned()), None),
    }
}

/// A response written with plain line ends, completed: a length if it says none.
pub fn response(text: &str) -> Vec<u8> {
    let text = text.replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let mut out = head.trim_end().replace('\n', "\r\n").into_bytes();
    let framed = header(&out, "content-length").is_some()
        || header(&out, "transfer-encoding").is_some()
        || matches!(status(&out), 204 | 304 | 100..=199);
    if !framed {
        out.extend_from_slice(format!("\r\ncontent-length: {}", body.len()).as_bytes());
    }
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body.as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_urls() {
        let asked = request(
            "GET https://shop.example/cart?a=1#x",
            &[],
            &["a=1".into()],
            None,
        );
        let asked = asked.unwrap();
        assert_eq!(
            asked.text,
            b"GET /cart?a=1 HTTP/1.1\r\nhost: shop.example\r\ncookie: a=1\r\n\r\n"
        );
        assert_eq!((asked.tls, asked.port), (Some(true), Some(443)));
        assert_eq!(asked.host.as_deref(), Some("shop.example"));
        let headers = ["Host: a:8080".to_owned(), "X-A:  b ".to_owned()];
        let asked = request("POST /x", &headers, &[], Some("body")).unwrap();
        assert_eq!(
            asked.text,
            b"POST /x HTTP/1.1\r\nHost: a:8080\r\nX-A: b\r\ncontent-length: 4\r\n\r\nbody"
        );
        assert_eq!((asked.tls, asked.port), (None, Some(8080)));
        assert!(request("GET", &[], &[], None).is_err());
        assert!(request("GET ftp://x/", &[], &[], None).is_err());
        assert!(request("GET /", &["none".into()], &[], None).is_err());
    }

    #[test]
    fn ends_of_messages() {
        assert_eq!(end(b"GET / HTTP/1.1\r\n\r\nmore", false, false), Some(18));
        let response = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(end(response, false, true), Some(response.len()));
        assert_eq!(end(&response[..39], false, true), None);
        assert_eq!(end(&response[..38], true, true), Some(38));
        assert_eq!(end(b"HTTP/1.1 200 OK\r\n\r\nrest", false, true), None);
        let chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
        assert_eq!(end(chunked, false, false), Some(chunked.len()));
    }

    #[test]
    fn responses_get_a_length() {
        assert_eq!(
            response("HTTP/1.1 200 OK\nX: 1\n\nbody"),
            b"HTTP/1.1 200 OK\r\nX: 1\r\ncontent-length: 4\r\n\r\nbody"
        );
        assert_eq!(
            response("HTTP/1.1 304 Not Modified"),
            b"HTTP/1.1 304 Not Modified\r\n\r\n"
        );
    }
}
