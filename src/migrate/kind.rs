//! What a folder or archive is a project of.

use super::tree::Branch;
use super::{apictl, micro_gw, micro_gw_2};

/// A tool whose projects are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Projects of micro-gw 2.6, as `micro-gw setup` makes them
    #[serde(rename = "micro-gw-2")]
    #[value(name = "micro-gw-2", alias = "micro-gw-2.6")]
    MicroGw2,
    /// Projects of micro-gw 3.0 to 3.2
    #[serde(rename = "micro-gw-3")]
    #[value(name = "micro-gw-3", aliases = ["micro-gw-3.0", "micro-gw-3.1", "micro-gw-3.2"])]
    MicroGw3,
    /// Projects and exports of apictl: API Manager 2.6 to 4.x, Choreo Connect
    #[value(alias = "choreo-connect")]
    Apictl,
}

impl Kind {
    /// In the order in which they are looked for: a definition of micro-gw may be called `api.yaml`.
    const ALL: [Self; 3] = [Self::MicroGw2, Self::MicroGw3, Self::Apictl];

    /// The kind of what is there.
    pub(super) fn detect(root: &Branch<'_>) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.is(root))
    }

    /// Whether what is there is of this kind.
    pub(super) fn is(self, root: &Branch<'_>) -> bool {
        match self {
            Self::MicroGw2 => micro_gw_2::is_there(root),
            Self::MicroGw3 => micro_gw::is_there(root),
            Self::Apictl => apictl::is_there(root),
        }
    }

    /// With what goes before it in a sentence, "is a" and "is no".
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::MicroGw2 => "project of micro-gw 2.6",
            Self::MicroGw3 => "project of micro-gw 3.x",
            Self::Apictl => "project or export of apictl",
        }
    }
}
