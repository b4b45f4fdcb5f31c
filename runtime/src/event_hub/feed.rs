//! The way of messages from the event hub to whoever acts on them.
//!
//! A consumer takes the [`Feed`] of its topic, the client of the event hub the [`Outlet`] at the other end. Between them is
//! room for a few messages; then the client stops reading, and the broker keeps the rest.

use super::fields::Fields;
use super::{DecodeError, Notification, ThrottleData, TokenRevocation};
use tokio::sync::mpsc;

/// Messages that wait for a consumer at most.
const ROOM: usize = 64;

/// What a consumer gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedItem<T> {
    /// From here on every message arrives; those before may be missing. Comes first, and again with every new connection,
    /// always when the queue is bound: whoever reads the control plane's data now misses nothing.
    Reload,
    /// A message. Messages come in the order in which the broker has them.
    Message(T),
}

/// The consumer's end of a topic.
#[derive(Debug)]
pub struct Feed<T>(mpsc::Receiver<FeedItem<T>>);

impl<T> Feed<T> {
    /// Waits for the next item. `None`: the gateway is ending.
    pub async fn next(&mut self) -> Option<FeedItem<T>> {
        self.0.recv().await
    }
}

/// The client's end of a topic, one variant for each kind of message.
#[derive(Debug)]
pub enum Outlet {
    /// Changes of the control plane's objects.
    Notification(mpsc::Sender<FeedItem<Notification>>),
    /// Revoked tokens.
    TokenRevocation(mpsc::Sender<FeedItem<TokenRevocation>>),
    /// What the traffic manager decides.
    ThrottleData(mpsc::Sender<FeedItem<ThrottleData>>),
}

/// Why a message did not reach the consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// It cannot be read; the next one may be fine.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
    /// The consumer is gone.
    #[error("nobody takes messages of this topic any more")]
    NoConsumer,
}

impl Outlet {
    /// Returns both ends of a topic with notifications.
    pub fn notifications() -> (Self, Feed<Notification>) {
        let (sender, receiver) = mpsc::channel(ROOM);
        (Self::Notification(sender), Feed(receiver))
    }

    /// Returns both ends of a topic with revoked tokens.
    pub fn token_revocations() -> (Self, Feed<TokenRevocation>) {
        let (sender, receiver) = mpsc::channel(ROOM);
        (Self::TokenRevocation(sender), Feed(receiver))
    }

    /// Returns both ends of a topic with the traffic manager's decisions.
    pub fn throttle_data() -> (Self, Feed<ThrottleData>) {
        let (sender, receiver) = mpsc::channel(ROOM);
        (Self::ThrottleData(sender), Feed(receiver))
    }

    /// Tells the consumer that the queue is bound. Waits while the consumer is behind.
    ///
    /// # Errors
    ///
    /// When the consumer is gone.
    pub async fn reload(&self) -> Result<(), Undelivered> {
        match self {
            Self::Notification(feed) => send(feed, FeedItem::Reload).await,
            Self::TokenRevocation(feed) => send(feed, FeedItem::Reload).await,
            Self::ThrottleData(feed) => send(feed, FeedItem::Reload).await,
        }
    }

    /// Reads a message and hands it to the consumer. Waits while the consumer is behind.
    ///
    /// # Errors
    ///
    /// When the message cannot be read, or the consumer is gone.
    pub async fn deliver(&self, content_type: Option<&str>, body: &[u8]) -> Result<(), Undelivered> {
        let fields = Fields::read(content_type, body)?;
        match self {
            Self::Notification(feed) => send(feed, FeedItem::Message(Notification::read(&fields)?)).await,
            Self::TokenRevocation(feed) => send(feed, FeedItem::Message(TokenRevocation::read(&fields)?)).await,
            Self::ThrottleData(feed) => send(feed, FeedItem::Message(ThrottleData::read(&fields)?)).await,
        }
    }
}

async fn send<T>(feed: &mpsc::Sender<FeedItem<T>>, item: FeedItem<T>) -> Result<(), Undelivered> {
    feed.send(item).await.map_err(|_| Undelivered::NoConsumer)
}
