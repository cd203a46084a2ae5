//! The request of a check over HTTP (`http-check send`).

use crate::ir::check::HttpSend;
use crate::sample::LogFormat;

/// The request as HAProxy 3.4 sends it. `render` works out log formats, `state` is the value of
/// `x-haproxy-server-state` if that is sent.
pub(super) fn request(
    send: &HttpSend,
    state: Option<&str>,
    render: impl Fn(&LogFormat) -> Vec<u8>,
) -> Vec<u8> {
    let written = send.version.as_deref().unwrap_or(b"HTTP/1.0");
    let mut lines = written
        .split(|b| *b == b'\n')
        .map(|l| l.strip_suffix(b"\r").unwrap_or(l));
    let version = lines.next().unwrap_or_default();
    let mut out = send.method.clone().unwrap_or_else(|| b"OPTIONS".to_vec());
    out.push(b' ');
    let uri = send.uri.as_ref().map(&render).unwrap_or_default();
    let host = send.headers.iter().find(|(name, _)| name == b"host");
    match (memchr::memmem::find(&uri, b"://"), host) {
        _ if uri.is_empty() => out.push(b'/'),
        (Some(at), Some((_, host))) if at > 0 && !uri.starts_with(b"/") => {
            // the host that is asked for stands in an absolute target too
            let (scheme, rest) = uri.split_at(at + 3);
            let path = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
            out.extend_from_slice(scheme);
            out.extend_from_slice(&render(host));
            out.extend_from_slice(rest.get(path..).unwrap_or_default());
        }
        _ => out.extend_from_slice(&uri),
    }
    out.push(b' ');
    out.extend_from_slice(match version {
        b"HTTP/1.0" => version,
        _ if written.contains(&b'\n') => version,
        _ => b"HTTP/1.1",
    });
    out.extend_from_slice(b"\r\n");
    let mut field = |name: &[u8], value: &[u8]| {
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    };
    // what stands behind the version is all that is sent then, as those versions that took it
    // last did (2.6): names in lower case
    let mut hidden = false;
    let mut body = send.body.as_ref().map(&render).unwrap_or_default();
    let mut connection = None;
    for (name, value) in &send.headers {
        let value = render(value);
        match name.as_slice() {
            _ if value.is_empty() => {}
            b"connection" => connection = Some(value),
            name => field(name, &value),
        }
    }
    while let Some(line) = lines.next() {
        if line.is_empty() {
            body = lines.collect::<Vec<_>>().join(&b"\r\n"[..]);
            break;
        }
        let name = line.split(|b| *b == b':').next().unwrap_or_default();
        let value = line.get(name.len() + 1..).unwrap_or_default();
        hidden = true;
        field(&name.to_ascii_lowercase(), value.trim_ascii());
    }
    if let Some(state) = state {
        field(b"x-haproxy-server-state", state.as_bytes());
    }
    if !body.is_empty() {
        field(b"content-length", body.len().to_string().as_bytes());
    }
    match connection {
        Some(value) => field(b"connection", &value),
        None if version == b"HTTP/1.1" && !hidden => field(b"connection", b"close"),
        None => {}
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(uri: &str, version: &str, host: Option<&str>) -> String {
        let http = HttpSend {
            method: Some(b"GET".to_vec()),
            uri: Some(LogFormat::text(uri.as_bytes())),
            version: Some(version.into()),
            headers: host
                .map(|h| (b"host".to_vec(), LogFormat::text(h.as_bytes())))
                .into_iter()
                .collect(),
            body: None,
        };
        let text = request(&http, None, |f| f.constant().unwrap_or_default().to_vec());
        String::from_utf8(text).unwrap()
    }

    /// Recorded from HAProxy 3.4.
    #[test]
    fn check_requests_are_haproxys() {
        assert_eq!(sent("/x", "HTTP/1.0", None), "GET /x HTTP/1.0\r\n\r\n");
        assert_eq!(
            sent("/x", "HTTP/1.1", None),
            "GET /x HTTP/1.1\r\nconnection: close\r\n\r\n"
        );
        assert_eq!(
            sent("/x", "HTTP/1.1", Some("www")),
            "GET /x HTTP/1.1\r\nhost: www\r\nconnection: close\r\n\r\n"
        );
        assert_eq!(
            sent("/x", "HTTP/1.0", Some("www")),
            "GET /x HTTP/1.0\r\nhost: www\r\n\r\n"
        );
        assert_eq!(
            sent("/x", "HTTP/1.1\r\nHost: www", None),
            "GET /x HTTP/1.1\r\nhost: www\r\n\r\n"
        );
        assert_eq!(
            sent(
                "/x",
                "HTTP/1.0\r\nUser-Agent: a\r\nAuthorization: Basic x",
                None
            ),
            "GET /x HTTP/1.0\r\nuser-agent: a\r\nauthorization: Basic x\r\n\r\n"
        );
    }
}
