//! The control plane's traffic manager: it counts admitted requests of all its gateways together.
//!
//! A request that is admitted is one [`RequestEvent`]. Requests hand it to the [`EventQueue`] of their core and go on;
//! everything that costs time happens at the other end: [`Properties`] become JSON and the event becomes bytes there.

mod event;
mod properties;
mod queue;

pub use event::{Called, Calling, FIELDS, RequestEvent};
pub use properties::Properties;
pub use queue::{EventQueue, Events};
