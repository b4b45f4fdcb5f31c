//! A pull whose files are staged and not in place.

use super::former::{former_blocks, of_same_organisation};
use super::gone::{gone, unlocked_gone};
use super::{PullingError, stage};
use crate::cloud::control_plane::open;
use crate::cloud::pull::{
    FormerDefinitions, GatewayPassword, Known, PulledFiles, Selection, gather, project_files, removed,
};
use crate::cloud::session::Connection;
use crate::compile::{PulledDefinition, pulled_definitions};
use crate::lock::{LockFile, ReadLock, Transaction};
use crate::project::Layout;
use crate::ui::Progress;
use std::sync::Arc;

/// What to pull.
#[derive(Debug)]
pub(crate) struct PullRequest {
    /// Which APIs.
    pub(crate) selection: Selection,
    /// The signed-in user's password, where the control plane has data for gateways.
    pub(crate) password: Option<GatewayPassword>,
}

/// A pull whose files are staged. Dropped, it leaves the project as it was.
#[derive(Debug)]
pub(crate) struct Prepared {
    transaction: Transaction,
    outcome: Pulled,
}

/// What a pull brings, or has brought.
#[derive(Debug)]
pub(crate) struct Pulled {
    /// The lock of the pull before.
    pub(crate) old: Option<LockFile>,
    /// What was in `gen/api_definitions/` without a lock, put there by another program or without its lock.
    unlocked: Vec<PulledDefinition>,
    /// The lock over what was pulled.
    pub(crate) lock: LockFile,
    /// What was written beside the definitions, and what is to be said about it.
    pub(crate) files: PulledFiles,
}

impl Pulled {
    /// Whether an API of the selection was left out.
    pub(crate) fn is_partial(&self) -> bool {
        self.files.is_partial
    }

    /// The APIs that were there before.
    pub(crate) fn before(&self) -> Known<'_> {
        Known::of(self.old.as_ref()).with(&self.unlocked)
    }

    /// The APIs that are not there any more, as `NAME VERSION`, or the file where that does not say them.
    pub(crate) fn removed(&self) -> Vec<String> {
        let unlocked = unlocked_gone(&self.unlocked, &self.lock).into_iter();
        let unlocked = unlocked.map(|file| match &file.api {
            Some((name, version)) => format!("{name} {version}"),
            None => file.path.clone(),
        });
        let locked = removed(self.old.as_ref(), &self.lock);
        locked.into_iter().chain(unlocked).collect()
    }

    /// Those of them that disappear although nobody asks for less.
    pub(crate) fn gone(&self) -> Vec<String> {
        let unlocked = unlocked_gone(&self.unlocked, &self.lock).into_iter();
        let unlocked = unlocked.map(|file| match &file.api {
            Some((name, version)) => format!("{name} {version} ({})", file.path),
            None => file.path.clone(),
        });
        let locked = gone(self.old.as_ref(), &self.lock);
        locked.into_iter().chain(unlocked).collect()
    }

    /// Whether no lock said what was there before.
    pub(crate) fn follows_unlocked(&self) -> bool {
        !self.unlocked.is_empty()
    }
}

impl Prepared {
    /// What the pull brings.
    pub(crate) fn outcome(&self) -> &Pulled {
        &self.outcome
    }

    /// Puts everything in place.
    pub(crate) fn commit(self) -> Result<Pulled, PullingError> {
        self.transaction.commit()?;
        Ok(self.outcome)
    }

    /// Puts the files in place under the lock that was there before. The caller has found that it vouches for them.
    pub(crate) fn commit_under_old_lock(self) -> Result<Pulled, PullingError> {
        if let Some(old) = &self.outcome.old {
            self.transaction.write_lock(&old.to_text()?)?;
        }
        self.commit()
    }

    /// Puts nothing in place.
    pub(crate) fn discard(self) -> Pulled {
        self.outcome
    }
}

/// Asks for what the project at `layout` wants and leaves the files staged at `stage_layout`: the project itself, or
/// another folder where the project is not to be written to. Both exist. `known` is the project's lock, where it was read.
pub(crate) async fn prepare(
    layout: &Layout,
    stage_layout: &Layout,
    connection: Arc<Connection>,
    request: &PullRequest,
    known: Option<ReadLock>,
    progress: &Progress,
) -> Result<Prepared, PullingError> {
    // Fails before anything is asked where the folder cannot be written to.
    let transaction = Transaction::begin_after(layout, stage_layout)?;
    let old = ReadLock::load(&layout.lock(), known)?.map(|read| read.lock);
    let unlocked = match old {
        Some(_) => Vec::new(),
        None => pulled_definitions(layout)?,
    };
    let session = connection.session().await;
    let plane = open(connection);
    let password = request.password.as_ref();
    let definitions = FormerDefinitions::new(layout, of_same_organisation(old.as_ref(), &session));
    let selection = &request.selection;
    let gathered = gather(&plane, selection, password, &definitions, &transaction, progress).await?;
    let former = match gathered.policies.blocks {
        Some(_) => Vec::new(),
        None => former_blocks(layout, old.as_ref(), &session)?,
    };
    let files = project_files(gathered, &former);
    let lock = stage::stage(&transaction, &session, selection, &files)?;
    Ok(Prepared {
        transaction,
        outcome: Pulled {
            old,
            unlocked,
            lock,
            files,
        },
    })
}
