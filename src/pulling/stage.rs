//! Staging what was pulled beside the definitions, with the lock over everything.

use super::PullingError;
use crate::cloud::pull::{PulledFiles, Selection, document};
use crate::cloud::session::Session;
use crate::lock::{LockFile, LockedFile, LockedSource, Transaction, Unseen};
use mgw_bundle::Digest;

/// Stages all files that are not definitions, and the lock.
pub(super) fn stage(
    transaction: &Transaction,
    session: &Session,
    selection: &Selection,
    files: &PulledFiles,
) -> Result<LockFile, PullingError> {
    let mut others = Vec::new();
    let mut written = vec![
        ("policies.json", pretty(&files.policies)?),
        ("subscriptions.json", pretty(&files.subscriptions)?),
    ];
    let certificates = &files.certificates;
    if !certificates.is_empty() {
        written.push(("certificates.json", pretty(&certificates.index)?));
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
        tags: selection.tags.clone(),
        apis: selection.api_texts(),
        all: selection.all,
    };
    let mut unseen = files.sight.unseen.clone();
    // What a control plane does not have is not hidden by it.
    unseen.retain(|part| *part != Unseen::GatewayData || session.generation().subscription_data().is_some());
    let lock = LockFile::new(source, files.apis.clone(), others).without(unseen);
    transaction.write_lock(&lock.to_text()?)?;
    Ok(lock)
}

fn pretty(value: &impl serde::Serialize) -> Result<Vec<u8>, PullingError> {
    Ok(document(value).map_err(crate::cloud::pull::PullError::from)?)
}
