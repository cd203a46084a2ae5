//! ACL keywords that stand for a fetch with a match method, and the predefined ACLs (manual 7.4).

use crate::sample::pattern::Method;

/// Fetches that have ACL keywords `NAME`, `NAME_beg`, `NAME_dir` and so on.
const FAMILIES: &[(&str, &str)] = &[
    ("base", "base"),
    ("cook", "req.cook"),
    ("hdr", "req.hdr"),
    ("path", "path"),
    ("scook", "res.cook"),
    ("shdr", "res.hdr"),
    ("url", "url"),
    ("urlp", "urlp"),
];

/// ACL keywords of their own.
const SINGLE: &[(&str, &str, Method)] = &[
    ("http_auth_group", "http_auth_group", Method::Str),
    ("method", "method", Method::Meth),
    ("payload", "req.payload", Method::Bin),
    ("payload_lv", "req.payload_lv", Method::Bin),
    ("req.ssl_ver", "req.ssl_ver", Method::Int),
    ("req_rdp_cookie", "req.rdp_cookie", Method::Str),
    ("req_rdp_cookie_cnt", "req.rdp_cookie_cnt", Method::Int),
    ("req_ssl_sni", "req.ssl_sni", Method::Str),
    ("req_ssl_ver", "req.ssl_ver", Method::Int),
    ("req_ver", "req.ver", Method::Str),
    ("resp_ver", "res.ver", Method::Str),
    ("ssl_fc_sni_end", "ssl_fc_sni", Method::End),
    ("ssl_fc_sni_reg", "ssl_fc_sni", Method::Reg),
];

/// The fetch and the method of an ACL keyword.
pub(super) fn alias(name: &[u8]) -> Option<(&'static str, Method)> {
    let text = std::str::from_utf8(name).ok()?;
    if let Some((_, fetch, method)) = SINGLE.iter().find(|(n, _, _)| *n == text) {
        return Some((fetch, *method));
    }
    FAMILIES.iter().find_map(|(prefix, fetch)| {
        let method = match text.strip_prefix(prefix)? {
            "" => Method::Str,
            "_beg" => Method::Beg,
            "_dir" => Method::Dir,
            "_dom" => Method::Dom,
            "_end" => Method::End,
            "_len" => Method::Len,
            "_reg" => Method::Reg,
            "_sub" => Method::Sub,
            _ => return None,
        };
        Some((*fetch, method))
    })
}

/// The predefined ACLs.
const PREDEFINED: &[(&str, &[&str])] = &[
    ("FALSE", &["always_false"]),
    ("HTTP", &["req.proto_http"]),
    ("HTTP_1.0", &["req.ver", "1.0"]),
    ("HTTP_1.1", &["req.ver", "1.1"]),
    ("HTTP_2.0", &["req.ver", "2.0"]),
    ("HTTP_3.0", &["req.ver", "3.0"]),
    ("HTTP_CONTENT", &["req.hdr_val(content-length)", "gt", "0"]),
    ("HTTP_URL_ABS", &["url_reg", "^[^/:]*://"]),
    ("HTTP_URL_SLASH", &["url_beg", "/"]),
    ("HTTP_URL_STAR", &["url", "*"]),
    ("LOCALHOST", &["src", "127.0.0.1/8", "::1"]),
    ("METH_CONNECT", &["method", "CONNECT"]),
    ("METH_DELETE", &["method", "DELETE"]),
    ("METH_GET", &["method", "GET", "HEAD"]),
    ("METH_HEAD", &["method", "HEAD"]),
    ("METH_OPTIONS", &["method", "OPTIONS"]),
    ("METH_POST", &["method", "POST"]),
    ("METH_PUT", &["method", "PUT"]),
    ("METH_TRACE", &["method", "TRACE"]),
    ("RDP_COOKIE", &["req.rdp_cookie_cnt", "gt", "0"]),
    ("REQ_CONTENT", &["req.len", "gt", "0"]),
    ("TRUE", &["always_true"]),
    ("WAIT_END", &["wait_end"]),
];

/// What a predefined ACL is.
pub(super) fn predefined(name: &[u8]) -> Option<&'static [&'static str]> {
    PREDEFINED
        .iter()
        .find(|(n, _)| n.as_bytes() == name)
        .map(|(_, words)| *words)
}
