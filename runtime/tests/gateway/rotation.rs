//! Files that settings name are replaced while the gateway serves: what was remembered under them ends, broken ones change
//! nothing.

use crate::client_certificates::guarded;
use crate::secured::{get, secured};
use crate::support::{Backend, GatewayBuilder, Issuer, Pki, TestGateway, TlsBackend, TlsClient, api, eventually};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mgw_bundle::config::MutualTls;
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;

/// Puts a file in another's place, as a renewal does.
fn replace(path: &Path, contents: impl AsRef<[u8]>) {
    let staged = path.with_extension("staged");
    std::fs::write(&staged, contents).expect("a writable folder");
    std::fs::rename(staged, path).expect("a writable folder");
}

/// A gateway that looks at its files only when told, unless a test says otherwise.
fn builder(apis: Vec<mgw_bundle::config::Api>) -> GatewayBuilder {
    GatewayBuilder::new(apis)
        .set("listenerConfig.certificateReloadInterval", "0")
        .cores(1)
}

fn count(gateway: &TestGateway, name: &str, part: &str) -> Option<f64> {
    gateway.metric(&format!("mgw_file_{name}_total{{part=\"{part}\"}}"))
}

#[test]
fn tokens_of_a_withdrawn_key_are_refused_although_they_were_remembered() {
    let (backend, old, new) = (Backend::named("ok"), Issuer::new(), Issuer::new());
    let gateway = builder(vec![secured("/p", &backend.url())]).file(&old.pinned()).start();
    let (olds, news) = (old.token("k", json!({})), new.token("k", json!({})));
    for _ in 0..2 {
        assert_eq!(get(&gateway, "/p", &olds).status, 200);
        assert_eq!(get(&gateway, "/p", &news).status, 401);
    }
    assert_eq!(gateway.metric("mgw_token_cache_hits_total"), Some(1.0));
    assert!(!gateway.running.reload_files(), "nothing changed");

    replace(&old.file(), "broken");
    assert!(!gateway.running.reload_files());
    assert!(!gateway.running.reload_files());
    assert_eq!(get(&gateway, "/p", &olds).status, 200);
    assert_eq!(count(&gateway, "reload_failures", "keys"), Some(1.0), "said once");
    assert_eq!(count(&gateway, "reloads", "keys"), Some(0.0));

    replace(&old.file(), new.pem());
    assert!(gateway.running.reload_files());
    assert_eq!(get(&gateway, "/p", &olds).status, 401);
    assert_eq!(get(&gateway, "/p", &news).status, 200);
    assert_eq!(count(&gateway, "reloads", "keys"), Some(1.0));
    assert_eq!(
        count(&gateway, "reloads", "backends"),
        Some(0.0),
        "its files are others"
    );
}

/// Signs as the gateway does, which has one result for each key.
fn signature(pki: &Pki, name: &str, signed: &str) -> String {
    let key = pki.key(name);
    let key = RsaKeyPair::from_pkcs8(key.secret_der()).expect("an RSA key");
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .expect("it signs");
    URL_SAFE_NO_PAD.encode(signature)
}

#[test]
fn tokens_for_backends_are_signed_by_the_new_key_with_the_next_request() {
    let (backend, issuer, pki) = (Backend::echo(), Issuer::new(), Pki::new());
    for name in ["one", "two"] {
        let arguments = "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out";
        pki.openssl(arguments, &[&format!("{name}.key")]);
    }
    std::fs::copy(pki.path("one.key"), pki.path("signs.key")).expect("it was made");
    let gateway = builder(vec![secured("/p", &backend.url())])
        .set("jwtGeneratorConfig.jwtGeneratorEnabled", "true")
        .set("jwtGeneratorConfig.privateKeyFile", &pki.text("signs.key"))
        .file(&issuer.pinned())
        .start();
    let token = issuer.token("k", json!({}));
    let signed_by = |name: &str| {
        let heads = get(&gateway, "/p", &token).body;
        let made = heads.lines().find_map(|line| {
            let (header, value) = line.split_once(':')?;
            header
                .eq_ignore_ascii_case("x-jwt-assertion")
                .then(|| value.trim().to_owned())
        });
        let made = made.expect("the backend is told who calls");
        let (signed, found) = made.rsplit_once('.').expect("three parts");
        found == signature(&pki, name, signed)
    };
    assert!(signed_by("one"));
    replace(&pki.path("signs.key"), "broken");
    assert!(!gateway.running.reload_files());
    assert!(signed_by("one"));
    replace(
        &pki.path("signs.key"),
        std::fs::read(pki.path("two.key")).expect("it was made"),
    );
    assert!(gateway.running.reload_files());
    assert!(signed_by("two"), "the remembered token is not reused");
}

/// A mounted folder of Kubernetes: `file` leads to `..data/file`, and `..data` to the folder of one version.
#[cfg(unix)]
#[test]
fn mounted_folders_that_are_switched_are_noticed_without_being_told() {
    use std::os::unix::fs::symlink;
    let (backend, old, new) = (Backend::named("ok"), Issuer::new(), Issuer::new());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    for (version, issuer) in [("..1", &old), ("..2", &new)] {
        std::fs::create_dir(path(version)).expect("a writable folder");
        std::fs::write(path(version).join("issuer.pem"), issuer.pem()).expect("a writable folder");
    }
    symlink("..1", path("..data")).expect("links are possible");
    symlink("..data/issuer.pem", path("issuer.pem")).expect("links are possible");
    let gateway = builder(vec![secured("/p", &backend.url())])
        .set("listenerConfig.certificateReloadInterval", "1")
        .file(&Issuer::trusting(&path("issuer.pem")))
        .start();
    let (olds, news) = (old.token("k", json!({})), new.token("k", json!({})));
    assert_eq!(get(&gateway, "/p", &olds).status, 200);
    symlink("..2", path("..staged")).expect("links are possible");
    std::fs::rename(path("..staged"), path("..data")).expect("a writable folder");
    eventually("the new key is trusted", || get(&gateway, "/p", &news).status == 200);
    assert_eq!(get(&gateway, "/p", &olds).status, 401);
}

#[test]
fn what_rotation_does_not_concern_goes_on() {
    let (backend, old, new) = (Backend::named("ok"), Issuer::new(), Issuer::new());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let list = folder.path().join("revoked");
    std::fs::write(&list, "{\"jti\":\"one\"}\n").expect("a writable folder");
    let mut limited = secured("/p", &backend.url());
    limited.resources[0].policy = Some(mgw_bundle::config::PolicyRef {
        name: "Three".into(),
        index: Some(0),
    });
    let mut builder = builder(vec![limited])
        .set("tokenRevocationConfig.file", &list.to_string_lossy())
        .file(&old.pinned());
    builder.config.policies.resource = vec![crate::support::policy("Three", 3)];
    let gateway = builder.start();
    let token = |issuer: &Issuer, id: &str| issuer.token("k", json!({"jti": id}));
    let status = |token: &str| get(&gateway, "/p", token).status;
    assert_eq!(status(&token(&old, "one")), 401);
    assert_eq!(status(&token(&old, "two")), 200);
    assert_eq!(status(&token(&old, "three")), 200);

    replace(&list, "{\"jti\":\"two\"}\n");
    assert!(gateway.running.reload_files());
    assert_eq!(count(&gateway, "reloads", "revocations"), Some(1.0));
    assert_eq!(status(&token(&old, "two")), 401, "it was remembered");
    assert_eq!(status(&token(&old, "one")), 401, "what was revoked stays revoked");
    replace(&list, "no such line\n");
    assert!(!gateway.running.reload_files());
    assert_eq!(count(&gateway, "reload_failures", "revocations"), Some(1.0));

    replace(&old.file(), new.pem());
    assert!(gateway.running.reload_files());
    assert_eq!(status(&token(&new, "one")), 401);
    assert_eq!(status(&token(&new, "three")), 200, "the third of three");
    assert_eq!(status(&token(&new, "three")), 429, "the quota goes on");
}

fn https(gateway: &TestGateway) -> SocketAddr {
    gateway.running.addresses().https.expect("the TLS listener is on")
}

#[test]
fn clients_of_a_withdrawn_authority_are_refused_on_open_connections_too() {
    let (pki, others, backend) = (Pki::new(), Pki::new(), Backend::named("ok"));
    pki.signed("server", "localhost");
    pki.signed("client", "client.test");
    others.signed("client", "client.test");
    let authority = |pki: &Pki| std::fs::read(pki.path("ca.pem")).expect("it was made");
    let file = pki.path("clients.pem");
    std::fs::write(&file, authority(&pki)).expect("a writable folder");
    let gateway = builder(vec![guarded("/p", &backend.url(), MutualTls::Mandatory)])
        .set("listenerConfig.httpsEnabled", "true")
        .set("listenerConfig.httpsPort", "0")
        .set("listenerConfig.certificateFile", &pki.text("server.pem"))
        .set("listenerConfig.privateKeyFile", &pki.text("server.key"))
        .set("mutualSSLConfig.clientCaFile", &file.to_string_lossy())
        .file("[[mutualSSLConfig.api.certificates]]\nname = \"P\"\nversion = \"1.0\"\nsanList = [\"client.test\"]\n")
        .start();
    let connect = |identity: &Pki| {
        let chain = (identity.certificate("client"), identity.key("client"));
        TlsClient::connect_as(&pki, https(&gateway), "localhost", Some(chain))
    };
    let status = |client: &mut TlsClient| client.get("/p", "").ok().map(|answer| answer.status);
    let mut open = connect(&pki).expect("TLS");
    for _ in 0..2 {
        assert_eq!(status(&mut open), Some(200));
    }
    assert_ne!(
        connect(&others).ok().and_then(|mut other| status(&mut other)),
        Some(200)
    );

    replace(&file, "broken");
    assert!(!gateway.running.reload_files());
    assert_eq!(status(&mut open), Some(200));

    replace(&file, authority(&others));
    assert!(gateway.running.reload_files());
    assert_eq!(
        status(&mut open),
        Some(401),
        "the connection lives on, the verdict does not"
    );
    assert_ne!(connect(&pki).ok().and_then(|mut client| status(&mut client)), Some(200));
    assert_eq!(status(&mut connect(&others).expect("TLS")), Some(200));
}

#[test]
fn backends_are_trusted_by_the_new_authority_and_see_the_new_certificate() {
    let (pki, others) = (Pki::new(), Pki::new());
    for pki in [&pki, &others] {
        pki.signed("backend", "localhost");
        pki.signed("client", "client.test");
        pki.signed("second", "client.test");
    }
    let (old, new) = (
        TlsBackend::start(&pki, "backend"),
        TlsBackend::start(&others, "backend"),
    );
    let authority = |pki: &Pki| std::fs::read(pki.path("ca.pem")).expect("it was made");
    let file = pki.path("backends.pem");
    std::fs::write(&file, authority(&pki)).expect("a writable folder");
    let gateway = builder(vec![api("/old", &old.url()), api("/new", &new.url())])
        .set("httpClients.sslConfig.caFile", &file.to_string_lossy())
        .set("httpClients.sslConfig.certificateFile", &pki.text("client.pem"))
        .set("httpClients.sslConfig.privateKeyFile", &pki.text("client.key"))
        .start();
    let body = |path: &str| {
        let answer = gateway.get(path);
        (answer.status == 200).then_some(answer.body)
    };
    assert_eq!(body("/old"), Some(TlsBackend::sees(&pki, "client")));
    assert_eq!(body("/new"), None, "nobody trusted signed its certificate");

    pki.renew("client", "second");
    assert!(gateway.running.reload_files());
    // The connection that was made with the first certificate is idle and is not taken up.
    assert_eq!(body("/old"), Some(TlsBackend::sees(&pki, "second")));

    replace(&file, "-----BEGIN CERTIFICATE-----\nbroken");
    assert!(!gateway.running.reload_files());
    assert_eq!(count(&gateway, "reload_failures", "backends"), Some(1.0));
    assert_eq!(body("/old"), Some(TlsBackend::sees(&pki, "second")));

    for name in ["client.pem", "client.key"] {
        replace(&pki.path(name), std::fs::read(others.path(name)).expect("it was made"));
    }
    replace(&file, authority(&others));
    assert!(gateway.running.reload_files());
    assert_eq!(body("/new"), Some(TlsBackend::sees(&others, "client")));
    assert_eq!(body("/old"), None, "it is trusted no more");
    assert_eq!(count(&gateway, "reloads", "backends"), Some(2.0));
}
