//! Time for the request path: read once per request, cheap to pass around.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A monotonic clock with the wall clock's offset. Each core has its own and renews it with every sweep.
#[derive(Debug, Clone)]
pub(crate) struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    origin: Instant,
    /// Milliseconds between the monotonic origin and the Unix epoch.
    offset_ms: AtomicI64,
    /// The last reading of the monotonic clock.
    coarse_ms: AtomicU64,
}

/// One reading of a [`Clock`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// For measuring durations.
    pub(crate) instant: Instant,
    /// Milliseconds since the clock was made.
    pub(crate) monotonic_ms: u64,
    /// Milliseconds since the Unix epoch.
    pub(crate) unix_ms: u64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let clock = Self(Arc::new(Inner {
            origin: Instant::now(),
            offset_ms: AtomicI64::new(0),
            coarse_ms: AtomicU64::new(0),
        }));
        clock.renew();
        clock
    }

    /// A clock that says `unix_ms` now and is not renewed.
    pub(crate) fn starting_at(unix_ms: u64) -> Self {
        let clock = Self::new();
        let offset = i64::try_from(unix_ms).unwrap_or(i64::MAX);
        clock.0.offset_ms.store(offset, Relaxed);
        clock
    }

    /// Follows adjustments of the wall clock.
    pub(crate) fn renew(&self) {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let unix_ms = i64::try_from(unix.as_millis()).unwrap_or(i64::MAX);
        let monotonic = i64::try_from(self.monotonic_ms()).unwrap_or(i64::MAX);
        self.0.offset_ms.store(unix_ms.saturating_sub(monotonic), Relaxed);
    }

    pub(crate) fn now(&self) -> Now {
        let instant = Instant::now();
        let monotonic_ms = instant.saturating_duration_since(self.0.origin).as_millis() as u64;
        self.0.coarse_ms.store(monotonic_ms, Relaxed);
        Now {
            instant,
            monotonic_ms,
            unix_ms: monotonic_ms.saturating_add_signed(self.0.offset_ms.load(Relaxed)),
        }
    }

    pub(crate) fn monotonic_ms(&self) -> u64 {
        let monotonic_ms = self.0.origin.elapsed().as_millis() as u64;
        self.0.coarse_ms.store(monotonic_ms, Relaxed);
        monotonic_ms
    }

    /// The last reading: as old as the last request or sweep, but free.
    pub(crate) fn coarse_ms(&self) -> u64 {
        self.0.coarse_ms.load(Relaxed)
    }
}
