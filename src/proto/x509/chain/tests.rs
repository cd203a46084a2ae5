use super::*;
use rcgen::{
    BasicConstraints as Constraints, CertificateParams, CertificateRevocationListParams,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

/// Middle of 2026.
const NOW: i64 = 1_780_000_000;

struct Made {
    der: Vec<u8>,
    params: CertificateParams,
    key: KeyPair,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

fn ca(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(Constraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn root(params: CertificateParams) -> Made {
    let key = KeyPair::generate().unwrap();
    let der = params.self_signed(&key).unwrap().der().to_vec();
    Made { der, params, key }
}

fn by(issuer: &Made, params: CertificateParams) -> Made {
    let key = KeyPair::generate().unwrap();
    let signer = Issuer::from_params(&issuer.params, &issuer.key);
    let der = params.signed_by(&key, &signer).unwrap().der().to_vec();
    Made { der, params, key }
}

fn trust(roots: &[&Made]) -> Trust {
    let mut trust = Trust::default();
    for made in roots {
        trust.add(&made.der);
    }
    trust
}

/// All findings, waved through.
fn all(trust: &Trust, leaf: &Made, sent: &[&Made]) -> Vec<(u32, u32)> {
    let sent: Vec<&[u8]> = sent.iter().map(|m| m.der.as_slice()).collect();
    let mut found = Vec::new();
    let mut note = |f: Finding| {
        found.push((f.number, f.depth));
        true
    };
    assert!(is_trusted(
        trust,
        &leaf.der,
        &sent,
        Purpose::Client,
        NOW,
        &mut note
    ));
    found
}

fn list(issuer: &Made, serials: &[u64], until: i32) -> Vec<u8> {
    let signer = Issuer::from_params(&issuer.params, &issuer.key);
    let revoked = serials.iter().map(|s| RevokedCertParams {
        serial_number: SerialNumber::from(*s),
        revocation_time: date_time_ymd(2021, 1, 1),
        reason_code: None,
        invalidity_date: None,
    });
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2021, 1, 1),
        next_update: date_time_ymd(until, 1, 1),
        crl_number: SerialNumber::from(1u64),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&signer).unwrap().der().to_vec()
}

#[test]
fn good_chains() {
    let top = root(ca("root"));
    let middle = by(&top, ca("middle"));
    let leaf = by(&middle, params("leaf"));
    assert_eq!(all(&trust(&[&top]), &leaf, &[&middle]), []);
    assert_eq!(all(&trust(&[&top, &middle]), &leaf, &[]), []);
    let own = root(params("own"));
    assert_eq!(all(&trust(&[&own]), &own, &[]), [], "trusted as it is");
}

#[test]
fn who_is_not_trusted() {
    let top = root(ca("root"));
    let other = root(ca("root"));
    let middle = by(&top, ca("middle"));
    let leaf = by(&middle, params("leaf"));
    let nobody = trust(&[]);
    assert_eq!(all(&nobody, &root(params("own")), &[]), [(18, 0)]);
    assert_eq!(all(&nobody, &leaf, &[]), [(20, 0), (21, 0)]);
    assert_eq!(all(&nobody, &leaf, &[&middle]), [(20, 1)]);
    assert_eq!(all(&nobody, &leaf, &[&middle, &top]), [(19, 2)]);
    assert_eq!(all(&trust(&[&middle]), &leaf, &[]), [(2, 1)]);
    assert_eq!(
        all(&trust(&[&other]), &leaf, &[&middle]),
        [(7, 1)],
        "of the same name"
    );
}

#[test]
fn times() {
    let top = root(ca("root"));
    let mut early = params("early");
    early.not_before = date_time_ymd(2030, 1, 1);
    let mut late = params("late");
    late.not_after = date_time_ymd(2021, 1, 1);
    let trust = trust(&[&top]);
    assert_eq!(all(&trust, &by(&top, early), &[]), [(9, 0)]);
    assert_eq!(all(&trust, &by(&top, late), &[]), [(10, 0)]);
}

#[test]
fn what_they_are_for() {
    let top = root(ca("root"));
    let mut server = params("server");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let with_top = trust(&[&top]);
    assert_eq!(all(&with_top, &by(&top, server), &[]), [(26, 0)]);
    let no_ca = by(&top, params("middle"));
    let leaf = by(&no_ca, params("leaf"));
    assert_eq!(all(&with_top, &leaf, &[&no_ca]), [(79, 1)]);
    let mut short = ca("short");
    short.is_ca = IsCa::Ca(Constraints::Constrained(0));
    let short = root(short);
    let middle = by(&short, ca("middle"));
    let leaf = by(&middle, params("leaf"));
    assert_eq!(all(&trust(&[&short]), &leaf, &[&middle]), [(25, 2)]);
}

#[test]
fn revocation() {
    let top = root(ca("root"));
    let mut gone = params("gone");
    gone.serial_number = Some(SerialNumber::from(7u64));
    let gone = by(&top, gone);
    let mut with = trust(&[&top]);
    with.checks_revocation = true;
    assert_eq!(all(&with, &gone, &[]), [(3, 0), (3, 1)]);
    with.add_list(&list(&top, &[7], 2040));
    assert_eq!(all(&with, &gone, &[]), [(23, 0)]);
    let mut old = trust(&[&top]);
    old.checks_revocation = true;
    old.add_list(&list(&top, &[], 2022));
    assert_eq!(all(&old, &gone, &[]), [(12, 0), (12, 1)]);
    let mut forged = trust(&[&top]);
    forged.checks_revocation = true;
    forged.add_list(&list(&root(ca("root")), &[], 2040));
    assert_eq!(all(&forged, &gone, &[]), [(8, 0), (8, 1)]);
}

#[test]
fn the_first_that_is_not_ignored_ends_it() {
    let leaf = by(&root(ca("root")), params("leaf"));
    let mut told = 0;
    let mut refuse = |_: Finding| {
        told += 1;
        false
    };
    let nobody = trust(&[]);
    assert!(!is_trusted(
        &nobody,
        &leaf.der,
        &[],
        Purpose::Client,
        NOW,
        &mut refuse
    ));
    assert_eq!(told, 1);
}
