//! How old the control plane's word is that is served, where a gateway follows one.
//!
//! Whoever follows it, outside of this crate, reports here; ages are worked out when somebody asks, so that they grow while
//! nothing is reported any more.

mod freshness;
mod report;
mod state;

pub use freshness::Freshness;
pub use report::{ConnectedReport, Pulls, RefusedBundle};
pub use state::{ConnectedState, Thresholds};

pub(crate) use report::ConnectedStatus;
