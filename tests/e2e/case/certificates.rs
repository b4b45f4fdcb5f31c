//! Certificates: the gateway's own `gateway.pem` for `localhost`, and `partner.pem` and `other.pem` of the clients' authority
//! `client-ca.pem`. Each but the authority's has its `-key.pem`. The store `trust.p12`, password `changeit`, has the
//! certificate of the tokens' issuer under the alias `idp` and somebody else's under `stranger`.

use super::description::Key;
use super::tokens;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use std::process::Command;
use std::sync::LazyLock;

/// The trust store, the same for all cases of a run.
pub static TRUST_STORE: LazyLock<Vec<u8>> = LazyLock::new(trust_store);

fn trust_store() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("openssl");
    command.args([
        "pkcs12",
        "-export",
        "-nokeys",
        "-passout",
        "pass:changeit",
        "-out",
        "trust.p12",
        "-in",
        "all.pem",
    ]);
    let mut all = String::new();
    for (alias, who) in [("idp", Key::Issuer), ("stranger", Key::Stranger)] {
        let key = KeyPair::from_pem(tokens::key(who).to_pem()).expect("it is a key");
        let params = CertificateParams::new(vec![format!("{alias}.example.com")]).expect("the name is good");
        all.push_str(&params.self_signed(&key).expect("the key signs").pem());
        command.args(["-caname", alias]);
    }
    std::fs::write(folder.path().join("all.pem"), all).expect("the folder is writable");
    let output = command.current_dir(folder.path()).output();
    let output = output.expect("openssl is there; ./test installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(folder.path().join("trust.p12")).expect("openssl wrote it")
}

/// File names with contents.
pub fn files() -> Vec<(String, String)> {
    let key = KeyPair::generate().expect("a key can be made");
    let mut params = CertificateParams::new(Vec::new()).expect("no name is wrong");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).expect("the key signs");
    let issuer = Issuer::new(params, key);
    let mut files = vec![("client-ca.pem".to_owned(), authority.pem())];
    for name in ["partner", "other"] {
        let key = KeyPair::generate().expect("a key can be made");
        let params = CertificateParams::new(vec![format!("{name}.example.com")]).expect("the name is good");
        let certificate = params.signed_by(&key, &issuer).expect("the authority signs");
        files.push((format!("{name}.pem"), certificate.pem()));
        files.push((format!("{name}-key.pem"), key.serialize_pem()));
    }
    // Tokens for backends are signed with RSA.
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("a key can be made");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("the name is good");
    let certificate = params.self_signed(&key).expect("the key signs");
    files.push(("gateway.pem".to_owned(), certificate.pem()));
    files.push(("gateway-key.pem".to_owned(), key.serialize_pem()));
    files
}
