//! Serving a bundle from the command line: where it comes from, which settings it gets, when it is replaced.
//!
//! The gateway itself is `mgw-runtime`; this module reads files and environment for it and handles signals.

mod advice;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod rehearsal;
mod settings;
mod signers;
mod source;
mod supervise;
mod trust;
mod watched_source;

pub(crate) use advice::{advise, needs_tokens};
pub(crate) use rehearsal::{Rehearsal, Start};
pub(crate) use settings::{
    GatewaySettings, ReadSettings, free_ports, left_aside, load_settings, read_settings, read_sources, unusable,
    what_is_set,
};
pub(crate) use signers::demand_signature;
pub(crate) use source::{BundleSource, unsigned_project};
pub(crate) use supervise::{HangUp, supervise};
pub(crate) use trust::trust_local_issuer;
pub(crate) use watched_source::WatchedSource;
