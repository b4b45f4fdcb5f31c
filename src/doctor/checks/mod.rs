//! One check a file: what looks, and beside it what decides, over plain data.

pub(super) mod backends;
pub(super) mod bundle;
pub(super) mod certificates;
pub(super) mod clock;
pub(super) mod completions;
pub(super) mod control_plane;
pub(super) mod credentials;
pub(super) mod data_folder;
pub(super) mod descriptors;
pub(super) mod disk_space;
pub(super) mod event_hub;
pub(super) mod gateway;
pub(super) mod ipv6;
pub(super) mod issuers;
pub(super) mod kernel;
pub(super) mod leftovers;
pub(super) mod lock;
pub(super) mod memory;
pub(super) mod overrides;
pub(super) mod ports;
pub(super) mod private_files;
mod probe;
mod process;
pub(super) mod processors;
pub(super) mod project;
pub(super) mod proxies;
pub(super) mod session;
pub(super) mod settings;
pub(super) mod shared_store;
pub(super) mod signature;
pub(super) mod start;
pub(super) mod time_zone;
pub(super) mod usage_spool;
pub(super) mod user_folder;
mod validity;
pub(super) mod variables;
pub(super) mod version;

use crate::exit::ExitCode;
use crate::failure::Failure;

/// Runs what is asked over HTTP, on the thread of a check.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(ExitCode::Environment, "cannot start the worker threads").because(error))
}

pub(super) use bundle::path as bundle_path;
pub(super) use probe::PATIENCE;
