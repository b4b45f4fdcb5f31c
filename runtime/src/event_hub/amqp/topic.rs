//! A topic as a connection has it.

use crate::event_hub::{DecodeError, Outlet};
use std::fmt;
use std::sync::Arc;

/// A topic, where its messages go, and who is told how it is doing.
#[derive(Debug)]
pub(crate) struct Topic {
    /// The name of the topic, at most 255 bytes.
    pub(crate) routing_key: String,
    /// Where its messages go.
    pub(crate) outlet: Outlet,
    /// Who is told how it is doing.
    pub(crate) observer: Arc<dyn TopicObserver>,
}

/// Is told how a topic is doing.
pub(crate) trait TopicObserver: fmt::Debug + Send + Sync {
    /// The queue is bound, and the broker is there.
    fn current(&self);
    /// There is no connection, and why: from a broker's address and a [`SessionError`](super::SessionError).
    fn lost(&self, reason: &str);
    /// A message was passed over.
    fn skipped(&self, error: DecodeError);
}
