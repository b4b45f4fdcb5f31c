//! Keys and certificates in PKCS#12 stores.

use super::backend_jwt::part;
use super::keys::*;
use super::setup::*;
use crate::auth::{Security, ServiceRequest};
use crate::config::{RuntimeConfig, Sources};
use crate::refusal::Refusal;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use mgw_bundle::config::ApiKeyLocation;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;
use std::path::Path;
use std::process::Command;

const PASSWORD: &str = "canary-password";

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env("PASSWORD", PASSWORD)
        .output()
        .expect("openssl is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {said}");
}

/// `keys.p12` with the issuer's RSA key under the alias `signer`, `trust.p12` with its certificate under `idp`; returns
/// the settings that name both.
fn stores(folder: &Path) -> String {
    let key = AsDer::<Pkcs8V1Der<'_>>::as_der(&keys().rsa).expect("encodes");
    let pem = mgw_keystore::to_pem("PRIVATE KEY", key.as_ref());
    std::fs::write(folder.join("key.pem"), pem).expect("writes");
    openssl(folder, "req -x509 -key key.pem -days 30 -subj /CN=idp -out cert.pem");
    openssl(
        folder,
        "pkcs12 -export -legacy -inkey key.pem -in cert.pem -name signer -passout env:PASSWORD -out keys.p12",
    );
    openssl(
        folder,
        "pkcs12 -export -nokeys -in cert.pem -caname idp -passout env:PASSWORD -out trust.p12",
    );
    let folder = folder.display();
    format!(
        "[listenerConfig]\nkeyStorePath = \"{folder}/keys.p12\"\nkeyStorePassword = \"{PASSWORD}\"\ntrustStorePath = \
         \"{folder}/trust.p12\"\ntrustStorePassword = \"{PASSWORD}\"\n"
    )
}

fn issuer(alias: &str) -> String {
    format!("[[jwtTokenConfig]]\nissuer = \"{ISSUER}\"\ncertificateAlias = \"{alias}\"\n")
}

#[test]
fn an_issuer_is_trusted_by_alias() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut fixture = simple(&format!("{}{}", stores(folder.path()), issuer("IDP")), oauth2());
    assert!(fixture.bearer(&token(&claims())).is_ok());
    let foreign = sign_parts(&encode(&json!({"alg": "RS256"})), &encode(&claims()), |message| {
        rs256(&keys().other_rsa, message)
    });
    assert!(fixture.bearer(&foreign).is_err());
}

#[test]
fn the_key_of_the_store_signs_tokens_for_backends() {
    let folder = tempfile::tempdir().expect("a folder");
    let conf = format!(
        "{}[jwtGeneratorConfig]\njwtGeneratorEnabled = true\nprivateKeyAlias = \"signer\"\n{}",
        stores(folder.path()),
        issuer("idp")
    );
    let mut fixture = simple(&conf, oauth2());
    let caller = fixture.bearer(&token(&claims())).expect("good").expect("secured");
    let issued = fixture.introduction(&caller).expect("switched on");
    let (message, signature) = issued.to_str().expect("text").rsplit_once('.').expect("three parts");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, keys().rsa.public_key());
    assert!(public.verify(message.as_bytes(), &signature).is_ok());
}

#[test]
fn the_thumbprint_is_that_of_the_certificate_with_the_alias() {
    let folder = tempfile::tempdir().expect("a folder");
    let stores = stores(folder.path());
    let thumbprint = |alias: &str| {
        let conf = format!(
            "{stores}[jwtGeneratorConfig]\njwtGeneratorEnabled = true\n{alias}{}",
            issuer("idp")
        );
        let mut fixture = simple(&conf, oauth2());
        let caller = fixture.bearer(&token(&claims())).expect("good").expect("secured");
        let issued = fixture.introduction(&caller).expect("switched on");
        part(issued.to_str().expect("text"), 0)["x5t"].clone()
    };
    let pem = std::fs::read(folder.path().join("cert.pem")).expect("readable");
    let der = CertificateDer::from_pem_slice(&pem).expect("PEM");
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, &der);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    // Without alias it is the first key's own.
    for alias in ["", "certificateAlias = \"signer\"\n"] {
        assert_eq!(thumbprint(alias), URL_SAFE.encode(&hex), "{alias}");
    }
}

#[test]
fn keys_are_issued_with_the_key_of_the_store_by_default_and_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = digest(&SHA256, b"secret");
    let secret: String = secret.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let users = format!("[b7a.users.ana]\npassword = \"@sha256:{{{secret}}}\"\n");
    let schemes = || alternatives(&[&[key_in(ApiKeyLocation::Header, "apikey")]]);
    let stores = format!(
        "apikey.issuer.tokenConfig.validityTime = 600\n{}",
        stores(folder.path())
    );
    let mut fixture = simple(&format!("{stores}{users}"), schemes());
    let services = &fixture.authenticator.services();
    let service = services.find("/apikey").expect("it is on by default");
    let request = ServiceRequest {
        method: http::Method::POST,
        target: "/apikey".into(),
        headers: headers(&[("authorization", &format!("Basic {}", STANDARD.encode("ana:secret")))]),
        body: bytes::Bytes::new(),
    };
    let issued = fixture
        .runtime
        .block_on(services.answer(service, request, NOW))
        .expect("issued");
    let key = String::from_utf8(issued.body().to_vec()).expect("text");
    assert_eq!(part(&key, 0)["kid"], "ballerina");
    let sent = |key: &str| headers(&[("apikey", key)]);
    assert_eq!(refusal(settle(fixture.ask(&sent(&key), None, 0))), None);
    let mut forged = key;
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    let refused = refusal(settle(fixture.ask(&sent(&forged), None, 0)));
    assert_eq!(refused, Some(Refusal::InvalidCredentials));

    // Nobody to issue keys to, and switched off.
    let disabled = format!("apikey.issuer.tokenConfig.enabled = false\n{stores}{users}");
    for conf in [stores, disabled] {
        assert_eq!(simple(&conf, schemes()).authenticator.services().find("/apikey"), None);
    }
}

#[test]
fn aliases_that_are_not_there_and_passwords_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let stores = stores(folder.path());
    let api_key = "[apikey.tokenConfigs]\nissuer = \"https://other\"\ncertificateAlias = \"nobody\"\n";
    let backend = "[jwtGeneratorConfig]\njwtGeneratorEnabled = true\nprivateKeyAlias = \"nobody\"\n";
    for (conf, expected) in [
        (
            format!("{stores}[jwtGeneratorConfig]\njwtGeneratorEnabled = true\ncertificateAlias = \"nobody\"\n"),
            "jwtGeneratorConfig.certificateAlias",
        ),
        (
            format!("{stores}{}", issuer("nobody")),
            "jwtTokenConfig.certificateAlias",
        ),
        (format!("{stores}{api_key}"), "apikey.tokenConfigs.certificateAlias"),
        (format!("{stores}{backend}"), "jwtGeneratorConfig.privateKeyAlias"),
        (stores.replace(PASSWORD, "other-canary"), "listenerConfig.keyStorePath"),
    ] {
        let (config, _) = RuntimeConfig::load(Sources {
            file: Some(("test.conf", &conf)),
            ..Sources::default()
        })
        .expect("the settings are valid");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let errors = Security::start(&config, None, runtime.handle()).expect_err("it does not start");
        let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let text = text.join("\n");
        assert!(text.contains(expected) && text.contains(".p12"), "{expected}: {text}");
        assert!(!format!("{text} {errors:?}").contains("canary"), "{errors:?}");
    }
}
