//! An issuer of ES256 tokens.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// An issuer with one key.
pub struct Issuer {
    key: EcdsaKeyPair,
    pem: String,
    folder: TempDir,
}

impl Issuer {
    pub const NAME: &str = "https://issuer.test";

    pub fn new() -> Self {
        let made = rcgen::KeyPair::generate().expect("a key");
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &made.serialize_der()).expect("the same key");
        Self {
            key,
            pem: made.public_key_pem(),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// Settings that trust the key in a file.
    pub fn pinned(&self) -> String {
        std::fs::write(self.file(), &self.pem).expect("it is written");
        Self::trusting(&self.file())
    }

    /// Settings that trust the key in a certain file.
    pub fn trusting(file: &Path) -> String {
        format!(
            "[[jwtTokenConfig]]\nissuer = \"{}\"\npublicKeyFile = \"{}\"\nalgorithms = [\"ES256\"]\n",
            Self::NAME,
            file.display()
        )
    }

    /// The file that [`Self::pinned`] names.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("issuer.pem")
    }

    /// The public key.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Settings that trust the keys at a URL.
    pub fn published(url: &str) -> String {
        format!(
            "[[jwtTokenConfig]]\nissuer = \"{}\"\njwksURL = \"{url}\"\nalgorithms = [\"ES256\"]\n",
            Self::NAME
        )
    }

    /// The key set with this key under `kid`.
    pub fn jwks(&self, kid: &str) -> String {
        let point = self.key.public_key().as_ref();
        let coordinate = |range| URL_SAFE_NO_PAD.encode(&point[range]);
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
            "x": coordinate(1..33), "y": coordinate(33..65),
        }]})
        .to_string()
    }

    /// A token that is valid for an hour, with `claims` on top.
    pub fn token(&self, kid: &str, claims: Value) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs();
        let mut all = json!({"iss": Self::NAME, "sub": "alice", "jti": "1", "iat": now, "exp": now + 3600});
        if let (Some(all), Value::Object(claims)) = (all.as_object_mut(), claims) {
            all.extend(claims);
        }
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!(
            "{}.{}",
            encode(&json!({"alg": "ES256", "typ": "JWT", "kid": kid})),
            encode(&all)
        );
        let signature = self
            .key
            .sign(&SystemRandom::new(), signed.as_bytes())
            .expect("it signs");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}
