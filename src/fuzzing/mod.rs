//! The private parsers of bytes from outside, for the fuzz targets in `fuzz/` and for tests that damage good files. Not part of
//! the interface.
//!
//! Each function takes the bytes of one input, asserts what has to hold for it (`fuzz/README.md` lists what), and returns
//! everything that is said of it.

mod certificates;
#[cfg(test)]
mod damage;
pub(crate) mod files;
#[cfg(test)]
mod tests;

pub use crate::attestation::fuzzing::described_bundle;
pub use crate::cloud::oauth::fuzzing::sign_in;
pub use crate::cloud::on_premise_properties::fuzz as on_premise_properties;
pub use crate::cloud::pull::fuzzing::answers;
pub use crate::cloud::session::fuzzing::session_file;
pub use crate::commands::sandbox::fuzz as sandbox_script;
pub use crate::compile::fuzzing::{definition, definition_files, policies_file, project, pulled_file};
pub use crate::completion::fuzzing::completion_line;
pub use crate::connected::fuzzing::state_record;
pub use crate::deployment::fuzzing::deployment_config;
pub use crate::explain::fuzzing::{compiled_configuration, explained_request};
pub use crate::grpc::fuzzing::grpc_definition;
pub use crate::lock::fuzzing::lock_file;
pub use crate::migrate::fuzzing::{migrated_archive, migrated_project};
pub use crate::project::fuzzing::{added_definition, project_settings, workspace_file};
pub use crate::pulling::fuzzing::plan_file;
pub use crate::remote::fuzzing::remote_lock;
pub use crate::serve::fuzzing::gateway_settings;
pub use crate::signing::fuzzing::signing_key;
pub use crate::suite::fuzzing::test_file;
pub use crate::toolkit_config::fuzzing::toolkit_config;
pub use crate::usage_export::fuzzing::usage_export;
pub use certificates::{certificates, key_store};
pub use files::files;

use crate::yaml::Format;

/// Takes an input and returns what is said of it.
pub type Reader = fn(&[u8]) -> String;

/// The readers by the names of their fuzz targets.
pub const READERS: [(&str, Reader); 33] = [
    ("added_definition", added_definition),
    ("certificates", certificates),
    ("compiled_configuration", compiled_configuration),
    ("completion_line", completion_line),
    ("control_plane", answers),
    ("definition_files", definition_files),
    ("definition_json", |bytes| definition(bytes, Format::Json)),
    ("definition_yaml", |bytes| definition(bytes, Format::Yaml)),
    ("deployment_config", deployment_config),
    ("described_bundle", described_bundle),
    ("explained_request", explained_request),
    ("gateway_settings", gateway_settings),
    ("grpc_definition", grpc_definition),
    ("key_store", key_store),
    ("lock_file", lock_file),
    ("migrated_archive", migrated_archive),
    ("migrated_project", migrated_project),
    ("on_premise_properties", on_premise_properties),
    ("plan_file", plan_file),
    ("policies", policies_file),
    ("project", project),
    ("project_settings", project_settings),
    ("pulled_file", pulled_file),
    ("remote_lock", remote_lock),
    ("sandbox_script", sandbox_script),
    ("session_file", session_file),
    ("sign_in", sign_in),
    ("signing_key", signing_key),
    ("state_record", state_record),
    ("test_file", test_file),
    ("toolkit_config", toolkit_config),
    ("usage_export", usage_export),
    ("workspace_file", workspace_file),
];
