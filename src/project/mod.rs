//! The project folder: where its files are ([`Layout`]) and what `mgw.toml` says ([`Settings`]).

mod layout;
mod settings;

pub use layout::Layout;
pub use settings::{ControlPlaneKind, ControlPlaneSettings, PullSettings, Settings, SettingsError};
