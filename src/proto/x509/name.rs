//! Distinguished names in their usual written forms.

use x509_parser::prelude::X509Name;

/// OpenSSL's short name of an attribute.
fn short_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "street",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.41" => "name",
        "2.5.4.42" => "GN",
        "2.5.4.43" => "initials",
        "2.5.4.46" => "dnQualifier",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        _ => return None,
    })
}

/// The entries of a name in its order: short name of the attribute (its number where it has
/// none), value.
pub fn entries<'a>(name: &X509Name<'a>) -> Vec<(String, &'a [u8])> {
    let mut all = Vec::new();
    for rdn in name.iter_rdn() {
        for attribute in rdn.iter() {
            let oid = attribute.attr_type().to_id_string();
            let short = short_name(&oid).map_or(oid, str::to_owned);
            all.push((short, attribute.attr_value().data));
        }
    }
    all
}

/// `/C=FR/O=Example/CN=client`
pub fn one_line(name: &X509Name<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for (short, value) in entries(name) {
        out.push(b'/');
        out.extend_from_slice(short.as_bytes());
        out.push(b'=');
        out.extend_from_slice(value);
    }
    out
}

/// `CN=client,O=Example,C=FR` (RFC 2253)
pub fn rfc2253(name: &X509Name<'_>) -> Vec<u8> {
    joined(entries(name).into_iter().rev(), b"=", b",")
}

/// `C = FR, O = Example, CN = client`
pub fn spaced(name: &X509Name<'_>) -> Vec<u8> {
    joined(entries(name).into_iter(), b" = ", b", ")
}

fn joined<'a>(
    entries: impl Iterator<Item = (String, &'a [u8])>,
    equals: &[u8],
    between: &[u8],
) -> Vec<u8> {
    let mut out = Vec::new();
    for (short, value) in entries {
        if !out.is_empty() {
            out.extend_from_slice(between);
        }
        out.extend_from_slice(short.as_bytes());
        out.extend_from_slice(equals);
        out.extend_from_slice(value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        let mut name = rcgen::DistinguishedName::new();
        name.push(rcgen::DnType::CountryName, "FR");
        name.push(rcgen::DnType::CommonName, "a");
        params.distinguished_name = name;
        let made = params
            .self_signed(&rcgen::KeyPair::generate().unwrap())
            .unwrap();
        let c = crate::proto::x509::parse(made.der()).unwrap();
        assert_eq!(one_line(c.subject()), b"/C=FR/CN=a");
        assert_eq!(rfc2253(c.subject()), b"CN=a,C=FR");
        assert_eq!(spaced(c.subject()), b"C = FR, CN = a");
    }
}
