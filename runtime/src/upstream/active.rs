//! The operator's bound on connections to one backend, per core.

use super::error::UpstreamError;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bounds the requests that one core has open at each backend; HTTP/1 needs a connection for each.
#[derive(Debug)]
pub(crate) struct ActiveLimit {
    limit: usize,
    wait: Duration,
    origins: Mutex<HashMap<usize, Arc<Semaphore>>>,
}

impl ActiveLimit {
    /// A request beyond `limit` waits for at most `wait`.
    pub(crate) fn new(limit: usize, wait: Duration) -> Self {
        Self {
            limit: limit.clamp(1, Semaphore::MAX_PERMITS),
            wait,
            origins: Mutex::default(),
        }
    }

    /// Waits for a place at an origin.
    pub(super) async fn enter(&self, origin: usize, budget: Duration) -> Result<OwnedSemaphorePermit, UpstreamError> {
        let places = {
            let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
            let places = origins
                .entry(origin)
                .or_insert_with(|| Arc::new(Semaphore::new(self.limit)));
            Arc::clone(places)
        };
        match tokio::time::timeout(self.wait.min(budget), places.acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(UpstreamError::Busy),
        }
    }
}
