//! Slow password checks, off the request threads and a few at a time.

use super::basic::NameAndPassword;
use crate::config::Users;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Slow checks at the same time; each occupies a thread for as long as the operator's hash settings say.
const CONCURRENT: usize = 2;
/// How long a request waits for its turn and its result.
const PATIENCE: Duration = Duration::from_secs(5);

/// The users, and the place where slow checks happen.
#[derive(Debug)]
pub(super) struct Passwords {
    pub(super) users: Users,
    turns: Arc<Semaphore>,
    control: tokio::runtime::Handle,
    /// Credentials are remembered under a keyed hash, never as they are.
    key: hmac::Key,
}

impl Passwords {
    /// `None` when the system gives no random numbers.
    pub(super) fn new(users: Users, control: tokio::runtime::Handle) -> Option<Self> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok()?;
        Some(Self {
            users,
            turns: Arc::new(Semaphore::new(CONCURRENT)),
            control,
            key,
        })
    }

    /// Returns the name under which a credential is remembered.
    pub(super) fn alias(&self, encoded: &str) -> String {
        STANDARD_NO_PAD.encode(hmac::sign(&self.key, encoded.as_bytes()))
    }

    /// Checks a password on a thread for blocking work. `None`: too many checks are waiting.
    pub(super) async fn verify(self: Arc<Self>, credential: NameAndPassword) -> Option<bool> {
        let check = async {
            let turn = Arc::clone(&self.turns).acquire_owned().await.ok()?;
            let users = Arc::clone(&self);
            let checked = self.control.spawn_blocking(move || {
                // The turn ends with the work, even when the request has gone.
                let _turn = turn;
                credential.verify(&users.users)
            });
            checked.await.ok()
        };
        tokio::time::timeout(PATIENCE, check).await.ok().flatten()
    }
}
