//! A consumer of AMQP 0-9-1, and nothing more: it signs in with user name and password, binds a queue of its own to each
//! topic, and hands the messages over.
//!
//! Everything from the broker is bounded before it is kept: frames by their size, messages by [`MAX_MESSAGE`], and by the
//! number that the broker may send ahead. The connection is one task: a reader that never waits for a consumer, a writer,
//! and a forwarder per topic. `docs/decisions/0008` says why this is no library.
//!
//! [`MAX_MESSAGE`]: super::MAX_MESSAGE

mod client;
mod connections;
mod content;
mod error;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod method;
mod session;
mod sign_in;
#[cfg(test)]
mod tests;
mod topic;
mod wire;

pub(crate) use connections::Connections;
pub(crate) use error::SessionError;
#[cfg(test)]
pub(crate) use tests::rabbitmq;
pub(crate) use topic::{Topic, TopicObserver};
pub(crate) use wire::MAX_SHORT;
