//! One pull, from the first question to the files in place.

use super::{PullingError, stage};
use crate::cloud::control_plane::RestV1;
use crate::cloud::pull::{PulledFiles, Selection, gather, project_files};
use crate::cloud::session::Connection;
use crate::lock::{LockFile, Transaction};
use crate::project::Layout;
use crate::ui::Progress;
use secrecy::SecretString;
use std::sync::Arc;

/// What to pull.
#[derive(Debug)]
pub(crate) struct PullRequest {
    /// Which APIs.
    pub(crate) selection: Selection,
    /// The signed-in user's password, which opens the data for gateways where there is such a thing.
    pub(crate) password: Option<SecretString>,
}

/// A pull that is done.
#[derive(Debug)]
pub(crate) struct Pulled {
    /// The lock of the pull before.
    pub(crate) old: Option<LockFile>,
    /// The lock that is in place now.
    pub(crate) lock: LockFile,
    /// What was written, and what is to be said about it.
    pub(crate) files: PulledFiles,
}

impl Pulled {
    /// Whether an API of the selection was left out.
    pub(crate) fn is_partial(&self) -> bool {
        self.files.is_partial
    }
}

/// Pulls into the folder at `layout`, which exists.
///
/// `gen/` and `mgw.lock` are replaced together, or nothing is changed: also when the future is dropped half-way.
pub(crate) async fn pull_into(
    layout: &Layout,
    connection: Arc<Connection>,
    request: &PullRequest,
    progress: &Progress,
) -> Result<Pulled, PullingError> {
    // Fails before anything is asked where the folder cannot be written to.
    let transaction = Transaction::begin(layout)?;
    let old = LockFile::load(&layout.lock())?;
    let session = connection.session().await;
    let plane = RestV1::new(connection);
    let gathered = gather(&plane, &request.selection, request.password.as_ref(), progress).await?;
    let files = project_files(gathered)?;
    let lock = stage::stage(&transaction, &session, &request.selection, &files)?;
    transaction.commit()?;
    Ok(Pulled { old, lock, files })
}
