//! Reads the files that settings name.

use crate::auth::{Revocations, SecurityError};
use crate::regular_file;
use mgw_keystore::to_pem;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Largest key or certificate file.
const MAX_PEM: u64 = 1 << 20;

/// Reads a file with keys or certificates.
pub(in crate::auth) fn read(path: &Path, setting: &'static str) -> Result<Vec<u8>, SecurityError> {
    let failed = |source| SecurityError::Read {
        path: path.to_owned(),
        setting,
        source,
    };
    regular_file::check(path).map_err(failed)?;
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_PEM {
        return Err(SecurityError::Key {
            path: path.to_owned(),
            setting,
            reason: "the file is larger than 1 MiB".to_owned(),
        });
    }
    std::fs::read(path).map_err(failed)
}

/// Reads the certificates of a file, at least one: a file with none would be trust in nobody, for no visible reason.
pub(super) fn certificates(path: &Path, setting: &'static str) -> Result<Vec<CertificateDer<'static>>, SecurityError> {
    let pem = read(path, setting)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(SecurityError::Key {
            path: path.to_owned(),
            setting,
            reason: "it holds no PEM certificate".to_owned(),
        }),
    }
}

/// Reads the certificates of a file, at least one, for a client that takes PEM.
pub(super) fn roots(path: &Path, setting: &'static str) -> Result<Vec<u8>, SecurityError> {
    let found = certificates(path, setting)?;
    Ok(found.iter().map(certificate_pem).collect::<String>().into_bytes())
}

pub(super) fn certificate_pem(certificate: &CertificateDer<'_>) -> String {
    to_pem("CERTIFICATE", certificate)
}

/// A list that cannot be applied completely must not be taken for applied.
pub(in crate::auth) fn revoke_from_file(revocations: &Revocations, path: &Path) -> Result<(), SecurityError> {
    const SETTING: &str = "tokenRevocationConfig.file";
    let read = regular_file::check(path).and_then(|()| std::fs::read_to_string(path));
    let text = read.map_err(|source| SecurityError::Read {
        path: path.to_owned(),
        setting: SETTING,
        source,
    })?;
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ms = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    match revocations.apply(&text, now_ms).errors.first() {
        None => Ok(()),
        Some(error) => Err(SecurityError::Key {
            path: path.to_owned(),
            setting: SETTING,
            reason: error.to_string(),
        }),
    }
}
