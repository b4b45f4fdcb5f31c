//! The control plane's traffic manager: it counts admitted requests of all its gateways together.
//!
//! A request that is admitted is one [`RequestEvent`]. Requests hand it to the [`EventQueue`] of their core and go on;
//! everything that costs time happens at the other end. There a collector turns events into bytes and puts them into the
//! outbox of each group of receivers, from which the receivers take batches: one task each, over the binary protocol, or
//! one over HTTP.

pub(crate) mod binary;
mod event;
mod http;
mod outbox;
mod properties;
mod publisher;
mod queue;
mod status;
#[cfg(test)]
mod tests;

pub use event::{Called, Calling, FIELDS, RequestEvent};
pub use properties::Properties;
pub(crate) use publisher::{EventPublisher, Groups};
pub use queue::{EventQueue, Events};
pub use status::GroupStatus;

/// Largest event, in bytes as it is sent; real ones have a few hundred.
const MAX_EVENT: usize = 1 << 20;
