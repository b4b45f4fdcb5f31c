//! Signing of the token for backends.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Map, Value};

/// Why there is no signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignerError {
    #[error("not a PEM file with an RSA private key")]
    Key,
    #[error("not a PEM certificate")]
    Certificate,
}

/// Makes compact tokens.
#[derive(Debug)]
pub(crate) struct Signer {
    /// The encoded header.
    header: String,
    key: Option<RsaKeyPair>,
}

impl Signer {
    /// Makes a signer that does not sign: the third part stays empty.
    pub(crate) fn unsigned() -> Self {
        Self {
            header: URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#),
            key: None,
        }
    }

    /// Makes an RS256 signer. The certificate gives the thumbprint by which old backends find the key.
    pub(crate) fn rs256(key_pem: &[u8], certificate_pem: Option<&[u8]>) -> Result<Self, SignerError> {
        let mut header = r#"{"typ":"JWT","alg":"RS256""#.to_owned();
        if let Some(pem) = certificate_pem {
            let certificate = CertificateDer::from_pem_slice(pem).map_err(|_| SignerError::Certificate)?;
            // The product encodes the hexadecimal text of the digest, and keeps the padding.
            let thumbprint: String = digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate)
                .as_ref()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            header.push_str(&format!(",\"x5t\":\"{}\"", URL_SAFE.encode(thumbprint)));
        }
        header.push('}');
        Self::with_header(&header, key_pem)
    }

    /// Makes an RS256 signer of API keys; `key_id` is how verifiers find the key.
    pub(crate) fn for_api_keys(key_pem: &[u8], key_id: &str) -> Result<Self, SignerError> {
        let header = serde_json::json!({"alg": "RS256", "typ": "jwt", "kid": key_id});
        Self::with_header(&header.to_string(), key_pem)
    }

    fn with_header(header: &str, key_pem: &[u8]) -> Result<Self, SignerError> {
        let key = match PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| SignerError::Key)? {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(SignerError::Key),
        };
        Ok(Self {
            header: URL_SAFE_NO_PAD.encode(header),
            key: Some(key.map_err(|_| SignerError::Key)?),
        })
    }

    /// Returns the public key, DER (SubjectPublicKeyInfo).
    pub(crate) fn public_key(&self) -> Option<Vec<u8>> {
        let key = self.key.as_ref()?.public_key();
        let der = AsDer::<PublicKeyX509Der<'_>>::as_der(key).ok()?;
        Some(der.as_ref().to_vec())
    }

    /// Signs. `None`: the signature could not be made; the request goes on without token.
    pub(crate) fn sign(&self, claims: &Map<String, Value>) -> Option<String> {
        let claims = serde_json::to_vec(claims).ok()?;
        let mut token = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims));
        let signature = match &self.key {
            None => Vec::new(),
            Some(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let random = SystemRandom::new();
                key.sign(&RSA_PKCS1_SHA256, &random, token.as_bytes(), &mut signature)
                    .ok()?;
                signature
            }
        };
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Some(token)
    }
}
