//! Names that an authority may speak for (RFC 5280 4.2.1.10).

use super::X509Certificate;
use super::chain::number;
use x509_parser::prelude::{GeneralName, ParsedExtension};

/// What is wrong with a certificate's names in the eyes of an authority above it.
pub fn broken(above: &X509Certificate<'_>, c: &X509Certificate<'_>) -> Option<u32> {
    let constraints = above.name_constraints().ok().flatten()?.value;
    let permitted = constraints.permitted_subtrees.as_deref();
    let excluded = constraints.excluded_subtrees.as_deref();
    let subject = GeneralName::DirectoryName(c.subject().clone());
    let mut names: Vec<&GeneralName<'_>> = vec![&subject];
    for extension in c.extensions() {
        if let ParsedExtension::SubjectAlternativeName(list) = extension.parsed_extension() {
            names.extend(&list.general_names);
        }
    }
    // hosts in a common name count where there are no alternative ones
    let mut common: Vec<GeneralName<'_>> = Vec::new();
    if !names.iter().any(|n| matches!(n, GeneralName::DNSName(_))) {
        let hosts = c
            .subject()
            .iter_common_name()
            .filter_map(|n| n.as_str().ok());
        let hosts = hosts.filter(|h| h.contains('.') && !h.contains(' '));
        common.extend(hosts.map(GeneralName::DNSName));
    }
    names.extend(&common);
    for name in names {
        if excluded.is_some_and(|list| list.iter().any(|s| within(&s.base, name) == Some(true))) {
            return Some(number::EXCLUDED);
        }
        let answers: Vec<bool> = permitted
            .into_iter()
            .flatten()
            .filter_map(|s| within(&s.base, name))
            .collect();
        if !answers.is_empty() && !answers.contains(&true) {
            return Some(number::NOT_PERMITTED);
        }
    }
    None
}

/// Whether a name lies within a base of its kind; `None`: it is of another kind.
fn within(base: &GeneralName<'_>, name: &GeneralName<'_>) -> Option<bool> {
    match (base, name) {
        (GeneralName::DNSName(base), GeneralName::DNSName(name)) => {
            let (base, name) = (base.to_ascii_lowercase(), name.to_ascii_lowercase());
            let begins = name.strip_suffix(base.as_str());
            Some(
                base.is_empty()
                    || begins
                        .is_some_and(|b| b.is_empty() || b.ends_with('.') || base.starts_with('.')),
            )
        }
        (GeneralName::RFC822Name(base), GeneralName::RFC822Name(name)) => {
            let (base, name) = (base.to_ascii_lowercase(), name.to_ascii_lowercase());
            let host = name.rsplit('@').next().unwrap_or_default();
            Some(if base.contains('@') {
                base == name
            } else if base.starts_with('.') {
                host.ends_with(&base)
            } else {
                host == base
            })
        }
        (GeneralName::IPAddress(base), GeneralName::IPAddress(name)) => {
            let (network, mask) = base.split_at_checked(name.len())?;
            let same = name.iter().zip(network).zip(mask);
            Some(mask.len() == name.len() && same.into_iter().all(|((n, b), m)| n & m == b & m))
        }
        (GeneralName::DirectoryName(base), GeneralName::DirectoryName(name)) => {
            let mut found = name.iter_rdn();
            let mut wanted = base.iter_rdn();
            Some(wanted.all(|w| found.next().is_some_and(|f| f == w)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_names() {
        let dns = |base, name| within(&GeneralName::DNSName(base), &GeneralName::DNSName(name));
        assert_eq!(dns("a.example", "x.A.example"), Some(true));
        assert_eq!(dns("a.example", "a.example"), Some(true));
        assert_eq!(dns("a.example", "ba.example"), Some(false));
        assert_eq!(dns(".a.example", "x.a.example"), Some(true));
        let ip = |base, name| within(&GeneralName::IPAddress(base), &GeneralName::IPAddress(name));
        assert_eq!(ip(&[10, 0, 0, 0, 255, 0, 0, 0], &[10, 1, 2, 3]), Some(true));
        assert_eq!(
            ip(&[10, 0, 0, 0, 255, 0, 0, 0], &[11, 1, 2, 3]),
            Some(false)
        );
        let mail = |base, name| {
            within(
                &GeneralName::RFC822Name(base),
                &GeneralName::RFC822Name(name),
            )
        };
        assert_eq!(mail("a.example", "x@a.example"), Some(true));
        assert_eq!(mail(".a.example", "x@a.example"), Some(false));
        assert_eq!(
            within(&GeneralName::DNSName("a"), &GeneralName::RFC822Name("a")),
            None
        );
    }
}
