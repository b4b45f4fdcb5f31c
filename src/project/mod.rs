//! The project folder: where its files are ([`Layout`]) and what `mgw.toml` says ([`Settings`]).

mod layout;
mod name;
mod settings;

pub use layout::Layout;
pub(crate) use name::is_project_name;
pub use settings::{ControlPlaneKind, ControlPlaneSettings, PullSettings, Settings, SettingsError};
