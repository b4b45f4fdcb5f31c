//! The files that server certificates come from.

use super::certificate::{self, CertificateError, CertificateOrigin, Identity};
use super::certificate_set::CertificateSet;
use super::ocsp;
use crate::config::{Listener, NamedCertificate, StoreSettings};
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, ServerName};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files that server certificates come from.
#[derive(Debug)]
pub(crate) struct CertificateSources {
    default: Source,
    ocsp: Option<PathBuf>,
    named: Vec<NamedCertificate>,
}

#[derive(Debug)]
enum Source {
    Pem {
        certificate: PathBuf,
        key: PathBuf,
    },
    Store(StoreSettings),
    /// Made in this folder when there is none.
    SelfSigned(PathBuf),
    /// That of this folder, if any; one that is made is not kept.
    Unkept(Option<PathBuf>),
}

impl CertificateSources {
    /// The operator's files; without any, a self-signed certificate is made in `data_dir`.
    pub(crate) fn of(listener: &Listener, data_dir: &Path) -> Self {
        let default = match (
            &listener.certificate_file,
            &listener.private_key_file,
            &listener.key_store,
        ) {
            (Some(certificate), Some(key), _) => Source::Pem {
                certificate: certificate.clone(),
                key: key.clone(),
            },
            (_, _, Some(store)) => Source::Store(store.clone()),
            _ => Source::SelfSigned(data_dir.to_owned()),
        };
        Self {
            default,
            ocsp: listener.ocsp_file.clone(),
            named: listener.certificates.clone(),
        }
    }

    /// The same, and nothing is written.
    pub(crate) fn unkept(listener: &Listener, data_dir: Option<&Path>) -> Self {
        let mut sources = Self::of(listener, data_dir.unwrap_or(Path::new("")));
        if let Source::SelfSigned(_) = sources.default {
            sources.default = Source::Unkept(data_dir.map(Path::to_owned));
        }
        sources
    }

    /// Reads all of them.
    pub(super) fn load(
        &self,
        provider: &CryptoProvider,
    ) -> Result<(CertificateSet, CertificateOrigin), CertificateError> {
        let identity = match &self.default {
            Source::Pem { certificate, key } => certificate::from_files(certificate, key)?,
            Source::Store(store) => certificate::from_store(store)?,
            Source::SelfSigned(folder) => certificate::self_signed(folder)?,
            Source::Unkept(folder) => certificate::unkept(folder.as_deref())?,
        };
        let origin = identity.origin.clone();
        let mut set = CertificateSet::new(certified(identity, self.ocsp.as_deref(), provider)?);
        for named in &self.named {
            let identity = certificate::from_files(&named.certificate_file, &named.private_key_file)?;
            for pattern in named
                .hostnames
                .iter()
                .filter(|pattern| !covers(&identity.chain, pattern))
            {
                let certificate = named.certificate_file.display();
                tracing::warn!(%certificate, hostname = pattern, "the certificate is not made out for the host name");
            }
            let certified = certified(identity, named.ocsp_file.as_deref(), provider)?;
            for pattern in &named.hostnames {
                set.add(pattern, &certified);
            }
        }
        Ok((set, origin))
    }

    /// Returns the operator's files.
    pub(super) fn files(&self) -> Vec<&Path> {
        let mut files: Vec<&PathBuf> = match &self.default {
            Source::Pem { certificate, key } => vec![certificate, key],
            Source::Store(store) => vec![&store.path],
            // Nobody but the gateway writes these.
            Source::SelfSigned(_) | Source::Unkept(_) => Vec::new(),
        };
        files.extend(&self.ocsp);
        for named in &self.named {
            files.extend([&named.certificate_file, &named.private_key_file]);
            files.extend(&named.ocsp_file);
        }
        files.into_iter().map(PathBuf::as_path).collect()
    }
}

fn certified(
    identity: Identity,
    ocsp: Option<&Path>,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, CertificateError> {
    let (path, origin) = (identity.path, identity.origin);
    let mut certified = match CertifiedKey::from_der(identity.chain, identity.key, provider) {
        Ok(certified) => certified,
        Err(source) => return Err(CertificateError::Tls { path, source }),
    };
    let algorithm = certified.key.algorithm();
    let mut suites = provider.cipher_suites.iter();
    if !suites.any(|suite| suite.usable_for_signature_algorithm(algorithm)) {
        let (certificate, path) = match origin {
            CertificateOrigin::Configured => (format!("the certificate of {}", path.display()), Some(path)),
            CertificateOrigin::Generated { .. } | CertificateOrigin::Kept { .. } => {
                ("the certificate that the gateway makes for itself".to_owned(), None)
            }
        };
        return Err(CertificateError::Suites {
            certificate,
            path,
            algorithm,
        });
    }
    if let Some(path) = ocsp {
        let response = ocsp::check(certificate::read(path)?).map_err(|source| CertificateError::Ocsp {
            path: path.to_owned(),
            source,
        })?;
        certified.ocsp = Some(response);
    }
    Ok(Arc::new(certified))
}

fn covers(chain: &[CertificateDer<'static>], pattern: &str) -> bool {
    let name = match pattern.strip_prefix("*.") {
        Some(below) => format!("any.{below}"),
        None => pattern.to_owned(),
    };
    let leaf = chain
        .first()
        .and_then(|leaf| webpki::EndEntityCert::try_from(leaf).ok());
    match (leaf, ServerName::try_from(name)) {
        (Some(leaf), Ok(name)) => leaf.verify_is_valid_for_subject_name(&name).is_ok(),
        _ => false,
    }
}
