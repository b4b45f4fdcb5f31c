//! What a folder or archive is a project of.

use super::apictl;
use super::tree::Branch;

/// A tool whose projects are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Projects and exports of apictl: API Manager 2.6 to 4.x, Choreo Connect
    #[value(alias = "choreo-connect")]
    Apictl,
}

impl Kind {
    const ALL: [Self; 1] = [Self::Apictl];

    /// The kind of what is there.
    pub(super) fn detect(root: &Branch<'_>) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.is(root))
    }

    /// Whether what is there is of this kind.
    pub(super) fn is(self, root: &Branch<'_>) -> bool {
        match self {
            Self::Apictl => apictl::is_there(root),
        }
    }

    /// With what goes before it in a sentence, "is a" and "is no".
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Apictl => "project or export of apictl",
        }
    }
}
