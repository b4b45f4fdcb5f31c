//! The event hub: what a control plane tells its gateways while they run, over AMQP 0-9-1.
//!
//! Messages are read here into typed values, whichever of the two forms a control plane sends: a binary map (generation 3)
//! or JSON text (generation 4). Only `amqp` knows a socket. A consumer takes the [`Feed`] of its topic:
//!
//! ```
//! # use mgw_runtime::event_hub::{Event, FeedItem, Outlet};
//! # async fn consumer() {
//! let (_outlet, mut feed) = Outlet::notifications();
//! while let Some(item) = feed.next().await {
//!     match item {
//!         FeedItem::Reload => { /* read all data of the control plane */ }
//!         FeedItem::Message(notification) => match notification.event {
//!             Event::ApplicationRemoved(_) => { /* forget it, unless something newer is known */ }
//!             _ => {}
//!         },
//!     }
//! }
//! # }
//! ```

pub(crate) mod amqp;
mod block_condition;
mod decode_notification;
mod error;
mod feed;
mod fields;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
pub(crate) mod map_message;
mod notification;
mod object_id;
#[cfg(test)]
mod tests;
mod throttle_data;
mod token_revocation;

pub(crate) use amqp::MAX_SHORT;
pub(crate) use block_condition::{block_condition, block_of_shape};
pub use error::DecodeError;
pub use feed::{Feed, FeedItem, Outlet, Undelivered};
pub use notification::{
    ApiEvent, ApplicationEvent, Event, KeyMappingEvent, KeyMappingRemoval, Notification, PolicyEvent, PolicyKind,
    SubscriptionEvent,
};
pub use object_id::ObjectId;
pub(crate) use throttle_data::THROTTLE_DATA;
pub use throttle_data::{BlockChange, KeyTemplateChange, ThrottleData, ThrottleDecision};
pub use token_revocation::TokenRevocation;

/// Largest message, in bytes; real ones have a few kilobytes.
pub const MAX_MESSAGE: usize = 1 << 20;
