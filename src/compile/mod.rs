//! Compiles a project into the gateway's configuration and packs it into a bundle.
//!
//! [`compile_project`] reads the project's files and decides everything there is to decide; it collects every finding
//! and returns them beside the result. [`build_bundle`] writes the result to `target/`, where the old bundle stays until
//! the new one is complete. What a definition says is turned into configuration by small functions over plain data, one
//! topic a file: base path, endpoints, security, policies, templates.

mod about;
mod api;
mod application_security;
mod base_path;
mod bundle;
mod certificates;
mod cors;
mod document;
mod endpoint;
mod endpoints;
mod extensions;
mod files;
mod follow_ups;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod implicit_policies;
mod impossible_credentials;
mod known_policies;
mod library;
mod locked_apis;
mod misnamed;
mod near_file;
mod other_templates;
mod own_parts;
mod own_policies;
mod places;
mod policies;
mod project;
mod project_entries;
mod project_name;
mod pulled;
mod pulled_definitions;
mod referenced;
mod reserved;
mod scope_alternatives;
mod security;
mod security_schemes;
mod server_without_host;
mod servers;
mod size;
mod some_of;
pub(crate) mod sources;
mod stray_parts;
mod subscribers;
mod template;
mod tiers;
pub(crate) mod time_unit;
mod transports;
mod unique;
mod unreachable;
mod unused_endpoints;
mod web_sockets;
mod written;

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod tests;

pub(crate) use bundle::pack_at;
pub use bundle::{BuildError, Built, Packed, build_bundle, pack};
pub(crate) use certificates::day;
pub(crate) use endpoint::{SECRETS, has_credential, without_credentials, without_secrets};
pub use files::FileError;
pub(crate) use files::shown;
pub(crate) use impossible_credentials::why as why_impossible;
pub use library::RemoteFiles;
pub(crate) use own_parts::OwnParts;
pub(crate) use places::{ApiPlaces, PolicySection, ProjectPlaces, Said, SaidOfApi};
pub use policies::DEFAULT_POLICIES;
pub(crate) use policies::{describe as describe_policy, describe_data};
use project::DEFINITIONS;
pub(crate) use project::compile_pulled;
pub use project::{CompileError, Compiled, compile_project};
pub use project_entries::ProjectEntriesError;
pub(crate) use project_entries::{Followed, FollowedError};
pub(crate) use project_name::name_of_folder;
pub use project_name::project_name_of;
pub(crate) use pulled_definitions::{PulledDefinition, pulled_definitions};
pub(crate) use referenced::{referenced, referenced_elsewhere};
pub(crate) use template::is_same_path;
pub(crate) use time_unit::describe as describe_window;
pub(crate) use written::{WrittenDefinition, apis_of, written_definitions};
