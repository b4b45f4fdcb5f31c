//! The certificate that the gateway shows: the operator's, or one made on first use.

use super::ocsp::OcspError;
use crate::config::StoreSettings;
use crate::own_file;
use crate::tls::{OpenStore, StoreError};
use rustls::SignatureAlgorithm;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io;
use std::path::{Path, PathBuf};

/// Names in the data folder.
const CERTIFICATE_FILE: &str = "gateway-certificate.pem";
const KEY_FILE: &str = "gateway-key.pem";

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file could not be read.
    #[error("{} could not be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// A file could not be written.
    #[error("{} could not be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// A file holds no certificate, no key, or something else.
    #[error("{} holds no usable PEM", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    /// Certificate and key do not fit, or TLS refused them.
    #[error("the certificate of {} and its key cannot be used for TLS", path.display())]
    Tls {
        /// The file or store with the certificate.
        path: PathBuf,
        /// Cause.
        #[source]
        source: rustls::Error,
    },
    /// No cipher suite goes with the key, so that no client could connect.
    #[error("{certificate} has {}, and none of the suites in `mutualSSLConfig.ciphers` goes with it: no client could connect", named_key(*.algorithm))]
    Suites {
        /// The certificate, in words.
        certificate: String,
        /// The file or store with the certificate; `None`: the gateway made it.
        path: Option<PathBuf>,
        /// What the key signs with.
        algorithm: SignatureAlgorithm,
    },
    /// A key store that cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An OCSP response that cannot be sent.
    #[error("{} cannot be sent with the certificate", path.display())]
    Ocsp {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: OcspError,
    },
    /// A certificate could not be made.
    #[error("a self-signed certificate could not be made")]
    Generate(#[source] rcgen::Error),
}

impl CertificateError {
    /// Returns what the settings name that the error is about.
    pub(super) fn named(&self) -> Option<String> {
        match self {
            Self::Read { path, .. } | Self::Pem { path, .. } | Self::Tls { path, .. } | Self::Ocsp { path, .. } => {
                Some(path.display().to_string())
            }
            Self::Suites { path, .. } => path.as_ref().map(|path| path.display().to_string()),
            Self::Store(error) => Some(error.named()),
            Self::Write { .. } | Self::Generate(_) => None,
        }
    }
}

fn named_key(algorithm: SignatureAlgorithm) -> String {
    match algorithm {
        SignatureAlgorithm::RSA => "an RSA key".to_owned(),
        SignatureAlgorithm::ECDSA => "a key of an elliptic curve".to_owned(),
        other => format!("a key for {other:?}"),
    }
}

/// Where the certificate of the TLS listener comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateOrigin {
    /// The operator's files.
    Configured,
    /// Self-signed, made by this start.
    Generated {
        /// The certificate, PEM; clients may trust it.
        certificate: PathBuf,
    },
    /// Self-signed, made by an earlier start.
    Kept {
        /// The certificate, PEM; clients may trust it.
        certificate: PathBuf,
    },
}

/// A chain with its key.
#[derive(Debug)]
pub(super) struct Identity {
    /// The file or store with the certificate.
    pub(super) path: PathBuf,
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) origin: CertificateOrigin,
}

/// Reads the operator's files.
pub(super) fn from_files(certificate: &Path, key: &Path) -> Result<Identity, CertificateError> {
    Ok(Identity {
        path: certificate.to_owned(),
        chain: chain(certificate)?,
        key: private_key(key)?,
        origin: CertificateOrigin::Configured,
    })
}

/// Reads the first key of a store with its chain.
pub(super) fn from_store(settings: &StoreSettings) -> Result<Identity, CertificateError> {
    let store = OpenStore::open(settings)?;
    let entry = store.first_key()?;
    Ok(Identity {
        path: settings.path.clone(),
        chain: entry.chain.clone(),
        key: entry.key.clone_key().into(),
        origin: CertificateOrigin::Configured,
    })
}

/// Reads the self-signed certificate in `data_dir`, making it first when there is none.
pub(super) fn self_signed(data_dir: &Path) -> Result<Identity, CertificateError> {
    let certificate = data_dir.join(CERTIFICATE_FILE);
    let key = data_dir.join(KEY_FILE);
    let kept = is_kept(data_dir);
    if !kept {
        generate(&certificate, &key)?;
    }
    Ok(Identity {
        path: certificate.clone(),
        chain: chain(&certificate)?,
        key: private_key(&key)?,
        origin: if kept {
            CertificateOrigin::Kept { certificate }
        } else {
            CertificateOrigin::Generated { certificate }
        },
    })
}

fn is_kept(data_dir: &Path) -> bool {
    data_dir.join(CERTIFICATE_FILE).exists() && data_dir.join(KEY_FILE).exists()
}

/// The same, but one that is made is not written. `None`: there is no such folder.
pub(super) fn unkept(data_dir: Option<&Path>) -> Result<Identity, CertificateError> {
    if let Some(folder) = data_dir.filter(|folder| is_kept(folder)) {
        return self_signed(folder);
    }
    let certificate = data_dir.unwrap_or(Path::new("")).join(CERTIFICATE_FILE);
    let made = make()?;
    Ok(Identity {
        path: certificate.clone(),
        chain: vec![made.cert.der().clone()],
        key: PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into(),
        origin: CertificateOrigin::Generated { certificate },
    })
}

/// Reads the certificates of a PEM file, at least one.
pub(super) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let pem = read(path)?;
    let unusable = |source| CertificateError::Pem {
        path: path.to_owned(),
        source,
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(unusable)?;
    if chain.is_empty() {
        return Err(unusable(rustls_pki_types::pem::Error::NoItemsFound));
    }
    Ok(chain)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let pem = read(path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|source| CertificateError::Pem {
        path: path.to_owned(),
        source,
    })
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let read = crate::regular_file::check(path).and_then(|()| std::fs::read(path));
    read.map_err(|source| CertificateError::Read {
        path: path.to_owned(),
        source,
    })
}

fn make() -> Result<rcgen::CertifiedKey<rcgen::KeyPair>, CertificateError> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    rcgen::generate_simple_self_signed(names.to_vec()).map_err(CertificateError::Generate)
}

fn generate(certificate: &Path, key: &Path) -> Result<(), CertificateError> {
    let made = make()?;
    // The key goes first: a certificate without its key would look like a pair that is there.
    write(key, made.signing_key.serialize_pem().as_bytes())?;
    write(certificate, made.cert.pem().as_bytes())
}

fn write(path: &Path, contents: &[u8]) -> Result<(), CertificateError> {
    own_file::write(path, contents).map_err(|source| CertificateError::Write {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_self_signed_certificate_is_made_once() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        let made = self_signed(&data)?;
        assert!(matches!(made.origin, CertificateOrigin::Generated { .. }));
        let kept = self_signed(&data)?;
        assert!(matches!(kept.origin, CertificateOrigin::Kept { .. }));
        assert_eq!(made.chain, kept.chain);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(data.join(KEY_FILE))?.permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        Ok(())
    }

    #[test]
    fn unusable_files_are_named() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("x.pem");
        assert!(matches!(from_files(&path, &path), Err(CertificateError::Read { path: named, .. }) if named == path));
        std::fs::write(&path, "no PEM")?;
        assert!(matches!(from_files(&path, &path), Err(CertificateError::Pem { path: named, .. }) if named == path));
        Ok(())
    }
}
