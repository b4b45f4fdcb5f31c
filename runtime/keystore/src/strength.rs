//! How strong a certificate's key and signature are.

use std::fmt;
use x509_parser::prelude::X509Certificate;
use x509_parser::public_key::PublicKey;
use x509_parser::signature_algorithm::SignatureAlgorithm;

/// The key that a certificate is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateKey {
    /// RSA, and the bits of its modulus.
    Rsa(usize),
    /// DSA.
    Dsa,
    /// A point on an elliptic curve, and the bits of its coordinates.
    Elliptic(usize),
    /// Anything else, Edwards curves among it.
    Other,
}

impl CertificateKey {
    /// RSA keys below this can be factored by those who want it enough.
    const FEWEST_RSA_BITS: usize = 2048;
    /// Curves below this have less than 112 bits of strength.
    const FEWEST_CURVE_BITS: usize = 224;

    pub(super) fn of(certificate: &X509Certificate<'_>) -> Self {
        match certificate.public_key().parsed() {
            Ok(PublicKey::RSA(key)) => Self::Rsa(bits(key.modulus)),
            Ok(PublicKey::DSA(_)) => Self::Dsa,
            Ok(PublicKey::EC(point)) => Self::Elliptic(point.key_size()),
            _ => Self::Other,
        }
    }

    /// Whether nobody should rely on it any more.
    pub fn is_weak(self) -> bool {
        match self {
            Self::Rsa(bits) => bits < Self::FEWEST_RSA_BITS,
            Self::Elliptic(bits) => bits < Self::FEWEST_CURVE_BITS,
            Self::Dsa => true,
            Self::Other => false,
        }
    }
}

impl fmt::Display for CertificateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA with {bits} bits"),
            Self::Dsa => f.write_str("DSA"),
            Self::Elliptic(bits) => write!(f, "an elliptic curve with {bits} bits"),
            Self::Other => f.write_str("another kind"),
        }
    }
}

/// The bits of a number, most significant byte first.
fn bits(number: &[u8]) -> usize {
    let mut significant = number.iter().skip_while(|byte| **byte == 0);
    significant.next().map_or(0, |first| {
        let rest = significant.count() * 8;
        rest + (u8::BITS - first.leading_zeros()) as usize
    })
}

/// The hash that a certificate's signature was made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureHash {
    /// MD2, MD4 or MD5: two certificates with the same can be made.
    Md,
    /// SHA-1: the same, for more money.
    Sha1,
    /// Any other.
    Other,
}

impl SignatureHash {
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Self {
        let algorithm = &certificate.signature_algorithm;
        match algorithm.algorithm.to_id_string().as_str() {
            "1.2.840.113549.1.1.2" | "1.2.840.113549.1.1.3" | "1.2.840.113549.1.1.4" => Self::Md,
            "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" | "1.2.840.10040.4.3" | "1.2.840.10045.4.1" => Self::Sha1,
            // RSA-PSS names its hash in its parameters, SHA-1 when it names none.
            _ => match SignatureAlgorithm::try_from(algorithm) {
                Ok(SignatureAlgorithm::RSASSA_PSS(parameters))
                    if parameters.hash_algorithm_oid().to_id_string() == "1.3.14.3.2.26" =>
                {
                    Self::Sha1
                }
                _ => Self::Other,
            },
        }
    }

    /// Whether somebody can make another certificate under the same signature; `None`: nobody is known to.
    pub fn weakness(self) -> Option<&'static str> {
        match self {
            Self::Md => Some("MD5"),
            Self::Sha1 => Some("SHA-1"),
            Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_the_number() {
        for (number, expected) in [
            (&[][..], 0),
            (&[0, 0], 0),
            (&[0, 0x80, 0], 16),
            (&[0x7f, 0xff], 15),
            (&[1], 1),
        ] {
            assert_eq!(bits(number), expected, "{number:?}");
        }
    }

    #[test]
    fn old_keys_are_weak() {
        for (key, is_weak) in [
            (CertificateKey::Rsa(1024), true),
            (CertificateKey::Rsa(2047), true),
            (CertificateKey::Rsa(2048), false),
            (CertificateKey::Elliptic(192), true),
            (CertificateKey::Elliptic(256), false),
            (CertificateKey::Dsa, true),
            (CertificateKey::Other, false),
        ] {
            assert_eq!(key.is_weak(), is_weak, "{key}");
        }
    }
}
