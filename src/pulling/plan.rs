//! A pull that was looked at before it happens.

use crate::diff::{Change, Counts};
use crate::lock::{LockFile, LockedSource};
use mgw_bundle::Digest;
use serde::{Deserialize, Serialize};

/// The version of the file format that this program reads and writes.
const FORMAT: u32 = 1;

/// What a pull would bring, to be reviewed and then applied. No secrets.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    format: u32,
    /// Digest of the `mgw.lock` that it was made from; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<Digest>,
    /// Changes by class.
    counts: Counts,
    /// What changes for callers.
    changes: Vec<Change>,
    /// The lock over every file that the pull would write.
    wanted: LockFile,
}

/// Why a plan cannot be applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    /// Not a plan, or damaged.
    #[error("the plan cannot be read")]
    Malformed(#[from] serde_json::Error),
    /// Written by another version.
    #[error("the plan has format version {found}, this version reads {FORMAT}")]
    Format {
        /// Version found.
        found: u32,
    },
    /// Something was pulled since.
    #[error("mgw.lock is not the one that the plan was made from")]
    Base,
}

impl Plan {
    /// A plan over what was found.
    pub(crate) fn new(base: Option<&[u8]>, wanted: LockFile, changes: Vec<Change>) -> Self {
        Self {
            format: FORMAT,
            base: base.map(Digest::of),
            counts: Counts::of(&changes),
            changes,
            wanted,
        }
    }

    /// The file's contents.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        crate::cloud::pull::document(self)
    }

    /// Reads a plan for a project whose lock is `lock`.
    pub(crate) fn read(bytes: &[u8], lock: Option<&[u8]>) -> Result<Self, PlanError> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        // A plan of another version is told as such, and not as one that is wrong.
        let Versioned { format } = serde_json::from_slice(bytes)?;
        if format != FORMAT {
            return Err(PlanError::Format { found: format });
        }
        let plan: Self = serde_json::from_slice(bytes)?;
        plan.check_base(lock)?;
        Ok(plan)
    }

    /// Whether it was made from the lock `lock`.
    pub(crate) fn check_base(&self, lock: Option<&[u8]>) -> Result<(), PlanError> {
        if self.base == lock.map(Digest::of) {
            Ok(())
        } else {
            Err(PlanError::Base)
        }
    }

    /// What it pulls.
    pub(crate) fn source(&self) -> &LockedSource {
        &self.wanted.source
    }

    /// The lock over what it pulls.
    pub(crate) fn wanted(&self) -> &LockFile {
        &self.wanted
    }

    /// What changes for callers.
    pub(crate) fn changes(&self) -> &[Change] {
        &self.changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan::new(
            Some(b"lock"),
            LockFile::new(LockedSource::sample(), Vec::new(), Vec::new()),
            Vec::new(),
        )
    }

    #[test]
    fn a_plan_is_for_one_lock() {
        let bytes = plan().to_bytes().unwrap();
        assert_eq!(Plan::read(&bytes, Some(b"lock")).unwrap(), plan());
        assert!(matches!(Plan::read(&bytes, Some(b"other")), Err(PlanError::Base)));
        assert!(matches!(Plan::read(&bytes, None), Err(PlanError::Base)));
        assert!(matches!(Plan::read(b"{}", None), Err(PlanError::Malformed(_))));
        let text = String::from_utf8(bytes)
            .unwrap()
            .replacen("\"format\": 1", "\"format\": 2", 1);
        assert!(matches!(
            Plan::read(text.as_bytes(), Some(b"lock")),
            Err(PlanError::Format { found: 2 })
        ));
    }
}
