//! `mgw run --connected`: following a control plane while the gateway serves.
//!
//! Traffic is served from the best local state from the first moment on; whatever goes wrong here leaves it serving. What is
//! pulled is put beside the work folder, compiled and packed; only a complete and valid bundle replaces what is served.
//!
//! - [`state_folder`] keeps good bundles on disk, for the next start; [`rebuilt`] is what is known without its record.
//! - [`take_over`] is one attempt; [`confirm`] asks again about APIs that have disappeared, [`sight`] whether the user
//!   sees less than before.
//! - [`updates`] spares the control plane an attempt where it says that no API has changed.
//! - [`schedule`] decides when the next attempt is due, [`ledger`] what is told about the last ones.
//! - [`refusal`] says when refused credentials may be tried again; [`secret_files`] bring other ones while the gateway runs,
//!   [`remedy`] says when somebody has to.
//! - [`follow`] is the loop around them; [`start`] sets it up, [`advice`] says then what will not work.

mod account;
mod advice;
mod attempt;
mod confirm;
mod files;
mod follow;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod hub;
mod ledger;
mod offer;
mod rebuilt;
mod record;
mod refusal;
mod remedy;
mod schedule;
mod secret_files;
mod sight;
mod start;
mod state_folder;
mod take_over;
#[cfg(test)]
mod tests;
mod updates;

pub(crate) use attempt::reason;
pub(crate) use follow::Following;
pub(crate) use start::{ConnectedOptions, Prepared, prepare};
pub(crate) use state_folder::StateError;
