//! Client certificates.

use super::keys::*;
use super::setup::*;
use crate::auth::{Answers, ClientCertificate, CredentialKind, RequestView};
use crate::refusal::Refusal;
use http::HeaderMap;
use mgw_bundle::config::{MutualTls, Scopes};
use rustls_pki_types::CertificateDer;
use std::path::Path;

fn self_signed() -> (CertificateDer<'static>, String) {
    let made = rcgen::generate_simple_self_signed(vec!["client".to_owned()]).expect("a certificate");
    (made.cert.der().clone(), made.cert.pem())
}

/// A gateway whose API accepts the certificate returned; resource 1 takes it instead of a token.
fn with_certificate(dir: &Path, mode: MutualTls, listed: bool) -> (Fixture, CertificateDer<'static>) {
    let (der, pem) = self_signed();
    let path = dir.join("client.pem");
    std::fs::write(&path, pem).expect("writes");
    let conf = format!(
        "[[mutualSSLConfig.api.certificates]]\nname = \"{}\"\nversion = \"1.0.0\"\ncertificateFiles = [\"{}\"]\n",
        if listed { "LEDGER" } else { "Other" },
        path.display()
    );
    let mut optional = resource(oauth2(), Scopes::default());
    optional.security.optional = true;
    let mut api = api(vec![resource(oauth2(), Scopes::default()), optional]);
    api.mutual_tls = Some(mode);
    (fixture(&conf, &gateway(vec![api]), None), der)
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Shown {
    Nothing,
    Unreadable,
    Listed,
    Foreign,
}

fn ask(
    fixture: &mut Fixture,
    der: &CertificateDer<'static>,
    shown: Shown,
    headers: &HeaderMap,
    resource: u32,
) -> Result<Option<CredentialKind>, Refusal> {
    let certificate = match shown {
        Shown::Nothing => None,
        Shown::Unreadable => Some(Vec::new()),
        Shown::Listed => Some(vec![der.clone()]),
        Shown::Foreign => Some(vec![self_signed().0]),
    };
    let certificate = certificate.map(ClientCertificate::of_handshake);
    let request = RequestView {
        headers,
        query: None,
        client_ip: [192, 0, 2, 1].into(),
        certificate: certificate.as_ref(),
    };
    let (core, now) = (&mut fixture.core, fixture.now);
    let outcome = fixture
        .authenticator
        .authenticate(core, &request, 0, resource, now, &Answers::default());
    settle(outcome).map(|caller| caller.map(|caller| caller.identity.kind))
}

#[test]
fn modes_and_certificates() {
    let dir = tempfile::tempdir().expect("a folder");
    let bearer = headers(&[("authorization", &format!("Bearer {}", token(&claims())))]);
    let nothing = HeaderMap::new();
    let (jwt, certificate) = (Ok(Some(CredentialKind::Jwt)), Ok(Some(CredentialKind::MutualTls)));
    let (invalid, missing) = (Err(Refusal::InvalidCredentials), Err(Refusal::MissingCredentials));
    for mode in [MutualTls::Mandatory, MutualTls::Optional] {
        let (mut fixture, der) = with_certificate(dir.path(), mode, true);
        let without = if mode == MutualTls::Mandatory { invalid } else { jwt };
        for (shown, headers, resource, expected) in [
            (Shown::Nothing, &bearer, 0, without),
            (Shown::Listed, &bearer, 0, jwt),
            (Shown::Listed, &nothing, 0, missing),
            (Shown::Unreadable, &bearer, 0, invalid),
            (Shown::Foreign, &bearer, 0, invalid),
            (Shown::Listed, &nothing, 1, certificate),
            (Shown::Listed, &bearer, 1, jwt),
            (Shown::Foreign, &nothing, 1, invalid),
            (
                Shown::Nothing,
                &nothing,
                1,
                if mode == MutualTls::Mandatory { invalid } else { missing },
            ),
        ] {
            let got = ask(&mut fixture, &der, shown, headers, resource);
            assert_eq!(got, expected, "{mode:?} {shown:?} resource {resource}");
        }
    }
}

#[test]
fn an_api_without_entry_accepts_no_certificate() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut fixture, der) = with_certificate(dir.path(), MutualTls::Mandatory, false);
    let got = ask(&mut fixture, &der, Shown::Listed, &HeaderMap::new(), 1);
    assert_eq!(got, Err(Refusal::InvalidCredentials));
}

#[test]
fn an_api_accepts_the_certificates_that_came_with_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut fixture, listed) = with_certificate(dir.path(), MutualTls::Mandatory, false);
    let (own, _) = self_signed();
    fixture.authenticator = fixture.authenticator.with_client_certificates(vec![vec![own.clone()]]);
    let nothing = HeaderMap::new();
    let admitted = Ok(Some(CredentialKind::MutualTls));
    let refused = Err(Refusal::InvalidCredentials);
    assert_eq!(ask(&mut fixture, &own, Shown::Listed, &nothing, 1), admitted);
    assert_eq!(ask(&mut fixture, &own, Shown::Foreign, &nothing, 1), refused);
    assert_eq!(
        ask(&mut fixture, &listed, Shown::Listed, &nothing, 1),
        refused,
        "of another API"
    );
    let (authenticator, core, now) = (&fixture.authenticator, &mut fixture.core, fixture.now);
    let mut believes = |der: Option<&CertificateDer<'static>>| {
        let shown = der.map(|der| ClientCertificate::of_handshake(vec![der.clone()]));
        authenticator.believes_proxy(core, shown.as_ref(), now)
    };
    assert!(believes(Some(&listed)));
    assert!(!believes(Some(&own)), "a client is no proxy");
    assert!(!believes(None));
}

#[test]
fn verdicts_are_remembered_until_the_certificate_or_the_bundle_ends() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut fixture, _) = with_certificate(dir.path(), MutualTls::Mandatory, false);
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut parameters = rcgen::CertificateParams::new(vec!["client".to_owned()]).expect("parameters");
    let end = fixture.now / 86_400_000 + 2;
    parameters.not_after = rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(end * 86_400);
    let own = parameters.self_signed(&key).expect("a certificate").der().clone();
    fixture.authenticator = fixture.authenticator.with_client_certificates(vec![vec![own.clone()]]);
    let nothing = HeaderMap::new();
    let admitted = Ok(Some(CredentialKind::MutualTls));
    let refused = Err(Refusal::InvalidCredentials);
    for (hits, misses) in [(0, 1), (1, 1), (2, 1)] {
        assert_eq!(ask(&mut fixture, &own, Shown::Listed, &nothing, 1), admitted);
        assert_eq!(
            (fixture.core.certificate_hits, fixture.core.certificate_misses),
            (hits, misses)
        );
    }
    // The last second is the certificate's; the next is nobody's.
    fixture.now = end * 86_400_000 + 999;
    assert_eq!(ask(&mut fixture, &own, Shown::Listed, &nothing, 1), admitted);
    fixture.now += 1;
    assert_eq!(ask(&mut fixture, &own, Shown::Listed, &nothing, 1), refused);
    fixture.now -= 1000;
    let (other, _) = self_signed();
    fixture.authenticator = fixture.authenticator.with_client_certificates(vec![vec![other]]);
    fixture.core.generations = (0, 0);
    assert_eq!(
        ask(&mut fixture, &own, Shown::Listed, &nothing, 1),
        refused,
        "of the bundle before"
    );
}
