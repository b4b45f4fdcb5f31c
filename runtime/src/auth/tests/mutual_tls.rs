//! Client certificates.

use super::keys::*;
use super::setup::*;
use crate::auth::{Answers, ClientCertificate, CredentialKind, RequestView};
use crate::refusal::Refusal;
use http::HeaderMap;
use mgw_bundle::config::{MutualTls, Scopes};
use std::path::Path;

/// A gateway whose API accepts the certificate returned; resource 1 takes it instead of a token.
fn with_certificate(dir: &Path, mode: MutualTls, listed: bool) -> (Fixture, Vec<u8>) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = rcgen::CertificateParams::new(vec!["client".into()])
        .and_then(|parameters| parameters.self_signed(&key))
        .expect("a certificate");
    let path = dir.join("client.pem");
    std::fs::write(&path, certificate.pem()).expect("writes");
    let conf = format!(
        "[[mutualSSLConfig.api.certificates]]\nname = \"{}\"\nversion = \"1.0.0\"\ncertificateFiles = [\"{}\"]\n",
        if listed { "LEDGER" } else { "Other" },
        path.display()
    );
    let mut optional = resource(oauth2(), Scopes::default());
    optional.security.optional = true;
    let mut api = api(vec![resource(oauth2(), Scopes::default()), optional]);
    api.mutual_tls = Some(mode);
    (fixture(&conf, &gateway(vec![api]), None), certificate.der().to_vec())
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Shown {
    Nothing,
    Listed,
    Untrusted,
    Foreign,
}

fn ask(
    fixture: &mut Fixture,
    der: &[u8],
    shown: Shown,
    headers: &HeaderMap,
    resource: u32,
) -> Result<Option<CredentialKind>, Refusal> {
    let certificate = match shown {
        Shown::Nothing => None,
        Shown::Listed => Some((der.to_vec(), true)),
        Shown::Untrusted => Some((der.to_vec(), false)),
        Shown::Foreign => Some((b"another".to_vec(), true)),
    };
    let certificate = certificate.map(|(der, trusted)| ClientCertificate { der, trusted });
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
            (Shown::Untrusted, &bearer, 0, invalid),
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
