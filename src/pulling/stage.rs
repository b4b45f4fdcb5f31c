//! Staging what was pulled, with the lock over it.

use super::PullingError;
use crate::cloud::pull::{PulledFiles, Selection, document};
use crate::cloud::session::Session;
use crate::lock::{LockFile, LockedApi, LockedFile, LockedSource, Transaction};
use mgw_bundle::Digest;

/// Stages all files and the lock.
pub(super) fn stage(
    transaction: &Transaction,
    session: &Session,
    selection: &Selection,
    files: &PulledFiles,
) -> Result<LockFile, PullingError> {
    let mut apis = Vec::new();
    for definition in &files.definitions {
        let path = format!("gen/api_definitions/{}", definition.file_name);
        transaction.write(&path, &definition.bytes)?;
        apis.push(LockedApi {
            name: definition.name.clone(),
            version: definition.version.clone(),
            id: definition.id.clone(),
            provider: definition.provider.clone(),
            state: definition.state.clone(),
            last_updated: definition.last_updated.clone(),
            etag: definition.etag.clone(),
            path,
            sha256: Digest::of(&definition.bytes),
        });
    }
    let mut others = Vec::new();
    let mut written = vec![
        ("policies.json", document(&files.policies)?),
        ("subscriptions.json", document(&files.subscriptions)?),
    ];
    let certificates = &files.certificates;
    if !certificates.is_empty() {
        written.push(("certificates.json", document(&certificates.index)?));
    }
    let pems = certificates.files.iter();
    written.extend(pems.map(|(path, pem)| (path.as_str(), pem.clone().into_bytes())));
    for (name, bytes) in written {
        let path = format!("gen/control-plane/{name}");
        transaction.write(&path, &bytes)?;
        others.push(LockedFile {
            path,
            sha256: Digest::of(&bytes),
        });
    }
    let source = LockedSource {
        url: session.address.to_string(),
        kind: session.kind,
        organisation: session.user.tenant().to_owned(),
        labels: selection.labels.clone(),
        apis: selection.api_texts(),
    };
    let lock = LockFile::new(source, apis, others);
    transaction.write_lock(&lock.to_text()?)?;
    Ok(lock)
}
