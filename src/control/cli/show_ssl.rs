//! What is known of certificates (management guide 9.3, `show ssl cert`, `show ssl ca-file`,
//! `show ssl crt-list`, `show ssl ocsp-response`, `show ssl sni`, `show tls-keys`).

use super::ssl::{by_answer, described};
use super::{Call, Command, Flow, shown};
use crate::ir::bind::CliLevel;
use crate::plan::tls::store::{Authorities, Certificate, List};
use crate::plan::tls::{Contents, Kind};
use crate::proto::x509::{self, X509Certificate, name, ocsp, text};
use crate::sample::conv::to_base64;
use sha1::Digest;
use std::fmt::Write;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Name};

const fn command(
    words: &'static [&'static str],
    usage: &'static str,
    meaning: &'static str,
    level: CliLevel,
    run: fn(&mut Call<'_>) -> Flow,
) -> Command {
    Command {
        words,
        usage,
        meaning,
        level,
        run,
    }
}

/// `show ssl ca-file`
pub const CA_FILE: Command = command(
    &["show", "ssl", "ca-file"],
    "show ssl ca-file [<cafile>[:<index>]]",
    "lists the files of authorities, or what is in one",
    CliLevel::Operator,
    |call| files(call, Kind::Authorities),
);
/// `show ssl crl-file`
pub const CRL_FILE: Command = command(
    &["show", "ssl", "crl-file"],
    "show ssl crl-file [<crlfile[:<index>>]]",
    "lists the files of revocation lists, or what is in one",
    CliLevel::Operator,
    |call| files(call, Kind::Revocations),
);
/// `show ssl cert`
pub const CERTIFICATES: Command = command(
    &["show", "ssl", "cert"],
    "show ssl cert [<certfile>]",
    "lists the certificates, or what is in one",
    CliLevel::Operator,
    certificates,
);
/// `show ssl crt-list`
pub const CRT_LIST: Command = command(
    &["show", "ssl", "crt-list"],
    "show ssl crt-list [-n] [<list>]",
    "lists the lists of certificates, or what is in one",
    CliLevel::Operator,
    lists,
);
/// `show ssl ocsp-response`
pub const OCSP_RESPONSE: Command = command(
    &["show", "ssl", "ocsp-response"],
    "show ssl ocsp-response [[text|base64] id]",
    "lists the answers of responders, or shows one",
    CliLevel::Operator,
    answers,
);
/// `show ssl sni`
pub const SNI: Command = command(
    &["show", "ssl", "sni"],
    "show ssl sni [-f <frontend>] [-A]",
    "lists the names of hosts that certificates are for",
    CliLevel::Operator,
    names,
);
/// `show tls-keys`
pub const TLS_KEYS: Command = command(
    &["show", "tls-keys"],
    "show tls-keys [id|*]",
    "lists the files of TLS ticket keys",
    CliLevel::Operator,
    ticket_keys,
);

/// The key by which a responder's answer is named.
pub fn key(id: &[u8]) -> String {
    text::hex(id).to_ascii_lowercase()
}

fn line(dn: &X509Name<'_>) -> String {
    String::from_utf8_lossy(&name::one_line(dn)).into_owned()
}

/// What stands in a certificate.
fn describe(c: &X509Certificate<'_>, der: &[u8], out: &mut String) {
    let _ = writeln!(
        out,
        "Serial: {}\nnotBefore: {}\nnotAfter: {}\nSubject Alternative Name: {}\nAlgorithm: {}\nSHA1 FingerPrint: {}\nSubject: {}\nIssuer: {}",
        text::hex(text::serial(c.raw_serial())),
        text::time(c.validity().not_before),
        text::time(c.validity().not_after),
        text::alternative_names(c),
        text::key(c).unwrap_or_default(),
        text::hex(&sha1::Sha1::digest(der)),
        line(c.subject()),
        line(c.issuer()),
    );
}

fn certificates(call: &mut Call<'_>) -> Flow {
    let word = shown(call.arg(0));
    let mut out = String::new();
    let found = {
        let contents = call.world.plan().tls.lock();
        match word.as_str() {
            "" => {
                if let Some((name, _)) = &contents.pending.certificate {
                    let _ = writeln!(out, "# transaction\n*{name}");
                }
                if !contents.certificates.is_empty() {
                    out.push_str("# filename\n");
                }
                for name in contents.certificates.keys() {
                    let _ = writeln!(out, "{name}");
                }
                true
            }
            word => certificate(&contents, word, &mut out).is_some(),
        }
    };
    if !found {
        return call
            .error("Can't display the certificate: Not found or the certificate is a bundle!");
    }
    call.out.extend_from_slice(out.as_bytes());
    Flow::More
}

fn certificate(contents: &Contents, word: &str, out: &mut String) -> Option<()> {
    let (found, pending) = match word.strip_prefix('*') {
        Some(name) => {
            let (of, new) = contents.pending.certificate.as_ref()?;
            let meant = name.strip_suffix(".ocsp").unwrap_or(name);
            (Some(new).filter(|_| of == name || of == meant), true)
        }
        None => (contents.certificates.get(word), false),
    };
    let plain = word.trim_start_matches('*');
    let own = |c: &&Certificate| pending && plain.ends_with(".ocsp") && c.ocsp.is_some();
    if let Some(answer) = found.filter(own) {
        out.push_str(&described(answer.ocsp.as_deref()?));
        return Some(());
    }
    let Some(found) = found else {
        let name = plain.strip_suffix(".ocsp")?;
        let der = contents.certificates.get(name)?.ocsp.as_deref()?;
        out.push_str(&described(der));
        return Some(());
    };
    let _ = writeln!(out, "Filename: {word}");
    let s = &found.sources;
    for (title, file) in [
        ("Crt", &s.crt),
        ("Key", &s.key),
        ("OCSP", &s.ocsp),
        ("OCSP Issuer", &s.issuer),
        ("SCTL", &s.sctl),
    ] {
        if let Some(file) = file {
            let _ = writeln!(out, "{title} filename: {file}");
        }
    }
    let status = match found.chain.is_empty() {
        true => "Empty",
        false if pending => "Uncommitted",
        false if contents.uses(word) > 0 => "Used",
        false => "Unused",
    };
    let _ = writeln!(
        out,
        "Option: ocsp-update off\nOption: jwt off\nStatus: {status}"
    );
    if let Some(file) = &s.chain {
        let _ = writeln!(out, "Chain Filename: {file}");
    }
    for (at, der) in found.chain.iter().enumerate() {
        let Some(c) = x509::parse(der) else {
            continue;
        };
        match at {
            0 => describe(&c, der, out),
            _ => {
                let _ = writeln!(
                    out,
                    "Chain Subject: {}\nChain Issuer: {}",
                    line(c.subject()),
                    line(c.issuer())
                );
            }
        }
    }
    let id = found.ocsp_id().filter(|_| found.ocsp.is_some());
    let id = id.map(|id| key(&id)).unwrap_or_default();
    let _ = writeln!(out, "OCSP Response Key: {id}");
    Some(())
}

fn files(call: &mut Call<'_>, kind: Kind) -> Flow {
    let word = shown(call.arg(0));
    let (name, index) = match word.rsplit_once(':') {
        Some((name, index)) => (name, Some(index)),
        None => (word.as_str(), None),
    };
    let wanted = match index.map(str::parse::<usize>) {
        None => None,
        Some(Ok(n)) if n > 0 => Some(n),
        Some(_) => {
            let text = format!("wrong {} index after colons in '{word}'!", kind.name());
            return call.error(&text);
        }
    };
    let mut out = String::new();
    let found = {
        let contents = call.world.plan().tls.lock();
        let (all, pending) = match kind {
            Kind::Authorities => (&contents.authorities, &contents.pending.authorities),
            Kind::Revocations => (&contents.revocations, &contents.pending.revocations),
        };
        let entry = |name: &str, file: &Authorities| match kind {
            Kind::Authorities => format!("{name} - {} certificate(s)\n", file.certificates.len()),
            Kind::Revocations => format!("{name}\n"),
        };
        if word.is_empty() {
            if let Some((name, new)) = pending {
                let _ = write!(out, "# transaction\n*{}", entry(name, new));
            }
            out.push_str("# filename\n");
            for (name, file) in all {
                out.push_str(&entry(name, file));
            }
            true
        } else {
            let (file, status) = match name.strip_prefix('*') {
                Some(name) => {
                    let new = pending.as_ref().filter(|(of, _)| of == name);
                    (new.map(|(_, new)| new), "Uncommitted")
                }
                None if contents.uses_of(kind, name) > 0 => (all.get(name), "Used"),
                None => (all.get(name), "Unused"),
            };
            if let Some(file) = file {
                describe_file(kind, name, status, file, wanted, &mut out);
            }
            file.is_some()
        }
    };
    if !found {
        let text = format!("Can't display the {} file : Not found!", kind.name());
        return call.error(&text);
    }
    call.out.extend_from_slice(out.as_bytes());
    Flow::More
}

fn describe_file(
    kind: Kind,
    name: &str,
    status: &str,
    file: &Authorities,
    wanted: Option<usize>,
    out: &mut String,
) {
    let count = match kind {
        Kind::Authorities => file.certificates.len(),
        Kind::Revocations => file.lists.len(),
    };
    if kind == Kind::Authorities && (count == 0 || wanted.is_some_and(|n| n > count)) {
        return;
    }
    let status = if count == 0 { "Empty" } else { status };
    let _ = writeln!(out, "Filename: {name}\nStatus: {status}");
    let is_wanted = |at: usize| wanted.is_none_or(|n| n == at + 1);
    match kind {
        Kind::Authorities => {
            for (at, der) in file.certificates.iter().enumerate() {
                if let Some(c) = x509::parse(der).filter(|_| is_wanted(at)) {
                    let _ = writeln!(out, " \nCertificate #{}:", at + 1);
                    describe(&c, der, out);
                }
            }
        }
        Kind::Revocations => {
            for (at, der) in file.lists.iter().enumerate() {
                if let Ok((_, list)) = CertificateRevocationList::from_der(der)
                    && is_wanted(at)
                {
                    let _ = writeln!(out, " \nCertificate Revocation List #{}:", at + 1);
                    describe_list(&list, out);
                }
            }
        }
    }
}

fn describe_list(list: &CertificateRevocationList<'_>, out: &mut String) {
    let oid = list.signature_algorithm.algorithm.to_id_string();
    let _ = writeln!(
        out,
        "Version {}\nSignature Algorithm: {}\nIssuer: {}\nLast Update: {}\nNext Update: {}",
        list.version().map_or(1, |v| v.0 + 1),
        text::signature(&oid, true).unwrap_or(&oid),
        line(list.issuer()),
        text::time(list.last_update()),
        list.next_update().map(text::time).unwrap_or_default(),
    );
    let mut revoked = list.iter_revoked_certificates().peekable();
    out.push_str(match revoked.peek() {
        Some(_) => "Revoked Certificates:\n",
        None => "No Revoked Certificates.\n",
    });
    for one in revoked {
        let _ = writeln!(
            out,
            "    Serial Number: {}\n        Revocation Date: {}",
            text::hex(text::serial(one.raw_serial())),
            text::time(one.revocation_date)
        );
    }
}

fn lists(call: &mut Call<'_>) -> Flow {
    let numbered = call.arg(0) == b"-n";
    let word = shown(call.arg(usize::from(numbered)));
    let mut out = String::new();
    let found = {
        let contents = call.world.plan().tls.lock();
        match word.as_str() {
            "" => {
                for name in contents.lists.keys() {
                    let _ = writeln!(out, "{name}");
                }
                true
            }
            word => {
                let list = contents.list(word);
                if let Some((name, list)) = list {
                    describe_entries(name, list, numbered, &mut out);
                }
                list.is_some()
            }
        }
    };
    if !found {
        return call.error("didn't find the specified filename");
    }
    call.out.extend_from_slice(out.as_bytes());
    Flow::More
}

fn describe_entries(name: &str, list: &List, numbered: bool, out: &mut String) {
    let _ = writeln!(out, "# {name}");
    for entry in &list.entries {
        out.push_str(&entry.certificate);
        if numbered {
            let _ = write!(out, ":{}", entry.line);
        }
        if let Some(options) = &entry.options {
            let _ = write!(out, " [{}]", options.text());
        }
        for name in &entry.names {
            let _ = write!(out, " {name}");
        }
        out.push('\n');
    }
}

fn answers(call: &mut Call<'_>) -> Flow {
    let (base64, word) = match call.arg(0) {
        b"base64" => (true, shown(call.arg(1))),
        b"text" => (false, shown(call.arg(1))),
        word => (false, shown(word)),
    };
    let mut out = String::new();
    let found = {
        let contents = call.world.plan().tls.lock();
        if word.is_empty() {
            out.push_str("# Certificate IDs\n");
            for (name, certificate) in &contents.certificates {
                let Some(id) = certificate.ocsp_id().filter(|_| certificate.ocsp.is_some()) else {
                    continue;
                };
                let _ = writeln!(
                    out,
                    "Certificate ID key : {}\nCertificate path : {name}\n Certificate ID:",
                    key(&id)
                );
                if let Some([issuer, hash, serial]) = ocsp::id_parts(&id) {
                    let _ = writeln!(
                        out,
                        "   Issuer Name Hash: {}\n   Issuer Key Hash: {}\n   Serial Number: {}",
                        text::hex(issuer),
                        text::hex(hash),
                        text::hex(serial)
                    );
                }
            }
            true
        } else {
            let der = by_answer(&contents, &word).and_then(|c| c.ocsp.as_deref());
            match der {
                Some(der) if base64 => {
                    let mut text = Vec::new();
                    to_base64(der, &mut |b| text.push(b));
                    out.push_str(&String::from_utf8_lossy(&text));
                    out.push('\n');
                }
                Some(der) => out.push_str(&described(der)),
                None => {}
            }
            der.is_some()
        }
    };
    if !found {
        return call.error("'show ssl ocsp-response' expects a valid certid or certificate path.");
    }
    call.out.extend_from_slice(out.as_bytes());
    Flow::More
}

fn names(call: &mut Call<'_>) -> Flow {
    let words: Vec<String> = call.args.iter().map(|w| shown(w)).collect();
    let after = words.iter().position(|w| w == "-f");
    let wanted = after.and_then(|at| words.get(at + 1));
    let expired_only = words.iter().any(|w| w == "-A");
    let mut out = String::from(
        "# Frontend/Bind\tSNI\tNegative Filter\tType\tFilename\tNotAfter\tNotBefore\n",
    );
    {
        let contents = call.world.plan().tls.lock();
        for bind in &contents.lines {
            if wanted.is_some_and(|w| *w != bind.proxy) {
                continue;
            }
            let mut rows: Vec<(bool, String, String)> = Vec::new();
            for (entry, default) in bind.entries(&contents) {
                let Some(found) = contents.certificates.get(&entry.certificate) else {
                    continue;
                };
                let Some(c) = found.chain.first().and_then(|der| x509::parse(der)) else {
                    continue;
                };
                if expired_only && c.validity().not_after.timestamp() > ocsp::now() {
                    continue;
                }
                let kind = match text::key_algorithm(&c) {
                    Some("id-ecPublicKey") => "ecdsa",
                    Some("dsaEncryption") => "dsa",
                    _ => "rsa",
                };
                let negative: String = entry
                    .names
                    .iter()
                    .filter(|n| n.starts_with('!') && *n != "!*")
                    .map(|n| format!("{n} "))
                    .collect();
                let rest = format!(
                    "{kind}\t{}\t{}\t{}",
                    entry.certificate,
                    text::time(c.validity().not_after),
                    text::time(c.validity().not_before)
                );
                let all = match entry.names.is_empty() {
                    true => &found.names,
                    false => &entry.names,
                };
                let mut own: Vec<String> = all
                    .iter()
                    .filter(|n| !n.starts_with('!'))
                    .map(|n| n.to_ascii_lowercase())
                    .collect();
                if default && !own.iter().any(|n| n == "*") {
                    own.push("*".into());
                }
                own.sort();
                own.dedup();
                for name in own {
                    let wild = name.starts_with('*');
                    let filter = match wild && !negative.is_empty() {
                        true => negative.as_str(),
                        false => "-",
                    };
                    rows.push((wild, name, format!("{filter}\t{rest}")));
                }
            }
            // whole names first, each in its order
            rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
            for (_, name, rest) in rows {
                let _ = writeln!(out, "{}/{}\t{name}\t{rest}", bind.proxy, bind.place);
            }
        }
    }
    call.out.extend_from_slice(out.as_bytes());
    Flow::More
}

fn ticket_keys(call: &mut Call<'_>) -> Flow {
    let word = shown(call.arg(0));
    let files = call.world.plan().tls.lock().distinct_key_files();
    let mut out = String::new();
    match word.as_str() {
        "" => {
            out.push_str("# id (file)\n");
            for (id, file) in files.iter().enumerate() {
                let _ = writeln!(out, "{id} ({})", file.name);
            }
        }
        word => {
            let number = word.strip_prefix('#').and_then(|n| n.parse::<usize>().ok());
            let meant = |(id, file): &(usize, _)| {
                let file: &std::sync::Arc<crate::plan::tls::ticket::KeyFile> = file;
                word == "*" || number == Some(*id) || file.name == word
            };
            let all: Vec<_> = files.into_iter().enumerate().filter(meant).collect();
            if all.is_empty() && word != "*" {
                return call.error("'show tls-keys' unable to locate referenced filename");
            }
            out.push_str("# id secret\n");
            for (id, file) in all {
                for key in file.keys() {
                    let mut text = Vec::new();
                    to_base64(key.bytes(), &mut |b| text.push(b));
                    let _ = writeln!(out, "{id}.{}", String::from_utf8_lossy(&text));
                }
            }
        }
    }
    call.out.extend_from_slice(out.as_bytes());
    Flow::More
}
