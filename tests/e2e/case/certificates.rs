//! Certificates: the gateway's own `gateway.pem` for `localhost`, and `partner.pem` and `other.pem` of the clients' authority
//! `client-ca.pem`. Each but the authority's has its `-key.pem`.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

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
