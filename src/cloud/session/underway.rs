//! Renewals that were begun and have not ended, so that a program that is told to stop can wait for them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

static COUNT: AtomicUsize = AtomicUsize::new(0);
static ENDED: Notify = Notify::const_new();

/// A renewal; ends when dropped.
#[derive(Debug)]
pub(super) struct Underway(());

/// Counts a renewal.
pub(super) fn begin() -> Underway {
    COUNT.fetch_add(1, Ordering::SeqCst);
    Underway(())
}

impl Drop for Underway {
    fn drop(&mut self) {
        COUNT.fetch_sub(1, Ordering::SeqCst);
        ENDED.notify_waiters();
    }
}

/// Waits until no renewal is underway, at most for `limit`; `false` when one still is.
pub(crate) async fn renewals_ended(limit: Duration) -> bool {
    let all = async {
        loop {
            let ended = ENDED.notified();
            tokio::pin!(ended);
            // From here on nothing that ends is missed.
            ended.as_mut().enable();
            if COUNT.load(Ordering::SeqCst) == 0 {
                return;
            }
            ended.await;
        }
    };
    tokio::time::timeout(limit, all).await.is_ok()
}
