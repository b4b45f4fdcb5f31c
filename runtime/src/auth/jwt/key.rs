//! Public keys, parsed once for every algorithm that their issuer may use.

use super::{JwtFailure, base64url};
use crate::config::Algorithm;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("not a PEM file with a certificate or public key")]
    Pem,
    #[error("not an X.509 certificate")]
    Certificate,
    #[error("not a signature key of an accepted algorithm (RSA needs 2048 to 8192 bits)")]
    Unusable,
}

/// A public key.
#[derive(Debug)]
pub(crate) struct VerificationKey {
    /// `kid`, for keys from a key set.
    pub(crate) id: Option<String>,
    parsed: Vec<(Algorithm, ParsedPublicKey)>,
}

impl VerificationKey {
    /// Reads the first certificate or public key of a PEM file.
    pub(crate) fn from_pem(pem: &[u8], algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        if let Ok(certificate) = CertificateDer::from_pem_slice(pem) {
            return Self::from_certificate(&certificate, algorithms);
        }
        let key = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| KeyError::Pem)?;
        Self::from_spki(&key, algorithms)
    }

    /// Takes the key out of a certificate. The certificate's own validity is not looked at: the operator pinned it.
    pub(crate) fn from_certificate(der: &CertificateDer<'_>, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        let certificate = webpki::EndEntityCert::try_from(der).map_err(|_| KeyError::Certificate)?;
        Self::from_spki(&certificate.subject_public_key_info(), algorithms)
    }

    /// Reads a SubjectPublicKeyInfo.
    pub(crate) fn from_spki(spki: &[u8], algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        let parsed = algorithms
            .iter()
            .filter_map(|&algorithm| Some((algorithm, ParsedPublicKey::new(verification(algorithm), spki).ok()?)))
            .collect();
        Self::with(None, parsed)
    }

    /// Reads one element of a key set.
    pub(crate) fn from_jwk(jwk: &Jwk, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        let common = &jwk.common;
        if common
            .public_key_use
            .as_ref()
            .is_some_and(|usage| *usage != PublicKeyUse::Signature)
        {
            return Err(KeyError::Unusable);
        }
        if let Some(operations) = &common.key_operations
            && !operations.contains(&KeyOperations::Verify)
        {
            return Err(KeyError::Unusable);
        }
        let fits = |algorithm: &&Algorithm| {
            common
                .key_algorithm
                .as_ref()
                .is_none_or(|named| is_named(named, **algorithm))
        };
        let decode = |text: &str| base64url::decode(text).ok_or(KeyError::Unusable);
        let mut parsed = Vec::new();
        match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) => {
                let components = RsaPublicKeyComponents {
                    n: trimmed(decode(&rsa.n)?),
                    e: trimmed(decode(&rsa.e)?),
                };
                for &algorithm in algorithms.iter().filter(fits) {
                    if let Some(parameters) = rsa_parameters(algorithm)
                        && let Ok(key) = components.to_parsed_public_key(parameters)
                    {
                        parsed.push((algorithm, key));
                    }
                }
            }
            AlgorithmParameters::EllipticCurve(curve) => {
                let wanted = match curve.curve {
                    EllipticCurve::P256 => (Algorithm::Es256, 32),
                    EllipticCurve::P384 => (Algorithm::Es384, 48),
                    EllipticCurve::P521 => (Algorithm::Es512, 66),
                    _ => return Err(KeyError::Unusable),
                };
                let (x, y) = (decode(&curve.x)?, decode(&curve.y)?);
                if x.len() != wanted.1 || y.len() != wanted.1 {
                    return Err(KeyError::Unusable);
                }
                // An uncompressed point (SEC 1).
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                for &algorithm in algorithms
                    .iter()
                    .filter(|algorithm| **algorithm == wanted.0)
                    .filter(fits)
                {
                    parsed.extend(ParsedPublicKey::new(verification(algorithm), &point).map(|key| (algorithm, key)));
                }
            }
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                let point = decode(&pair.x)?;
                for &algorithm in algorithms
                    .iter()
                    .filter(|algorithm| **algorithm == Algorithm::EdDsa)
                    .filter(fits)
                {
                    parsed.extend(ParsedPublicKey::new(&ED25519, &point).map(|key| (algorithm, key)));
                }
            }
            // Shared secrets have no place in a public key set.
            _ => return Err(KeyError::Unusable),
        }
        Self::with(common.key_id.clone(), parsed)
    }

    fn with(id: Option<String>, parsed: Vec<(Algorithm, ParsedPublicKey)>) -> Result<Self, KeyError> {
        if parsed.is_empty() {
            return Err(KeyError::Unusable);
        }
        Ok(Self { id, parsed })
    }

    /// Returns the encoded key, to tell whether a key changed.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.parsed
            .first()
            .map(|(_, key)| key.as_ref().to_vec())
            .unwrap_or_default()
    }

    /// Returns whether the key can verify this algorithm.
    pub(crate) fn supports(&self, algorithm: Algorithm) -> bool {
        self.parsed.iter().any(|(own, _)| *own == algorithm)
    }

    /// Verifies a signature over `message`. A key of another type than the algorithm's verifies nothing.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JwtFailure> {
        let (_, key) = self
            .parsed
            .iter()
            .find(|(own, _)| *own == algorithm)
            .ok_or(JwtFailure::Key)?;
        key.verify_sig(message, signature).map_err(|_| JwtFailure::Signature)
    }
}

/// Leading zero bytes, which some issuers write, are not part of the number.
fn trimmed(bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default().to_vec()
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn verification(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
        Algorithm::Es512 => &ECDSA_P521_SHA512_FIXED,
        Algorithm::EdDsa => &ED25519,
    }
}

fn is_named(named: &KeyAlgorithm, algorithm: Algorithm) -> bool {
    named.to_string() == algorithm.name()
}
