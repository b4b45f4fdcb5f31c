//! Slow password checks, off the request threads and a few at a time.

use super::basic::NameAndPassword;
use crate::config::Users;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Slow checks at the same time; each occupies a thread for as long as the operator's hash settings say.
const CONCURRENT: usize = 2;
/// Checks that wait or run at the same time; more are turned away at once.
const MAX_PENDING: usize = 256;
/// How long a request waits for its turn and its result.
const PATIENCE: Duration = Duration::from_secs(5);

/// The users, and the place where slow checks happen.
#[derive(Debug)]
pub(super) struct Passwords {
    pub(super) users: Users,
    turns: Arc<Semaphore>,
    pending: AtomicUsize,
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
            pending: AtomicUsize::new(0),
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
        let _pending = Pending::enter(&self.pending)?;
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

/// One of the checks that wait or run.
struct Pending<'a>(&'a AtomicUsize);

impl<'a> Pending<'a> {
    fn enter(count: &'a AtomicUsize) -> Option<Self> {
        // Leaves again when there is no room.
        let entered = Self(count);
        (count.fetch_add(1, Ordering::Relaxed) < MAX_PENDING).then_some(entered)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_limit_wait_and_places_become_free() {
        let count = AtomicUsize::new(0);
        let mut waiting: Vec<_> = (0..MAX_PENDING).map(|_| Pending::enter(&count)).collect();
        assert!(waiting.iter().all(Option::is_some) && Pending::enter(&count).is_none());
        waiting.pop();
        assert!(Pending::enter(&count).is_some());
        drop(waiting);
        assert_eq!(count.into_inner(), 0);
    }
}
