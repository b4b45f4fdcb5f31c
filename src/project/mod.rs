//! The project folder: where its files are ([`Layout`]) and what `mgw.toml` says ([`Settings`]).

pub(crate) mod adding;
mod copy;
pub(crate) mod create;
pub(crate) mod download;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
pub(crate) mod incoming;
mod layout;
mod name;
mod neighbours;
mod pulled_certificates;
mod scaffold;
mod server_files;
mod settings;
mod workspace;

pub(crate) use create::CreateError;
pub(crate) use download::DownloadError;
pub use layout::Layout;
pub(crate) use layout::shown;
pub(crate) use name::is_project_name;
pub(crate) use neighbours::Neighbours;
pub(crate) use pulled_certificates::{
    FORMAT as CERTIFICATES_FORMAT, PulledBackendCertificate, PulledCertificates, PulledClientCertificate, backend_of,
};
pub(crate) use scaffold::Scaffold;
pub(crate) use server_files::ServerFiles;
pub(crate) use settings::never_sent;
pub use settings::{
    BuildSettings, Compat, ControlPlaneKind, ControlPlaneSettings, CorsSettings, PullSettings, Settings, SettingsError,
};
pub(crate) use workspace::{Faulty, Member, Workspace, WorkspaceError};
