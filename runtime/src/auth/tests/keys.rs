//! Signing keys and tokens for tests.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// The issuer's keys, made once.
pub(crate) struct Keys {
    pub(super) rsa: RsaKeyPair,
    pub(super) other_rsa: RsaKeyPair,
    pub(super) ec: EcdsaKeyPair,
    pub(super) ed: Ed25519KeyPair,
}

pub(crate) fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| Keys {
        rsa: RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).expect("a key"),
        other_rsa: RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).expect("a key"),
        ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"),
        ed: Ed25519KeyPair::generate().expect("a key"),
    })
}

pub(crate) fn pem(der: &[u8]) -> String {
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(der)
    )
}

impl Keys {
    pub(crate) fn rsa_pem(&self) -> String {
        pem(self.rsa.public_key().as_der().expect("encodes").as_ref())
    }

    pub(crate) fn ec_pem(&self) -> String {
        pem(self.ec.public_key().as_der().expect("encodes").as_ref())
    }

    pub(crate) fn ed_pem(&self) -> String {
        pem(self.ed.public_key().as_der().expect("encodes").as_ref())
    }
}

pub(crate) fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

pub(crate) fn rs256(key: &RsaKeyPair, message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
        .expect("signs");
    signature
}

pub(crate) fn ps256(key: &RsaKeyPair, message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut signature)
        .expect("signs");
    signature
}

/// Signs parts that are encoded already.
pub(crate) fn sign_parts(header: &str, claims: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// Signs with the issuer's RSA key.
pub(crate) fn token_with(header: &Value, claims: &Value) -> String {
    sign_parts(&encode(header), &encode(claims), |message| rs256(&keys().rsa, message))
}

pub(crate) fn token(claims: &Value) -> String {
    token_with(&json!({"alg": "RS256", "typ": "JWT"}), claims)
}

/// Signs the padded form of API Manager 2.6 and 3.0.
pub(crate) fn padded_token(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({"alg": "RS256"})), part(claims));
    let signature = URL_SAFE.encode(rs256(&keys().rsa, message.as_bytes()));
    format!("{message}.{signature}")
}

pub(crate) fn modulus_and_exponent() -> (Vec<u8>, Vec<u8>) {
    let public = keys().rsa.public_key();
    (
        public.modulus().big_endian_without_leading_zero().to_vec(),
        public.exponent().big_endian_without_leading_zero().to_vec(),
    )
}
