//! Certificates, authorities and lists of certificates, seen and changed while running (management
//! guide 9.3, `show ssl cert`, `set ssl ca-file`, `add ssl crt-list`, ...).

use super::{Call, Command, Flow, shown};
use crate::ir::bind::CliLevel;
use crate::plan::tls::{Contents, Kind, pem};
use crate::proto::x509::ocsp;

const fn command(
    words: &'static [&'static str],
    usage: &'static str,
    meaning: &'static str,
    run: fn(&mut Call<'_>) -> Flow,
) -> Command {
    Command {
        words,
        usage,
        meaning,
        level: CliLevel::Admin,
        run,
    }
}

/// `abort ssl ca-file`
pub const ABORT_CA_FILE: Command = command(
    &["abort", "ssl", "ca-file"],
    "abort ssl ca-file <cafile>",
    "forgets what was set of authorities",
    |call| {
        named(
            call,
            "'abort ssl ca-file' expects a filename",
            |c, name, _| c.abort_file(Kind::Authorities, name),
        )
    },
);
/// `abort ssl cert`
pub const ABORT_CERT: Command = command(
    &["abort", "ssl", "cert"],
    "abort ssl cert <certfile>",
    "forgets what was set of a certificate",
    |call| {
        named(call, "'abort ssl cert' expects a filename", |c, name, _| {
            c.abort_certificate(name)
        })
    },
);
/// `abort ssl crl-file`
pub const ABORT_CRL_FILE: Command = command(
    &["abort", "ssl", "crl-file"],
    "abort ssl crl-file <crlfile>",
    "forgets what was set of revocation lists",
    |call| {
        named(
            call,
            "'abort ssl crl-file' expects a filename",
            |c, name, _| c.abort_file(Kind::Revocations, name),
        )
    },
);
/// `add ssl ca-file`
pub const ADD_CA_FILE: Command = command(
    &["add", "ssl", "ca-file"],
    "add ssl ca-file <cafile> <payload>",
    "sets more authorities",
    |call| {
        with_payload(
            call,
            "'set ssl ca-file' expects a filename and CAs as a payload",
            |c, name, p| c.set_file(Kind::Authorities, name, p, true),
        )
    },
);
/// `add ssl crt-list`
pub const ADD_CRT_LIST: Command = command(
    &["add", "ssl", "crt-list"],
    "add ssl crt-list <list> <cert> [opts]*",
    "adds a line to a list of certificates",
    add_entry,
);
/// `commit ssl ca-file`
pub const COMMIT_CA_FILE: Command = command(
    &["commit", "ssl", "ca-file"],
    "commit ssl ca-file <cafile>",
    "lets authorities that were set count",
    |call| {
        named(
            call,
            "'commit ssl ca-file' expects a filename",
            |c, name, _| c.commit_file(Kind::Authorities, name),
        )
    },
);
/// `commit ssl cert`
pub const COMMIT_CERT: Command = command(
    &["commit", "ssl", "cert"],
    "commit ssl cert <certfile>",
    "lets a certificate that was set be used",
    |call| {
        named(
            call,
            "'commit ssl cert' expects a filename",
            |c, name, _| c.commit_certificate(name),
        )
    },
);
/// `commit ssl crl-file`
pub const COMMIT_CRL_FILE: Command = command(
    &["commit", "ssl", "crl-file"],
    "commit ssl crl-file <crlfile>",
    "lets revocation lists that were set count",
    |call| {
        named(
            call,
            "'commit ssl ca-file' expects a filename",
            |c, name, _| c.commit_file(Kind::Revocations, name),
        )
    },
);
/// `del ssl ca-file`
pub const DEL_CA_FILE: Command = command(
    &["del", "ssl", "ca-file"],
    "del ssl ca-file <cafile>",
    "removes authorities that nobody uses",
    |call| {
        named(
            call,
            "'del ssl ca-file' expects a CA file name",
            |c, name, _| c.delete_file(Kind::Authorities, name),
        )
    },
);
/// `del ssl cert`
pub const DEL_CERT: Command = command(
    &["del", "ssl", "cert"],
    "del ssl cert <certfile>",
    "removes a certificate that nobody uses",
    |call| {
        named(
            call,
            "'del ssl cert' expects a certificate name",
            |c, name, _| c.delete_certificate(name),
        )
    },
);
/// `del ssl crl-file`
pub const DEL_CRL_FILE: Command = command(
    &["del", "ssl", "crl-file"],
    "del ssl crl-file <crlfile>",
    "removes revocation lists that nobody uses",
    |call| {
        named(
            call,
            "'del ssl crl-file' expects a CRL file name",
            |c, name, _| c.delete_file(Kind::Revocations, name),
        )
    },
);
/// `del ssl crt-list`
pub const DEL_CRT_LIST: Command = command(
    &["del", "ssl", "crt-list"],
    "del ssl crt-list <list> <cert[:line]>",
    "removes a line of a list of certificates",
    |call| {
        if call.arg(1).is_empty() {
            return call.error("'del ssl crtlist' expects a filename and a certificate name");
        }
        named(call, "", |c, list, word| c.delete_entry(list, word))
    },
);
/// `dump ssl cert`
pub const DUMP_CERT: Command = command(
    &["dump", "ssl", "cert"],
    "dump ssl cert <certfile>",
    "shows a certificate's chain in PEM; never its key",
    dump,
);
/// `new ssl ca-file`
pub const NEW_CA_FILE: Command = command(
    &["new", "ssl", "ca-file"],
    "new ssl ca-file <cafile>",
    "makes an empty file of authorities",
    |call| {
        named(
            call,
            "'new ssl ca-file' expects a filename",
            |c, name, _| c.new_file(Kind::Authorities, name),
        )
    },
);
/// `new ssl cert`
pub const NEW_CERT: Command = command(
    &["new", "ssl", "cert"],
    "new ssl cert <certfile>",
    "makes an empty certificate",
    |call| {
        named(call, "'new ssl cert' expects a filename", |c, name, _| {
            c.new_certificate(name)
        })
    },
);
/// `new ssl crl-file`
pub const NEW_CRL_FILE: Command = command(
    &["new", "ssl", "crl-file"],
    "new ssl crl-file <crlfile>",
    "makes an empty file of revocation lists",
    |call| {
        named(
            call,
            "'new ssl crl-file' expects a filename",
            |c, name, _| c.new_file(Kind::Revocations, name),
        )
    },
);
/// `set ssl ca-file`
pub const SET_CA_FILE: Command = command(
    &["set", "ssl", "ca-file"],
    "set ssl ca-file <cafile> <payload>",
    "sets authorities, to be committed",
    |call| {
        with_payload(
            call,
            "'set ssl ca-file' expects a filename and CAs as a payload",
            |c, name, p| c.set_file(Kind::Authorities, name, p, false),
        )
    },
);
/// `set ssl cert`
pub const SET_CERT: Command = command(
    &["set", "ssl", "cert"],
    "set ssl cert <certfile> <payload>",
    "sets a certificate, to be committed",
    |call| {
        with_payload(
            call,
            "'set ssl cert' expects a filename and a certificate as a payload",
            |c, name, p| c.set_certificate(name, p),
        )
    },
);
/// `set ssl crl-file`
pub const SET_CRL_FILE: Command = command(
    &["set", "ssl", "crl-file"],
    "set ssl crl-file <crlfile> <payload>",
    "sets revocation lists, to be committed",
    |call| {
        with_payload(
            call,
            "'set ssl crl-file' expects a filename and CRLs as a payload",
            |c, name, p| c.set_file(Kind::Revocations, name, p, false),
        )
    },
);
/// `set ssl ocsp-response`
pub const SET_OCSP_RESPONSE: Command = command(
    &["set", "ssl", "ocsp-response"],
    "set ssl ocsp-response <resp|payload>",
    "takes a responder's answer, in base64",
    |call| {
        let text = call
            .payload
            .unwrap_or_else(|| call.args.first().copied().unwrap_or_default());
        if text.is_empty() {
            return call.error("'set ssl ocsp-response' expects response in base64 encoding.");
        }
        let done = call.world.plan().tls.lock().set_answer(text);
        answer(call, done)
    },
);
/// `set ssl tls-key`
pub const SET_TLS_KEY: Command = command(
    &["set", "ssl", "tls-key"],
    "set ssl tls-key [id|file] <key>",
    "takes another key of tickets",
    |call| {
        if call.arg(1).is_empty() {
            return call.error(
                "'set ssl tls-key' expects a filename and the new TLS key in base64 encoding.",
            );
        }
        let (file, key) = (shown(call.arg(0)), call.arg(1));
        let done = call.world.plan().tls.lock().set_ticket_key(&file, key);
        answer(call, done)
    },
);

fn answer(call: &mut Call<'_>, done: Result<String, String>) -> Flow {
    match done {
        Ok(text) => call.info(&text),
        Err(text) => call.error(&text),
    }
}

/// Does something with the file that the first word names, and the second word.
fn named(
    call: &mut Call<'_>,
    missing: &str,
    run: impl FnOnce(&mut Contents, &str, &str) -> Result<String, String>,
) -> Flow {
    if call.arg(0).is_empty() {
        return call.error(missing);
    }
    let (name, more) = (shown(call.arg(0)), shown(call.arg(1)));
    let done = run(&mut call.world.plan().tls.lock(), &name, &more);
    answer(call, done)
}

/// Does something with a file and what was sent for it.
fn with_payload(
    call: &mut Call<'_>,
    missing: &str,
    run: impl FnOnce(&mut Contents, &str, &[u8]) -> Result<String, String>,
) -> Flow {
    let Some(payload) = call.payload.filter(|_| !call.arg(0).is_empty()) else {
        return call.error(missing);
    };
    let name = shown(call.arg(0));
    let done = run(&mut call.world.plan().tls.lock(), &name, payload);
    answer(call, done)
}

fn add_entry(call: &mut Call<'_>) -> Flow {
    let line = match call.payload {
        Some(payload) => shown(payload.trim_ascii()),
        None => {
            let words = call.args.get(1..).unwrap_or_default();
            let words: Vec<String> = words.iter().map(|w| shown(w)).collect();
            words.join(" ")
        }
    };
    let line = line.trim();
    if call.arg(0).is_empty() || line.is_empty() {
        return call.error("'add ssl crtlist' expects a filename and a certificate name");
    }
    let list = shown(call.arg(0));
    let done = call.world.plan().tls.lock().add_entry(&list, line);
    answer(call, done)
}

fn dump(call: &mut Call<'_>) -> Flow {
    let name = shown(call.arg(0));
    let mut text = Vec::new();
    {
        let contents = call.world.plan().tls.lock();
        let found = contents.certificates.get(&name);
        for der in found.into_iter().flat_map(|c| &c.chain) {
            pem::write("CERTIFICATE", der, &mut text);
        }
    }
    if text.is_empty() {
        return call
            .error("Can't display the certificate: Not found or the certificate is a bundle!");
    }
    call.out.extend_from_slice(&text);
    Flow::More
}

/// The certificate that a word means, by its name or by the id of a responder's answer.
pub(super) fn by_answer<'c>(
    contents: &'c Contents,
    word: &str,
) -> Option<&'c crate::plan::tls::store::Certificate> {
    let all = &contents.certificates;
    let has =
        |c: &&crate::plan::tls::store::Certificate| c.ocsp.as_ref().is_some_and(|o| !o.is_empty());
    let by_id = |c: &&crate::plan::tls::store::Certificate| {
        c.ocsp_id()
            .is_some_and(|id| super::show_ssl::key(&id) == word)
    };
    let named = all.get(word).filter(has);
    named.or_else(|| all.values().filter(has).find(by_id))
}

/// The text of a responder's answer.
pub(super) fn described(der: &[u8]) -> String {
    ocsp::describe(der).unwrap_or_else(|fault| format!("{}\n", fault.text()))
}
