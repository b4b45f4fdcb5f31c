//! Bounds on the requests that one core has open at a backend, and the queue before them.

use super::error::UpstreamError;
use super::origin::Origin;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The operator's bound on requests that one core has open at each backend; HTTP/1 needs a connection for each.
#[derive(Debug)]
pub(crate) struct ActiveLimit {
    limit: usize,
    queue: Queue,
    /// By the origin's number. Only its own core uses it, so the lock is never contended.
    origins: Mutex<HashMap<usize, Arc<AtOrigin>>>,
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

/// Slots at one origin. They keep it, so that whoever finds the origin again finds the same slots; a request counts only
/// itself here, and writes nothing that other cores read.
#[derive(Debug)]
struct AtOrigin {
    slots: Slots,
    _origin: Arc<Origin>,
}

/// A slot at a backend; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    _permit: OwnedSemaphorePermit,
    /// Where it is, for the operator's bound.
    _at: Option<Arc<AtOrigin>>,
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
        let at = self.at(origin);
        let slot = at.slots.enter(self.queue, patience).await?;
        Ok(Slot { _at: Some(at), ..slot })
    }

    /// Forgets the slots of which none is taken, and lets their origins go.
    pub(crate) fn sweep(&self) {
        self.lock().retain(|_, at| Arc::strong_count(at) > 1);
    }

    fn at(&self, origin: &Arc<Origin>) -> Arc<AtOrigin> {
        let mut origins = self.lock();
        let at = origins.entry(origin.id).or_insert_with(|| {
            Arc::new(AtOrigin {
                slots: Slots::new(self.limit),
                _origin: Arc::clone(origin),
            })
        });
        Arc::clone(at)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, Arc<AtOrigin>>> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
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
            _at: None,
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
        limit.sweep();
        assert!(
            matches!(enter("http://one"), Err(UpstreamError::Busy)),
            "it is taken still"
        );
        drop(slot);
        limit.sweep();
        let first = of("http://one");
        assert_eq!(Arc::strong_count(&first), 1, "nobody else has it");
        let (seat, number) = (first.seat.index, first.id);
        drop(first);
        let other = of("http://two");
        assert_eq!(other.seat.index, seat, "the first is gone");
        assert_ne!(other.id, number);
        let _taken = enter("http://two").expect("a slot is free");
        assert!(matches!(enter("http://two"), Err(UpstreamError::Busy)));
        assert_eq!(limit.lock().len(), 1);
    }

    /// All cores read that count.
    #[test]
    fn requests_do_not_count_at_the_origin() {
        let origins = Origins::default();
        let url = url::Url::parse("http://one").expect("a URL");
        let origin = origins.of(&url, &[], Default::default()).expect("a good URL");
        let queue = Queue {
            wait: Duration::ZERO,
            length: 0,
        };
        let limit = ActiveLimit::new(2, queue);
        let enter = || limit.enter(&origin, queue.wait).now_or_never();
        let first = enter();
        let counted = Arc::strong_count(&origin);
        let second = enter();
        assert!(matches!((&first, &second), (Some(Ok(_)), Some(Ok(_)))));
        assert_eq!(Arc::strong_count(&origin), counted);
        drop((first, second));
        let third = enter();
        assert!(matches!(third, Some(Ok(_))));
        assert_eq!(Arc::strong_count(&origin), counted);
    }
}
