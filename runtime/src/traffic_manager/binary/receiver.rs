//! Keeps up with one receiver: signs in, hands events over, and begins anew after every failure.

use super::connection::Connection;
use super::error::ReceiverError;
use super::frame;
use super::response::{Refused, Response};
use crate::config::ReceiverAddress;
use crate::pause::{Pause, jittered};
use crate::traffic_manager::outbox::Batch;
use crate::traffic_manager::status::{Group, Teller};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

/// How the gateway deals with every receiver.
pub(in crate::traffic_manager) struct Account {
    pub(in crate::traffic_manager) username: String,
    pub(in crate::traffic_manager) password: SecretString,
    pub(in crate::traffic_manager) tls: TlsConnector,
    /// Events that are handed over at a time.
    pub(in crate::traffic_manager) batch: usize,
    /// For signing in, and for an answer.
    pub(in crate::traffic_manager) timeout: Duration,
    /// The pauses between attempts grow from this.
    pub(in crate::traffic_manager) first_pause: Duration,
    /// They grow to this.
    pub(in crate::traffic_manager) longest_pause: Duration,
}

/// One receiver of a group.
pub(in crate::traffic_manager) struct Receiver {
    address: ReceiverAddress,
    account: Arc<Account>,
    group: Arc<Group>,
    /// Its place in the group.
    place: usize,
    teller: Teller,
}

/// A receiver that takes events.
struct Session {
    connection: Connection,
    name: String,
    since: Instant,
    /// Whether it has answered what it was handed.
    proved: bool,
}

impl Receiver {
    pub(in crate::traffic_manager) fn new(
        address: ReceiverAddress,
        account: Arc<Account>,
        group: Arc<Group>,
        place: usize,
    ) -> Self {
        Self {
            teller: Teller::new(address.events.to_string()),
            address,
            account,
            group,
            place,
        }
    }

    /// Hands events over until there will be no more.
    pub(in crate::traffic_manager) async fn run(mut self) {
        let mut pause = Pause::new(self.account.first_pause, self.account.longest_pause);
        loop {
            let error = match self.open().await {
                Ok(mut session) => {
                    self.group.outbox.set_there(self.place, true);
                    self.teller.connected();
                    let ended = self.serve(&mut session).await;
                    self.group.outbox.set_there(self.place, false);
                    // A connection that was of use, or lasted, was a success; every other one lets the pauses grow.
                    if session.proved || session.since.elapsed() > self.account.longest_pause {
                        pause.reset();
                    }
                    match ended {
                        Ok(()) => return self.sign_out(&session.name).await,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            self.group.failures.fetch_add(1, Relaxed);
            self.teller.failed(&error.to_string());
            tokio::time::sleep(jittered(pause.next_pause())).await;
        }
    }

    async fn open(&self) -> Result<Session, ReceiverError> {
        let opened = timeout(self.account.timeout, async {
            let name = self.sign_in().await?;
            let connection = Connection::open(&self.address.events, &self.account.tls).await?;
            Ok(Session {
                connection,
                name,
                since: Instant::now(),
                proved: false,
            })
        });
        opened.await.unwrap_or(Err(ReceiverError::Silent))
    }

    /// Returns the name of a new session.
    async fn sign_in(&self) -> Result<String, ReceiverError> {
        let mut connection = Connection::open(&self.address.auth, &self.account.tls).await?;
        let login = Zeroizing::new(frame::login(
            &self.account.username,
            self.account.password.expose_secret(),
        ));
        match connection.ask(&login).await? {
            Response::Session(name) => Ok(name),
            Response::Refused(Refused::Credentials) => Err(ReceiverError::Credentials),
            Response::Refused(_) => Err(ReceiverError::NoSession),
            Response::Taken => Err(ReceiverError::Protocol),
        }
    }

    /// Ends a session; the receiver would do it some time by itself.
    async fn sign_out(&self, session: &str) {
        let signed_out = timeout(self.account.timeout, async {
            let mut connection = Connection::open(&self.address.auth, &self.account.tls).await?;
            connection.ask(&frame::logout(session)).await
        });
        if !matches!(signed_out.await, Ok(Ok(Response::Taken))) {
            tracing::debug!(receiver = %self.address.events, "a session was not ended");
        }
    }

    /// Hands events over until there will be no more, or the connection fails.
    async fn serve(&mut self, session: &mut Session) -> Result<(), ReceiverError> {
        loop {
            let batch = tokio::select! {
                biased;
                // Events are not given to a connection that is known to have ended.
                error = session.connection.ended() => return Err(error),
                batch = self.group.outbox.take(self.place, self.account.batch) => batch,
            };
            let Some(batch) = batch else { return Ok(()) };
            let handed_over = self.hand_over(session, &batch).await;
            let returned = match &handed_over {
                Ok(taken) => {
                    let counter = if *taken { &self.group.sent } else { &self.group.refused };
                    counter.fetch_add(batch.0.len() as u64, Relaxed);
                    self.teller.answered(!taken);
                    session.proved = true;
                    Vec::new()
                }
                Err(_) => {
                    // Others may have them, and must know before that this one is gone.
                    self.group.outbox.set_there(self.place, false);
                    batch.0.clone()
                }
            };
            self.group.outbox.settle(batch, returned);
            handed_over?;
        }
    }

    /// Returns whether the receiver has taken the events. It may have done so too where the connection fails.
    async fn hand_over(&self, session: &mut Session, batch: &Batch) -> Result<bool, ReceiverError> {
        match self.publish(session, batch).await? {
            Response::Taken => return Ok(true),
            Response::Refused(Refused::Expired) => {}
            Response::Refused(_) => return Ok(false),
            Response::Session(_) => return Err(ReceiverError::Protocol),
        }
        session.name = timeout(self.account.timeout, self.sign_in())
            .await
            .unwrap_or(Err(ReceiverError::Silent))?;
        match self.publish(session, batch).await? {
            Response::Taken => Ok(true),
            Response::Refused(Refused::Expired) => Err(ReceiverError::UnknownSession),
            Response::Refused(_) => Ok(false),
            Response::Session(_) => Err(ReceiverError::Protocol),
        }
    }

    async fn publish(&self, session: &mut Session, batch: &Batch) -> Result<Response, ReceiverError> {
        let message = frame::publish(&session.name, &batch.0);
        timeout(self.account.timeout, session.connection.ask(&message))
            .await
            .unwrap_or(Err(ReceiverError::Silent))
    }
}
