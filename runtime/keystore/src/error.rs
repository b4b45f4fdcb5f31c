//! Why a store cannot be read.

use p12_keystore::error::Error;

/// Why a store cannot be read. Never says anything about the password but that it does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyStoreError {
    /// The password does not fit, or bytes were changed: the check value of a store cannot tell the two apart.
    #[error("the password does not fit, or the file was changed; check it with `openssl pkcs12 -in FILE -info -noout`")]
    Password,
    /// More bytes than a store may have.
    #[error("it is larger than {} bytes", super::MAX_BYTES)]
    TooLarge,
    /// More certificates than a store may have.
    #[error("it holds more than {} certificates", super::MAX_CERTIFICATES)]
    TooMany,
    /// A Java key store of the old kind.
    #[error(
        "it is a JKS store, not PKCS#12; convert it with \
         `keytool -importkeystore -srckeystore OLD -destkeystore NEW -deststoretype PKCS12`"
    )]
    Jks,
    /// PEM text.
    #[error(
        "it is PEM text, not PKCS#12; name it in the setting for PEM files, or pack it with `openssl pkcs12 -export`"
    )]
    Pem,
    /// A cipher or check value that cannot be read, or more derivation rounds than are sane.
    #[error(
        "its encryption is not supported or asks for more than a million rounds; write it again with \
         `openssl pkcs12 -export` or `keytool -importkeystore`"
    )]
    Unsupported,
    /// More derivation rounds in all than are sane.
    #[error(
        "its entries ask for more than {} rounds of key derivation together; write it again with fewer, as \
         `openssl pkcs12 -export` does by default",
        super::rounds::MAX_ROUNDS
    )]
    Rounds,
    /// Bytes that are no PKCS#12.
    #[error("it is damaged or not PKCS#12; make it again with `openssl pkcs12 -export` or `keytool`")]
    Damaged,
}

impl From<Error> for KeyStoreError {
    fn from(error: Error) -> Self {
        match error {
            // Without check value a wrong password shows as bad padding.
            Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => Self::Password,
            Error::UnsupportedEncryptionScheme
            | Error::UnsupportedMacAlgorithm
            | Error::UnsupportedCertificateType
            | Error::UnsupportedContentType
            | Error::InvalidParameters => Self::Unsupported,
            _ => Self::Damaged,
        }
    }
}
