//! The way of events out of the request path: one bounded queue per core.
//!
//! Each core has a queue of its own, so that no two write to the same memory. The other end looks from time to time
//! instead of being woken, because waking it would cost every request a system call.

use super::RequestEvent;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Most bytes that the waiting events of a core may have copied from their requests.
const MAX_COPIED: usize = 16 << 20;

/// The end of a core's queue at which its requests are.
#[derive(Debug, Clone)]
pub struct EventQueue {
    events: SyncSender<RequestEvent>,
    counts: Arc<Counts>,
}

/// The other end.
#[derive(Debug)]
pub struct Events {
    events: Receiver<RequestEvent>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    dropped: AtomicU64,
    /// Bytes that waiting events have copied.
    copied: AtomicUsize,
}

impl EventQueue {
    /// Makes a queue in which at most `capacity` events wait.
    pub fn new(capacity: usize) -> (Self, Events) {
        let (sender, receiver) = sync_channel(capacity.max(1));
        let counts = Arc::<Counts>::default();
        let queue = Self {
            events: sender,
            counts: Arc::clone(&counts),
        };
        let events = Events {
            events: receiver,
            counts,
        };
        (queue, events)
    }

    /// Hands an event over, or drops and counts it when there is no room. Never waits.
    pub fn offer(&self, event: RequestEvent) {
        let copied = event.properties.copied();
        let has_room = copied == 0 || self.counts.copied.fetch_add(copied, Relaxed) + copied <= MAX_COPIED;
        if !has_room || self.events.try_send(event).is_err() {
            if copied > 0 {
                self.counts.copied.fetch_sub(copied, Relaxed);
            }
            self.counts.dropped.fetch_add(1, Relaxed);
        }
    }
}

impl Events {
    /// Takes the oldest event; `None`: none waits.
    pub fn take(&mut self) -> Option<RequestEvent> {
        let event = self.events.try_recv().ok()?;
        let copied = event.properties.copied();
        if copied > 0 {
            self.counts.copied.fetch_sub(copied, Relaxed);
        }
        Some(event)
    }

    /// Returns how many events found no room.
    pub fn dropped(&self) -> u64 {
        self.counts.dropped.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic_manager::Properties;
    use uuid::Uuid;

    fn event(number: u128, query: &str) -> RequestEvent {
        RequestEvent {
            message_id: Uuid::from_u128(number),
            at_ms: 0,
            called: Arc::default(),
            calling: Arc::default(),
            properties: match query {
                "" => Properties::of([127, 0, 0, 1].into()),
                query => Properties::of([127, 0, 0, 1].into()).with_query(query),
            },
        }
    }

    fn taken(events: &mut Events) -> Vec<u128> {
        std::iter::from_fn(|| events.take())
            .map(|event| event.message_id.as_u128())
            .collect()
    }

    #[test]
    fn what_finds_no_room_is_dropped_and_counted() {
        let (queue, mut events) = EventQueue::new(3);
        (1..=5).for_each(|number| queue.offer(event(number, "")));
        assert_eq!((taken(&mut events), events.dropped()), (vec![1, 2, 3], 2));
        queue.offer(event(6, ""));
        assert_eq!((taken(&mut events), events.dropped()), (vec![6], 2));
    }

    #[test]
    fn waiting_events_are_bounded_in_bytes_too() {
        let (queue, mut events) = EventQueue::new(1000);
        let query = "q".repeat(MAX_COPIED / 4);
        (1..=6).for_each(|number| queue.offer(event(number, &query)));
        // One that copied nothing needs none of that room.
        queue.offer(event(7, ""));
        assert_eq!((taken(&mut events), events.dropped()), (vec![1, 2, 3, 4, 7], 2));
        queue.offer(event(8, &query));
        assert_eq!((taken(&mut events), events.dropped()), (vec![8], 2));
        assert_eq!(events.counts.copied.load(Relaxed), 0);
    }

    #[test]
    fn nothing_happens_when_nobody_takes_them_any_more() {
        let (queue, events) = EventQueue::new(3);
        let counts = Arc::clone(&events.counts);
        drop(events);
        queue.offer(event(1, "q"));
        assert_eq!((counts.dropped.load(Relaxed), counts.copied.load(Relaxed)), (1, 0));
    }

    #[test]
    fn every_event_is_taken_once_or_dropped() {
        const THREADS: u128 = 4;
        const EACH: u128 = 5_000;
        let (queue, mut events) = EventQueue::new(64);
        let mut all = Vec::new();
        std::thread::scope(|scope| {
            let offering: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let queue = queue.clone();
                    scope.spawn(move || {
                        for number in 0..EACH {
                            queue.offer(event(thread * EACH + number, "q"));
                        }
                    })
                })
                .collect();
            while !offering.iter().all(|thread| thread.is_finished()) {
                all.extend(taken(&mut events));
            }
        });
        all.extend(taken(&mut events));
        let count = all.len() as u64;
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len() as u64, count);
        assert_eq!(count + events.dropped(), (THREADS * EACH) as u64);
        assert_eq!(events.counts.copied.load(Relaxed), 0);
    }
}
