//! Keeps a connection to one of several brokers.

use super::error::SessionError;
use super::session::{bind, follow};
use super::sign_in::Signed;
use super::topic::Topic;
use crate::config::{Brokers, ServerAddress};
use crate::dial::{Stream, dial};
use crate::pause::{Pause, jittered};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long it may take from the name look-up to the bound queues.
const SIGN_IN: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A client of the event hub: one connection at a time, with all its topics.
pub(super) struct EventHubClient {
    brokers: Brokers,
    /// `None`: no broker wants TLS.
    tls: Option<TlsConnector>,
    topics: Vec<Topic>,
}

impl EventHubClient {
    /// `tls` is for the brokers that want it.
    pub(super) fn new(brokers: Brokers, tls: Option<TlsConnector>, topics: Vec<Topic>) -> Self {
        Self { brokers, tls, topics }
    }

    /// Stays connected until nobody takes messages any more. After every loss the brokers are tried in their order.
    pub(super) async fn run(self) {
        let mut pause = Pause::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            for address in &self.brokers.addresses {
                let (error, connected) = self.connect(address).await;
                if let SessionError::NoConsumer = error {
                    return;
                }
                let reason = format!("{address}: {error}");
                self.topics.iter().for_each(|topic| topic.observer.lost(&reason));
                // A connection that lasted was a success; every other one lets the pauses grow.
                if connected.is_some_and(|since| since.elapsed() > LONGEST_PAUSE) {
                    pause.reset();
                }
                if connected.is_some() {
                    break;
                }
            }
            tokio::time::sleep(jittered(pause.next_pause())).await;
        }
    }

    /// Connects and hands messages over until the connection ends. Tells why, and since when the queues were bound.
    async fn connect(&self, address: &ServerAddress) -> (SessionError, Option<Instant>) {
        match timeout(SIGN_IN, self.open(address)).await {
            Err(_) => (SessionError::Silent, None),
            Ok(Err(error)) => (error, None),
            Ok(Ok((signed, queues))) => {
                let since = Instant::now();
                self.topics.iter().for_each(|topic| topic.observer.current());
                (follow(signed, &self.topics, &queues).await, Some(since))
            }
        }
    }

    async fn open(&self, address: &ServerAddress) -> Result<(Signed<Box<dyn Stream>>, Vec<String>), SessionError> {
        let stream = dial(address, self.tls.as_ref()).await?;
        let mut signed = Signed::sign_in(stream, &self.brokers).await?;
        let queues = bind(&mut signed, &self.topics).await?;
        Ok((signed, queues))
    }
}
