//! Bounds on the requests that one core has open at a backend, and the queue before them.

use super::error::UpstreamError;
use super::origin::Origin;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The operator's bound on requests that one core has open at each backend; HTTP/1 needs a connection for each.
#[derive(Debug)]
pub(crate) struct ActiveLimit {
    limit: usize,
    queue: Queue,
    /// By the origin's seat, with its number.
    origins: Mutex<HashMap<u32, (usize, Arc<Slots>)>>,
}

/// How requests wait for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Queue {
    /// For how long at the most.
    pub(crate) wait: Duration,
    /// How many at the most.
    pub(crate) length: usize,
}

/// Slots at one backend, for one core.
#[derive(Debug)]
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// A slot at a backend; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    _permit: OwnedSemaphorePermit,
    /// While slots are taken, whoever finds the origin again has to find the same slots.
    _origin: Option<Arc<Origin>>,
}

impl ActiveLimit {
    /// A request beyond `limit` waits in the queue.
    pub(crate) fn new(limit: usize, queue: Queue) -> Self {
        Self {
            limit,
            queue,
            origins: Mutex::default(),
        }
    }

    /// Waits for a slot at an origin.
    pub(super) async fn enter(&self, origin: &Arc<Origin>, patience: Duration) -> Result<Slot, UpstreamError> {
        let slots = self.slots(origin);
        let slot = slots.enter(self.queue, patience).await?;
        Ok(Slot {
            _origin: Some(Arc::clone(origin)),
            ..slot
        })
    }

    fn slots(&self, origin: &Origin) -> Arc<Slots> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || (origin.id, Arc::new(Slots::new(self.limit)));
        let at_seat = origins.entry(origin.seat.index).or_insert_with(new);
        if at_seat.0 != origin.id {
            // It was the seat of an origin that is gone.
            *at_seat = new();
        }
        Arc::clone(&at_seat.1)
    }
}

impl Slots {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS))),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Waits for a slot, for `patience` at the most.
    pub(super) async fn enter(&self, queue: Queue, patience: Duration) -> Result<Slot, UpstreamError> {
        if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
            return Ok(permit.into());
        }
        let Some(_waiting) = Waiting::begin(&self.waiting, queue.length) else {
            return Err(UpstreamError::Busy);
        };
        let free = Arc::clone(&self.free).acquire_owned();
        match tokio::time::timeout(queue.wait.min(patience), free).await {
            Ok(Ok(permit)) => Ok(permit.into()),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(UpstreamError::Busy),
        }
    }
}

impl From<OwnedSemaphorePermit> for Slot {
    fn from(permit: OwnedSemaphorePermit) -> Self {
        Self {
            _permit: permit,
            _origin: None,
        }
    }
}

/// One request that waits; counted until it is dropped.
struct Waiting<'q>(&'q AtomicUsize);

impl<'q> Waiting<'q> {
    fn begin(count: &'q AtomicUsize, most: usize) -> Option<Self> {
        let more = |waiting: usize| (waiting < most).then_some(waiting + 1);
        count.fetch_update(Relaxed, Relaxed, more).ok().map(|_| Self(count))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Origins;
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn queues_are_bounded_in_length() {
        let slots = Slots::new(1);
        let queue = Queue {
            wait: Duration::from_secs(20),
            length: 1,
        };
        let first = slots.enter(queue, queue.wait).await.expect("a slot is free");
        let mut second = Box::pin(slots.enter(queue, queue.wait));
        assert!(second.as_mut().now_or_never().is_none(), "it waits");
        let third = slots
            .enter(queue, queue.wait)
            .now_or_never()
            .expect("an answer at once");
        assert!(matches!(third, Err(UpstreamError::Busy)));
        drop(first);
        let second = second.await.expect("the slot that became free");
        assert_eq!(slots.waiting.load(Relaxed), 0);
        drop(second);
        assert!(slots.enter(queue, queue.wait).now_or_never().is_some());
    }

    #[tokio::test]
    async fn nobody_waits_without_a_queue() {
        let slots = Slots::new(1);
        let queue = Queue {
            wait: Duration::ZERO,
            length: 10,
        };
        let _first = slots.enter(queue, Duration::from_secs(20)).await.expect("a slot");
        assert!(matches!(
            slots.enter(queue, Duration::from_secs(20)).await,
            Err(UpstreamError::Busy)
        ));
        assert_eq!(slots.waiting.load(Relaxed), 0);
    }

    #[test]
    fn slots_belong_to_one_origin_while_it_is_in_use() {
        let origins = Origins::default();
        let of = |text: &str| {
            let url = url::Url::parse(text).expect("a URL");
            let found = origins.of(&url, &[], Default::default());
            found.expect("a good URL")
        };
        let queue = Queue {
            wait: Duration::ZERO,
            length: 0,
        };
        let limit = ActiveLimit::new(1, queue);
        let enter = |text: &str| {
            let entered = limit.enter(&of(text), queue.wait).now_or_never();
            entered.expect("nobody waits")
        };
        let slot = enter("http://one").expect("a slot is free");
        assert!(
            matches!(enter("http://one"), Err(UpstreamError::Busy)),
            "only the request before uses the origin"
        );
        drop(slot);
        let seat = of("http://one").seat.index;
        let other = of("http://two");
        assert_eq!(other.seat.index, seat, "the first is gone");
        let slots = limit.slots(&other);
        let _taken = enter("http://two").expect("a slot is free");
        assert!(Arc::ptr_eq(&slots, &limit.slots(&other)));
        assert_eq!(limit.origins.lock().expect("no test panics with it").len(), 1);
    }
}
